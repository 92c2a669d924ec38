"""op_pandas' functions do what pandas and scikit-learn users expect of them, or say that they come later."""

from fractions import Fraction
from typing import Any

import pandas as pd
import pytest

import op_pandas
from ag_plan.codec import decode_plan
from ag_plan.messages import AskRelease
from ag_plan.releases import Release
from tests.private_pandas import clinic


def test_text_becomes_points_in_time() -> None:
    clinic.vault()
    frame = op_pandas.PrivateDataFrame({"when": ["2020-01-01", "2021-01-01 12:00", "soon"]})
    when = op_pandas.to_datetime(frame["when"])
    assert str(when.dtype).startswith("datetime64")
    assert when.count(eps=1) == 2
    assert (when > "2020-06-01").sum(eps=1) == 1


def test_scaling_spends_eps_in_one_release_and_keeps_other_columns() -> None:
    frame = clinic.private()
    scaled = op_pandas.standard_scaler(frame, eps=0.5)
    vault: Any = frame.rows.vault
    spent = [decode_plan(each.release, Release).spend.fraction for each in vault.asked if isinstance(each, AskRelease)]
    assert spent == [Fraction(1, 2)]
    assert list(scaled.columns) == list(frame.columns)
    plain = clinic.plain()[["age", "weight"]]
    expected = ((plain - plain.mean()) / plain.std()).var()
    pd.testing.assert_series_equal(scaled[["age", "weight"]].var(eps=1), expected, check_index_type=False)


@pytest.mark.parametrize(
    ("use", "sentence"),
    [
        (lambda: op_pandas.to_datetime(pd.Series(["2020-01-01"])), "PrivateSeries"),
        (lambda: op_pandas.to_datetime(clinic.private()["note"], format="%y"), "%y in the layout"),
        (lambda: op_pandas.to_datetime(clinic.private()["note"], format=3), "format must be text"),
        (lambda: op_pandas.to_datetime(clinic.private()["note"], errors="x"), "errors"),
        (lambda: op_pandas.standard_scaler(clinic.private()), "eps"),
        (lambda: op_pandas.standard_scaler(clinic.plain(), 1), "PrivateDataFrame"),
    ],
)
def test_a_mistake_is_one_sentence(use: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        use()
