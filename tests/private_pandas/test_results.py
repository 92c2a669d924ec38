"""Every released value knows its cost, mechanism, scale and interval; what is computed from it doesn't claim to."""

import copy
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from op_pandas.results import provenance
from tests.private_pandas import clinic
from tests.private_pandas.fake_vault import HALF_WIDTH


def released() -> list[Any]:
    frame = clinic.private()
    return [
        frame["age"].mean(eps=0.5),
        frame["age"].count(eps=0.5),
        frame.mean(eps=0.5),
        frame.describe(eps=0.5),
        frame["age"].hist(eps=0.5, bins=3),
        frame.groupby("sex").mean(eps=0.5),
        frame.groupby("sex").size(eps=0.5),
        frame["sex"].value_counts(eps=0.5),
    ]


@pytest.mark.parametrize("value", released(), ids=lambda v: type(v).__name__)
def test_a_release_knows_its_provenance(value: Any) -> None:
    known = value.ag
    assert known is provenance(value)
    assert known.epsilon == Fraction(1, 2)
    assert (known.mechanism, known.measure, known.scale) == ("exact", "pure", 0.5)
    assert set(known.as_dict()) == {"cost", "mechanism", "scale", "half_widths"}
    whole = np.asarray(value[0] if isinstance(value, tuple) else value).dtype.kind == "i"
    assert ("± 2" if whole else "± 1.5") in repr(known), "what is whole has an interval of whole numbers, rounded up"


def test_half_widths_and_intervals_have_the_shape_of_the_value() -> None:
    means = clinic.private().groupby("sex").mean(eps=1)
    widths = means.ag.half_widths
    assert widths.shape == means.shape
    assert (widths == HALF_WIDTH).all().all()
    low, high = means.ag.interval
    assert low.loc["f", "age"] == means.loc["f", "age"] - HALF_WIDTH
    assert high.loc["f", "age"] == means.loc["f", "age"] + HALF_WIDTH
    mean = clinic.private()["age"].mean(eps=1)
    assert mean.ag.interval == (mean - HALF_WIDTH, mean + HALF_WIDTH)


def test_what_is_computed_from_a_release_claims_no_provenance() -> None:
    means = clinic.private().mean(eps=1)
    for derived in (means * 2, means[["age"]], means.sort_values() if means.iloc[0] > means.iloc[-1] else -means):
        assert provenance(derived) is None
        assert not hasattr(derived, "ag")
    mean = clinic.private()["age"].mean(eps=1)
    assert type(mean + 1) is float
    assert type(clinic.private()["age"].count(eps=1) + 1) is int
    assert provenance(pd.Series([1.0])) is None
    assert provenance(3.0) is None


def test_a_copy_keeps_it_and_concat_works() -> None:
    means = clinic.private().mean(eps=1)
    assert means.copy().ag.epsilon == 1
    assert copy.deepcopy(means).ag.epsilon == 1
    assert pd.concat([means, clinic.private().mean(eps=1)], axis=1).shape == (3, 2)


def test_nothing_to_divide_by_is_nan() -> None:
    empty = clinic.private()
    nobody = empty[empty["age"] > 200]
    assert nobody["age"].mean(eps=1) != nobody["age"].mean(eps=1)
    assert nobody.mean(eps=1).isna().all()
    assert nobody["age"].count(eps=1) == 0
