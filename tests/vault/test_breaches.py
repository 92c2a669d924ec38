"""Ten ways in which private data has left real notebooks elsewhere. Through the real vault, by messages, none of them is there.

Each test is one of the ten, at the only door that rows are behind; what guest API and client add to it is tested in their rooms.
"""

import pickle
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ag_plan import expressions as words
from ag_plan.codec import encode_message, encode_plan
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
    Ingested,
    Message,
    Odometer,
    Preview,
    Refused,
    Released,
)
from ag_plan.relations import Filter, Project, Relation, Source
from ag_plan.releases import (
    Count,
    Describe,
    Epsilon,
    GroupKey,
    Histogram,
    Mean,
    Measure,
    Quantile,
    Release,
    Size,
    Std,
    Sum,
    Var,
)
from ag_vault.evaluate import DuckData
from tests.vault.doors import Doors, released, served
from tests.vault.owners import load, metadata, write_csv

PLANTED = 173.8642097531
NOTE = "Zanzibar-7741"
COLUMNS: dict[str, Any] = {
    "height": {"type": "float", "lower": 0, "upper": 250},
    "sex": {"type": "str", "categories": ["f", "m"]},
    "free": {"type": "float"},
    "note": {"type": "str"},
}
NUMERIC: tuple[Measure, ...] = (
    Sum(columns=("height",)),
    Mean(columns=("height",)),
    Var(columns=("height",)),
    Std(columns=("height",)),
    Quantile(columns=("height",), probabilities=(0.0, 0.5, 1.0)),
    Describe(columns=("height",)),
)
EVERY: tuple[Measure, ...] = (
    *NUMERIC,
    Size(),
    Count(columns=("height", "note")),
    Histogram(column="height", edges=(0.0, 100.0, 200.0)),
)
TABLE = Source(table="clinic/train")


def dataset(folder: Path, *heights: float) -> Path:
    """A data set with these rows, of one metadata whatever they are."""
    folder.mkdir()
    rows = [f"{height},f,{height},{NOTE}" for height in heights]
    load(folder, metadata(COLUMNS), write_csv(folder, *rows, header="height,sex,free,note"))
    return folder / "out"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return dataset(tmp_path / "clinic", PLANTED, *range(150, 200))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def doors(place: Path, ledger: Path) -> Iterator[Doors]:
    with served(place, ledger) as opened:
        yield opened


def spent(doors: Doors) -> float:
    odometer = doors.ask(AskOdometer(id=1))
    assert isinstance(odometer, Odometer)
    return odometer.balances[0].epsilon_spent


def question(measure: Measure, relation: Relation = TABLE, by: tuple[GroupKey, ...] = ()) -> bytes:
    return encode_plan(Release(relation=relation, measure=measure, spend=Epsilon(numerator=1, denominator=1), by=by))


