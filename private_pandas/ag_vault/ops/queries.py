"""The queries of a release: all sums of all groups at once, all tallies, or places in ranges. Know no value of a row and no noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sqlglot import exp

from ag_mapper.values import MOST_ITEMS
from ag_vault.expressions.term import SQL_TYPES, Lookup, Scope, case
from ag_vault.ops.keys import Groups
from ag_vault.ops.rows import (
    Beside,
    Rows,
    Stage,
    cell,
    key_of,
    named,
    number_of_row,
    of_table,
    select,
    settled,
    stages_of,
    staying,
)
from ag_vault.ops.text import text
from ag_vault.parts import Bins, Part, Ranks, Sums

_MOST_HELD = 1_000_000
_PART, _CELL, _PLACE = "part", "cell", "position"
_GROUP, _ROWS, _OF_KEY, _NUMBER = "group", "rows of key", "rows of all", "number"


def sums_query(rows: Rows, scope: Scope, groups: Groups, parts: Sequence[Part], least: int = 1) -> str | None:
    """One row per group that has rows: its number, then all aggregates in order; None where no part has any.

    Where keys are few, the row starts with the key itself, and rows of other keys may come too: to number each row by a join with the list of
    keys, or only to plan it, would take longer than the sums. Where keys are to be found, as ``_found_sums`` says.
    """
    aggregates = [sql for part in parts if isinstance(part, Sums) for sql in part.aggregates]
    if not aggregates:
        return None
    if by_keys(groups, parts):
        keys = [join.column.copy() for join in groups.joins]
        query = exp.select(*keys, *aggregates, copy=False).group_by(*(key.copy() for key in keys), copy=False)
        return _text((*rows.stages, *stages_of(scope.steps)), query)
    if groups.found:
        return _found_sums(rows, scope, groups, aggregates, least)
    stages = _stages(rows, scope, groups, least)
    if not groups.joins:
        return _text(stages, exp.Select(expressions=[exp.Literal.number(0), *aggregates]))
    return _text(stages, exp.select(_column(_CELL), *aggregates, copy=False).group_by(_column(_CELL), copy=False))


def by_keys(groups: Groups, parts: Sequence[Part]) -> bool:
    """Whether rows of sums start with their keys: all that the columns may hold, of which those asked for may be few, are not too many numbers."""
    return 0 < groups.held * sum(len(part.aggregates) for part in parts if isinstance(part, Sums)) <= _MOST_HELD


def _found_sums(rows: Rows, scope: Scope, groups: Groups, aggregates: Sequence[exp.Expression], least: int) -> str:
    """Candidates and their sums in one pass: a row per group that has rows, of keys that at least so many rows have, in the order of keys.

    Each is the key, how many rows the key has, the number of its public key (0 where there is but one), all aggregates. Equal keys are together,
    and their order is that of ``keys_query``.
    """
    names = [_column(f"k{place}") for place in range(len(groups.found))]
    columns = [named(name.name, column) for name, column in zip(names, groups.found, strict=True)]
    cells = [] if groups.alone else [_column(_CELL)]
    sums = [named(f"sum {number}", sql) for number, sql in enumerate(aggregates)]
    each = Stage(
        columns=(*columns, *cells, named(_ROWS, exp.Count(this=exp.Star())), *sums),
        alone=True,
        keys=tuple(column.copy() for column in (*groups.found, *cells)),
    )
    # What all public keys of a found one have together: known after grouping, so that rows are passed over once.
    whole = exp.Window(this=exp.Sum(this=_column(_ROWS)), partition_by=[name.copy() for name in names])
    known: tuple[Stage, ...] = () if groups.alone else (Stage(columns=(named(_OF_KEY, whole),)),)
    total = _column(_ROWS if groups.alone else _OF_KEY)
    before = (*rows.stages, *stages_of(scope.steps)) if groups.alone else _celled(rows, scope, groups)
    enough = exp.GTE(this=total, expression=exp.Literal.number(least))
    kept = Stage(where=staying(_all([*map(_present, names), enough])))
    cell = exp.Literal.number(0) if groups.alone else _column(_CELL)
    told = exp.select(
        *(name.copy() for name in names), total.copy(), cell, *(_column(each.alias) for each in sums), copy=False
    )
    return _text((*before, each, *known, kept), told.order_by(*(name.copy() for name in names), copy=False))


def keys_query(rows: Rows, scope: Scope, groups: Groups, least: int) -> str:
    """The keys that at least so many rows have, each with its number of rows, in the order of their own numbers from 0."""
    stages = (*_celled(rows, scope, groups), *_keyed(groups, least))
    names = [_column(f"k{place}") for place in range(len(groups.found))]
    return _text(stages, exp.select(*names, _column(_ROWS), copy=False).order_by(_column(_NUMBER), copy=False))


def tallies_query(rows: Rows, scope: Scope, groups: Groups, parts: Sequence[Part], least: int = 1) -> str | None:
    """Rows of part, group, position, count, in the order of the first three; None where no part needs them."""
    numbered = [(number, part) for number, part in enumerate(parts) if not isinstance(part, Sums)]
    if not numbered:
        return None
    numbers = [_integer(number) for number, _ in numbered]
    positions = [part.number if isinstance(part, Bins) else part.position for _, part in numbered]
    one, all_rows = len(numbered) == 1, not (groups.joins or groups.found)
    place = named(_PLACE, positions[0] if one else _each(positions))
    tall = Stage(columns=(place,) if one else (named(_PART, _each(numbers)), place))
    # What is the same for all rows is no key: grouping by the place alone is several times as fast.
    part, group = _column(_PART), _group(groups)
    keys = [*([] if one else [part]), *([] if all_rows else [group]), _column(_PLACE)]
    same = named(_PART, numbers[0]) if one else part, named(_CELL, _integer(0)) if all_rows else group
    # Rows without a place go after they are counted: a condition on the place would be pushed down to the rows, and compute it twice.
    counted = exp.Count(this=_column(_PLACE))
    query = exp.select(*same, _column(_PLACE), named("rows", counted), copy=False)
    query = query.group_by(*(key.copy() for key in keys), copy=False)
    query = query.having(exp.GT(this=counted.copy(), expression=exp.Literal.number(0)), copy=False)
    query = query.order_by(*(key.copy() for key in keys), copy=False)
    return _text((*_stages(rows, scope, groups, least), tall), query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A lookup whose table must be there before the rows are read, and the query of all different values it is asked for."""

    lookup: Lookup
    sql: str


