"""The doors: every request has its one reply, garbage has a refusal, nothing private leaves but by a paid release."""

import logging
import math
import os
import socket
import sqlite3
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ag_plan import messages
from ag_plan.codec import encode_message, encode_plan
from ag_plan.expressions import Column, Constant
from ag_plan.frames import send_frame
from ag_plan.messages import (
    AskCatalog,
    AskIngest,
    AskOdometer,
    AskPreview,
    AskPublic,
    AskRelease,
    AskSchema,
    ColumnValues,
    Refused,
    Released,
)
from ag_plan.relations import Append, Filter, Project, Source
from ag_plan.releases import Count, Epsilon, GroupKey, Mean, Release, Size, Sum
from ag_vault import meaning
from ag_vault import session as session_module
from ag_vault.catalog import read_catalog
from ag_vault.data import open_rows
from ag_vault.errors import EngineFailed
from ag_vault.evaluate import DuckData
from ag_vault.ledger import Ledger
from tests.vault.doors import Doors, charged_before, released, served
from tests.vault.owners import clinic

AGE = Mean(columns=("age",))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clinic(tmp_path_factory.mktemp("clinic"))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def doors(dataset: Path, ledger: Path) -> Iterator[Doors]:
    with served(dataset, ledger) as opened:
        yield opened


def spent(doors: Doors) -> dict[str, float]:
    return {balance.dataset: balance.epsilon_spent for balance in doors.ask(AskOdometer(id=1)).balances}


def test_the_catalogue_names_tables_and_views(doors: Doors) -> None:
    (found,) = doors.ask(AskCatalog(id=3)).datasets
    assert (found.name, found.variable, found.tables) == ("Clinic", "clinic", ("clinic/train",))
    assert [(view.key, view.kind, view.table) for view in found.views] == [
        ("train", "frame", "clinic/train"),
        ("test_x", "public", None),
    ]


def test_the_schema_is_what_the_owner_declared(doors: Doors) -> None:
    columns = doors.ask(AskSchema(id=3, relation=encode_plan(Source(table="clinic/train")))).columns
    assert [(c.name, c.kind) for c in columns] == [
        ("age", "int"), ("height", "float"), ("sex", "str"), ("smokes", "bool"), ("seen", "datetime"),
    ]  # fmt: skip
    assert (columns[0].lower, columns[0].upper, columns[2].categories) == (0, 120, ("f", "m"))


def test_public_values_come_as_they_are(doors: Doors) -> None:
    columns = doors.ask(AskPublic(id=3, dataset="Clinic", key="test_x")).columns
    assert {c.name: (c.kind, c.values) for c in columns} == {
        "age": ("int", (50, 60)),
        "height": ("float", (180.5, None)),
        "sex": ("str", ("m", "f")),
    }


def test_a_public_table_too_large_to_send_is_refused_and_the_session_goes_on(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "MOST_PUBLIC_VALUES", 5)
    assert doors.ask(AskPublic(id=3, dataset="Clinic", key="test_x")).code == "too_large"
    monkeypatch.setattr(session_module, "MOST_PUBLIC_VALUES", 6)
    assert isinstance(doors.ask(AskPublic(id=3, dataset="Clinic", key="test_x")), messages.PublicTable)
    monkeypatch.setattr(session_module, "MAX_FRAME_BYTES", 50)
    refused = doors.ask(AskPublic(id=3, dataset="Clinic", key="test_x"))
    assert (refused.id, refused.code) == (3, "too_large")


@pytest.mark.parametrize(("name", "key"), [("Clinic", "train"), ("Iris", "test_x"), ("Clinic", "../train")])
def test_no_private_table_is_public(doors: Doors, name: str, key: str) -> None:
    assert doors.ask(AskPublic(id=3, dataset=name, key=key)).code == "unknown"


def test_a_release_is_near_the_truth_and_charged_once(doors: Doors) -> None:
    reply = doors.release(Count(columns=("age",)), 10)
    assert isinstance(reply, Released)
    assert abs(reply.values[0][0] - 200) < 10
    assert (reply.id, reply.cost.epsilon, reply.repeated) == (7, "10", False)
    assert spent(doors) == {"Clinic": 10}


