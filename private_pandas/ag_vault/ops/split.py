"""The word ``Split``: the rows of some of the units, drawn by lot. Knows no column but the hidden ones."""

from dataclasses import replace
from fractions import Fraction

from sqlglot import exp

from ag_plan.relations import Split
from ag_vault.catalog import ORDER_COLUMN
from ag_vault.errors import Refusal
from ag_vault.expressions.term import SQL_TYPES, identifier
from ag_vault.ops.rows import Rows, Stage, named

_DIGITS = 15
_LOTS = 16**_DIGITS
"""A lot is one of 2^60: the first hexadecimal digits of SHA-256 over the seed and whose the row is."""
_LOT = identifier("lot")


def rule(node: Split, rows: Rows) -> Rows | Refusal:
    """Takes: rows that belong to units, or a table's own rows. Gives: those whose unit's (or own) lot is below the share, or the rest.

    Stability: unchanged. Why: a unit's lot depends on its keyed hash and the seed, which is public, so that its rows stay or go
    together and no others change; a row's on the number that the loader drew for it alone. The two sides have no row and no unit in common.
    Fails: where rows are neither.
    """
    threshold = exp.Literal.number(int(Fraction(node.share) * _LOTS))
    if rows.unit is not None:
        drawn, stages = rows.unit.column, rows.stages
    elif rows.own:
        first = rows.stages[0]
        number = named(_LOT.name, identifier(ORDER_COLUMN))
        numbered = first if number in first.columns else replace(first, columns=(*first.columns, number))
        drawn, stages = _LOT, (numbered, *rows.stages[1:])
    else:
        return Refusal(
            code="no_unit",
            why="the vault can't split these rows: they belong to no unit, and aren't a table's own any more",
            instead="split first, then bring tables together",
        )
    compare = exp.GTE if node.rest else exp.LT
    kept = Stage(where=compare(this=_lot(drawn, node.seed), expression=threshold))
    return replace(rows, stages=(*stages, kept))


def _lot(drawn: exp.Expression, seed: int) -> exp.Expression:
    text = exp.func(
        "CONCAT",
        exp.Literal.string(f"{seed}|"),
        exp.Cast(this=drawn.copy(), to=SQL_TYPES["str"].copy()),
        dialect="duckdb",
    )
    digits = exp.func("SUBSTR", exp.func("SHA256", text, dialect="duckdb"), _number(1), _number(_DIGITS))
    whole = exp.func("CONCAT", exp.Literal.string("0x"), digits, dialect="duckdb")
    return exp.Cast(this=whole, to=SQL_TYPES["int"].copy())


def _number(value: int) -> exp.Expression:
    return exp.Literal.number(value)