def asked_of_mappers(rows: Rows, scope: Scope) -> tuple[Asking, ...]:
    """The lookups of a release in the order in which they are needed."""
    stages = (*rows.stages, *stages_of(scope.steps))
    found: list[Asking] = []
    for place, stage in enumerate(stages):
        for lookup in stage.lookups:
            columns = [named(key_of(number), key) for number, key in enumerate(lookup.keys)]
            query = exp.select(*columns, copy=False).distinct(copy=False)
            short = [_short(key) for key, kind in zip(lookup.keys, lookup.kinds, strict=True) if kind == "str"]
            if short:
                query = query.where(settled(_all(short)), copy=False)
            found.append(Asking(lookup=lookup, sql=_text(stages[:place], query)))
    return tuple(found)


def _short(key: exp.Expression) -> exp.Expression:
    """Whether a text is short enough for a mapper, or missing; what is made of others is null."""
    length = exp.Anonymous(this="LENGTH", expressions=[key.copy()])
    return exp.Or(
        this=exp.Is(this=key.copy(), expression=exp.Null()),
        expression=exp.LTE(this=length, expression=_integer(MOST_ITEMS)),
    )


def places_query(rows: Rows, scope: Scope, part: Ranks, ranges: int) -> str:
    """Rows of position >> $1, count, in order, of the ungrouped rows in so many ranges ($2, $3), ($4, $5), …; all ends inclusive."""
    stages = (*rows.stages, *stages_of(scope.steps))
    place = part.position
    step: exp.Expression = exp.BitwiseRightShift(this=place, expression=_parameter(1))
    inside: list[exp.Expression] = [
        exp.Between(this=place, low=_parameter(2 * number), high=_parameter(2 * number + 1))
        for number in range(1, ranges + 1)
    ]
    if ranges == 1:
        stages = (*stages, Stage(where=settled(inside[0])), Stage(columns=(named(_PLACE, step),)))
    else:
        # An engine would push a condition of many ranges down to the column, and compute it once for each of them.
        chosen = case((_any(inside), step)) if inside else exp.Cast(this=exp.Null(), to=SQL_TYPES["int"].copy())
        stages = (*stages, Stage(columns=(named(_PLACE, chosen),)))
    query = exp.select(_column(_PLACE), named("rows", exp.Count(this=exp.Star())), copy=False)
    query = query.group_by(_column(_PLACE), copy=False).having(_given(_PLACE), copy=False)
    return _text(stages, query.order_by(_column(_PLACE), copy=False))


def _any(conditions: Sequence[exp.Expression]) -> exp.Expression:
    return reduce(lambda one, other: exp.Or(this=one, expression=other), conditions)


def _all(conditions: Sequence[exp.Expression]) -> exp.Expression:
    return reduce(lambda one, other: exp.And(this=one, expression=other), conditions)