def test_1_a_refused_charge_leaves_nothing_behind_because_no_row_was_read(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    for epsilon in (10, 9):
        assert isinstance(doors.release(Size(), epsilon), Released)
    read: list[str] = []
    monkeypatch.setattr(DuckData, "_run", lambda _self, sql: read.append(sql))
    for measure in EVERY:
        refusal = doors.release(measure, 2)
        assert isinstance(refusal, Refused)
        assert refusal.code == "budget"
    assert read == []
    assert spent(doors) == 19


@pytest.mark.parametrize("measure", EVERY, ids=lambda measure: type(measure).__name__)
def test_2_who_hangs_up_before_the_answer_has_paid_for_it(measure: Measure, place: Path, ledger: Path) -> None:
    with served(place, ledger) as doors:
        send_frame(doors.plan, encode_message(AskRelease(id=1, release=released(measure, 3))))
        doors.plan.close()
        assert doors.ended()
    with served(place, ledger) as again:
        assert spent(again) == 3


def everything_free(doors: Doors) -> list[Message]:
    """The replies to all that costs nothing, over the table and over what can be made of it."""
    shifted = words.Binary(operator="add", left=words.Column(name="height"), right=words.Constant(value=1))
    relations = (
        TABLE,
        Filter(relation=TABLE, predicate=words.TextHas(test="contains", operand=words.Column(name="note"), needle="7")),
        Project(relation=TABLE, names=("x", "note"), expressions=(shifted, words.Column(name="note"))),
    )
    asked: list[Message] = [AskCatalog(id=1), AskOdometer(id=1)]
    asked += [AskSchema(id=1, relation=encode_plan(relation)) for relation in relations]
    asked += [AskPreview(id=1, release=question(measure)) for measure in EVERY]
    asked += [AskPublic(id=1, dataset="Clinic", key=key) for key in ("train", "clinic/train", "train.parquet")]
    return [doors.ask(message) for message in asked]


def test_3_no_reply_has_a_place_for_rows(doors: Doors) -> None:
    replies = [*everything_free(doors), *(doors.release(measure) for measure in EVERY)]
    sent = b"".join(encode_message(reply) for reply in replies)
    assert sum(isinstance(reply, Released) for reply in replies) == len(EVERY)
    assert NOTE.encode() not in sent
    for layout in (">d", "<d"):
        assert struct.pack(layout, PLANTED) not in sent
    assert struct.pack(">d", 250.0) in sent  # a bound is public: the search finds what is there


@pytest.mark.parametrize("measure", NUMERIC, ids=lambda measure: type(measure).__name__)
def test_4_a_column_without_bounds_has_no_statistics_until_it_is_given_some(doors: Doors, measure: Measure) -> None:
    free = msgspec.structs.replace(measure, columns=("free",))  # type: ignore[call-arg]  # all of these have columns
    refusal = doors.ask(AskRelease(id=1, release=question(free)))
    assert isinstance(refusal, Refused)
    assert refusal.code == "no_bounds"
    assert spent(doors) == 0
    clipped = words.Clamp(operand=words.Column(name="free"), lower=0, upper=250)
    relation = Project(relation=TABLE, names=("free",), expressions=(clipped,))
    assert isinstance(doors.ask(AskRelease(id=1, release=question(free, relation))), Released)
    assert spent(doors) == pytest.approx(1)


def test_5_every_number_that_leaves_has_noise_and_a_charge(doors: Doors) -> None:
    for number, measure in enumerate(EVERY, start=1):
        reply = doors.release(measure)
        assert isinstance(reply, Released)
        assert reply.scale > 0
        assert reply.cost.epsilon == "1"
        assert reply.mechanism
        assert spent(doors) == pytest.approx(number)


def test_5_two_analysts_are_told_different_numbers(place: Path, ledger: Path) -> None:
    told = []
    for analyst in ("ann", "bob"):
        with served(place, ledger, analyst=analyst) as doors:
            # Not deviations: cut to what is possible, two of them may well be equal.
            told.append([doors.release(measure).values for measure in (NUMERIC[0], NUMERIC[4])])
    assert all(one != other for one, other in zip(*told, strict=True))


BAD_EPSILONS = ((-1, 1), (0, 1), (1, 0), (1, -1), (-1, -1), (1.5, 1), (True, 1), ("1", 1), (2**63, 1), (None, 1))


@pytest.mark.parametrize("spend", BAD_EPSILONS, ids=str)
def test_6_an_epsilon_that_is_none_is_no_plan_and_moves_no_odometer(doors: Doors, spend: tuple[Any, Any]) -> None:
    assert isinstance(doors.release(Size(), 4), Released)
    records = msgspec.msgpack.decode(question(Count(columns=("sex",))))
    records[-1]["spend"] = {"type": "epsilon", "numerator": spend[0], "denominator": spend[1]}
    refusal = doors.ask(AskRelease(id=1, release=msgspec.msgpack.encode(records)))
    assert isinstance(refusal, Refused)
    assert refusal.code == "malformed"
    assert spent(doors) == 4


def test_7_all_that_is_free_is_the_same_whatever_the_rows_are(tmp_path: Path, place: Path, ledger: Path) -> None:
    places = place, dataset(tmp_path / "other", 0.25, 249.75), dataset(tmp_path / "none")
    told = []
    for folder in places:
        with served(folder, ledger) as doors:
            told.append([encode_message(reply) for reply in everything_free(doors)])
    assert told[0] == told[1] == told[2]


def test_7_a_guests_own_frame_gets_no_bounds_from_its_values(doors: Doors) -> None:
    made = doors.ask(AskIngest(id=1, columns=(ColumnValues(name="x", kind="float", values=(1.0, 2.0)),)))
    assert isinstance(made, Ingested)
    (column,) = doors.ask(AskSchema(id=1, relation=encode_plan(Source(table=made.table)))).columns
    assert (column.lower, column.upper) == (None, None)


CODE = (
    'x"; DROP VIEW "clinic/train"; --',
    "x') UNION SELECT * FROM 'clinic/train' --",
    "__import__('os')",
    "{x}",
    "$1",
    "'",
)


@pytest.mark.parametrize("name", CODE)
def test_8_a_name_made_to_be_code_is_a_name(doors: Doors, name: str) -> None:
    values = (ColumnValues(name=name, kind="str", values=("a", name), categories=("a", name)),)
    made = doors.ask(AskIngest(id=1, columns=values))
    assert isinstance(made, Ingested)
    relation = Filter(
        relation=Source(table=made.table),
        predicate=words.IsIn(operand=words.Column(name=name), values=(name, "a")),
    )
    counted = question(Count(columns=(name,)), relation, (GroupKey(column=name),))
    reply = doors.ask(AskRelease(id=1, release=counted, library=name))
    assert isinstance(reply, Released)
    assert reply.index == (("a",), (name,))
    assert isinstance(doors.ask(AskSchema(id=1, relation=encode_plan(Source(table=name)))), Refused)
    assert isinstance(doors.release(Size()), Released)


class Opened:
    """A pickle that leaves a file behind wherever it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def test_9_a_pickle_is_bytes_that_mean_nothing(doors: Doors, tmp_path: Path) -> None:
    bomb = pickle.dumps(Opened(tmp_path / "mark"))
    send_frame(doors.plan, bomb)
    assert isinstance(doors.hear(), Refused)
    for message in (AskRelease(id=1, release=bomb), AskSchema(id=1, relation=bomb), AskPreview(id=1, release=bomb)):
        assert doors.ask(message).code == "malformed"
    assert not (tmp_path / "mark").exists()
    pickle.loads(bomb)  # shows that the bomb would have gone off
    assert (tmp_path / "mark").exists()


def test_10_the_budget_does_not_start_anew_with_a_login_a_version_or_another_analyst(
    tmp_path: Path, place: Path, ledger: Path
) -> None:
    with served(place, ledger) as doors:
        assert isinstance(doors.release(Size(), 10), Released)
        assert isinstance(doors.release(Mean(columns=("height",)), 10), Released)
    with served(place, ledger, session="another") as again:
        assert spent(again) == 20
        assert isinstance(again.release(Size(), 1), Refused)
    with served(dataset(tmp_path / "newer", 1.0), ledger) as newer:
        assert spent(newer) == 20
        assert isinstance(newer.release(Size(), 1), Refused)
    told = 20
    for number in range(12):
        with served(place, ledger, analyst=f"sock puppet {number}") as puppet:
            told += 10 * sum(isinstance(puppet.release(measure, 10), Released) for measure in (Size(), *EVERY[:2]))
    assert told == 200


def test_a_preview_is_what_the_release_then_costs(doors: Doors) -> None:
    for measure in EVERY:
        preview = doors.ask(AskPreview(id=1, release=question(measure)))
        assert isinstance(preview, Preview)
        assert preview.cost == doors.release(measure).cost