def test_groups_come_by_category(doors: Doors) -> None:
    reply = doors.release(Count(columns=("age",)), 10, by=(GroupKey(column="sex"),))
    assert reply.index == (("f",), ("m",))
    assert all(abs(value - 100) < 10 for (value,) in reply.values)


def test_the_same_question_again_is_free_and_has_the_same_answer(doors: Doors, dataset: Path, ledger: Path) -> None:
    first = doors.release(AGE)
    again = doors.release(AGE)
    assert (again.values, again.repeated) == (first.values, True)
    with served(dataset, ledger, session="another") as later:
        assert later.release(AGE).values == first.values
        assert spent(later) == {"Clinic": 1}
    with served(dataset, ledger, analyst="bob") as other:
        assert other.release(AGE).repeated is False


def test_the_budget_does_not_start_anew_with_a_session(doors: Doors, dataset: Path, ledger: Path) -> None:
    doors.release(AGE, 10)
    with served(dataset, ledger, session="another") as later:
        assert isinstance(later.release(AGE, 9), Released)
        refused = later.release(Sum(columns=("age",)), 2)
        assert refused.why.startswith("Maximum delta or epsilon exceeded. Your current balance left is eps : 1.0 and")


def test_an_oversized_request_costs_nothing_and_breaks_nothing(doors: Doors) -> None:
    assert "per query" in doors.release(AGE, 11).why
    assert isinstance(doors.release(AGE, 2**62), Refused)
    assert spent(doors) == {"Clinic": 0}
    assert isinstance(doors.release(AGE), Released)


def test_a_preview_is_free(doors: Doors) -> None:
    reply = doors.ask(AskPreview(id=2, release=released(AGE, 10)))
    assert isinstance(reply, messages.Preview)
    assert reply.cost.epsilon == "10"
    assert spent(doors) == {"Clinic": 0}


def test_an_unknown_table_or_column_is_refused_before_any_charge(doors: Doors) -> None:
    assert isinstance(doors.release(AGE, table="iris/train"), Refused)
    assert isinstance(doors.release(Mean(columns=("__order",))), Refused)
    assert isinstance(doors.release(Mean(columns=("weight",))), Refused)
    assert spent(doors) == {"Clinic": 0}


def test_the_secret_order_is_no_column(doors: Doors) -> None:
    assert isinstance(doors.release(Count(columns=("__order",))), Refused)
    assert isinstance(doors.release(Count(columns=("file_row_number",))), Refused)


def test_libraries_are_listed_by_short_names_only(doors: Doors) -> None:
    for library, number in (("op_snsql", 1), ("x" * 1000, 2), ("<script>", 3)):
        doors.ask(AskRelease(id=1, release=released(AGE, number), library=library))
    (balance,) = doors.ask(AskOdometer(id=1)).balances
    assert balance.libraries == {"op_snsql": 1, "other": 5}


# Frames of the guest --------------------------------------------------------------------------------------


def ingest(doors: Doors, *columns: ColumnValues) -> Any:
    return doors.ask(AskIngest(id=5, columns=columns))


def numbers(*values: Any, **more: Any) -> ColumnValues:
    return ColumnValues(name="x", kind="float", values=values, **more)


def test_a_guests_own_frame_has_a_budget_of_its_own(doors: Doors) -> None:
    table = ingest(doors, numbers(*[1.0] * 500, lower=0, upper=1)).table
    assert table == "scratch/1"
    reply = doors.release(Sum(columns=("x",)), 5, table=table)
    assert abs(reply.values[0][0] - 500) < 20
    assert doors.release(Sum(columns=("x",)), 5, table=table).repeated
    assert spent(doors) == {"Clinic": 0, "scratch": 5}


