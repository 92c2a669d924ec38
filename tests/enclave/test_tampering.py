"""Whatever is changed in the ledger's two chains, in any field, row or order, or in any byte of an export, is found: not a few changes that come to mind, but all of a kind."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ag_enclave import exported
from ag_enclave.clerk import Clerk
from ag_enclave.errors import BadData
from ag_enclave.state import State, open_state
from tests.enclave.test_audit import ask, some_deeds, verdict
from tests.enclave.test_clerk import with_clerk

TABLES = ("log", "events")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> State:
    path = tmp_path_factory.mktemp("kept")
    with_clerk(path, some_deeds)
    return open_state(path)


def rows(state: State, table: str, by: str = "sequence") -> tuple[list[str], list[tuple[object, ...]]]:
    with contextlib.closing(
        sqlite3.connect(state.ledger)
    ) as connection:  # one that's left open is open until garbage is collected
        found = connection.execute(f"SELECT * FROM {table} ORDER BY {by}")
        return [column[0] for column in found.description], found.fetchall()


def changed(value: object) -> object:
    """The nearest other value of its kind."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:] if value else b"x"
    if isinstance(value, float):
        return value * 2 + 1
    if isinstance(value, str) and value:
        last = "b" if value[-1] == "a" else "a"
        return value[:-1] + last
    return "x"


def changes(state: State) -> Iterator[str]:
    """SQL that changes one thing: each field, in one row after the other; rows dropped, exchanged, put in twice; tails cut with and without the head that belongs to it."""
    for table in TABLES:
        names, content = rows(state, table)
        for place, name in enumerate(names):
            row = content[place % len(content)]
            if name != "sequence":
                yield f"UPDATE {table} SET {name} = {quoted(changed(row[place]))} WHERE sequence = {row[0]}"
        for row in content:
            yield f"DELETE FROM {table} WHERE sequence = {row[0]}"
            yield f"UPDATE {table} SET sequence = 99 WHERE sequence = {row[0]}"
        for number in range(1, len(content)):
            moves = ((number, 99), (number + 1, number), (99, number + 1))
            yield ";".join(f"UPDATE {table} SET sequence = {to} WHERE sequence = {at}" for at, to in moves)
            cut = f"DELETE FROM {table} WHERE sequence > {number}"
            yield cut
            head = {"log": 2, "events": 1}[table]
            found = f"(SELECT hash FROM {table} WHERE sequence = {number})"
            yield f"{cut}; UPDATE head SET sequence = {number}, hash = {found} WHERE id = {head}"
    for head in (1, 2):
        yield f"UPDATE head SET sequence = sequence + 1 WHERE id = {head}"
        yield f"UPDATE head SET hash = '{'0' * 64}' WHERE id = {head}"
        yield f"DELETE FROM head WHERE id = {head}"


def quoted(value: object) -> str:
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


def test_a_change_of_any_field_row_or_order_is_found(kept: State) -> None:
    assert verdict(kept) == ""
    whole = {
        path: path.read_bytes() for folder in (kept.ledger.parent, kept.folder("audit")) for path in folder.iterdir()
    }
    count = 0
    for statements in changes(kept):
        refused = False
        with contextlib.closing(sqlite3.connect(kept.ledger)) as connection:
            for table in TABLES:
                for verb in ("UPDATE", "DELETE"):
                    connection.execute(f"DROP TRIGGER {table}_{verb}")
            try:
                connection.executescript(statements)
            except sqlite3.IntegrityError:
                refused = True  # the table itself takes no such row
        if not refused:
            count += 1
            assert verdict(kept), statements
        restore(kept, whole)
    assert count > 50
    assert verdict(kept) == ""


async def some_caps(clerk: Clerk, _state: State) -> None:
    place = {"dataset": "Clinic", "actor": "olga", "reason": "a test"}
    await clerk.set_cap(kind="analyst", who="ann", epsilon="1", delta="0", **place)
    await clerk.set_cap(kind="analyst", who="ann", epsilon="2.5", delta="1e-6", **place)
    await clerk.set_cap(kind="everyone", seconds=3600, epsilon="3", delta="0", **place)
    await clerk.set_cap(kind="everyone", epsilon=None, delta="0", **place)
    await clerk.set_cap(kind="call", epsilon="1", delta="0", **place)
    await clerk.drop_cap(kind="call", **place)


def test_a_cap_that_the_log_does_not_know_is_found(tmp_path: Path) -> None:
    """Caps decide what is given: whoever has the database could raise one, or let one go, past every owner."""
    with_clerk(tmp_path, some_caps)
    state = open_state(tmp_path)
    names, content = rows(state, "caps", by="kind, who, seconds")
    assert len(content) == 3
    assert verdict(state) == ""
    whole = {
        path: path.read_bytes() for folder in (state.ledger.parent, state.folder("audit")) for path in folder.iterdir()
    }
    statements = ["INSERT INTO caps VALUES ('analyst', 'Clinic', 'bob', 0, '99', '0')", "DELETE FROM caps"]
    for row in content:
        this = f"WHERE kind = '{row[0]}' AND who = '{row[2]}' AND seconds = {row[3]}"
        statements.append(f"DELETE FROM caps {this}")
        statements += [
            f"UPDATE caps SET {name} = {quoted(changed(value))} {this}" for name, value in zip(names, row, strict=True)
        ]
    for statement in statements:
        with contextlib.closing(sqlite3.connect(state.ledger)) as connection:
            connection.executescript(statement)
        assert "caps are in force that the log doesn't know" in verdict(state), statement
        restore(state, whole)
    assert verdict(state) == ""


def restore(state: State, whole: dict[Path, bytes]) -> None:
    for folder in (state.ledger.parent, state.folder("audit")):
        for path in folder.iterdir():
            if path not in whole:
                path.unlink()
    for path, content in whole.items():
        path.write_bytes(content)


def test_every_byte_of_an_export_counts(kept: State) -> None:
    text = ask("audit", "export", "-", "--state", str(kept.root))
    key = (kept.folder("audit") / "audit.pub").read_bytes()
    assert exported.verify(text.splitlines(), key) == 5
    meant = [json.loads(line) for line in text.splitlines()]
    for at in range(len(text)):
        for other in (chr(ord(text[at]) ^ 1), ""):
            lines = (text[:at] + other + text[at + 1 :]).splitlines()
            try:
                exported.verify(lines, key)
            except BadData:
                continue
            # What verifies says the same: a blank between two words of JSON, the end of the last line.
            assert [json.loads(line) for line in lines] == meant, at


@pytest.mark.parametrize(
    "odd", ['"note": "paid", ', '"actor": "bob", ', '"sequence": 1, ', '"hash": "x", ', '"details": "{}", ']
)
def test_nothing_stands_in_an_export_that_no_hash_is_over(kept: State, odd: str) -> None:
    lines = ask("audit", "export", "-", "--state", str(kept.root)).splitlines()
    key = (kept.folder("audit") / "audit.pub").read_bytes()
    for number in range(5):
        longer = [*lines[:number], "{" + odd + lines[number][1:], *lines[number + 1 :]]
        with pytest.raises(BadData):
            exported.verify(longer, key)
