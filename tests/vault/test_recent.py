"""Free answers that are given again: the same as anew, bounded, and never in a charge's place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ag_plan import messages
from ag_plan.codec import encode_message, encode_plan
from ag_plan.messages import AskIngest, AskOdometer, AskPreview, AskRelease, AskSchema, ColumnSchema, ColumnValues
from ag_plan.relations import Source
from ag_plan.releases import Count, Mean
from ag_vault import session as session_module
from ag_vault.recent import Recent
from ag_vault.schemas import Schemas
from tests.vault.doors import Doors, released, served
from tests.vault.owners import clinic

AGE = Mean(columns=("age",))
CLINIC = encode_plan(Source(table="clinic/train"))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clinic(tmp_path_factory.mktemp("clinic"))


@pytest.fixture
def doors(dataset: Path, tmp_path: Path) -> Iterator[Doors]:
    with served(dataset, tmp_path / "ledger.sqlite") as opened:
        yield opened


def asked(number: int, relation: bytes = b"plan") -> AskSchema:
    return AskSchema(id=number, relation=relation)


def answer(number: int) -> messages.Schema:
    return messages.Schema(id=number, columns=(ColumnSchema(name="x", kind="int"),))


def test_the_same_free_question_is_worked_out_once(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    worked_out: list[str] = []
    for owner, name in ((Schemas, "of"), (session_module, "preview")):
        real = getattr(owner, name)
        monkeypatch.setattr(
            owner, name, lambda *plan, real=real, name=name, **more: (worked_out.append(name), real(*plan, **more))[1]
        )
    schemas = [doors.ask(asked(number, CLINIC)) for number in (3, 4, 5)]
    previews = [doors.ask(AskPreview(id=number, release=released(AGE, 10))) for number in (6, 7)]
    assert [reply.id for reply in (*schemas, *previews)] == [3, 4, 5, 6, 7]
    assert len({reply.columns for reply in schemas}) == 1
    assert previews[0].half_widths == previews[1].half_widths
    assert worked_out == ["of", "preview"]
    assert doors.ask(AskPreview(id=8, release=released(AGE, 9))).cost.epsilon == "9"


def test_a_preview_that_was_kept_neither_answers_nor_pays_for_a_release(doors: Doors) -> None:
    plan = released(Count(columns=("age",)), 10)
    for number in (1, 2):
        assert isinstance(doors.ask(AskPreview(id=number, release=plan)), messages.Preview)
    assert isinstance(doors.ask(AskRelease(id=3, release=plan)), messages.Released)
    assert [balance.epsilon_spent for balance in doors.ask(AskOdometer(id=4)).balances] == [10]
    doors.ask(AskRelease(id=5, release=released(AGE, 1)))
    assert [balance.epsilon_spent for balance in doors.ask(AskOdometer(id=6)).balances] == [11]


def test_what_was_refused_is_asked_anew_and_holds_once_the_table_is_there(doors: Doors) -> None:
    scratch = asked(1, encode_plan(Source(table="scratch/1")))
    assert isinstance(doors.ask(scratch), messages.Refused)
    values = ColumnValues(name="x", kind="float", values=(1.0,))
    assert doors.ask(AskIngest(id=2, columns=(values,))).table == "scratch/1"
    assert [column.name for column in doors.ask(scratch).columns] == ["x"]


def test_a_kept_answer_takes_the_number_of_its_question() -> None:
    recent = Recent()
    recent.keep(asked(1), answer(1), length=100)
    assert recent.find(asked(9)) == answer(9)
    assert recent.find(asked(9, b"another")) is None
    recent.forget()
    assert recent.find(asked(9)) is None


@pytest.mark.parametrize("request_", [AskOdometer(id=1), AskRelease(id=1, release=b"plan")])
def test_what_changes_or_costs_is_never_kept(request_: messages.Message) -> None:
    recent = Recent()
    recent.keep(request_, answer(1), length=100)
    assert recent.find(request_) is None


def test_a_guest_can_make_the_vault_keep_a_few_megabytes_at_most() -> None:
    recent = Recent()
    recent.keep(asked(1, b"long"), answer(1), length=20_000)
    assert recent.find(asked(1, b"long")) is None
    for number in range(300):
        recent.keep(asked(1, b"%d" % number), answer(1), length=len(encode_message(answer(1))))
        recent.find(asked(1, b"0"))
    kept = [number for number in range(300) if recent.find(asked(1, b"%d" % number))]
    assert kept == [0, *range(45, 300)]
