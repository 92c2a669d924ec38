"""Whoever changes, drops, puts in or moves an entry of the log, cuts its end or puts the whole ledger back is found out; an export proves itself elsewhere."""

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ag_enclave import exported
from ag_enclave.clerk import Clerk
from ag_enclave.cli import commands
from ag_enclave.errors import BadData, Unusable
from ag_enclave.state import State, open_state
from ag_vault.clerk.desk import Desk
from ag_vault.clerk.keeper import Keeper
from ag_vault.clerk.seal import Seal
from ag_vault.ledger.connect import file_engine
from ag_vault.ledger.register import Register
from tests.enclave.test_clerk import charge, with_clerk


async def some_deeds(clerk: Clerk, state: State) -> None:
    await clerk.append("olga", "user.add", "ann", {"role": "analyst"})
    for epsilon in (1, 2, 3):
        assert charge(state, epsilon)
    await clerk.head()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory whose log has five entries, three of them charges."""
    path = tmp_path_factory.mktemp("kept")
    with_clerk(path, some_deeds)
    return path


@pytest.fixture
def state(kept: Path, tmp_path: Path) -> State:
    shutil.copytree(kept, tmp_path / "state")
    return open_state(tmp_path / "state")


def ask(*words: str) -> str:
    """What the command line says; Unusable as it is raised."""
    result = CliRunner().invoke(commands, words)
    if isinstance(result.exception, Unusable):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def verdict(state: State) -> str:
    """What a clerk says to ``verify``, without its process: an error's sentence, or nothing."""
    register = Register(file_engine(state.ledger))
    audit = state.folder("audit")
    desk = Desk(register, Keeper(register, Seal((state.folder("seal") / "audit.key").read_bytes(), audit), audit))
    desk.open()
    said = json.loads(desk.reply(b'{"op": "verify"}'))
    register.close()
    return str(said.get("error", ""))


def tamper(state: State, statements: str) -> None:
    triggers = [f"DROP TRIGGER {table}_{verb};" for table in ("log", "events") for verb in ("UPDATE", "DELETE")]
    with contextlib.closing(sqlite3.connect(state.ledger)) as connection:
        connection.executescript("".join(triggers) + statements)


def test_an_untouched_log_is_verified_shown_and_exported(state: State, tmp_path: Path) -> None:
    assert "5 entries, 3 charges" in ask("audit", "verify", "--state", str(state.root))
    shown = ask("audit", "show", "--actor", "ann", "--state", str(state.root)).splitlines()
    assert [json.loads(line.split("\t")[5])["epsilon"] for line in shown] == [1, 2, 3]
    file, key = tmp_path / "log.jsonl", state.folder("audit") / "audit.pub"
    ask("audit", "export", str(file), "--state", str(state.root))
    assert "5 entries" in ask("audit", "verify", "--file", str(file), "--key", str(key))


TAMPERING = {
    "an entry changed": "UPDATE log SET actor = 'bob' WHERE sequence = 4",
    "an entry's details changed": "UPDATE log SET details = replace(details, '2.0', '1.0') WHERE sequence = 4",
    "an entry dropped": "DELETE FROM log WHERE sequence = 2",
    "an entry dropped and those after it moved up": (
        "DELETE FROM log WHERE sequence = 2; UPDATE log SET sequence = sequence - 1 WHERE sequence > 2;"
        "UPDATE head SET sequence = 4 WHERE id = 2"
    ),
    "an entry put in": (
        "INSERT INTO log SELECT 6, at, actor, action, subject, details, 0, '', hash, hash FROM log WHERE sequence = 5;"
        "UPDATE head SET sequence = 6 WHERE id = 2"
    ),
    "two entries exchanged": (
        "UPDATE log SET sequence = 99 WHERE sequence = 3; UPDATE log SET sequence = 3 WHERE sequence = 4;"
        "UPDATE log SET sequence = 4 WHERE sequence = 99"
    ),
    "the end cut off": (
        "DELETE FROM log WHERE sequence = 5;"
        "UPDATE head SET sequence = 4, hash = (SELECT hash FROM log WHERE sequence = 4) WHERE id = 2"
    ),
    "a charge made cheaper": "UPDATE events SET epsilon = 1 WHERE sequence = 2",
    "a charge and its entry dropped": (
        "DELETE FROM log WHERE sequence = 5; DELETE FROM events WHERE sequence = 3;"
        "UPDATE head SET sequence = 4, hash = (SELECT hash FROM log WHERE sequence = 4) WHERE id = 2;"
        "UPDATE head SET sequence = 2, hash = (SELECT hash FROM events WHERE sequence = 2) WHERE id = 1;"
        "UPDATE balances SET epsilon = epsilon - 3000000000, rho = rho - 4500000000000"
    ),
    "an entry that speaks of another charge": "UPDATE log SET event = 1 WHERE sequence = 4",
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found(state: State, name: str) -> None:
    assert verdict(state) == ""
    tamper(state, TAMPERING[name])
    assert verdict(state)


def test_a_ledger_that_is_put_back_as_a_whole_stops_the_enclave(kept: Path, tmp_path: Path) -> None:
    shutil.copytree(kept, tmp_path / "state")
    state = open_state(tmp_path / "state")
    older = {path.name: path.read_bytes() for path in state.ledger.parent.iterdir()}

    async def more(clerk: Clerk, _state: State) -> None:
        await clerk.append("olga", "user.add", "bob", {})

    with_clerk(state.root, more)
    for path in state.ledger.parent.iterdir():
        path.unlink()
    for name, content in older.items():
        (state.ledger.parent / name).write_bytes(content)
    with pytest.raises(Unusable, match="older than its signed head"):
        with_clerk(state.root, more)


def test_a_ledger_that_is_removed_stops_the_enclave(state: State) -> None:
    for path in state.ledger.parent.iterdir():
        path.unlink()
    assert "older than its signed head" in verdict(state)


@pytest.mark.parametrize("change", ["removed", "forged", "of another key"])
def test_a_head_that_isn_t_ours_stops_the_enclave(state: State, change: str) -> None:
    head = state.folder("audit") / "head.json"
    content = json.loads(head.read_bytes())
    if change == "removed":
        head.unlink()
    elif change == "forged":
        head.write_text(json.dumps(content | {"sequence": 0, "hash": exported.GENESIS}))
    else:
        (state.folder("seal") / "audit.key").write_bytes(bytes(32))
    assert "signed head" in verdict(state)


def test_an_export_with_any_change_is_refused(state: State) -> None:
    lines = ask("audit", "export", "-", "--state", str(state.root)).splitlines()
    public = (state.folder("audit") / "audit.pub").read_bytes()
    assert exported.verify(lines, public) == 5
    entry, head = json.loads(lines[2]), json.loads(lines[-1])
    another = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for changed, key in (
        ([*lines[:2], json.dumps(entry | {"actor": "bob"}), *lines[3:]], public),
        ([*lines[:2], *lines[3:]], public),
        ([lines[1], lines[0], *lines[2:]], public),
        (lines[:-1], public),
        ([*lines[:-2], lines[-1]], public),
        ([*lines[:-1], json.dumps(head | {"spent": []})], public),
        ([*lines, lines[0]], public),
        (lines, another),
    ):
        with pytest.raises(BadData):
            exported.verify(changed, key)
