"""Arrays from their owner's notebook to an analyst's: annotated, loaded, computed with by pointers, published by sigma."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import antigranular as ag
from tests.enclave.test_console import Browser
from tests.enclave_server import Enclave
from tests.magic.test_owner import connect

CELL = """
import op_pandas
ages = op_pandas.tensor("Ages")
older = (ages.clip(0, 90) + 1).mean()
print(older)
published = older.publish(sigma=2).get()
export(published, "older")
export(older.mock, "made_up")
export(older.preview(sigma=2).rho, "rho")
"""


def annotated() -> ag.AnnotatedTensor:
    ages = [20.0 + each % 40 for each in range(500)]
    return ag.Tensor(ages).annotate_with_dp_metadata(0, 120, [f"p{each}" for each in range(500)])


def test_an_array_becomes_a_column_whose_unit_is_its_subject_and_is_published_by_pointers(at_demo: Enclave) -> None:
    owner = connect(at_demo, "owner")
    budget = {"epsilon": 50, "per_analyst": {"epsilon": 50}}
    held = owner.datasets.upload(ag.Dataset("Ages", assets=[ag.Asset("ages", annotated())], budget=budget))
    (asset,) = held.assets
    assert [column["name"] for column in asset.columns if column["name"] != "subject"] == ["value"]
    assert asset.unit == "all rows of one subject, at most 1 here"
    with ag.login(dataset="Ages") as session:
        tried = session.mock(CELL)
        assert tried.budget == []
        assert tried.exports["older"].ag.mock
        assert tried.exports["older"] == pytest.approx(tried.exports["made_up"], abs=20)
        real = session.execute(CELL)
        spent = session.privacy_budget["dataset_costs"]["Ages"]["eps"]
    assert owner.budgets.spent("Ages")[""] == pytest.approx(spent)
    assert spent > 1
    browser = Browser(at_demo)
    browser.login(dict(at_demo.accounts["owner"]))
    assert re.search(
        rf'<svg[^>]* aria-label="Ages: ε {spent:.4g} spent by today, of at most 50"', browser.get("/console").text
    )
    assert at_demo.accounts["analyst"]["user_id"] in browser.get("/console/datasets/Ages").text
    held.retire("the test is over")
    assert real.exports["older"] == pytest.approx(40.5, abs=4)
    assert real.exports["older"].ag.cost == tried.exports["older"].ag.cost
    assert real.exports["older"].ag.cost["rho"] == real.exports["rho"]
    assert real.budget[0]["rho"] == pytest.approx(real.exports["rho"])


def test_what_can_t_be_annotated_is_one_sentence() -> None:
    tensor = ag.Tensor([1, 2])
    wrong: list[tuple[tuple[float, float], list[Any], int]] = [
        ((1, 0), ["a", "b"], 1),
        ((0, float("inf")), ["a", "b"], 1),
        ((0, 1), ["a"], 1),
        ((0, 1), ["a", None], 1),
        ((0, 1), ["a", "b"], 0),
    ]
    for (lower, upper), subjects, most in wrong:
        with pytest.raises(ag.AgError):
            tensor.annotate_with_dp_metadata(lower, upper, subjects, max_rows=most)
    unfit: list[Any] = [[[1, 2], [3, 4]], ["one", "two"]]
    for values in unfit:
        with pytest.raises(ag.AgError):
            ag.Tensor(values).annotate_with_dp_metadata(0, 1, ["a", "b"])
    assert annotated().frame().shape == (500, 2)
    assert annotated().metadata["unit"]["max_rows"] == 1


def test_an_array_is_two_files_for_the_command_line(tmp_path: Path) -> None:
    described, table = annotated().write(tmp_path, "ages", {"epsilon": 50})
    assert json.loads(described.read_text()) == {"budget": {"epsilon": 50}, "tables": {"ages": annotated().metadata}}
    assert len(table.read_text().splitlines()) == 501
