"""Attacks as data, and what a campaign of them is: classes, attacks, cells.

A data file begins with words about the class (``title:``, ``held by:``), then perhaps a ``prelude:`` that is run first in every new kernel;
each attack begins with ``# %% name``, perhaps followed by ``| charge 1/2`` (what it is honestly charged, ε; ``| charge 1/2 without`` where the policy refuses
it), its further cells with ``# %% +``.
A cell that begins with ``#! kind {json}`` is no cell but a request of that kind.
"""

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "attacks"
HOLDERS = ("policy", "walls")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that is no cell."""

    kind: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """``cells`` one after the other; ``charge``: the ε it costs on the planted data set, no more and no less, with and without policy."""

    name: str
    cells: tuple[str, ...]
    charge: Fraction
    charge_without: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """Attacks of one kind. ``walls``: evidence of success counts even where the policy is switched off."""

    name: str
    title: str
    walls: bool
    prelude: str
    attacks: tuple[Attack, ...]


def request_of(cell: str) -> Request | None:
    """The request that a cell stands for, if it does."""
    found = re.match(r"#! (\w+) (.*)", cell, re.DOTALL)
    return None if found is None else Request(kind=found[1], content=json.loads(found[2]))


def read(path: Path) -> Class:
    """One data file."""
    head, *parts = re.split(r"^# %% (.*)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    words, _, prelude = head.partition("prelude:\n")
    said = dict(line.split(": ", 1) for line in words.strip().splitlines())
    if said["held by"] not in HOLDERS:
        raise ValueError(f"{path.name}: held by {said['held by']}")
    return Class(
        name=path.stem,
        title=said["title"],
        walls=said["held by"] == "walls",
        prelude=prelude,
        attacks=tuple(_attacks(parts[::2], parts[1::2])),
    )


def classes() -> list[Class]:
    """All of them, in the order of their names."""
    return [read(path) for path in sorted(FOLDER.glob("*.txt"))]


def _attacks(heads: list[str], cells: list[str]) -> list[Attack]:
    found: list[tuple[str, list[str]]] = []
    for head, cell in zip(heads, cells, strict=True):
        if head == "+":
            found[-1][1].append(cell)
        else:
            found.append((head, [cell]))
    return [_attack(head, tuple(cells)) for head, cells in found]


def _attack(head: str, cells: tuple[str, ...]) -> Attack:
    name, *words = head.split(" | ")
    charges = [word.removeprefix("charge ").partition(" without") for word in words]
    amounts = [(Fraction(amount), bool(only)) for amount, only, _ in charges]
    return Attack(
        name=name,
        cells=cells,
        charge=sum((amount for amount, only in amounts if not only), Fraction(0)),
        charge_without=sum((amount for amount, _ in amounts), Fraction(0)),
    )
