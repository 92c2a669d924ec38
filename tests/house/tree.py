"""The tree as the house tests see it: rooms, files, syntax trees. Knows no rule."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("magic", "kernel", "private_pandas", "sandbox", "enclave")


def packages() -> list[Path]:
    """The folders of all importable packages."""
    return sorted(p.parent for room in ROOMS for p in (ROOT / room).glob("*/__init__.py"))


@cache
def sources(*rooms: str) -> list[Path]:
    """All Python files of the rooms, in order."""
    return sorted(p for room in rooms or ROOMS for p in (ROOT / room).rglob("*.py") if "__pycache__" not in p.parts)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def nodes(path: Path) -> list[ast.AST]:
    """Every node of a file's tree."""
    return list(ast.walk(parsed(path)))


@cache
def imports(path: Path) -> list[str]:
    """Every module a file imports, anywhere in it, dotted."""
    found: list[str] = []
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


@cache
def calls(path: Path) -> list[tuple[str, int]]:
    """Every call in a file: the last name of what is called, and the line."""
    found = []
    for node in nodes(path):
        if isinstance(node, ast.Call):
            target = node.func
            if isinstance(target, ast.Name):
                found.append((target.id, node.lineno))
            elif isinstance(target, ast.Attribute):
                found.append((target.attr, node.lineno))
    return found


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Every function of a file with its length in lines, docstring not counted."""
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            prose = len((ast.get_docstring(node, clean=False) or "").splitlines())
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1 - prose


def lines_of_code(path: Path) -> int:
    """Lines that hold code: no blank line, comment or docstring."""
    prose: set[int] = set()
    for node in nodes(path):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            prose.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    return sum(1 for number, line in lines if number not in prose and line.strip() and not line.strip().startswith("#"))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))
