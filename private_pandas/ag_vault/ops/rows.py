"""Private rows as a chain of selections, each reading the one before: what relation words build and measures read.

Knows no plan and no data. The chain is flat however deep the plan is, so no engine has to nest: a word over two relations puts one
chain after the other and reads both ends.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Literal

from sqlglot import exp

from ag_vault.expressions.term import SQL_TYPES, Lookup, Scope, Steps, Term, identifier
from ag_vault.space import ColumnSpace, Space

UNIT_ID = identifier("u")
"""The hidden column of the unit's id, in every stage that has one."""

MOST_SOURCES = 32
"""Sources in one plan, each time it is named: a plan that doubles itself grows no further."""

MOST_STABILITY = 2**40
"""Rows of one unit; far beyond any that noise could hide."""

_COMPUTED = "v"
"""How the names of columns begin that a step, a window or a group has made. What a table holds has other names, however often it was passed on."""


Side = Literal["", "LEFT", "RIGHT", "FULL"]
"""Which of two joined stages keeps rows without a partner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A key column and its public values, in order: each row gets its key's number, a row with another key goes."""

    column: exp.Expression
    values: tuple[exp.Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A second stage to read, ``back`` stages before this one: joined on a condition, or (``columns``) put above the rows."""

    back: int
    side: Side = ""
    on: exp.Expression | None = None
    columns: tuple[exp.Expression, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One selection: columns beside those before (``alone``: instead of them, by group where there are ``keys``), and a condition.

    In a join, columns of the stage ``back`` are those of table a, of the stage before those of table b.
    """

    columns: tuple[exp.Expression, ...] = ()
    where: exp.Expression | None = None
    source: str | None = None
    joins: tuple[Join, ...] = ()
    alone: bool = False
    keys: tuple[exp.Expression, ...] = ()
    beside: Beside | None = None
    lookups: tuple[Lookup, ...] = ()

    @property
    def words(self) -> tuple[exp.Expression, ...]:
        """All its expressions."""
        beside = self.beside
        others = () if beside is None else (*beside.columns, *(() if beside.on is None else (beside.on,)))
        condition = () if self.where is None else (self.where,)
        asked = (key for lookup in self.lookups for key in lookup.keys)
        return (*self.columns, *(join.column for join in self.joins), *self.keys, *others, *condition, *asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Whose each row is: the id-space, the hidden column of the unit's id, and hidden columns that order a unit's rows.

    The order is total on the rows of a unit (but for rows that are equal in everything) and depends on these rows alone.
    """

    space: str
    column: exp.Expression
    order: tuple[exp.Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A relation: its stages, what each public column name means over the last of them, and its stability.

    ``stability``: rows that come or go with one privacy unit, at most. ``unit``: given where each row belongs to one unit and a unit's
    rows depend on that unit's data alone; None where rows of several units meet in one, or where a unit is a row. ``account``:
    where charges go. ``taken``: names used so far; ``text``: characters of its texts so far; ``scanned``: work on them.
    ``sources``: how many tables are read.
    ``own``: every row is a row of the one table that is read, and its own unit.
    """

    account: str
    stages: tuple[Stage, ...]
    columns: Mapping[str, Term]
    stability: int
    taken: int
    unit: Unit | None = None
    sources: int = 1
    own: bool = False
    text: int = 0
    scanned: int = 0

    @property
    def space(self) -> Space:
        """What is public about the relation."""
        return Space(columns={name: term.space for name, term in self.columns.items()}, stability=self.stability)

    @property
    def sorts(self) -> int:
        """How many of its stages number or group rows: each makes an engine go through all of them, however few are left."""
        return sum(
            bool(stage.keys) or any(map(_numbered, stage.columns)) for stage in self.stages if stage.source is None
        )

    @property
    def carried(self) -> int:
        """Columns of all stages, those they carry along included: what an engine binds before it reads a row."""
        width = total = 0
        for stage in self.stages:
            width = len(stage.columns) + (0 if stage.alone or stage.source is not None else width)
            total += width
        return total

    @property
    def tables(self) -> tuple[str, ...]:
        """The keys of the tables that are read, each as often as it is."""
        return tuple(stage.source for stage in self.stages if stage.source is not None)

    def scope(self) -> Scope:
        """A scope for one word's expressions."""
        return Scope(columns=self.columns, steps=Steps(self.taken, self.text, self.scanned))

    def kept(self, scope: Scope, *stages: Stage, unit: Unit | None, stability: int) -> "Rows":
        """The rows that more stages leave, after the steps that a scope has named."""
        whole = (*self.stages, *stages_of(scope.steps), *stages)
        return replace(
            self,
            stages=whole,
            taken=scope.steps.taken,
            text=scope.steps.text,
            scanned=scope.steps.scanned,
            unit=unit,
            stability=stability,
            own=False,
        )

    def is_id(self, name: str) -> bool:
        """Whether a column is the unit's id itself."""
        return self.unit is not None and name in self.columns and self.columns[name].sql == self.unit.column


def _numbered(root: exp.Expression) -> bool:
    """Whether there is a window in an expression."""
    return _is_there(root, lambda node: isinstance(node, exp.Window))


def _is_there(root: exp.Expression, wanted: Callable[[exp.Expression], bool]) -> bool:
    """Whether there is such a node in an expression; as sqlglot's own search, several times as fast."""
    waiting: list[Any] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, exp.Expression) and wanted(node):
            return True
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, exp.Expression):
            waiting.extend(node.args.values())
    return False


