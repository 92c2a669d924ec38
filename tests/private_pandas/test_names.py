"""Every name of the installed pandas is in a table: it works, or says why not and what to use instead."""

from typing import Any

import pandas as pd
import pytest

from op_pandas import names
from op_pandas.frame_names import FRAME
from op_pandas.series_names import SERIES
from op_pandas.special_names import SPECIAL
from op_pandas.verdicts import Implemented, Refused
from tests.private_pandas import clinic

TABLES: list[tuple[Any, dict[str, Any], str]] = [
    (pd.DataFrame, FRAME, "train_x"),
    (pd.Series, SERIES, "train_y"),
]


def public(cls: type) -> list[str]:
    return [name for name in dir(cls) if not name.startswith("_")]


@pytest.mark.parametrize(("cls", "table", "key"), TABLES)
def test_every_public_name_of_pandas_is_listed(cls: type, table: dict[str, Any], key: str) -> None:
    assert [name for name in public(cls) if name not in table] == []


@pytest.mark.parametrize(("cls", "table", "key"), TABLES)
def test_every_special_name_of_pandas_is_listed(cls: type, table: dict[str, Any], key: str) -> None:
    special = [name for name in dir(cls) if name.startswith("__") and name.endswith("__")]
    assert [name for name in special if name not in SPECIAL] == []


@pytest.mark.parametrize(("cls", "table", "key"), TABLES)
def test_what_the_table_says_is_there_is_there(cls: type, table: dict[str, Any], key: str) -> None:
    private = clinic.private()[key]
    there = [name for name, verdict in (table | SPECIAL).items() if isinstance(verdict, Implemented)]
    assert [name for name in there if name not in dir(private)] == []


@pytest.mark.parametrize(("cls", "table", "key"), TABLES)
def test_what_is_refused_says_why_and_is_really_absent(cls: type, table: dict[str, Any], key: str) -> None:
    private = clinic.private()[key]
    for name, verdict in table.items():
        if isinstance(verdict, Refused):
            with pytest.raises(AttributeError) as caught:
                getattr(private, name)
            assert str(caught.value).startswith(f"{name} is not available on a {type(private).__name__}; ")
            assert verdict.why in str(caught.value)


@pytest.mark.parametrize(("cls", "table", "key"), TABLES)
def test_nothing_of_pandas_own_internals_is_there(cls: type, table: dict[str, Any], key: str) -> None:
    internals = {name for name in dir(cls) if name.startswith("_") and not name.endswith("__")}
    private = clinic.private()[key]
    allowed = {"_name", "_repr_html_", "_where"}
    assert internals & set(dir(private)) <= allowed


def test_a_known_sentence_reads_well() -> None:
    assert names.refusal("PrivateSeries", "factorize") == (
        "factorize is not available on a PrivateSeries; its outcome would tell private values without noise; "
        "see categorical_metadata"
    )


def test_an_unknown_name_is_an_attribute_error() -> None:
    frame = clinic.private()
    with pytest.raises(AttributeError, match="nonsense is not available on a PrivateDataset"):
        _ = frame.nonsense
    with pytest.raises(AttributeError, match=r"maen is not available on a PrivateDataset; did you mean mean\?"):
        _ = frame.maen
    with pytest.raises(AttributeError, match=r"aeg is not available on a PrivateDataset; did you mean age\?"):
        _ = frame.aeg
    with pytest.raises(ValueError, match=r"Column aeg does not exist; did you mean age\?"):
        _ = frame["aeg"]
    assert not hasattr(frame["age"], "nonsense")
    assert not hasattr(frame.groupby("sex"), "cumsum")
