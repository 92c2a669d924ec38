"""Every method that spends says what it would cost: it carries ``.preview``, and takes ``rho`` and ``accuracy`` where it takes ``eps``."""

import inspect
from typing import Any

import pytest

import op_pandas
from op_pandas.groupby import FrameGroupBy, SeriesGroupBy
from op_pandas.statistic import statistic

FREE = {"map", "applymap", "apply", "make_series_non_categorical"}
"""They take ``eps`` for the sake of notebooks that give it, and spend nothing."""
CLASSES = [op_pandas.PrivateDataFrame, op_pandas.PrivateSeries, FrameGroupBy, SeriesGroupBy]


def takes_eps(cls: type) -> dict[str, Any]:
    found = {name: inspect.getattr_static(cls, name) for name in dir(cls) if not name.startswith("_")}
    methods = {name: each for name, each in found.items() if isinstance(each, statistic) or inspect.isfunction(each)}
    return {
        name: each
        for name, each in methods.items()
        if name not in FREE and "eps" in inspect.signature(getattr(each, "function", each)).parameters
    }


@pytest.mark.parametrize("cls", CLASSES)
def test_every_method_that_takes_eps_is_marked_as_a_statistic(cls: type) -> None:
    methods = takes_eps(cls)
    assert len(methods) >= 12
    assert [name for name, each in methods.items() if not isinstance(each, statistic)] == []


@pytest.mark.parametrize("cls", CLASSES)
def test_its_signature_says_what_may_stand_in_the_place_of_eps(cls: type) -> None:
    for name, each in takes_eps(cls).items():
        assert {"eps", "rho", "accuracy"} <= set(inspect.signature(each.function).parameters), name
        assert each.function.__doc__, name
