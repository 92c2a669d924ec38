"""A new version that would protect something else than was charged for so far is refused, or needs its owner's word for the log."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ag_enclave.catalog import Catalog, Dataset
from ag_enclave.errors import BadData
from ag_enclave.holdings import Arrival, Holdings
from ag_enclave.loader import Draft, Load, prepared
from ag_enclave.migrate import open_accounts
from ag_enclave.protection import check
from ag_enclave.state import State, open_state

ID = {"name": "pid", "space": "patients", "max_rows": 3}


def dataset(account: str = "space:patients", **units: Any) -> Dataset:
    tables = {key: {"unit": unit, "columns": []} for key, unit in units.items()}
    return Dataset(name="C", variable="c", description="", views=(), folder=Path("1"), account=account, tables=tables)


BEFORE = dataset(visits=ID, wards="row")
SAME: dict[str, Dataset] = {
    "nothing changed": BEFORE,
    "fewer rows of an id": dataset(visits={**ID, "max_rows": 2}, wards="row"),
    "another table of the same ids": dataset(visits=ID, wards="row", drugs={**ID, "max_rows": 9}),
    "a table of single rows is gone": dataset(visits=ID),
}
ASKED: dict[str, tuple[Dataset, str]] = {
    "a table of ids is gone": (dataset(patients=ID, wards="row"), "table visits, of which all rows .* is gone"),
    "an id has more rows": (dataset(visits={**ID, "max_rows": 4}, wards="row"), "up to 4 rows in table visits, and had 3"),
    "another column is the id": (dataset(visits={**ID, "name": "visit"}, wards="row"), "would be visit, and was pid"),
    "single rows come beside ids": (dataset(visits=ID, wards="row", notes="row"), "table notes would be new beside"),
    "ids go and single rows come": (dataset(patients=ID, wards="row", notes="row"), "is gone; table notes would be new"),
}  # fmt: skip
REFUSED: dict[str, tuple[Dataset, str]] = {
    "another account": (dataset("C", wards="row"), "what was spent would be forgotten"),
    "ids become single rows": (dataset(visits="row", patients=ID), "would protect a row, and protected all rows"),
    "another space": (dataset(visits={**ID, "space": "others"}, wards="row"), "all rows of one id of others"),
}


@pytest.mark.parametrize("name", SAME)
def test_what_protects_the_same_needs_no_word(name: str) -> None:
    assert check(BEFORE, SAME[name], "") == []


@pytest.mark.parametrize("name", ASKED)
def test_what_protects_something_else_needs_the_owner_s_word(name: str) -> None:
    new, said = ASKED[name]
    with pytest.raises(BadData, match=said):
        check(BEFORE, new, "  ")
    assert check(BEFORE, new, "the ward's ids were split")


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_forget_what_was_spent_is_refused_whatever_is_said(name: str) -> None:
    new, said = REFUSED[name]
    with pytest.raises(BadData, match=said):
        check(BEFORE, new, "because")


def visits(folder: Path, most: int) -> Load:
    unit = {"id": ["pid"], "space": "patients", "max_rows": most}
    table = {"unit": unit, "columns": {"x": {"type": "float", "lower": 0, "upper": 10}}}
    (folder / "m.yaml").write_text(yaml.safe_dump({"budget": {"epsilon": 1}, "tables": {"visits": table}}))
    (folder / "visits.csv").write_text("pid,x\n1,1\n1,2\n2,3\n")
    return Load(name="Ward", metadata=folder / "m.yaml", tables={"visits": folder / "visits.csv"})


def told(state: State, deed: str) -> list[dict[str, Any]]:
    with contextlib.closing(open_accounts(state.accounts)) as accounts, accounts.database.transaction() as connection:
        rows = connection.exec_driver_sql("SELECT details FROM deeds WHERE action = ?", (deed,)).scalars()
        return [json.loads(row) for row in rows]


def test_the_log_has_what_changes_and_the_owner_s_word_and_nothing_is_left_without_it(tmp_path: Path) -> None:
    state = open_state(tmp_path / "state")
    with contextlib.closing(open_accounts(state.accounts)) as accounts:
        holdings = Holdings(state, accounts.database)

        def enter(most: int, unit_reason: str = "") -> int:
            arrival = Arrival(load=visits(tmp_path, most), by="olga", unit_reason=unit_reason)
            return holdings.enter(arrival, lambda _share, _what: None).version

        assert enter(1) == 1
        with pytest.raises(BadData, match="up to 2 rows in table visits, and had 1"):
            enter(2)
        assert told(state, "dataset.unit") == []
        assert enter(2, "they come twice now") == 2
    (said,) = told(state, "dataset.unit")
    assert (said["version"], said["reason"]) == (2, "they come twice now")
    assert "up to 2 rows" in said["changes"][0]


def test_a_loader_that_a_file_has_got_hold_of_can_not_speak_for_another_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = open_state(tmp_path / "state")

    @contextlib.contextmanager
    def lying(*given: Any, **more: Any) -> Iterator[Draft]:
        with prepared(*given, **more) as draft:
            file = draft.loaded / "catalog.json"
            file.write_text(file.read_text().replace('"Ward"', '"Clinic"'))
            yield draft

    monkeypatch.setattr("ag_enclave.holdings.prepared", lying)
    with contextlib.closing(open_accounts(state.accounts)) as accounts:
        holdings = Holdings(state, accounts.database)
        with pytest.raises(BadData, match="another name"):
            holdings.enter(Arrival(load=visits(tmp_path, 1), by="olga"), lambda _share, _what: None)
        assert Catalog(state.folder("datasets")).everything() == []
