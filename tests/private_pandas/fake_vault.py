"""A vault without privacy: real plans in, exact answers out, over rows it keeps in this process.

Every message crosses the real codec both ways, so that what op_pandas sends is what a vault can read.
"""

import datetime as dt
import itertools
import math
import operator
import statistics
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ag_plan import expressions as e
from ag_plan import messages as m
from ag_plan import relations as r
from ag_plan import releases as q
from ag_plan.codec import decode_message, decode_plan, encode_message
from ag_plan.errors import MalformedPlan
from op_pandas.errors import refusal

Row = dict[str, Any]
HALF_WIDTH = 1.5
"""Of every answer: the fake has no noise, but provenance must travel."""

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "floordiv": operator.floordiv,
    "div": operator.truediv, "mod": operator.mod, "pow": operator.pow, "eq": operator.eq, "ne": operator.ne,
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "and": operator.and_,
    "or": operator.or_, "xor": operator.xor, "least": min, "greatest": max,
}  # fmt: skip
_COMPARISONS = {"eq", "ne", "lt", "le", "gt", "ge", "and", "or", "xor"}
_UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": operator.neg, "not": operator.not_, "abs": abs, "floor": math.floor, "ceil": math.ceil, "round": round,
    "sqrt": math.sqrt, "exp": math.exp, "log": math.log,
}  # fmt: skip


def _micros(text: str) -> int:
    moment = dt.datetime.fromisoformat(text) - dt.datetime(1970, 1, 1)  # noqa: DTZ001 - plans have no zones
    return moment // dt.timedelta(microseconds=1)


_CASTS: dict[str, Callable[[Any], Any]] = {"float": float, "int": int, "bool": bool, "str": str, "datetime": _micros}


def value(expression: e.Expression, row: Row) -> Any:  # noqa: C901, PLR0911 - one case per word
    match expression:
        case e.Column(name=name):
            return row[name]
        case e.Constant(value=constant):
            return constant
        case e.Instant(micros=micros):
            return micros
        case e.Unary(operator="is_null", operand=operand):
            return value(operand, row) is None
        case e.Unary(operator=name, operand=operand):
            found = value(operand, row)
            return None if found is None else _total(_UNARY[name], found)
        case e.Binary(operator=name, left=left, right=right):
            pair = value(left, row), value(right, row)
            return None if None in pair else _total(_BINARY[name], *pair)
        case e.IsIn(operand=operand, values=values):
            return value(operand, row) in values
        case e.Choose(condition=condition, then=then, otherwise=otherwise):
            return value(then if value(condition, row) else otherwise, row)
        case e.Coalesce(operand=operand, fallback=fallback):
            found = value(operand, row)
            return value(fallback, row) if found is None else found
        case e.Clamp(operand=operand, lower=lower, upper=upper):
            found = value(operand, row)
            return None if found is None else min(max(found, lower), upper)
        case e.Cast(operand=operand, to=to):
            found = value(operand, row)
            return None if found is None else _total(_CASTS[to], found)
    raise AssertionError(expression)


def _total(function: Callable[..., Any], *given: Any) -> Any:
    try:
        return function(*given)
    except (ArithmeticError, ValueError):
        return None


def rows(relation: r.Relation, tables: dict[str, list[Row]]) -> list[Row]:
    match relation:
        case r.Source(table=table):
            return tables[table]
        case r.Filter(relation=inner, predicate=predicate):
            return [row for row in rows(inner, tables) if value(predicate, row) is True]
        case r.Project(relation=inner, names=names, expressions=expressions):
            pairs = list(zip(names, expressions, strict=True))
            return [{name: value(expression, row) for name, expression in pairs} for row in rows(inner, tables)]
    raise AssertionError(relation)


def _quantile(numbers: list[Any], probability: float) -> float | None:
    if not numbers:
        return None
    ordered = sorted(numbers)
    place = probability * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (ordered[high] - ordered[low]) * (place - low))


def _moment(function: Callable[[list[Any]], float], numbers: list[Any], least: int = 1) -> float | None:
    return function(numbers) if len(numbers) >= least else None


def _describe(numbers: list[Any]) -> list[float | None]:
    quantiles = [_quantile(numbers, p) for p in (0, 0.25, 0.5, 0.75, 1)]
    mean, std = _moment(statistics.fmean, numbers), _moment(statistics.stdev, numbers, 2)
    return [len(numbers), mean, std, *quantiles]


def _in_bins(numbers: list[Any], edges: Sequence[float]) -> list[int]:
    last = len(edges) - 2
    return [
        sum(1 for n in numbers if low <= n < high or (i == last and n == high))
        for i, (low, high) in enumerate(itertools.pairwise(edges))
    ]


