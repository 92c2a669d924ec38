"""The word ``Recode``: a value looked up in a public table. Knows no column.

What other words make of a text with public categories is a table too (``image``): then the engine computes nothing, and the
result has public categories of its own.
"""

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from ag_plan.expressions import Recode, Scalar
from ag_vault.errors import Refusal
from ag_vault.expressions.is_in import comparable
from ag_vault.expressions.term import SQL_TYPES, Scope, Term, bounded, case, combine, convert, function, literal
from ag_vault.space import ColumnSpace, Kind

MOST_KEYS = 10_000
_FEW = 16
_GAPS = 4
_KINDS: dict[type, Kind] = {bool: "bool", int: "int", float: "float", str: "str"}


def rule(node: Recode, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a term, public keys and values. Gives: the values' kind, with the values as categories or their hull as bounds.

    Why: one row in, one value out, and the table is the analyst's. Fails: on values of several kinds; on no row.
    """
    if len(node.keys) > MOST_KEYS:
        return _refused(f"a recoding has at most {MOST_KEYS} keys")
    kinds = {_KINDS[type(value)] for value in node.values if value is not None}
    kind: Kind = "float" if kinds == {"int", "float"} else next(iter(kinds), "null")
    if len(kinds) > 1 and kinds != {"int", "float"}:
        return _refused("the values of a recoding must be of one kind")
    texts = [value for value in (*node.keys, *node.values) if isinstance(value, str)]
    if any("\x00" in text for text in texts):
        return _refused("a string must not contain the character NUL")
    return looked_up(operands[0], dict(zip(node.keys, node.values, strict=True)), kind, scope)


def looked_up(term: Term, table: Mapping[Scalar, Scalar], kind: Kind, scope: Scope) -> Term:
    """The table's value for each of the term's; null for what it hasn't, and for keys no value of the term can equal."""
    categories = term.space.categories
    own: Kind = (
        "float" if term.space.kind == "int" and any(isinstance(key, float) for key in table) else term.space.kind
    )
    pairs = [
        (key, value)
        for key, value in table.items()
        if comparable(key, own) and (categories is None or key in categories)
    ]
    reached = tuple(dict.fromkeys(value for _, value in pairs if value is not None))
    covers = categories is not None and {key for key, _ in pairs} >= set(categories) and not term.space.nullable
    nullable = not (covers and bool(reached) and all(value is not None for _, value in pairs))
    space = _space(kind, reached, nullable=nullable)
    if not reached:
        return convert(Term(space=ColumnSpace(kind="null"), sql=literal(None, "null")), kind)
    named = scope.steps.name(convert(term, own))
    if own == "int" and _is_dense([int(key) for key, _ in pairs if key is not None and not isinstance(key, str)]):
        return combine(space, _from_list(named, {int(key): value for key, value in pairs}, kind), named)  # type: ignore[arg-type]
    branches = [
        (exp.EQ(this=named.sql.copy(), expression=literal(key, own)), literal(value, kind)) for key, value in pairs
    ]
    return combine(space, case(*branches), named)


def _is_dense(keys: Sequence[int]) -> bool:
    """Whether there are many keys and few gaps: then a list is read at a place, where cases would be compared one by one."""
    return len(keys) > _FEW and max(keys) - min(keys) < _GAPS * len(keys)


def _from_list(named: Term, table: Mapping[int, Scalar], kind: Kind) -> exp.Expression:
    """The table as a list from its least key to its greatest, nulls in the gaps, read at the value's place.

    The guard is on the place: a value outside has none, and reads null.
    """
    least, most = min(table), max(table)
    inside = exp.Between(this=named.sql.copy(), low=literal(least, "int"), high=literal(most, "int"))
    offset = exp.Sub(this=exp.Paren(this=case((inside, named.sql.copy()))), expression=literal(least, "int"))
    values = [table.get(key) for key in range(least, most + 1)]
    place = exp.Add(this=exp.Paren(this=offset), expression=literal(1, "int"))
    return function("LIST_EXTRACT", _listed(values, kind), place)


def _listed(values: Sequence[Scalar], kind: Kind) -> exp.Expression:
    """A constant list; numbers as one text, which engines read faster than thousands of words."""
    if kind in ("int", "float"):
        read = int if kind == "int" else float
        numbers = ", ".join("NULL" if value is None else repr(read(value)) for value in values)
        whole = exp.DataType(this=exp.DataType.Type.ARRAY, expressions=[SQL_TYPES[kind].copy()], nested=True)
        return exp.Cast(this=exp.Literal.string(f"[{numbers}]"), to=whole)
    return exp.Array(expressions=[literal(value, kind) for value in values])


def image(term: Term, kind: Kind, change: Callable[[str], Scalar], scope: Scope) -> Term | None:
    """The term changed by a public function, where its values are public categories; None where they aren't."""
    categories = term.space.categories
    if categories is None or term.space.kind != "str":
        return None
    return looked_up(term, {value: change(str(value)) for value in categories}, kind, scope)


def _space(kind: Kind, values: Sequence[Scalar], *, nullable: bool) -> ColumnSpace:
    if kind == "str":
        return ColumnSpace(kind=kind, categories=tuple(values), nullable=nullable)
    if kind in ("int", "float") and values:
        numbers = [value for value in values if value is not None and not isinstance(value, str)]
        return bounded(kind, (min(numbers), max(numbers)), nullable=nullable)
    return ColumnSpace(kind=kind, nullable=nullable)


def _refused(why: str) -> Refusal:
    return Refusal(code="bad_recoding", why=why, error="ValueError")
