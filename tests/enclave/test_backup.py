"""A backup comes back whole, on the same machine or another; whatever is put back, and wherever that is cut short, nothing spent gets less."""

import gzip
import io
import multiprocessing
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ag_enclave.clerk import Clerk
from ag_enclave.config import Jail
from ag_enclave.errors import BadData, Unusable
from ag_enclave.sharing import share
from ag_enclave.state import State, open_state
from ag_vault.clerk.restoring import CANDIDATE, restore
from ag_vault.clerk.seal import Seal
from ag_vault.errors import BadLedger
from ag_vault.ledger.connect import file_engine
from ag_vault.ledger.register import Filter, Place, Register
from tests.enclave.test_audit import ask, some_deeds, verdict
from tests.enclave.test_clerk import charge, with_clerk

FORK: Any = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A backup, and the state it was made of, of which ε 6 is spent."""
    path = tmp_path_factory.mktemp("saved")
    with_clerk(path / "state", some_deeds)
    ask("backup", str(path / "backup"), "--state", str(path / "state"))
    return path / "state", path / "backup"


@pytest.fixture
def older(saved: tuple[Path, Path], tmp_path: Path) -> State:
    """A state that has spent ε 8 and lowered a cap since the copy that lies ready to be restored."""
    shutil.copytree(saved[0], tmp_path / "state")
    state = open_state(tmp_path / "state")
    with tarfile.open(saved[1]) as archive:
        copy = archive.extractfile("ledger.sqlite")
        assert copy is not None
        content = copy.read()
    assert charge(state, 2)
    register = Register(file_engine(state.ledger))
    register.set_cap(Place(kind="everyone", dataset="Clinic"), "9", "1e-6", actor="olga", reason="enough")
    register.close()
    assert verdict(state) == ""
    state.ledger.with_name(CANDIDATE).write_bytes(content)
    return state


def put(state: State) -> str:
    audit = state.folder("audit")
    return restore(state.ledger, Seal((state.folder("seal") / "audit.key").read_bytes(), audit), audit)


def lose(state: State) -> None:
    for path in state.ledger.parent.glob("ledger.*"):
        path.unlink()


def spent(state: State) -> dict[str, float]:
    register = Register(file_engine(state.ledger))
    sums = {each["who"]: each["epsilon"] for each in register.totals("Clinic")}
    register.close()
    return sums


def test_a_backup_brings_an_enclave_to_another_machine(saved: tuple[Path, Path], tmp_path: Path) -> None:
    assert saved[1].stat().st_mode & 0o777 == 0o600
    ask("restore", str(saved[1]), "--state", str(tmp_path / "new"))
    assert "3 charges" in ask("audit", "verify", "--state", str(tmp_path / "new"))
    state = open_state(tmp_path / "new")
    assert spent(state) == {"": 6, "ann": 6}
    assert sorted(p.name for p in state.folder("keys").iterdir()) == sorted(
        p.name for p in (saved[0] / "keys").iterdir()
    )


def test_a_newer_ledger_stays(older: State) -> None:
    assert "stays" in put(older)
    assert spent(older) == {"": 8, "ann": 8}
    assert verdict(older) == ""


def test_an_older_copy_is_brought_forward_to_the_signed_head(older: State) -> None:
    lose(older)
    assert "brought forward" in put(older)
    assert spent(older) == {"": 8, "ann": 8}
    assert verdict(older) == ""
    assert not charge(older, 2)
    assert charge(older, 1)


def test_caps_that_are_brought_forward_are_in_the_log_as_any_others(tmp_path: Path) -> None:
    place = {"dataset": "Clinic", "actor": "olga", "reason": "a test"}

    async def before(clerk: Clerk, _state: State) -> None:
        for who in ("ann", "bob", "cyd"):
            await clerk.set_cap(kind="analyst", who=who, epsilon="5", delta="0", **place)

    async def later(clerk: Clerk, _state: State) -> None:
        await clerk.set_cap(kind="analyst", who="ann", epsilon="1", delta="0", **place)
        await clerk.drop_cap(kind="analyst", who="bob", **place)
        await clerk.set_cap(kind="everyone", seconds=60, epsilon="2", delta="0", **place)

    with_clerk(tmp_path, before)
    state = open_state(tmp_path)
    register = Register(file_engine(state.ledger))
    register.copy(state.ledger.with_name(CANDIDATE))
    register.close()
    with_clerk(tmp_path, later)
    lose(state)
    assert "brought forward" in put(state)
    assert verdict(state) == ""
    register = Register(file_engine(state.ledger))
    found = {(cap["kind"], cap["who"]): cap["epsilon"] for cap in register.caps()}
    told = register.history(Filter(action="cap", actor="enclave"))
    register.close()
    assert found == {("analyst", "ann"): "1", ("analyst", "cyd"): "5", ("everyone", ""): "2"}
    assert {(each["details"]["who"], str(each["details"]["cap"])[:17]) for each in told} == {
        ("ann", "{'epsilon': '1', "),
        ("bob", "None"),
        ("", "{'epsilon': '2', "),
    }


def test_a_damaged_ledger_is_replaced_and_kept_beside(older: State) -> None:
    lose(older)
    older.ledger.write_bytes(b"not a database at all, but long enough to be read as one" * 100)
    put(older)
    assert spent(older)["ann"] == 8
    assert (older.ledger.parent / "replaced.sqlite").exists()


def test_a_copy_with_another_past_is_refused(older: State, tmp_path: Path) -> None:
    with_clerk(tmp_path / "other", some_deeds)
    candidate = older.ledger.with_name(CANDIDATE)
    candidate.unlink()
    register = Register(file_engine(tmp_path / "other" / "ledger" / "ledger.sqlite"))
    register.copy(candidate)
    register.close()
    with pytest.raises(BadLedger, match="different pasts"):
        put(older)
    assert spent(older)["ann"] == 8


def cut_short(state: State, step: int) -> None:
    """Restore, and die at one of its renames."""
    left = iter(range(step, -1, -1))
    rename = Path.replace

    def dying(path: Path, target: Path) -> Path:
        if next(left, 1) == 0:
            os._exit(9)
        return rename(path, target)

    Path.replace = dying  # type: ignore[method-assign, assignment]  # a power cut, planted
    put(state)
    os._exit(0)


def test_a_restoration_that_is_cut_short_can_be_done_again_and_nothing_gets_less(older: State) -> None:
    copy = older.ledger.with_name(CANDIDATE).read_bytes()
    older.ledger.write_bytes(b"damaged" * 1000)
    for end in ("-wal", "-shm"):
        older.ledger.with_name(older.ledger.name + end).unlink(missing_ok=True)
    for step in range(20):
        older.ledger.with_name(CANDIDATE).write_bytes(copy)
        process = FORK.Process(target=cut_short, args=(older, step))
        process.start()
        process.join(30)
        assert verdict(older) or spent(older)["ann"] >= 8
        if process.exitcode == 0:
            break
    assert step > 2
    assert verdict(older) == ""
    assert spent(older) == {"": 8, "ann": 8}


@pytest.mark.parametrize("name", ["../evil", "keys/../../evil", "/etc/evil", "keys/a/b", "scratch/x", "keys/.."])
def test_an_archive_with_other_names_is_refused(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "backup", "w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"evil"))
    with pytest.raises(BadData):
        ask("restore", str(tmp_path / "backup"), "--state", str(tmp_path / "state"))
    assert not (tmp_path / "evil").exists()


def test_a_file_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "backup").write_bytes(b"no")
    with pytest.raises(Unusable):
        ask("restore", str(tmp_path / "backup"), "--state", str(tmp_path / "state"))


def test_a_backup_that_was_damaged_anywhere_is_refused_before_anything_is_written(
    saved: tuple[Path, Path], tmp_path: Path
) -> None:
    whole = saved[1].read_bytes()
    for place in range(20, len(whole), len(whole) // 60):
        damaged = bytearray(whole)
        damaged[place] ^= 0x5A
        if says_the_same(damaged, whole):
            continue
        (tmp_path / "backup").write_bytes(damaged)
        with pytest.raises(BadData, match=r"can't be read as a backup|no backup"):
            ask("restore", str(tmp_path / "backup"), "--state", str(tmp_path / "state"))
    assert not [path for path in (tmp_path / "state").rglob("*") if path.is_file() and path.suffix != ".lock"]


def says_the_same(damaged: bytes, whole: bytes) -> bool:
    """Whether it unpacks to the very same bytes, as one in a thousand such damages does: deflate can say some things in two ways."""
    try:
        return gzip.decompress(damaged) == gzip.decompress(whole)
    except (OSError, EOFError, zlib.error):
        return False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start others' processes")
def test_the_clerk_of_production_who_is_a_user_of_its_own_restores_and_vaults_charge_again(
    saved: tuple[Path, Path],
) -> None:
    first = Jail().users_first
    with tempfile.TemporaryDirectory(prefix="ag-", dir="/tmp") as place:  # above the state everybody may pass
        Path(place).chmod(0o755)
        shutil.copytree(saved[0], Path(place) / "state")
        state = open_state(Path(place) / "state")
        share(state, first)  # as the first start as root leaves it
        words = ("--state", str(state.root))
        ask("backup", str(Path(place) / "backup"), *words)
        head = state.folder("audit") / "head.json"
        assert head.stat().st_uid == first
        assert by_user(first + 7, first, lambda: charge(state, 1))
        ask("audit", "verify", *words)
        lose(state)
        ask("restore", str(Path(place) / "backup"), *words)
        assert spent(state)[""] == 7
        assert {path.stat().st_uid for path in (head, state.ledger)} == {first}
        assert (state.ledger.stat().st_gid, state.ledger.stat().st_mode & 0o777) == (first, 0o660)
        assert by_user(first + 8, first, lambda: charge(state, 1))
        assert "charges" in ask("audit", "verify", *words)
        assert not by_user(first + 9, first + 9, lambda: os.access(head, os.R_OK) or os.access(state.ledger, os.R_OK))


def by_user(user: int, group: int, deed: Callable[[], bool]) -> bool:
    """What the deed gives, done in a process of this user and group and no other."""

    def child() -> None:
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
        os._exit(0 if deed() else 3)

    process = FORK.Process(target=child)
    process.start()
    process.join(60)
    assert process.exitcode in (0, 3)
    return bool(process.exitcode == 0)
