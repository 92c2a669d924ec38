"""A column expression that has a meaning: what is public about its values, and SQL that computes them.

Knows the engine's words through sqlglot and no data.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace
from sqlglot import exp

from ag_plan.expressions import Scalar
from ag_vault.errors import Refusal
from ag_vault.space import INT64, ColumnSpace, Kind

MOST_NESTED = 20
"""Operators in one SQL expression; what is deeper is computed in steps, so that no plan can nest too deep for an engine."""

SQL_TYPES: dict[Kind, exp.DataType] = {
    "float": exp.DataType.build("DOUBLE"),
    "int": exp.DataType.build("BIGINT"),
    "bool": exp.DataType.build("BOOLEAN"),
    "str": exp.DataType.build("TEXT"),
    "datetime": exp.DataType.build("BIGINT"),
    "id": exp.DataType.build("UUID"),
    "null": exp.DataType.build("BIGINT"),
}


MOST_WORK = 16_384
"""What all expressions of a plan may ask for together, in named values. Work on one row is then bounded by a public number, small
enough for a slot of the schedule: else a plan could make a row that it has chosen be seen by the time it takes."""


MOST_TEXT = 1 << 17
"""Characters that all texts of a row may have together: those of its tables, those that a plan makes of them, and each time that they are
sorted or joined. A batch of the engine's (2048 rows) of so many characters, of four bytes each, takes 3 GB at most (measured)."""


_IN_PARENTHESES = (exp.Binary, exp.Unary)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A column of the file with each row's place between two bounds, an integer in 0 … ``exact.PLACES``; null where the value is."""

    sql: exp.Column
    lower: float
    upper: float


class Term(Struct, frozen=True, kw_only=True):
    """An expression with its space; ``level``: how many steps must be computed before it; ``depth``: operators inside.

    ``stored``: of a bare column of a file whose rows are no others', its places. What is made of the column has none. ``sure``: that no
    value of its columns, whatever it is, can make the engine fail.
    """

    space: ColumnSpace
    sql: exp.Expression
    level: int = 0
    depth: int = 0
    stored: Stored | None = None
    sure: bool = False


def own(term: Term) -> Term:
    """The same term, to be part of a query. A part knows what it is part of: columns that are kept from plan to plan would keep whole queries."""
    sql = term.sql
    bare = isinstance(sql, exp.Column) and len(sql.args) == 1
    return replace(term, sql=identifier(sql.name) if bare else sql.copy())


def combine(space: ColumnSpace, sql: exp.Expression, *operands: Term, sure: bool = False) -> Term:
    """A term made of operands that are inside ``sql``. ``sure``: what is done with them has a result for all values of their kinds."""
    level = depth = 0
    for term in operands:
        level = max(level, term.level)
        depth = max(depth, term.depth)
        sure = sure and (term.sure or term.depth == 0)
    return Term(space=space, sql=sql, level=level, depth=1 + depth, sure=sure)