def grid(measure: q.Measure, found: list[Row]) -> tuple[list[Any], tuple[str, ...], list[list[Any]]]:
    """Labels, columns and cells of a measure of rows."""
    if isinstance(measure, q.Size):
        return [()], ("size",), [[len(found)]]
    if isinstance(measure, q.Cov | q.Corr):
        return _pairs(measure, found)
    if isinstance(measure, q.JointHistogram):
        return _joint(measure, found)
    columns: tuple[str, ...] = (measure.column,) if isinstance(measure, q.Histogram) else measure.columns  # type: ignore[attr-defined]
    numbers = {name: [row[name] for row in found if row[name] is not None] for name in columns}
    by_column = {name: _cells(measure, values) for name, values in numbers.items()}
    labels, _ = by_column[columns[0]]
    cells = [[by_column[name][1][i] for name in columns] for i in range(len(labels))]
    return labels, columns, cells


def _pairs(measure: q.Cov | q.Corr, found: list[Row]) -> tuple[list[Any], tuple[str, ...], list[list[Any]]]:
    whole = pd.DataFrame([{name: row[name] for name in measure.columns} for row in found], columns=measure.columns)
    whole = whole.dropna().astype("float64")
    if len(whole) < 2:
        table = pd.DataFrame(np.nan, index=whole.columns, columns=whole.columns)
    else:
        table = whole.cov(ddof=measure.ddof) if isinstance(measure, q.Cov) else whole.corr()
    labels = list(itertools.combinations(measure.columns, 2))
    if isinstance(measure, q.Cov) and measure.own:
        labels += [(name, name) for name in measure.columns]
    values = [table.loc[a, b] for a, b in labels]
    return labels, (measure.__struct_config__.tag,), [[None if pd.isna(each) else float(each)] for each in values]  # type: ignore[list-item]


def _joint(measure: q.JointHistogram, found: list[Row]) -> tuple[list[Any], tuple[str, ...], list[list[Any]]]:
    whole = pd.DataFrame([{name: row[name] for name in measure.columns} for row in found], columns=measure.columns)
    counts, _ = np.histogramdd(whole.dropna().to_numpy(), [list(edges) for edges in measure.edges])
    return list(np.ndindex(counts.shape)), ("count",), [[int(each)] for each in counts.ravel()]


def _cells(measure: q.Measure, numbers: list[Any]) -> tuple[list[Any], list[Any]]:  # noqa: C901, PLR0911 - one case per word
    match measure:
        case q.Count():
            return [()], [len(numbers)]
        case q.Sum():
            return [()], [float(sum(numbers))]
        case q.Mean():
            return [()], [_moment(statistics.fmean, numbers)]
        case q.Var(ddof=ddof):
            return [()], [_moment(statistics.variance if ddof else statistics.pvariance, numbers, 2)]
        case q.Std(ddof=ddof):
            return [()], [_moment(statistics.stdev if ddof else statistics.pstdev, numbers, 2)]
        case q.Moments():
            return [("count",), ("mean",), ("std",)], _describe(numbers)[:3]
        case q.Skew():
            return [()], [float(pd.Series(numbers, dtype=float).skew())]
        case q.Kurt():
            return [()], [float(pd.Series(numbers, dtype=float).kurt())]
        case q.Quantile(probabilities=probabilities):
            return [(p,) for p in probabilities], [_quantile(numbers, p) for p in probabilities]
        case q.Describe():
            names = ("count", "mean", "std", "min", "25%", "50%", "75%", "max")
            return [(name,) for name in names], _describe(numbers)
        case q.Histogram(edges=edges):
            return [(i,) for i in range(len(edges) - 1)], _in_bins(numbers, edges)
    raise AssertionError(measure)


