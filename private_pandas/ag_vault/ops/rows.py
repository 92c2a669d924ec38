"""Private rows as a chain of selections, each reading the one before: what relation words build and measures read.

Knows no plan and no data. The chain is flat however deep the plan is, so no engine has to nest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from ag_vault.expressions.term import SQL_TYPES, Scope, Steps, Term
from ag_vault.space import Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A key column and its public values, in order: each row gets its key's number, a row with another key goes."""

    column: exp.Expression
    values: tuple[exp.Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One selection: columns beside (or, at the source, instead of) those before, and a condition."""

    columns: tuple[exp.Expression, ...] = ()
    where: exp.Expression | None = None
    source: str | None = None
    joins: tuple[Join, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A relation: its stages, what each public column name means over the last of them, and its stability.

    ``stability``: rows of this relation that one privacy unit holds at most. ``taken``: names used so far.
    """

    table: str
    stages: tuple[Stage, ...]
    columns: Mapping[str, Term]
    stability: int
    taken: int

    @property
    def space(self) -> Space:
        """What is public about the relation."""
        return Space(columns={name: term.space for name, term in self.columns.items()}, stability=self.stability)

    def scope(self) -> Scope:
        """A scope for one word's expressions."""
        return Scope(columns=self.columns, steps=Steps(self.taken))


def stages_of(steps: Steps) -> tuple[Stage, ...]:
    """The stages that compute the named steps, in order."""
    return tuple(Stage(columns=tuple(level)) for level in steps.levels)


def select(stages: Sequence[Stage], final: exp.Select) -> exp.Select:
    """One query: the stages as common table expressions, then the final selection over the last."""
    ctes = [
        exp.CTE(
            this=_selection(stage, number),
            alias=exp.TableAlias(this=exp.Identifier(this=f"r{number}", quoted=True)),
            materialized=False,
        )
        for number, stage in enumerate(stages)
    ]
    query = final.from_(_table(f"r{len(stages) - 1}"), copy=False)
    query.set("with_", exp.With(expressions=ctes))
    return query


def _selection(stage: Stage, number: int) -> exp.Select:
    if stage.source is not None:
        return exp.select(*stage.columns, copy=False).from_(_table(stage.source), copy=False)
    query = exp.select(exp.Star(), *stage.columns, copy=False).from_(_table(f"r{number - 1}"), copy=False)
    for place, join in enumerate(stage.joins):
        query = query.join(_listed(join, place), on=_matches(join, place), copy=False)
    return query if stage.where is None else query.where(stage.where, copy=False)


def cell(joins: Sequence[Join]) -> exp.Expression:
    """The number of a row's group, from its keys' numbers, the last key fastest."""
    number: exp.Expression = exp.Literal.number(0)
    for place, join in enumerate(joins):
        scaled = exp.Mul(this=exp.Paren(this=number), expression=exp.Literal.number(len(join.values)))
        number = exp.Add(this=scaled, expression=_column(f"m{place}", "number"))
    return exp.Cast(this=number, to=SQL_TYPES["int"].copy())


def _listed(join: Join, place: int) -> exp.Values:
    """The key's values with their numbers, as a table of constants."""
    rows = [
        exp.Tuple(expressions=[value.copy(), exp.Literal.number(number)]) for number, value in enumerate(join.values)
    ]
    columns = [exp.Identifier(this=name, quoted=True) for name in (f"key{place}", "number")]
    alias = exp.TableAlias(this=exp.Identifier(this=f"m{place}", quoted=True), columns=columns)
    return exp.Values(expressions=rows, alias=alias)


def _matches(join: Join, place: int) -> exp.Expression:
    return exp.EQ(this=join.column.copy(), expression=_column(f"m{place}", f"key{place}"))


def _column(table: str, name: str) -> exp.Column:
    return exp.Column(this=exp.Identifier(this=name, quoted=True), table=exp.Identifier(this=table, quoted=True))


def _table(name: str) -> exp.Table:
    return exp.Table(this=exp.Identifier(this=name, quoted=True))
