"""Running one module in a jail, and what a host says it offers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ag_sandbox import cgroup, host
from ag_sandbox.host import A_USER, report
from ag_sandbox.interpreter import public_code


def run(
    tmp_path: Path, code: str, *options: str, arguments: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    modules = tmp_path / "modules"
    modules.mkdir(exist_ok=True)
    (modules / "task.py").write_text(code)
    return subprocess.run(
        [sys.executable, "-P", "-m", "ag_sandbox.run", "--profile", "loader", *options, "--", "task", *arguments],
        env=os.environ | {"PYTHONPATH": str(modules)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_module_runs_as_the_main_program_with_its_arguments_and_streams(tmp_path: Path) -> None:
    done = run(tmp_path, "import sys\nprint(__name__, sys.argv[1:])", arguments=("--name", "x"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "__main__ ['--name', 'x']\n", "")


def test_its_exit_status_is_the_modules(tmp_path: Path) -> None:
    assert run(tmp_path, "raise SystemExit(7)").returncode == 7


def test_it_reads_and_writes_what_was_granted_and_nothing_else(tmp_path: Path) -> None:
    source, target, other = tmp_path / "rows.csv", tmp_path / "out", tmp_path / "other"
    source.write_text("a\n1\n")
    target.mkdir()
    other.mkdir()
    code = (
        "import sys, pathlib\nsource, target, other = map(pathlib.Path, sys.argv[1:])\n"
        "(target / 'x').write_text(source.read_text())\n"
        "for attempt in (lambda: (other / 'x').write_text('x'), lambda: open('/etc/passwd'), lambda: source.write_text('x')):\n"
        "    try: attempt(); print('hole')\n"
        "    except (PermissionError, FileNotFoundError): print('refused')\n"
    )
    done = run(
        tmp_path, code, "--read", str(source), "--write", str(target), arguments=(str(source), str(target), str(other))
    )
    assert done.stdout.split() == ["refused"] * 3, done.stderr
    assert (target / "x").read_text() == "a\n1\n"


def test_a_missing_grant_is_one_sentence_and_nothing_runs(tmp_path: Path) -> None:
    done = run(tmp_path, "print('ran')", "--read", str(tmp_path / "absent"))
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr == (
        f"the loader jail could not be closed: landlock: the granted path {tmp_path / 'absent'} does not exist\n"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_it_is_the_user_it_was_given_and_sees_its_grants_alone(tmp_path: Path) -> None:
    target, other = tmp_path / "out", tmp_path / "other"
    target.mkdir()
    other.mkdir()
    os.chown(target, A_USER, A_USER)
    code = (
        "import os, sys, pathlib\ntarget, other = map(pathlib.Path, sys.argv[1:])\n(target / 'x').write_text('x')\n"
        "print(os.getuid(), os.geteuid(), other.exists(), pathlib.Path('/etc/passwd').exists())"
    )
    options = ("--user", str(A_USER), "--write", str(target))
    done = run(tmp_path, code, *options, arguments=(str(target), str(other)))
    assert done.stdout == f"{A_USER} {A_USER} False False\n", done.stderr
    assert (target / "x").stat().st_uid == A_USER


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_where_it_cannot_be_that_user_nothing_runs(tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "secret.py").touch(mode=0o600)  # code that not everybody may read
    done = run(tmp_path, "print('ran')", "--user", str(A_USER))
    assert (done.returncode, done.stdout, done.stderr) == (70, "", "the loader can't be a user of its own here\n")


def test_it_dies_with_whoever_started_it(tmp_path: Path) -> None:
    done = run(tmp_path, "import os\nprint(os.getpid() > 0)")
    assert done.stdout == "True\n"


def test_the_working_directory_is_not_public_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path, "/"])
    assert str(tmp_path) not in public_code()
    assert "/" not in public_code()


@pytest.mark.parametrize("offered", [True, False])
def test_the_host_says_whether_the_loader_can_be_somebody_else(
    monkeypatch: pytest.MonkeyPatch, *, offered: bool
) -> None:
    asked: list[list[str]] = []

    def tries(command: list[str]) -> bool:
        asked.append(command)
        return offered

    monkeypatch.setattr(host, "_tries", tries)
    (finding,) = host._loader()
    assert (finding.present, finding.needed) == (offered, False)
    assert ("file tree of these files" if offered else "kept in by Landlock") in finding.meaning
    assert asked[0][-4:] == ["--profile", "loader", "--user", str(A_USER)]


def test_the_host_says_where_control_groups_can_be_set_or_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "_tries", lambda _command: False)

    def groups() -> host.Finding:
        return next(finding for finding in host._more_walls() if finding.name == "cgroup v2 limits")

    monkeypatch.setattr(cgroup, "here", lambda: Path("/sys/fs/cgroup/enclave"))
    assert groups().present
    assert groups().meaning == "can be set beneath /sys/fs/cgroup/enclave"

    def refuses() -> Path:
        raise cgroup.NotDelegated("nobody delegated a subtree")

    monkeypatch.setattr(cgroup, "here", refuses)
    assert not groups().present
    assert (
        "can't be set here: nobody delegated a subtree; memory and threads are bounded per process" in groups().meaning
    )


def test_the_host_says_what_it_offers() -> None:
    findings = {finding.name: finding for finding in report()}
    assert all(finding.present for finding in findings.values() if finding.needed)
    assert all(finding.meaning for finding in findings.values())
    assert {f"jail of the {profile}" for profile in ("kernel", "checker", "vault", "loader")} <= set(findings)
    assert {"cgroup v2 limits", "a user of its own for the loader", "users of their own"} <= set(findings)