class FakeVault:
    """Answers over tables of plain rows. ``asked`` are the messages as they arrived."""

    def __init__(self, tables: dict[str, tuple[list[m.ColumnSchema], list[Row]]]) -> None:
        self.schemas = {key: {column.name: column for column in columns} for key, (columns, _) in tables.items()}
        self.rows = {key: found for key, (_, found) in tables.items()}
        self.public: dict[str, tuple[m.ColumnValues, ...]] = {}
        self.catalog: list[m.DatasetSchema] = []
        self.asked: list[m.Message] = []

    def ask(self, message: m.Message) -> m.Message:
        request = decode_message(encode_message(message), m.REQUESTS)
        self.asked.append(request)
        try:
            answer = self.answer(request)
        except MalformedPlan as reason:
            answer = m.Refused(id=request.id, code="malformed", why=str(reason))
        reply = decode_message(encode_message(answer), m.REPLIES)
        if isinstance(reply, m.Refused):
            raise refusal(reply)
        return reply

    def answer(self, request: m.Message) -> m.Message:  # noqa: PLR0911 - one case per message
        match request:
            case m.AskCatalog(id=number):
                return m.Catalog(id=number, datasets=tuple(self.catalog))
            case m.AskSchema(id=number, relation=relation):
                return self._schema(number, decode_plan(relation, r.Relation))
            case m.AskPublic(id=number, key=key):
                return m.PublicTable(id=number, columns=self.public[key])
            case m.AskRelease(id=number, release=release):
                return self._released(number, decode_plan(release, q.Release))
            case m.AskPreview(id=number, release=release):
                return self._preview(number, decode_plan(release, q.Release))
            case m.AskIngest(id=number, columns=columns):
                return self._ingested(number, columns)
        return m.Refused(id=request.id, code="unknown", why="the fake vault doesn't answer that")

    def _ingested(self, number: int, columns: tuple[m.ColumnValues, ...]) -> m.Message:
        table = f"scratch/{len(self.rows)}"
        self.schemas[table] = {
            c.name: m.ColumnSchema(name=c.name, kind=c.kind, lower=c.lower, upper=c.upper, categories=c.categories)
            for c in columns
        }
        self.rows[table] = [
            dict(zip([c.name for c in columns], cells, strict=True))
            for cells in zip(*(c.values for c in columns), strict=True)
        ]
        return m.Ingested(id=number, table=table)

    def _schema(self, number: int, relation: r.Relation) -> m.Message:
        try:
            return m.Schema(id=number, columns=tuple(self.columns(relation).values()))
        except TypeError as reason:
            return m.Refused(id=number, code="types", why=str(reason), instead="cast it first", error="TypeError")

    def columns(self, relation: r.Relation) -> dict[str, m.ColumnSchema]:
        match relation:
            case r.Source(table=table):
                return self.schemas[table]
            case r.Filter(relation=inner):
                return self.columns(inner)
            case r.Project(relation=inner, names=names, expressions=expressions):
                below = self.columns(inner)
                return {
                    name: self._named(name, expression, below)
                    for name, expression in zip(names, expressions, strict=True)
                }
        raise AssertionError(relation)

    def _named(self, name: str, expression: e.Expression, below: dict[str, m.ColumnSchema]) -> m.ColumnSchema:
        if isinstance(expression, e.Column):
            found = below[expression.name]
            return m.ColumnSchema(
                name=name,
                kind=found.kind,
                nullable=found.nullable,
                lower=found.lower,
                upper=found.upper,
                categories=found.categories,
            )
        if isinstance(expression, e.Clamp):
            kind = self.kind(expression.operand, below)
            return m.ColumnSchema(name=name, kind=kind, lower=expression.lower, upper=expression.upper)
        return m.ColumnSchema(name=name, kind=self.kind(expression, below))

    def kind(self, expression: e.Expression, below: dict[str, m.ColumnSchema]) -> str:  # noqa: PLR0911 - one case per word
        match expression:
            case e.Column(name=name):
                return below[name].kind
            case e.Constant(value=constant):
                return {bool: "bool", int: "int", float: "float", str: "str", type(None): "null"}[type(constant)]
            case e.Instant():
                return "datetime"
            case e.Unary(operator=name, operand=operand):
                return "bool" if name in {"is_null", "not"} else self.kind(operand, below)
            case e.IsIn():
                return "bool"
            case e.Cast(to=to):
                return to
            case e.Clamp(operand=operand) | e.Coalesce(operand=operand):
                return self.kind(operand, below)
            case e.Choose(then=then, otherwise=otherwise):
                found = self.kind(then, below)
                return self.kind(otherwise, below) if found == "null" else found
            case e.Binary(operator=name, left=left, right=right):
                return self._binary_kind(name, {self.kind(left, below), self.kind(right, below)})
        raise AssertionError(expression)

    def _binary_kind(self, name: str, kinds: set[str]) -> str:
        if "str" in kinds and kinds != {"str"}:
            raise TypeError(f"text has no {name} with numbers")
        if name in _COMPARISONS:
            return "bool"
        return "float" if "float" in kinds or name == "div" else "int"

    def _released(self, number: int, release: q.Release) -> m.Message:
        found = rows(release.relation, self.rows)
        index: list[Any] = []
        cells: list[list[Any]] = []
        for key in self._groups(release):
            members = [row for row in found if all(row[k.column] == v for k, v in zip(release.by, key, strict=True))]
            labels, columns, values = grid(release.measure, members)
            index += [(*key, *label) for label in labels]
            cells += values
        return m.Released(
            id=number,
            index=tuple(index),
            columns=columns,
            values=tuple(map(tuple, cells)),
            half_widths=tuple(tuple(HALF_WIDTH for _ in row) for row in cells),
            mechanism="exact",
            measure="pure",
            scale=0.5,
            cost=m.Cost(epsilon=str(release.spend.fraction)),
        )

    def _preview(self, number: int, release: q.Release) -> m.Message:
        """As the answer would be, with a scale of 1/ε and half-widths of three of these; nobody looks at rows for that."""
        answer = self._released(number, release)
        assert isinstance(answer, m.Released)
        scale = float(1 / release.spend.fraction)
        return m.Preview(
            id=number,
            index=answer.index,
            columns=answer.columns,
            half_widths=tuple(tuple(3 * scale for _ in row) for row in answer.half_widths),
            mechanism="exact",
            scale=scale,
            cost=answer.cost,
        )

    def _groups(self, release: q.Release) -> list[tuple[Any, ...]]:
        schema = self.columns(release.relation)
        keys: list[tuple[Any, ...]] = [()]
        for key in release.by:
            column = schema[key.column]
            values = key.values or column.categories or (False, True)
            keys = [(*before, each) for before in keys for each in values]
        return keys