def test_the_scratch_budget_ends_too(dataset: Path, ledger: Path) -> None:
    with served(dataset, ledger, scratch_budget=2.5) as doors:
        table = ingest(doors, numbers(1.0, lower=0, upper=1)).table
        assert isinstance(doors.release(Sum(columns=("x",)), 2, table=table), Released)
        refused = doors.release(Sum(columns=("x",)), 1, table=table)
        assert "balance left is eps : 0.5 " in refused.why
        assert refused.instead.startswith("These are public values of your own: compute with pandas")


def test_answers_are_of_the_frames_that_a_guest_brought_in_this_order(dataset: Path, ledger: Path) -> None:
    """Frames are numbered anew in each session: the same plan over the same two frames, exchanged, is another question."""
    heights = Project(relation=Source(table="clinic/train"), names=("x",), expressions=(Column(name="height"),))
    few = Filter(relation=Source(table="scratch/1"), predicate=Constant(value=False))
    both = Append(left=heights, right=Append(left=few, right=Source(table="scratch/2")))
    asked = encode_plan(Release(relation=both, measure=Size(), spend=Epsilon(numerator=1, denominator=1)))
    sizes = {"a": [1.0] * 3, "b": [1.0] * 900}
    repeated = []
    for order in ("ab", "ab", "ba"):
        with served(dataset, ledger) as doors:
            for name in order:
                ingest(doors, numbers(*sizes[name]))
            repeated.append(doors.ask(AskRelease(id=7, release=asked)).repeated)
    assert repeated == [False, True, False]


@pytest.mark.parametrize("name", ["__order", "__UNIT"])
def test_a_guest_s_column_can_t_have_a_name_of_the_vault_s(doors: Doors, name: str) -> None:
    refused = doors.ask(AskIngest(id=5, columns=(ColumnValues(name=name, kind="int", values=(1,)),)))
    assert "is not possible" in refused.why


def test_a_guests_values_conform_like_an_owners(doors: Doors) -> None:
    table = ingest(doors, numbers(math.nan, math.inf, -math.inf, None, -1e300, 1e300, 3, lower=0, upper=2)).table
    reply = doors.release(Count(columns=("x",)), 100, table=table)
    assert abs(reply.values[0][0] - 3) < 2
    reply = doors.release(Sum(columns=("x",)), 90, table=table)
    assert isinstance(reply, Refused) or abs(reply.values[0][0] - 4) < 2


def test_every_kind_of_column_can_be_brought(doors: Doors) -> None:
    columns = (
        ColumnValues(name="i", kind="int", values=(1, None), lower=0, upper=5),
        ColumnValues(name="b", kind="bool", values=(True, None)),
        ColumnValues(name="s", kind="str", values=("ä'\"\0", None)),
        ColumnValues(name="c", kind="str", values=("a", "z"), categories=("a", "b")),
        ColumnValues(name="k", kind="int", values=(1, 9), categories=(1, 2)),
        ColumnValues(name='d"; DROP TABLE x --', kind="datetime", values=(0, None), lower=0, upper=10**15),
    )
    table = ingest(doors, *columns).table
    schema = doors.ask(AskSchema(id=1, relation=encode_plan(Source(table=table)))).columns
    assert [(c.name, c.kind) for c in schema] == [(c.name, c.kind) for c in columns]
    assert isinstance(doors.release(Count(columns=tuple(c.name for c in columns)), table=table), Released)


