"""The word ``Join``: rows of two relations side by side. Knows no column by itself.

Written a and b: the left and the right stage. A unit has at most s rows on the left and t on the right, a public row at most m partners.
"""

from dataclasses import replace
from functools import reduce

from msgspec import structs
from sqlglot import exp

from ag_plan.relations import How, Join
from ag_vault.catalog import SCRATCH
from ag_vault.errors import Refusal
from ag_vault.expressions.choose import hull
from ag_vault.expressions.term import Term, wrong_kind
from ag_vault.ops.append import account_of
from ag_vault.ops.column import unknown_column
from ag_vault.ops.rows import Beside, Rows, Side, Stage, Unit, firsts, listed, number_of_row, of_table, stages_of
from ag_vault.space import ColumnSpace

_SIDES: dict[How, Side] = {"inner": "", "left": "LEFT", "right": "RIGHT", "outer": "FULL"}
_KEYS = ("int", "str", "bool", "datetime")
_LOSES_LEFT, _LOSES_RIGHT = ("right", "outer"), ("left", "outer")
"""Where a row of the other side without a partner has nulls for this one."""


def rule(node: Join, left: Rows, right: Rows) -> Rows | Refusal:
    """Takes: two relations and keys. Gives: the left columns and the right ones but for the keys. Fails: on names, kinds, ids, accounts.

    Stability: see ``_on_units`` and ``_on_public``. Every other join is refused: on keys without the id, rows of many units could meet
    one row of another, and a unit more would change without limit.
    """
    account = account_of(left, right)
    if isinstance(account, Refusal):
        return account
    if left.account == SCRATCH != right.account:
        return Refusal(code="bad_join", why="the public side of a join comes second", instead="exchange the sides")
    twice = set(left.columns) & (set(right.columns) - set(node.right_on))
    if twice:
        return Refusal(code="bad_columns", why=f"Column {min(twice)} is on both sides", instead="rename one of them")
    trouble = _unjoinable(node, left, right)
    if trouble is not None:
        return trouble
    public = right.account == SCRATCH and not _by_units_of_ones_own(node, left, right)
    return _on_public(node, left, right) if public else _on_units(node, left, right)


def _by_units_of_ones_own(node: Join, left: Rows, right: Rows) -> bool:
    """Whether a guest joins two tables of its own on the id that it gave both: what is public may be treated as owners' tables are."""
    same = left.unit is not None and right.unit is not None and left.unit.space == right.unit.space
    keys = zip(node.left_on, node.right_on, strict=True)
    return same and node.matches is None and any(left.is_id(one) and right.is_id(other) for one, other in keys)


def _unjoinable(node: Join, left: Rows, right: Rows) -> Refusal | None:
    """The refusal of keys that don't exist or can't be equal."""
    for one, other in zip(node.left_on, node.right_on, strict=True):
        missing = one if one not in left.columns else other if other not in right.columns else None
        if missing is not None:
            return unknown_column(missing)
        first, second = left.columns[one], right.columns[other]
        if left.is_id(one) and right.is_id(other):
            continue
        if first.space.kind != second.space.kind or first.space.kind not in _KEYS:
            return wrong_kind(
                "a join", "keys of one kind: ids, integers, strings, booleans or datetimes", first, second
            )
    return None


def _on_units(node: Join, left: Rows, right: Rows) -> Rows | Refusal:
    """Stability: s·t; outer with keys besides the id: max(s·t, s + t).

    Why: a row that is made of rows of one unit belongs to it, and which rows meet depends on that unit alone. Its s' ≤ s and t' ≤ t rows
    make s'·t' pairs at most; p·q pairs and the rest alone make p·q + (s' - p) + (t' - q), which is linear in p and in q and so greatest
    where all meet or none does; without further keys all meet, if there are any on both sides.
    """
    ids = [name for name in node.left_on if left.is_id(name)]
    if left.unit is None or right.unit is None or len(ids) != 1:
        return Refusal(
            code="no_unit",
            why="private rows are joined on the id of their privacy unit, so that no row of one unit meets those of another",
            instead="join on the id column, which both sides must still have, and on other columns besides",
        )
    if node.matches is not None:
        return Refusal(
            code="bad_join", why="matches are for public tables", instead="limit the rows of each unit instead"
        )
    s, t = left.stability, right.stability
    alone = node.how == "outer" and len(node.left_on) > 1
    own, other = _in("a", left.unit.column), _in("b", right.unit.column)
    # Where rows of either side may stand alone, one may have no order but nulls, as a row of the other has: so it is said which side it is of.
    side = (exp.Is(this=own.copy(), expression=exp.Null()),) if node.how == "outer" else ()
    unit = Unit(
        space=left.unit.space,
        column=exp.Coalesce(this=own, expressions=[other]),
        order=(*side, *(_in("a", sql) for sql in left.unit.order), *(_in("b", sql) for sql in right.unit.order)),
    )
    return _joined(node, left, right, unit=unit, stability=max(s * t, s + t) if alone else s * t)


