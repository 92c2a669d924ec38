"""The word ``Append``: the rows of one relation and those of another. Knows no column by itself."""

from dataclasses import replace

from sqlglot import exp

from ag_plan.relations import Append
from ag_vault.catalog import SCRATCH
from ag_vault.errors import Refusal
from ag_vault.expressions.choose import hull, join
from ag_vault.ops.rows import Beside, Rows, Stage, Unit, listed
from ag_vault.space import ColumnSpace

Values = dict[str, tuple[ColumnSpace, exp.Expression]]


def rule(node: Append, left: Rows, right: Rows) -> Rows | Refusal:
    """Takes: two relations of one account, columns of the same names. Gives: the rows of both. Stability: the sum; public rows add 0.

    Why: a unit moves so many rows of the one and so many of the other. Fails: on names, kinds, and accounts.
    """
    del node
    account = account_of(left, right)
    if isinstance(account, Refusal):
        return account
    if set(left.columns) != set(right.columns):
        return Refusal(code="bad_columns", why="rows can be put together where both sides have the same columns")
    values = _values(left, right)
    if isinstance(values, Refusal):
        return values
    taken = max(left.taken, right.taken)
    one, other = (listed(each, taken, unit) for each, unit in zip(values, _units(left, right), strict=True))
    stage = Stage(columns=other.aliases, alone=True, beside=Beside(back=len(right.stages) + 1, columns=one.aliases))
    stability = sum(side.stability for side in (left, right) if side.account == account)
    return replace(one.over(left, right, stage=stage, stability=stability), account=account)


def account_of(left: Rows, right: Rows) -> str | Refusal:
    """The one account that two relations are charged to; what a guest brought is public beside an owner's rows."""
    owners = {side.account for side in (left, right)} - {SCRATCH}
    if len(owners) < 2:  # noqa: PLR2004 - two owners
        return owners.pop() if owners else SCRATCH
    return Refusal(
        code="two_accounts",
        why="rows of different id-spaces or data sets have budgets of their own, so they can't be brought together",
        instead="release statistics of each; data sets of one id-space can be joined on their ids",
    )


def _values(left: Rows, right: Rows) -> tuple[Values, Values] | Refusal:
    """Both sides' columns in the left one's order, in common kinds."""
    one: Values = {}
    other: Values = {}
    for name, term in left.columns.items():
        joined = join(term, right.columns[name])
        if isinstance(joined, Refusal):
            return joined
        first, second = joined
        space = hull(first.space, second.space, nullable=first.space.nullable or second.space.nullable)
        one[name], other[name] = (space, first.sql), (space, second.sql)
    return one, other


def _units(left: Rows, right: Rows) -> tuple[Unit | None, Unit | None]:
    """Each side's unit, ordered by which side it is, then in columns of the side's own. None where the two are no one's.

    No column of either order holds both sides': an engine would bring an integer and a float, or an id and a text, to one type, in which two of a
    unit's rows might be equal (then other rows decide which comes first), or which one of them can't become (then the query fails by what it holds).
    """
    if left.unit is None or right.unit is None or left.unit.space != right.unit.space:
        return None, None
    if any(left.is_id(name) != right.is_id(name) for name in left.columns):
        return None, None
    ours, theirs = left.unit.order, right.unit.order
    one = (exp.Literal.number(0), *ours, *_nothing(theirs))
    other = (exp.Literal.number(1), *_nothing(ours), *theirs)
    return replace(left.unit, order=one), replace(right.unit, order=other)


def _nothing(order: tuple[exp.Expression, ...]) -> tuple[exp.Expression, ...]:
    return (exp.Null(),) * len(order)
