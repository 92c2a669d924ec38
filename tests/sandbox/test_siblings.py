"""Two sessions of one user on one host: neither can signal, read, name or feel the files of the other."""

from pathlib import Path

import pytest

from ag_sandbox.errors import JailRefused
from tests.sandbox.attacks import number
from tests.sandbox.conftest import GUESTS, Nurseries

REFUSALS = ("Operation not permitted", "Permission denied", "No such file", "Function not implemented")

ATTACKS = {
    "kill it": "answer = os.kill({pid}, 9)",
    "ask whether it is there": "answer = os.kill({pid}, 0)",
    "stop it": "answer = os.kill({pid}, 19)",
    "interrupt its thread": "answer = call({tgkill}, {pid}, {pid}, 2)",
    "get a handle on it": "answer = os.pidfd_open({pid})",
    "read its memory": "answer = open('/proc/{pid}/mem', 'rb')",
    "read its command line": "answer = open('/proc/{pid}/cmdline').read()",
    "read its descriptors": "answer = os.listdir('/proc/{pid}/fd')",
    "open its descriptor": "answer = open('/proc/{pid}/fd/3')",
    "follow its links": "answer = os.readlink('/proc/{pid}/cwd')",
    "see its times": "answer = os.stat('/proc/{pid}')",
    "read its limits": "import resource; answer = resource.prlimit({pid}, resource.RLIMIT_AS)",
    "read its processors": "answer = os.sched_getaffinity({pid})",
    "slow it down": "answer = os.setpriority(os.PRIO_PROCESS, {pid}, 19)",
    "read its session": "answer = os.getsid({pid})",
    "talk to an abstract socket": "answer = sockets['channel'].connect('\\0ag-sibling')",
}


@pytest.mark.parametrize("attacker", ["kernel", "checker"])
@pytest.mark.parametrize("victim", ["kernel", "vault"])
@pytest.mark.parametrize("attack", sorted(ATTACKS))
def test_a_sibling_is_out_of_reach(nurseries: Nurseries, attacker: str, victim: str, attack: str) -> None:
    target = nurseries.guest(victim, processes=4)
    code = ATTACKS[attack].replace("{pid}", str(target.child.pid)).replace("{tgkill}", str(number("tgkill")))
    answer = nurseries.guest(attacker).run(code)
    assert any(refusal in answer for refusal in REFUSALS), answer
    assert target.run("answer = 1") == "1"


def test_files_of_the_vault_have_no_name_for_a_guest(nurseries: Nurseries, tmp_path: Path) -> None:
    secret = tmp_path / "train.parquet"
    secret.write_bytes(b"x" * 12345)
    if not nurseries["kernel"].enclosed:
        pytest.skip("this host lets no file tree be made, and says so in its report")
    assert nurseries.guest("vault", read=(tmp_path,)).run(f"answer = os.stat({str(secret)!r}).st_size") == "12345"
    for question in ("os.stat", "os.lstat", "os.path.getsize", "os.readlink"):
        assert "No such file" in nurseries.guest().run(f"answer = {question}({str(secret)!r})")
    assert nurseries.guest().run(f"answer = os.access({str(secret)!r}, 0)") == "False"
    assert (
        nurseries.guest().run("answer = os.path.exists('/etc/passwd'), os.path.exists('/proc/1')") == "(False, False)"
    )


def test_a_vault_sees_its_own_grants_and_no_sibling_s(nurseries: Nurseries, tmp_path: Path) -> None:
    for name in ("mine", "theirs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows").write_text(name)
    guest = nurseries.guest("vault", read=(tmp_path / "mine",))
    assert guest.run(f"answer = open({str(tmp_path / 'mine' / 'rows')!r}).read()") == "'mine'"
    assert any(no in guest.run(f"answer = open({str(tmp_path / 'theirs' / 'rows')!r}).read()") for no in REFUSALS)
    if nurseries["vault"].enclosed:
        assert "No such file" in guest.run(f"answer = os.stat({str(tmp_path / 'theirs' / 'rows')!r})")
    assert "Permission denied" in guest.run(f"answer = os.listdir({str(tmp_path)!r})")
    assert "Permission denied" in guest.run(f"answer = open({str(tmp_path / 'mine' / 'rows')!r}, 'w')")
    assert "Permission denied" in guest.run(f"answer = open({str(tmp_path / 'mine' / 'new')!r}, 'w')")


def test_a_link_out_of_a_grant_leads_nowhere(nurseries: Nurseries, tmp_path: Path) -> None:
    (tmp_path / "granted").mkdir()
    (tmp_path / "secret").write_text("rows")
    (tmp_path / "granted" / "link").symlink_to(tmp_path / "secret")
    guest = nurseries.guest("vault", write=(tmp_path / "granted",))
    answer = guest.run(f"answer = open({str(tmp_path / 'granted' / 'link')!r}).read()")
    assert any(refusal in answer for refusal in REFUSALS), answer
    assert "Operation not permitted" in guest.run(
        f"answer = os.symlink('/etc', {str(tmp_path / 'granted' / 'other')!r})"
    )


def test_a_state_directory_where_every_guest_may_read_is_refused(nurseries: Nurseries) -> None:
    with pytest.raises(JailRefused, match="lies beneath public code, which every guest may read"):
        nurseries.guest("vault", write=(GUESTS / "sandbox-state",))


def test_writing_ends_at_the_edge_of_the_grant(nurseries: Nurseries, tmp_path: Path) -> None:
    (tmp_path / "granted").mkdir()
    guest = nurseries.guest("vault", write=(tmp_path / "granted",), file_bytes=1 << 20)
    inside, outside = str(tmp_path / "granted" / "x"), str(tmp_path / "y")
    assert guest.run(f"answer = open({inside!r}, 'w').write('1')") == "1"
    assert "Permission denied" in guest.run(f"answer = open({outside!r}, 'w')")
    assert (
        "Permission denied" in guest.run(f"answer = os.rename({inside!r}, {outside!r})") or not Path(outside).exists()
    )
    assert "Operation not permitted" in guest.run(f"answer = os.link({inside!r}, {outside!r})")


def test_a_second_descriptor_is_not_inherited(nurseries: Nurseries) -> None:
    """The nursery holds lines of living siblings; a new child must hold none of them."""
    _ = nurseries.guest(), nurseries.guest()
    code = (
        "import fcntl\nanswer = []\n"
        "for d in range(1024):\n"
        "    try: fcntl.fcntl(d, fcntl.F_GETFD); answer.append(d)\n"
        "    except OSError: pass\n"
        "answer = len(answer) - 3"
    )
    assert nurseries.guest().run(code) == "1"