def identifier(name: str) -> exp.Column:
    """A quoted column."""
    return exp.Column(this=exp.Identifier(this=name, quoted=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Values that a mapper makes of others: a table by what is asked of it, which of a row's columns it is read with, under which name.

    ``kinds``: of the keys; ``program``: of the plan, in its bytes; ``kind``: of the values.
    """

    table: str
    keys: tuple[exp.Expression, ...]
    kinds: tuple[Kind, ...]
    program: bytes
    kind: Kind
    name: str


class Steps:
    """Names for values that are used more than once or lie deep: each is computed once, in a step before its users.

    Without names, SQL of a plan with sharing would grow exponentially with its depth.
    """

    def __init__(self, taken: int = 0, text: int = 0, scanned: int = 0) -> None:
        self.taken = taken
        self.text = text
        self.scanned = scanned
        self.levels: list[list[exp.Alias]] = []
        self.lookups: list[list[Lookup]] = []
        self.needed: list[exp.Expression] = []

    def need(self, condition: exp.Expression) -> None:
        """Leave out the rows on which a condition on bare columns of the relation is not true: for what reads no other rows."""
        self.needed.append(condition)

    def weigh(self, work: int) -> None:
        """Count words, and the work that they make beside, as so many named values: numbers of names are passed over."""
        self.taken += work

    def scan(self, work: int) -> None:
        """Count work that takes as long on each of many rows, in the same measure: an engine makes a named value for all of them in hardly more time than for one."""
        self.scanned += work

    def carry(self, spaces: Iterable[ColumnSpace]) -> None:
        """Count the texts that a row holds once more."""
        for space in spaces:
            self.text += space.characters

    @property
    def too_much(self) -> bool:
        """Whether the plan so far asks for more work than any may, or makes more text."""
        return self.taken + self.scanned > MOST_WORK or self.text > MOST_TEXT

    def name(self, term: Term, *, sure: bool = False) -> Term:
        """The same value as a bare column of a step (or as it is, where it is already bare).

        ``sure``: the rule that made it shows that no value of its operands, whatever it is, can make the engine fail; as a sure term's did.
        """
        if term.depth == 0:
            return term
        name = self._begin(term.level)
        sql = term.sql if sure or term.sure else total(term.sql)
        self.levels[term.level].append(exp.Alias(this=sql, alias=exp.Identifier(this=name, quoted=True)))
        return Term(space=term.space, sql=identifier(name), level=term.level + 1)

    def column(self, term: Term) -> Term:
        """The same value as a bare column, a constant too: what reads a column by its name must never meet a constant's text."""
        return term if isinstance(term.sql, exp.Column) else self.name(replace(term, depth=max(term.depth, 1)))

    def look_up(self, keys: Sequence[Term], space: ColumnSpace, *, table: str, program: bytes) -> Term:
        """What a mapper makes of named terms, as a bare column of a step."""
        level = max(term.level for term in keys)
        name = self._begin(level)
        asked = Lookup(
            table=table,
            keys=tuple(term.sql.copy() for term in keys),
            kinds=tuple(term.space.kind for term in keys),
            program=program,
            kind=space.kind,
            name=name,
        )
        self.lookups[level].append(asked)
        return Term(space=space, sql=identifier(name), level=level + 1)

    def _begin(self, level: int) -> str:
        """A new name, of a value in a step that there is by now."""
        while len(self.levels) <= level:
            self.levels.append([])
            self.lookups.append([])
        self.taken += 1
        return f"v{self.taken - 1}"


def total(sql: exp.Expression) -> exp.Expression:
    """The expression, null on the rows where the engine can't compute it: the last wall behind every rule's own proof.

    Were a bound of ours wrong, a failing query would tell of a row; so a row's failure stays in that row.
    """
    return exp.Anonymous(this="TRY", expressions=[sql])


def literal(value: Scalar, kind: Kind) -> exp.Expression:
    """A constant of a kind. Numbers pass as text that every engine reads back exactly: the shortest that names this double."""
    if value is None:
        return exp.Cast(this=exp.Null(), to=SQL_TYPES[kind].copy())
    if kind == "bool":
        return exp.Boolean(this=bool(value))
    if kind == "str":
        return exp.Literal.string(str(value))
    text = repr(float(value) if kind == "float" else int(value))
    if kind == "float" and text[0].isdigit():
        # With an exponent it is read as a double at once, without a cast to plan; a sign would be an operator.
        return exp.Literal(this=text if "e" in text else f"{text}e0", is_string=False)
    return exp.Cast(this=exp.Literal.string(text), to=SQL_TYPES[kind].copy())


def real(value: float) -> exp.Expression:
    """A constant double."""
    return literal(value, "float")


def convert(term: Term, kind: Kind) -> Term:
    """The term in a wider kind: null → anything, bool → int → float. Bounds come along; the caller chose a wider kind."""
    space = term.space
    if space.kind == kind:
        return term
    if space.kind == "null":
        return Term(space=ColumnSpace(kind=kind, categories=()), sql=literal(None, kind))
    sql = term.sql.copy()
    if space.kind == "bool":
        sql = exp.Cast(this=sql, to=exp.DataType.build("INT"))
    lower, upper = space.bounds or (None, None)
    if kind == "float" and lower is not None and upper is not None:
        lower, upper = float(lower), float(upper)
    widened = ColumnSpace(kind=kind, lower=lower, upper=upper, nullable=space.nullable)
    return combine(widened, exp.Cast(this=sql, to=SQL_TYPES[kind].copy()), term, sure=True)


def bounded(
    kind: Kind,
    interval: tuple[int | float, int | float] | None,
    *,
    nullable: bool,
    categories: tuple[Scalar, ...] | None = None,
) -> ColumnSpace:
    """A space with an interval's bounds; without any where a float's are not finite."""
    if interval is None or (kind == "float" and not all(math.isfinite(bound) for bound in interval)):
        return ColumnSpace(kind=kind, nullable=nullable, categories=categories)
    lower, upper = interval if kind != "float" else (float(interval[0]), float(interval[1]))
    return ColumnSpace(kind=kind, lower=lower, upper=upper, nullable=nullable, categories=categories)


def fits(interval: tuple[int | float, int | float]) -> bool:
    """Whether an interval of integers fits 64 bits."""
    return INT64[0] <= interval[0] and interval[1] <= INT64[1]


def case(*branches: tuple[exp.Expression, exp.Expression], otherwise: exp.Expression | None = None) -> exp.Case:
    """CASE WHEN … THEN … [ELSE …] END, in parentheses' place."""
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in branches], default=otherwise)


def finite(steps: Steps, term: Term) -> Term:
    """A float term with NaN and infinities made null; as it is where its bounds exclude them."""
    if term.space.bounds is not None:
        return term
    named = steps.name(term)
    inside = exp.LTE(this=exp.Abs(this=named.sql.copy()), expression=real(1.7976931348623157e308))
    space = ColumnSpace(kind="float", nullable=True)
    return combine(space, case((inside, named.sql.copy())), named)


class Scope(Struct, frozen=True, kw_only=True):
    """What an expression may refer to, and where it names what it needs twice."""

    columns: Mapping[str, Term]
    steps: Steps


def operand(term: Term) -> exp.Expression:
    """The term's SQL, to stand beside an operator. It is no copy: a term is of one plan, and text is written from the root down."""
    sql = term.sql
    return exp.Paren(this=sql) if isinstance(sql, _IN_PARENTHESES) else sql


def function(name: str, *arguments: exp.Expression) -> exp.Expression:
    """A call of an SQL function by its own name."""
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def wrong_kind(word: str, wanted: str, *terms: Term) -> Refusal:
    """The refusal of operands of the wrong kind."""
    found = " and ".join(_CALLED[term.space.kind] for term in terms)
    return Refusal(code="wrong_kind", why=f"{word} needs {wanted}, not {found}", error="TypeError")


_CALLED: dict[Kind, str] = {
    "float": "a float",
    "int": "an integer",
    "bool": "a boolean",
    "str": "a string",
    "datetime": "a datetime",
    "id": "an id",
    "null": "a null",
}