def _on_public(node: Join, left: Rows, right: Rows) -> Rows | Refusal:
    """Stability: s·m, the unit stays known; right and outer: 2·s·m, and it doesn't.

    Why: the right side is public and has m rows per key, as the first m are taken whatever there are. Each of a unit's s rows meets m
    rows at most, or stands alone; and each of these s·m public rows may no longer stand alone, which is a row less.
    """
    if node.matches is None:
        return Refusal(code="bad_join", why="a join with a public table needs the most rows that it has for a key")
    keys = [right.columns[name].sql for name in node.right_on]
    scope = right.scope()
    place = f"v{scope.steps.taken}"
    stages = firsts(scope, number_of_row(keys, [term.sql for term in right.columns.values()]), node.matches)
    whole = (*right.stages, *stages_of(scope.steps), *stages)
    kept = replace(right, stages=whole, taken=scope.steps.taken, text=scope.steps.text, scanned=scope.steps.scanned)
    stability = left.stability * node.matches
    if node.how in _LOSES_LEFT:
        return _joined(node, left, kept, unit=None, stability=2 * stability)
    unit = None
    if left.unit is not None:
        order = (*(_in("a", sql) for sql in left.unit.order), of_table("b", place))
        unit = Unit(space=left.unit.space, column=_in("a", left.unit.column), order=order)
    return _joined(node, left, kept, unit=unit, stability=stability)


def _joined(node: Join, left: Rows, right: Rows, *, unit: Unit | None, stability: int) -> Rows:
    """The stage that joins, after both sides' own."""
    values: dict[str, tuple[ColumnSpace, exp.Expression]] = {}
    partner = dict(zip(node.left_on, node.right_on, strict=True))
    for name, term in left.columns.items():
        other = right.columns[partner[name]] if name in partner else None
        if left.is_id(name) and unit is not None:
            values[name] = term.space, unit.column
        else:
            values[name] = _left(node, term, other)
    for name, term in right.columns.items():
        if name not in node.right_on:
            nullable = term.space.nullable or node.how in _LOSES_RIGHT
            values[name] = structs.replace(term.space, nullable=nullable), _in("b", term.sql)
    made = listed(values, max(left.taken, right.taken), unit)
    equal: list[exp.Expression] = [
        exp.EQ(this=_in("a", left.columns[one].sql), expression=_in("b", right.columns[other].sql))
        for one, other in partner.items()
    ]
    side = _SIDES[node.how]
    stage = Stage(
        columns=made.aliases, alone=True, beside=Beside(back=len(right.stages) + 1, side=side, on=reduce(_both, equal))
    )
    return made.over(left, right, stage=stage, stability=stability)


def _both(one: exp.Expression, other: exp.Expression) -> exp.Expression:
    return exp.And(this=one, expression=other)


def _left(node: Join, term: Term, partner: Term | None) -> tuple[ColumnSpace, exp.Expression]:
    """A left column; a key is the right side's where the left has no row."""
    own = _in("a", term.sql)
    if node.how not in _LOSES_LEFT:
        return term.space, own
    if partner is None:
        return structs.replace(term.space, nullable=True), own
    space = hull(term.space, partner.space, nullable=term.space.nullable or partner.space.nullable)
    return space, exp.Coalesce(this=own, expressions=[_in("b", partner.sql)])


def _in(table: str, column: exp.Expression) -> exp.Column:
    """A stage's bare column, said to be of one side."""
    return of_table(table, column.name)