def stages_of(steps: Steps) -> tuple[Stage, ...]:
    """The stages that keep the rows that are needed, and compute the named steps in order."""
    levels = zip(steps.levels, steps.lookups, strict=True)
    needed = (Stage(where=settled(condition)) for condition in steps.needed)
    return (*needed, *(Stage(columns=tuple(level), lookups=tuple(lookups)) for level, lookups in levels))


def settled(condition: exp.Expression) -> exp.Expression:
    """A condition on rows that is judged where it stands, by values that were computed once.

    An engine brings a condition down to the table by writing out what its columns are made of, each time that they are read: of a value that
    is made of itself twice, twenty times over, a million copies, and one row would keep it busy for minutes. It leaves conditions where they
    stand that could fail, as far as it knows: here an absolute value, of 0 or 1. Those on a table's own columns go down, and save reading rows.
    """
    if not _is_there(condition, lambda node: isinstance(node, exp.Column) and node.name.startswith(_COMPUTED)):
        return condition
    return staying(condition)


def staying(condition: exp.Expression) -> exp.Expression:
    """The same of a condition whatever it is on."""
    truth = exp.Cast(this=exp.Paren(this=condition), to=SQL_TYPES["int"].copy())
    return exp.EQ(this=exp.Anonymous(this="ABS", expressions=[truth]), expression=exp.Literal.number(1))


def renamed(sql: exp.Expression, number: int) -> str:
    """The name of a column that is listed anew: what a table holds doesn't become computed by it."""
    bare = isinstance(sql, exp.Column) and not sql.name.startswith(_COMPUTED)
    return f"{'n' if bare else _COMPUTED}{number}"


def named(name: str, sql: exp.Expression) -> exp.Alias:
    """An expression under a quoted name."""
    return called(name, sql.copy())


def called(name: str, sql: exp.Expression) -> exp.Alias:
    """The same for an expression that nothing else holds: a copy takes the engine's grammar longer than making a column."""
    return exp.Alias(this=sql, alias=exp.Identifier(this=name, quoted=True))


def number_of_row(partition: Sequence[exp.Expression], order: Sequence[exp.Expression]) -> exp.Window:
    """Where a row stands in its part, from 1."""
    ordered = [exp.Ordered(this=sql.copy(), nulls_first=False) for sql in order]
    return exp.Window(
        this=exp.RowNumber(),
        partition_by=[sql.copy() for sql in partition],
        order=exp.Order(expressions=ordered) if ordered else None,
    )


def firsts(scope: Scope, number: exp.Expression, most: int) -> tuple[Stage, Stage]:
    """The stages that keep the rows whose number, computed by a window, is at most ``most``."""
    name = f"v{scope.steps.taken}"
    scope.steps.taken += 1
    scope.steps.carry(term.space for term in scope.columns.values())
    within = exp.LTE(this=identifier(name), expression=exp.Literal.number(most))
    return Stage(columns=(named(name, number),)), Stage(where=within)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The columns of a stage that lists them anew: their aliases, what each public name then means, and whose rows they are."""

    aliases: tuple[exp.Expression, ...]
    columns: Mapping[str, Term]
    unit: Unit | None
    taken: int

    def over(self, *sides: Rows, stage: Stage, stability: int) -> Rows:
        """The relation of a stage that lists these columns, after all stages of the sides; the first side's account."""
        return Rows(
            account=sides[0].account,
            stages=(*(each for side in sides for each in side.stages), stage),
            columns=self.columns,
            stability=stability,
            taken=self.taken,
            unit=self.unit,
            sources=sum(side.sources for side in sides),
            scanned=sum(side.scanned for side in sides),
            text=sum(side.text for side in sides) + sum(term.space.characters for term in self.columns.values()),
        )


