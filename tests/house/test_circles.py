"""What files import as they are read never runs in a circle: of any two, one can be understood without the other.

A frame, its series and its groups make each other, so some way back there must be: it stands inside the function that needs it, or is for types alone.
"""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.house.tree import packages, parsed, sources

PACKAGES = packages()


def read_at_import(node: ast.AST) -> Iterator[ast.ImportFrom | ast.Import]:
    """The imports below a node that run when its file is read: none in functions, none for types alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from read_at_import(child)


def modules(package: Path) -> dict[str, Path]:
    """The files of a package by the dotted names of their modules; those that say what a folder is have that folder's name."""
    found = {}
    for path in sources(str(package)):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def arrows(package: Path) -> dict[str, set[str]]:
    """What each module of a package needs of the same package to be read."""
    known = modules(package)
    needs: dict[str, set[str]] = {}
    for name, path in known.items():
        named: set[str] = set()
        for each in read_at_import(parsed(path)):
            if isinstance(each, ast.Import):
                named.update(alias.name for alias in each.names)
            else:
                named.update(f"{each.module}.{alias.name}" for alias in each.names)
                named.add(str(each.module))
        # `from package import module` names the package, and needs the module.
        whole = {
            target
            for target in named & known.keys()
            if not any(n.startswith(f"{target}.") and n in known for n in named)
        }
        needs[name] = whole - {name}
    return needs


def circle(needs: dict[str, set[str]]) -> list[str]:
    """One circle of them, or nothing."""
    try:
        tuple(TopologicalSorter(needs).static_order())
    except CycleError as found:
        return list(found.args[1])
    return []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_files_are_read_one_after_the_other(package: Path) -> None:
    assert circle(arrows(package)) == []


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert sum(len(needs) for package in PACKAGES for needs in arrows(package).values()) > 1000
