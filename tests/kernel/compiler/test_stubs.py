"""The stubs for guests name what the real modules offer to a cell: no more, no less."""

import ast
import importlib
from pathlib import Path

import pytest

from ag_kernel.compiler.inference import STUBS
from ag_kernel.facade import Imports
from ag_kernel.offers import OFFERS


def names_of(path: Path) -> set[str]:
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return found - {"Any"}


@pytest.mark.parametrize("module", ["numpy", "pandas"])
def test_a_stub_names_exactly_what_is_offered(module: str):
    offered = {name for name in vars(Imports().module(module)) if not name.startswith("_")} | {"__version__"}
    assert names_of(STUBS / module / "__init__.pyi") ^ offered == set()


@pytest.mark.parametrize("module", ["numpy", "pandas"])
def test_what_a_stub_calls_a_class_is_one(module: str):
    real = importlib.import_module(module)
    for node in ast.parse((STUBS / module / "__init__.pyi").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            assert isinstance(getattr(real, node.name), type), node.name


def test_every_stub_belongs_to_something_on_offer():
    found = {
        str(path.relative_to(STUBS).with_suffix("")).replace("/__init__", "").replace("/", ".")
        for path in STUBS.rglob("*.pyi")
    }
    assert found - {"msgspec"} <= {name for name, offer in OFFERS.items() if not offer.later}
