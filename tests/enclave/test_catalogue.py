"""The catalogue by its files: damage hides the data set that has it and no other, and no data set has the name of hidden labels."""

from pathlib import Path

import msgspec
import pytest

from ag_enclave.api.uploads import _check as check_opening
from ag_enclave.catalog import Catalog
from ag_enclave.competitions import Competitions
from ag_enclave.decisions import Acceptance
from ag_enclave.errors import BadData, Conflict, Refusal
from ag_enclave.holdings import Holdings
from ag_enclave.labels import establish
from ag_enclave.loader import check_name
from ag_enclave.migrate import open_accounts
from ag_enclave.rules import read_rules
from ag_enclave.state import open_state
from ag_enclave.uploads import File, Opening
from ag_enclave.words import Words
from tests.enclave.conftest import put_catalogue

RULES = {
    "name": "Spring Cup", "dataset": "Odd Data", "label": {"column": "size", "type": "float", "lower": 0, "upper": 1}, "metric": "absolute_error",
    "rows": 2, "epsilon": 1, "budget": {"epsilon": 1}, "opens": "2026-01-01T00:00:00Z", "closes": "2027-01-01T00:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize(
    "damaged",
    ["", "[]", '{"name": 1}', '{"name": "B", "tables": {"a": {}}}', '{"name": "B", "tables": {"a": 1}}', '{"name": "B", "views": [1]}', "[" * 9999],
)  # fmt: skip
def test_a_damaged_catalogue_hides_its_own_data_set_and_no_other(tmp_path: Path, damaged: str) -> None:
    put_catalogue(tmp_path, "odd_data", "Odd Data")
    put_catalogue(tmp_path, "broken", "Broken")
    (tmp_path / "datasets" / "broken" / "1" / "catalog.json").write_text(damaged)
    assert [each.name for each in Catalog(tmp_path / "datasets").everything()] == ["Odd Data"]


def test_no_data_set_has_the_name_of_a_competition_s_labels(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    accounts = open_accounts(state.accounts)
    for name in ("Labels of Spring Cup", "labels_of spring Cup", "LABELS OF ANYTHING"):
        with pytest.raises(Conflict, match="hidden labels"):
            Holdings(state, accounts.database).check(name, 0)
    put_catalogue(tmp_path, "odd_data", "Odd Data")
    put_catalogue(tmp_path, "labels_of_spring_cup", "Labels of spring Cup")
    with pytest.raises(Conflict, match="take another name"):
        establish(read_rules(RULES), tmp_path / "none.csv", state, Competitions(accounts.database), by="olga")
    accounts.close()


@pytest.mark.parametrize(
    ("form", "given"),
    [
        (Acceptance, {"epsilon": "1\n"}),
        (Words, {"shapes": ["people\n"]}),
        (File, {"key": "a", "role": "table", "form": "csv", "bytes": 1, "sha256": "0" * 64 + "\n"}),
    ],
)
def test_no_word_that_becomes_part_of_a_line_ends_it(form: type, given: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError, match="matching regex"):
        msgspec.convert(given, type=form)


@pytest.mark.parametrize("name", ["Ｉris", "ﬁne", "Iris ", " Iris", "Old  Iris", "x²", "Old\u2003Iris"])
def test_no_data_set_s_name_is_read_as_another_s(name: str) -> None:
    with pytest.raises(BadData):
        check_name(name)


def test_metadata_that_are_nested_without_end_are_refused_before_anything_is_sent() -> None:
    deep: dict[str, object] = {}
    for _ in range(900):
        deep = {"a": [deep]}
    file = File(key="a", role="table", form="csv", bytes=1, sha256="0" * 64)
    with pytest.raises(Refusal, match="nested more than 32 deep"):
        check_opening(Opening(name="Iris", metadata=deep, files=(file,)))
    check_opening(
        Opening(name="Iris", metadata={"tables": {"a": {"columns": {"b": {"categories": ["c"]}}}}}, files=(file,))
    )
