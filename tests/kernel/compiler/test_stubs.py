"""The stubs for guests name what the real modules offer to a cell: no more, no less; and nothing else of these libraries is ever read."""

import ast
import importlib
import sys
from pathlib import Path

import pytest

from ag_kernel.compiler.inference import OURS, STUBS, Inference
from ag_kernel.facade import Imports
from ag_kernel.offers import OFFERS

LIBRARIES = sorted(
    name
    for name, offer in OFFERS.items()
    if not offer.later and name.partition(".")[0] not in sys.stdlib_module_names | {*OURS, "typing_extensions"}
)
STANDARD = sorted(name for name in OFFERS if name.partition(".")[0] in sys.stdlib_module_names - {"__future__"})


def stub_of(module: str) -> Path:
    base = STUBS / module.replace(".", "/")
    return base / "__init__.pyi" if base.is_dir() else base.with_suffix(".pyi")


def names_of(path: Path) -> set[str]:
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return {name for name in found if not name.startswith("_")} - {"Any"}


def test_every_library_on_offer_has_a_stub():
    assert {"numpy", "pandas", "matplotlib.pyplot"} <= set(LIBRARIES)
    assert [module for module in LIBRARIES if not stub_of(module).exists()] == []


@pytest.mark.parametrize("module", LIBRARIES)
def test_a_stub_names_exactly_what_is_offered(module: str):
    offered = {name for name in vars(Imports().module(module)) if not name.startswith("_")}
    assert names_of(stub_of(module)) ^ offered == set()


@pytest.mark.parametrize("module", LIBRARIES)
def test_what_a_stub_calls_a_class_is_one(module: str):
    offered = Imports().module(module)
    for node in ast.parse(stub_of(module).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            assert isinstance(getattr(offered, node.name), type), node.name


def test_every_stub_belongs_to_something_on_offer():
    found = {
        str(path.relative_to(STUBS).with_suffix("")).replace("/__init__", "").replace("/", ".")
        for path in STUBS.rglob("*.pyi")
    }
    assert found - {"msgspec"} == set(LIBRARIES)


@pytest.fixture(scope="module")
def inference() -> Inference:
    return Inference()


def test_types_come_from_stubs_our_own_source_and_typeshed_and_nowhere_else(inference: Inference):
    places = {name: str(state.abspath) for name, state in inference._graph.items() if state.abspath}
    ours = tuple(str(Path(importlib.import_module(name).__file__ or "").parent) for name in (*OURS, "ag_plan"))
    assert inference.missing == frozenset()
    assert {
        name: at for name, at in places.items() if not at.startswith((str(STUBS), *ours)) and "/typeshed/" not in at
    } == {}


@pytest.mark.parametrize("module", STANDARD)
def test_what_is_offered_of_the_standard_library_has_types(inference: Inference, module: str):
    offered = {
        name for name in vars(Imports().module(module)) if not name.startswith("_") and f"{module}.{name}" not in OFFERS
    }
    known = set(inference._graph[module].tree.names)  # type: ignore[union-attr]
    assert offered - known == set()