def _given(name: str) -> exp.Expression:
    return _present(_column(name))


def _present(column: exp.Expression) -> exp.Expression:
    return exp.Not(this=exp.Is(this=column.copy(), expression=exp.Null()))


def _parameter(number: int) -> exp.Expression:
    return exp.Cast(this=exp.Parameter(this=exp.Literal.number(number)), to=SQL_TYPES["int"].copy())


def _each(values: Sequence[exp.Expression]) -> exp.Expression:
    """One row per value: all parts pass over the rows together, where a union would read them once for each."""
    return exp.Anonymous(this="UNNEST", expressions=[exp.Array(expressions=[value.copy() for value in values])])


def _group(groups: Groups) -> exp.Column:
    """The column of a row's group."""
    return _column(_GROUP if groups.found else _CELL)


def _stages(rows: Rows, scope: Scope, groups: Groups, least: int) -> tuple[Stage, ...]:
    """The relation, the measure's named steps, and each row's group."""
    if not groups.joins and not groups.found:
        return (*rows.stages, *stages_of(scope.steps))
    stages = _celled(rows, scope, groups)
    if not groups.found:
        return stages
    keyed = _keyed(groups, least)
    pairs: list[exp.Expression] = [
        exp.EQ(this=of_table("a", column.name), expression=of_table("b", f"k{place}"))
        for place, column in enumerate(groups.found)
    ]
    scaled = exp.Mul(this=of_table("b", _NUMBER), expression=exp.Literal.number(len(groups.index)))
    group = exp.Cast(this=exp.Add(this=scaled, expression=of_table("a", _CELL)), to=SQL_TYPES["int"].copy())
    every = exp.Column(this=exp.Star(), table=exp.Identifier(this="a", quoted=True))
    beside = Beside(back=len(keyed), on=_all(pairs))
    return (*stages, *keyed, Stage(columns=(every, named(_GROUP, group)), beside=beside))


def _celled(rows: Rows, scope: Scope, groups: Groups) -> tuple[Stage, ...]:
    """The relation, the measure's named steps, and the number of each row's public key: 0 where there is but one."""
    stages = (*rows.stages, *stages_of(scope.steps))
    numbered = Stage(columns=(named(_CELL, cell(groups.joins)),), joins=groups.joins)
    return (*stages, numbered)


def _keyed(groups: Groups, least: int) -> tuple[Stage, ...]:
    """The keys that at least so many rows have, numbered from 0 in their own order."""
    names = [_column(f"k{place}") for place in range(len(groups.found))]
    columns = [named(name.name, column) for name, column in zip(names, groups.found, strict=True)]
    whole = [_present(column) for column in groups.found]
    enough = exp.GTE(this=_column(_ROWS), expression=exp.Literal.number(least))
    number = exp.Sub(this=number_of_row((), names), expression=exp.Literal.number(1))
    return (
        Stage(where=settled(_all(whole))),
        Stage(
            columns=(*columns, named(_ROWS, exp.Count(this=exp.Star()))),
            alone=True,
            keys=tuple(column.copy() for column in groups.found),
        ),
        Stage(where=enough),
        Stage(columns=(named(_NUMBER, number),)),
    )


def _text(stages: Sequence[Stage], final: exp.Select) -> str:
    """The query's text, in which each source lists the columns that are used: planning costs time for each."""
    words = [final, *(sql for stage in stages if stage.source is None for sql in stage.words)]
    used: set[str] = set()
    for word in words:
        _use(word, used)
    return text(select([_narrowed(stage, used) for stage in stages], final))


def _use(node: Any, used: set[str]) -> None:
    """The names of all columns in a node, added to those known; as sqlglot's own search, several times as fast."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, exp.Column):
            used.add(each.name)
        elif isinstance(each, exp.Expression):
            waiting.extend(each.args.values())


def _narrowed(stage: Stage, used: set[str]) -> Stage:
    """A source with the columns that are used, any other stage as it is."""
    if stage.source is None:
        return stage
    kept = tuple([column for column in stage.columns if _name_of(column) in used])
    return Stage(source=stage.source, columns=kept or (named("one", _integer(1)),))


def _name_of(column: exp.Expression) -> str | None:
    """What a source calls a column; nothing where it lists none by name. As sqlglot's own word, several times as fast."""
    alias = column.args.get("alias")
    return None if alias is None else alias.this


def _column(name: str) -> exp.Column:
    return exp.Column(this=exp.Identifier(this=name, quoted=True))


def _integer(value: int) -> exp.Expression:
    return exp.Cast(this=exp.Literal.number(value), to=SQL_TYPES["int"].copy())
