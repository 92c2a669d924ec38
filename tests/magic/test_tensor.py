"""Arrays from their owner's notebook to an analyst's: annotated, loaded, computed with by pointers, published by sigma."""

from pathlib import Path
from typing import Any

import pytest

import antigranular as ag
from tests import warm
from tests.enclave.people import add_user
from tests.enclave_server import running_enclave

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


def test_an_array_is_published_by_pointers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    described, table = annotated().write(tmp_path, "ages", {"epsilon": 50, "per_analyst": {"epsilon": 50}})
    state = tmp_path / "state"
    words = ["Ages", "--metadata", str(described), "--table", f"ages={table}", "--state", str(state)]
    warm.run("dataset", "add", *words, check=True)
    who = add_user(state, "ann", "analyst")
    with running_enclave(state) as enclave:
        monkeypatch.setenv("AG_ENCLAVE_CA", enclave.ca)
        with ag.login(who["user_id"], who["user_secret"], dataset="Ages", url=enclave.url) as session:
            tried = session.mock(CELL)
            assert tried.budget == []
            assert tried.exports["older"].ag.mock
            assert tried.exports["older"] == pytest.approx(tried.exports["made_up"], abs=20)
            real = session.execute(CELL)
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
