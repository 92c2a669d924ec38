"""``get_dummies``: a column of public categories as one column per category, true where a row has it.

Must not know values: which columns there are follows from public metadata alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ag_plan.expressions import Cast, Expression, IsIn, Unary
from op_pandas.columns import Labels, labels
from op_pandas.construct import SERIES, cast_target
from op_pandas.frame import PrivateDataFrame
from op_pandas.keys import public_keys
from op_pandas.private import Private
from op_pandas.rows import Term
from op_pandas.series import PrivateSeries

Prefix = str | Sequence[str] | Mapping[str, str] | None


def get_dummies(
    data: "PrivateDataFrame | PrivateSeries",
    prefix: Prefix = None,
    prefix_sep: str = "_",
    dummy_na: bool = False,
    columns: Labels | None = None,
    *,
    sparse: bool = False,  # noqa: ARG001 - how private rows are stored is the vault's business
    drop_first: bool = False,
    dtype: Any = None,
) -> PrivateDataFrame:
    """Columns ``name_value`` in place of each named column (all of text unless named), as ``pandas.get_dummies`` names them.

    A row without a value has none of them. ValueError for a column without public categories.
    """
    if isinstance(data, PrivateSeries):
        name = data.name or SERIES
        start = f"{prefix}{prefix_sep}" if isinstance(prefix, str) else ""
        coded = _coded(name, data.term, start, drop_first=drop_first, dummy_na=dummy_na)
        return PrivateDataFrame.of(data.rows, data.rows.terms(_typed(coded, dtype)))
    if not isinstance(data, PrivateDataFrame):
        raise TypeError(
            f"op_pandas.get_dummies needs a private frame or series, not a {type(data).__name__}; use pandas"
        )
    chosen = _chosen(data, columns)
    named = _prefixes(prefix, chosen)
    wanted: dict[str, Expression] = {}
    for name in chosen:
        wanted |= _coded(name, data.terms[name], f"{named[name]}{prefix_sep}", drop_first=drop_first, dummy_na=dummy_na)
    kept = {name: term for name, term in data.terms.items() if name not in chosen}
    if clash := next((name for name in wanted if name in kept), None):
        raise ValueError(f"Column {clash} is there already; give another prefix")
    return PrivateDataFrame.of(data.rows, {**kept, **data.rows.terms(_typed(wanted, dtype))})


def _chosen(data: PrivateDataFrame, columns: Labels | None) -> list[str]:
    if columns is None:
        return [name for name, term in data.terms.items() if term.kind == "str"]
    if isinstance(columns, Private):
        raise TypeError("columns must be public names")
    return labels([columns] if isinstance(columns, str) else list(columns), data.terms)


def _prefixes(prefix: Any, chosen: Sequence[str]) -> dict[str, str]:
    if prefix is None:
        return {name: name for name in chosen}
    if isinstance(prefix, str):
        return dict.fromkeys(chosen, prefix)
    if isinstance(prefix, Mapping):
        return {name: str(prefix.get(name, name)) for name in chosen}
    if len(prefix) != len(chosen):
        raise ValueError("prefix needs one name per column that is encoded")
    return {name: str(each) for name, each in zip(chosen, prefix, strict=True)}


def _coded(name: str, term: Term, start: str, *, drop_first: bool, dummy_na: bool) -> dict[str, Expression]:
    values = public_keys(term)
    if values is None:
        raise ValueError(
            f"{name} has no public categories; name them with map(lambda v: v, output_categories=[…]), or cut numbers into bins"
        )
    shown = list(values)[1 if drop_first else 0 :]
    made: dict[str, Expression] = {f"{start}{value}": IsIn(operand=term.expression, values=(value,)) for value in shown}
    if dummy_na:
        made[f"{start}nan"] = Unary(operator="is_null", operand=term.expression)
    return made


def _typed(wanted: Mapping[str, Expression], dtype: Any) -> dict[str, Expression]:
    """As truths, or as numbers where a dtype says so."""
    target = "bool" if dtype is None else cast_target(dtype)
    if target == "bool":
        return dict(wanted)
    return {name: Cast(operand=expression, to=target) for name, expression in wanted.items()}
