"""Names of columns as analysts give them. Must not know what the columns hold."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, Union

from op_pandas.private import Private

if TYPE_CHECKING:
    import pandas as pd

Labels: TypeAlias = Union[str, list[str], tuple[str, ...], set[str], "pd.Index[str]"]
Held = TypeVar("Held")


def label(key: object, terms: Mapping[str, object]) -> str:
    """The name of a column. ValueError where there is none of that name; whole numbers name columns by their text."""
    if isinstance(key, Private):
        raise TypeError(f"a column is named by public text, not by a {type(key).__name__}")
    name = str(key) if isinstance(key, int) else key
    if not isinstance(name, str) or name not in terms:
        raise ValueError(f"Column {key} does not exist{likeness(name, terms)}")
    return name


def likeness(name: object, known: Iterable[str]) -> str:
    """The question after a name that is none, where one of the known is close to it."""
    close = difflib.get_close_matches(name, list(known), n=1) if isinstance(name, str) else []
    return f"; did you mean {close[0]}?" if close else ""


def labels(keys: Iterable[object], terms: Mapping[str, object]) -> list[str]:
    """The names of several columns, each once. ValueError where one doesn't exist or comes twice."""
    found = [label(key, terms) for key in keys]
    twice = next((name for name in found if found.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"Column {twice} is named twice; columns of a private frame have distinct names")
    return found


def by_name(names: list[str], value: object) -> list[tuple[str, Any]]:
    """What is assigned to each of several columns: the columns of a private frame in their order, else the same to all."""
    if not isinstance(value, Private) or not hasattr(value, "terms"):
        return [(name, value) for name in names]
    if len(value.terms) != len(names):
        raise ValueError(f"Columns must be of one number: {len(names)} names for {len(value.terms)} columns")
    return list(zip(names, (column for _, column in value.items()), strict=True))  # type: ignore[attr-defined]


def renamed(terms: Mapping[str, Held], change: Mapping[str, str] | Callable[[str], str]) -> dict[str, Held]:
    """The same columns under other names, in order. ValueError where two would have one name."""
    new = change if callable(change) else lambda name: change.get(name, name)
    made = {str(new(name)): term for name, term in terms.items()}
    if len(made) < len(terms):
        raise ValueError("two columns can't have the same name")
    return made


def drop_labels(given: Labels, terms: Mapping[str, object], errors: str) -> set[str]:
    """The names to drop. ValueError for one that doesn't exist, unless errors is 'ignore'."""
    several = [given] if isinstance(given, str) else list(given)
    return set(several) if errors == "ignore" else set(labels(several, terms))
