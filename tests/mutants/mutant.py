"""A planted bug as a row: which text of which file becomes which other, and which quick tests must notice. Knows no process."""

from dataclasses import dataclass

VAULT = "private_pandas/ag_vault"
PLAN = "private_pandas/ag_plan"


@dataclass(frozen=True)
class Mutant:
    """``old`` occurs exactly once in ``file``. ``tests`` are paths or node ids of pytest, the quickest that notices first."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def vault(name: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    """A bug in the vault; tests by the names of their files in ``tests/vault`` (and of a test after ``::``)."""
    return Mutant(name, f"{VAULT}/{file}", old, new, tuple(f"tests/vault/test_{_path(test)}" for test in tests))


def _path(test: str) -> str:
    file, _, name = test.partition("::")
    return f"{file}.py::{name}" if name else f"{file}.py"