BAD_FRAMES: dict[str, tuple[ColumnValues, ...]] = {
    "no columns": (),
    "two of one name": (numbers(1.0), numbers(2.0)),
    "two names that differ in case only": (numbers(1.0), ColumnValues(name="X", kind="float", values=(2.0,))),
    "a name that no engine takes": (ColumnValues(name="x\x00", kind="float", values=(2.0,)),),
    "no name": (ColumnValues(name="", kind="int", values=()),),
    "unequal lengths": (numbers(1.0), ColumnValues(name="y", kind="int", values=())),
    "an unknown kind": (ColumnValues(name="x", kind="null", values=()),),
    "one bound": (numbers(1.0, lower=0),),
    "reversed bounds": (numbers(1.0, lower=1, upper=0),),
    "bounds of NaN": (numbers(1.0, lower=math.nan, upper=1),),
    "infinite bounds": (numbers(1.0, lower=0, upper=math.inf),),
    "bounds of text": (ColumnValues(name="x", kind="str", values=(), lower=0, upper=1),),
    "huge bounds": (ColumnValues(name="x", kind="int", values=(), lower=0, upper=2**63),),
    "text among numbers": (numbers(1.0, "2"),),
    "booleans among numbers": (numbers(1.0, True),),
    "numbers among text": (ColumnValues(name="x", kind="str", values=("a", 1)),),
    "fractions among integers": (ColumnValues(name="x", kind="int", values=(1, 1.5)),),
    "categories of another type": (ColumnValues(name="x", kind="str", values=("a",), categories=("a", 1)),),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_frame_that_is_none_is_refused_and_the_session_goes_on(doors: Doors, name: str) -> None:
    assert ingest(doors, *BAD_FRAMES[name]).code == "ingest"
    assert ingest(doors, numbers(1.0)).table == "scratch/1"


def test_frames_together_have_a_public_limit_below_the_engines_memory(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "MOST_SCRATCH_BYTES", 16 * 10_000)
    many = (0.5,) * 5_000
    replies = [ingest(doors, numbers(*values)) for values in (many, many, (3.0,), many)]
    assert [getattr(reply, "code", "fine") for reply in replies] == ["fine", "memory", "fine", "memory"]


EMPTY: dict[str, list[ColumnValues]] = {
    "columns": [ColumnValues(name=f"c{number}", kind="float", values=()) for number in range(100)],
    "categories": [
        ColumnValues(name="c", kind="str", values=(), categories=tuple(f"{number:0400}" for number in range(500)))
    ],
    "a long name": [ColumnValues(name="c" * 200_000, kind="float", values=())],
}


@pytest.mark.parametrize("name", EMPTY)
def test_frames_without_a_row_are_limited_too(doors: Doors, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(session_module, "MOST_SCRATCH_BYTES", 2_000_000)
    replies = [ingest(doors, *EMPTY[name]) for _ in range(4)]
    assert [getattr(reply, "code", "fine") for reply in replies] == ["fine", "fine", "memory", "memory"]


def test_very_many_small_frames_are_limited_too(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MOST_SCRATCH_BYTES", 100_000)
    replies = [ingest(doors, ColumnValues(name="c", kind="float", values=())) for _ in range(8)]
    assert [getattr(reply, "code", "fine") for reply in replies] == ["fine"] * 6 + ["memory"] * 2


def test_answers_about_frames_are_given_again_as_far_as_there_is_room_for_them(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = ingest(doors, numbers(1.0)).table
    monkeypatch.setattr(session_module, "MOST_SCRATCH_ANSWERS", 470)
    repeated = [doors.release(Size(), epsilon, table=table).repeated for epsilon in (1, 2, 3, 1, 3)]
    assert repeated == [False, False, False, True, False]
    assert [doors.release(AGE, epsilon).repeated for epsilon in (1, 2, 3, 1, 2, 3)] == [False] * 3 + [True] * 3


def test_what_plans_meant_is_forgotten_with_the_catalogue_they_were_over(doors: Doors) -> None:
    ingest(doors, numbers(1.0))
    assert isinstance(doors.release(AGE), Released)
    assert meaning._kept
    ingest(doors, numbers(1.0))
    assert not meaning._kept


def test_a_frame_too_large_for_the_session_is_refused_and_the_session_goes_on(dataset: Path, ledger: Path) -> None:
    with served(dataset, ledger, memory_bytes=16 << 20) as doors:
        reply = ingest(doors, *(ColumnValues(name=f"c{i}", kind="float", values=(0.5,) * 200_000) for i in range(20)))
        assert reply.code == "memory"
        assert isinstance(doors.release(AGE), Released)


# Garbage --------------------------------------------------------------------------------------------------

GARBAGE = {
    "nothing": b"",
    "text": b"hello",
    "zeros": b"\0" * 1000,
    "noise": bytes(range(256)) * 8,
    "nesting": b"\x91" * 100_000,
    "a huge length": b"\xdd\xff\xff\xff\xff",
    "a reply": encode_message(messages.Refused(id=1, code="x", why="y")),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_refused_and_the_session_goes_on(doors: Doors, name: str) -> None:
    send_frame(doors.plan, GARBAGE[name])
    refused = doors.hear()
    assert (refused.id, refused.code) == (0, "malformed")
    assert isinstance(doors.ask(AskCatalog(id=1)), messages.Catalog)


@pytest.mark.parametrize("name", GARBAGE)
def test_a_garbage_plan_is_refused_by_its_own_number(doors: Doors, name: str) -> None:
    for message in (
        AskRelease(id=9, release=GARBAGE[name]),
        AskPreview(id=9, release=GARBAGE[name]),
        AskSchema(id=9, relation=GARBAGE[name]),
    ):
        refused = doors.ask(message)
        assert (refused.id, refused.code) == (9, "malformed")


def test_a_plan_of_another_family_is_refused(doors: Doors) -> None:
    for plan in (encode_plan(Column(name="age")), encode_plan(Source(table="clinic/train"))):
        assert doors.ask(AskRelease(id=9, release=plan)).code == "malformed"


def test_a_frame_over_the_limit_ends_the_session(doors: Doors) -> None:
    doors.plan.sendall(struct.pack(">I", 2**32 - 1))
    assert doors.hear() is None
    assert doors.ended()


def test_a_half_frame_keeps_nobody_else_waiting(doors: Doors) -> None:
    whole = encode_message(AskCatalog(id=4))
    doors.plan.sendall(struct.pack(">I", len(whole)) + whole[:3])
    assert doors.control_asks(op="odometer")["balances"][0]["dataset"] == "Clinic"
    doors.plan.sendall(whole[3:])
    assert doors.hear().id == 4


def test_many_requests_at_once_are_answered_in_order(doors: Doors) -> None:
    for number in range(50):
        send_frame(doors.plan, encode_message(AskCatalog(id=number)))
    assert [doors.hear().id for _ in range(50)] == list(range(50))


def test_a_descriptor_passed_along_is_ignored(doors: Doors) -> None:
    read, write = os.pipe()
    payload = encode_message(AskCatalog(id=4))
    socket.send_fds(doors.plan, [struct.pack(">I", len(payload)) + payload], [write])
    assert doors.hear().id == 4
    os.close(write)
    assert os.read(read, 1) == b""
    os.close(read)


# The gateway's door ---------------------------------------------------------------------------------------


def test_the_gateway_reads_odometer_and_catalogue(doors: Doors) -> None:
    doors.release(AGE)
    (balance,) = doors.control_asks(op="odometer")["balances"]
    assert balance == {
        "dataset": "Clinic",
        "epsilon_spent": 1.0,
        "delta_spent": 0.0,
        "epsilon_left": 19.0,
        "delta_left": 1e-06,
        "epsilon_per_call": 10.0,
        "libraries": {"op_pandas": 1.0},
        "windows": [],
    }
    assert doors.control_asks(op="catalog") == {
        "datasets": [
            {
                "name": "Clinic",
                "variable": "clinic",
                "views": [{"key": "train", "kind": "frame"}, {"key": "test_x", "kind": "public"}],
            }
        ]
    }


def test_an_unknown_operation_of_the_gateway_is_an_error_and_no_end(doors: Doors) -> None:
    assert "error" in doors.control_asks(op="rows")
    assert "error" in doors.control_asks(no="op")
    assert "balances" in doors.control_asks(op="odometer")


def test_the_gateway_closes_the_session(doors: Doors) -> None:
    assert doors.control_asks(op="close") is None
    assert doors.ended()


@pytest.mark.parametrize("end", ["plan", "control"])
def test_either_side_hanging_up_ends_the_session(doors: Doors, end: str) -> None:
    getattr(doors, end).shutdown(socket.SHUT_RDWR)
    assert doors.ended()


# Trouble --------------------------------------------------------------------------------------------------


def test_a_broken_ledger_refuses_what_costs_and_answers_what_is_free(dataset: Path, ledger: Path) -> None:
    ledger.write_bytes(b"no database" * 1000)
    with served(dataset, ledger) as doors:
        refused = doors.release(AGE)
        assert (refused.code, refused.error) == ("ledger", "RuntimeError")
        assert doors.ask(AskOdometer(id=1)).code == "ledger"
        assert isinstance(doors.ask(AskCatalog(id=1)), messages.Catalog)
        assert isinstance(doors.ask(AskPreview(id=2, release=released(AGE))), messages.Preview)
        table = ingest(doors, numbers(1.0, lower=0, upper=1)).table
        assert isinstance(doors.release(Sum(columns=("x",)), table=table), Released)


def test_trouble_after_the_charge_is_a_constant_sentence_and_no_refund(
    doors: Doors, ledger: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_data: DuckData, sql: str) -> Any:
        raise RuntimeError(f"row 7 holds 41 in {sql}")

    monkeypatch.setattr(DuckData, "rows", fail)
    with caplog.at_level(logging.ERROR):
        refused = doors.release(AGE)
    assert refused.why == session_module.INTERNAL.why
    assert "row 7" not in caplog.text
    assert "RuntimeError" in caplog.text
    with sqlite3.connect(ledger) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (1,)
    assert spent(doors)["Clinic"] == 1
    assert Ledger.at(ledger).verify() == 1


def test_a_session_that_has_lost_an_answer_gets_no_other_one_but_what_is_free(
    doors: Doors, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it could be asked again and again whether so many rows make an engine run out of memory, at next to no ε."""
    known = doors.release(AGE)
    with monkeypatch.context() as patched:
        patched.setattr(DuckData, "rows", lambda *_: (_ for _ in ()).throw(MemoryError))
        assert doors.release(AGE, epsilon=2).code == "internal"
    assert doors.release(AGE, epsilon=3).code == doors.release(AGE, epsilon=3).code == "lost"
    assert doors.release(AGE).values == known.values
    assert isinstance(doors.ask(AskPreview(id=2, release=released(AGE))), messages.Preview)
    assert spent(doors)["Clinic"] == 3
    assert Ledger.at(ledger).verify() == 2


def test_the_charge_is_on_disk_before_the_first_row_is_read(
    doors: Doors, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    charged = charged_before("rows", ledger, monkeypatch)
    doors.release(AGE)
    assert charged == [1]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO '/tmp/leak.csv'",
        "SET threads=1",
        "INSTALL httpfs",
    ],
)
def test_the_engine_reads_no_other_file_and_keeps_its_settings(dataset: Path, sql: str) -> None:
    rows = open_rows(read_catalog([dataset]), threads=1, memory_bytes=1 << 28)
    assert rows.rows('SELECT count(*) FROM "clinic/train"')[0][0] > 0
    with pytest.raises(EngineFailed):
        rows.rows(sql)
    rows.close()


def test_a_damaged_table_ends_the_start_and_answers_nobody(tmp_path: Path, ledger: Path) -> None:
    folder = clinic(tmp_path)
    (folder / "train.duckdb").write_bytes(b"DUCK")
    (folder / "train.duckdb").chmod(0o600)
    from ag_vault.errors import BadCatalog
    from ag_vault.serve import DatasetPlace, Settings, open_session

    settings = Settings(
        session="s",
        analyst="ann",
        datasets=(DatasetPlace(name="Clinic", path=str(folder)),),
        ledger=str(ledger),
    )
    with pytest.raises(BadCatalog):
        open_session(settings)


def test_charged_replies_leave_at_slot_ends(dataset: Path, ledger: Path) -> None:
    with served(dataset, ledger, schedule="default") as doors:
        doors.release(AGE)
        taken: list[float] = []
        for number in range(2, 8):
            started = time.monotonic()
            doors.release(AGE, number % 2 + 1, by=(GroupKey(column="sex"),) if number > 3 else ())
            taken.append(time.monotonic() - started)
    charged = [seconds for seconds in taken if seconds > 0.02]
    assert charged
    assert all(seconds >= 0.025 for seconds in charged)