def listed(values: Mapping[str, tuple[ColumnSpace, exp.Expression]], taken: int, unit: Unit | None) -> Listed:
    """New names for columns and for what is hidden; a value that is the unit's column becomes the unit's id."""
    columns: dict[str, Term] = {}
    aliases: list[exp.Expression] = []
    for name, (space, sql) in values.items():
        if unit is not None and sql == unit.column:
            columns[name] = Term(space=space, sql=UNIT_ID)
            continue
        fresh = renamed(sql, taken)
        columns[name] = Term(space=space, sql=identifier(fresh))
        aliases.append(named(fresh, sql))
        taken += 1
    if unit is None:
        return Listed(aliases=tuple(aliases), columns=columns, unit=None, taken=taken)
    order = tuple(identifier(f"v{taken + number}") for number in range(len(unit.order)))
    aliases += [named(column.name, sql) for column, sql in zip(order, unit.order, strict=True)]
    whole = (named(UNIT_ID.name, unit.column), *aliases)
    return Listed(
        aliases=whole, columns=columns, unit=replace(unit, column=UNIT_ID, order=order), taken=taken + len(order)
    )


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
    final.set("from_", exp.From(this=_table(f"r{len(stages) - 1}")))
    final.set("with_", exp.With(expressions=ctes))
    return final


def _selection(stage: Stage, number: int) -> exp.Query:
    if stage.source is not None:
        return _selected(stage.columns, _table(stage.source))
    before = _table(f"r{number - 1}")
    if stage.beside is not None:
        return _both(stage, stage.beside, _table(f"r{number - stage.beside.back}"), before)
    if stage.lookups:
        return _looked_up(stage, before)
    listed = stage.columns if stage.alone else (exp.Star(), *stage.columns)
    query = _selected(listed, before)
    for place, join in enumerate(stage.joins):
        query = query.join(_listed(join, place), on=_matches(join, place), copy=False)
    if stage.keys:
        query = query.group_by(*stage.keys, copy=False)
    return query if stage.where is None else query.where(stage.where, copy=False)


def _selected(columns: Sequence[exp.Expression], table: exp.Table) -> exp.Select:
    """What sqlglot's builder makes of them, without its parsing of what is parsed."""
    return exp.Select(expressions=list(columns), from_=exp.From(this=table))


def _both(stage: Stage, beside: Beside, one: exp.Table, other: exp.Table) -> exp.Query:
    """Two stages joined as a and b, or the rows of the one above those of the other."""
    own = exp.select(*stage.columns, copy=False)
    if beside.on is None:
        above = exp.select(*beside.columns, copy=False).from_(one, copy=False)
        return exp.Union(this=above, expression=own.from_(other, copy=False), distinct=False)
    matched = exp.Join(this=_called(other, "b"), on=beside.on, side=beside.side or None)
    query = own.from_(_called(one, "a"), copy=False)
    query.append("joins", matched)
    return query


def _looked_up(stage: Stage, before: exp.Table) -> exp.Select:
    """The stage with what a mapper has made of its rows: each value once in a table, so that no row is lost and none is doubled."""
    rows = before.this.copy()
    values = [named(lookup.name, of_table(f"map{place}", VALUE)) for place, lookup in enumerate(stage.lookups)]
    whole = exp.Column(this=exp.Star(), table=rows)
    query = exp.select(whole, *stage.columns, *values, copy=False).from_(before, copy=False)
    for place, lookup in enumerate(stage.lookups):
        equal: list[exp.Expression] = [
            exp.NullSafeEQ(this=of_table(rows.name, key.name), expression=of_table(f"map{place}", key_of(number)))
            for number, key in enumerate(lookup.keys)
        ]
        on = reduce(lambda one, other: exp.And(this=one, expression=other), equal)
        query.append("joins", exp.Join(this=_called(_table(lookup.table), f"map{place}"), on=on, side="LEFT"))
    return query


VALUE = "map value"
"""The column of a lookup's table that holds what was made; ``key_of`` names those that hold of what."""


def key_of(number: int) -> str:
    """The name of a key's column in a lookup's table."""
    return f"map key {number}"


def _called(table: exp.Table, name: str) -> exp.Table:
    table.set("alias", exp.TableAlias(this=exp.Identifier(this=name, quoted=True)))
    return table


def cell(joins: Sequence[Join]) -> exp.Expression:
    """The number of a row's group, from its keys' numbers, the last key fastest."""
    number: exp.Expression = exp.Literal.number(0)
    for place, join in enumerate(joins):
        scaled = exp.Mul(this=exp.Paren(this=number), expression=exp.Literal.number(len(join.values)))
        number = exp.Add(this=scaled, expression=of_table(f"m{place}", "number"))
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
    return exp.EQ(this=join.column.copy(), expression=of_table(f"m{place}", f"key{place}"))


def of_table(table: str, name: str) -> exp.Column:
    """A quoted column of a named table."""
    return exp.Column(this=exp.Identifier(this=name, quoted=True), table=exp.Identifier(this=table, quoted=True))


def _table(name: str) -> exp.Table:
    return exp.Table(this=exp.Identifier(this=name, quoted=True))
