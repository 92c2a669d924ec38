"""The modules a cell may import: what the table says is what a cell gets, and nothing else is inside."""

import importlib
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from ag_kernel.facade import Imports, PublicModule
from ag_kernel.offers import OFFERS, refusal
from op_pandas import pandas_calls

OFFERED = sorted(name for name, offer in OFFERS.items() if not offer.later)
LATER = sorted(name for name, offer in OFFERS.items() if offer.later)
GUEST_API = {
    *("numpy", "pandas", "re", "math", "statistics", "datetime", "dateutil", "typing", "collections", "itertools"),
    *("functools", "random", "json", "ag_utils", "op_pandas"),
}


@pytest.fixture(scope="module")
def imports() -> Imports:
    return Imports()


def test_what_notebooks_import_is_offered() -> None:
    assert GUEST_API - set(OFFERED) == set()


@pytest.mark.parametrize("name", OFFERED)
def test_an_offered_module_is_a_copy_without_what_is_left_out(imports: Imports, name: str) -> None:
    module, offer = imports.module(name), OFFERS[name]
    inside = {key: value for key, value in vars(module).items() if isinstance(value, ModuleType)}
    assert type(module) is PublicModule
    assert module is not importlib.import_module(offer.real or name)
    assert [key for key in offer.without if hasattr(module, key)] == []
    assert {key for key, value in inside.items() if type(value) is not PublicModule} == set()
    assert {f"{name}.{key}" for key in inside} <= set(OFFERED)
    if offer.only is not None:
        assert {key for key in vars(module) if not key.startswith("_")} <= offer.only | set(inside)


@pytest.mark.parametrize("name", sorted(name for name, offer in OFFERS.items() if offer.only))
def test_what_is_offered_alone_exists(imports: Imports, name: str) -> None:
    since_later = {"replace", "member", "nonmember"}  # Python 3.13, 3.11
    assert [
        key for key in OFFERS[name].only or () if not hasattr(imports.module(name), key) and key not in since_later
    ] == []


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_left_out_says_why(name: str) -> None:
    offer = OFFERS[name]
    assert offer.why or not (offer.without or offer.only is not None)


def test_no_reader_or_writer_of_files_is_among_the_names(imports: Imports) -> None:
    words = ("read_", "to_pickle", "load", "save", "fromfile", "memmap", "open", "test", "ExcelFile", "HDFStore")
    for name in ("numpy", "pandas", "json", "csv"):
        found = [key for key in vars(imports.module(name)) if key.startswith(words)]
        assert [key for key in found if key != "loads"] == []


@pytest.mark.parametrize(
    "name", ["os", "sys", "builtins", "numpy.core", "pandas.io", "op_pandas.vault", "ag_kernel", "ag_plan", ""]
)
def test_what_has_no_row_is_restricted(imports: Imports, name: str) -> None:
    assert refusal(name) == f"Restricted import: {name} is not allowed"
    with pytest.raises(ImportError, match="Restricted import"):
        imports.import_(name)


@pytest.mark.parametrize("name", LATER)
def test_what_comes_later_says_so(imports: Imports, name: str) -> None:
    with pytest.raises(ImportError, match="comes with a later release"):
        imports.import_(name)


def test_the_import_statement_binds_as_pythons_does(imports: Imports) -> None:
    def run(name: str, *wanted: str) -> Any:
        return imports.import_(name, {}, {}, wanted, 0)

    assert run("numpy.linalg") is imports.module("numpy")
    assert run("numpy.linalg", "det") is imports.module("numpy.linalg")
    assert run("numpy", "linalg").linalg is imports.module("numpy.linalg")
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        run("numpy", "nothing")
    with pytest.raises(ImportError, match="relative"):
        imports.import_("numpy", {}, {}, (), 1)


def test_what_a_cell_changes_in_a_module_stays_in_its_session(imports: Imports) -> None:
    imports.module("math").pi = 3
    assert Imports().module("math").pi != 3
    assert importlib.import_module("math").pi != 3


def test_pandas_functions_are_those_that_private_frames_know(imports: Imports) -> None:
    ours = OFFERS["pandas"].ours
    functions = {name for name in vars(pandas_calls) if hasattr(pd, name) and not name.startswith("_")}
    assert set(ours) == functions
    for name in ours:
        assert getattr(imports.module("pandas"), name) is getattr(pandas_calls, name)
        assert getattr(pandas_calls, name).__doc__ == getattr(pd, name).__doc__
