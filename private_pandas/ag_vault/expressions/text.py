"""Words on one text: ``Text``, ``TextHas``, ``Replace``, ``Slice`` and ``Piece``, with Python's meaning. Know no column.

Of a text with public categories each makes a table (``recode.image``): then Python itself computes the result, on public values.
"""

from collections.abc import Callable

from sqlglot import exp

from ag_plan.expressions import Piece, Replace, Slice, Text, TextHas
from ag_vault.errors import Refusal
from ag_vault.expressions.recode import image
from ag_vault.expressions.term import Scope, Term, case, combine, convert, function, literal, operand, wrong_kind
from ag_vault.space import INT64, MOST_CHARACTERS, ColumnSpace, Kind

_TEXTS_OF_A_LIST = 3
"""What a list of all pieces of a text takes in an engine, in texts as long: 16 bytes for each piece and room to grow, for up to as many as characters."""
_FARTHEST = 1 << 30
"""No text has a character so far from its ends."""

BLANKS = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
    + "".join(map(chr, range(0x2000, 0x200B)))
    + "\u2028\u2029\u202f\u205f\u3000"
)
"""All that ``str.isspace`` and ``str.strip`` take for blanks."""
# Where one letter becomes several, or what it becomes depends on its neighbours, engines differ from Python: such texts are null.
_ODD_LOWER = r"[\x{130}\x{3a3}]"
_ODD_UPPER = (
    r"[\x{df}\x{149}\x{1f0}\x{390}\x{3b0}\x{587}\x{1e96}-\x{1e9a}\x{1f50}-\x{1f56}\x{1f80}-\x{1ffc}\x{fb00}-\x{fb17}]"
)


def text_of(term: Term, word: str) -> Term | Refusal:
    """The term as a text; a bare null is a null text."""
    return convert(term, "str") if term.space.kind in ("str", "null") else wrong_kind(word, "a string", term)


def bad_text(*texts: str | None) -> Refusal | None:
    """The refusal of a public text that no engine takes."""
    if any(text is not None and "\x00" in text for text in texts):
        return Refusal(code="bad_literal", why="a string must not contain the character NUL", error="ValueError")
    return None


def rule(node: Text, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a text. Gives: a text, or its length. Why: one row in, one value out. Fails: on kinds; on no row.

    ``lower`` and ``upper`` are null for texts with letters whose other case isn't one letter (``ß``, ``İ``, final ``Σ``).
    """
    term = text_of(operands[0], node.operator)
    if isinstance(term, Refusal):
        return term
    kind: Kind = "int" if node.operator == "length" else "str"
    table = image(term, kind, _IN_PYTHON[node.operator], scope)
    return table if table is not None else _IN_SQL[node.operator](term, scope)


def has(node: TextHas, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a text and a public one. Gives: a boolean. Why: one row in, one value out. Fails: on kinds; on no row."""
    term = text_of(operands[0], node.test)
    bad = bad_text(node.needle)
    if bad is not None or isinstance(term, Refusal):
        return bad or term
    name, test = _TESTS[node.test]
    table = image(term, "bool", lambda value: test(value, node.needle), scope)
    if table is not None:
        return table
    return combine(
        ColumnSpace(kind="bool", nullable=term.space.nullable),
        function(name, term.sql, literal(node.needle, "str")),
        term,
    )


def replace(node: Replace, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a text and two public ones. Gives: a text. Why: one row in, one value out. Fails: on kinds; on no row."""
    term = text_of(operands[0], "replace")
    bad = bad_text(node.old, node.new)
    if bad is not None or isinstance(term, Refusal):
        return bad or term
    table = image(term, "str", lambda value: short(value.replace(node.old, node.new)), scope)
    if table is not None:
        return table
    named = scope.steps.name(term)
    sql = function("REPLACE", named.sql, literal(node.old, "str"), literal(node.new, "str"))
    return limited(named, sql, growth=max(1, -(-len(node.new) // max(1, len(node.old)))))


def cut(node: Slice, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a text. Gives: a part of it, as ``text[start:stop]``. Why: one row in, one value out. Fails: on kinds; on no row."""
    term = text_of(operands[0], "a slice")
    if isinstance(term, Refusal):
        return term
    table = image(term, "str", lambda value: value[node.start : node.stop], scope)
    if table is not None:
        return table
    named = scope.steps.name(term)
    start = _place(node.start, named)
    sql = function("SUBSTRING", named.sql, exp.Add(this=start, expression=literal(1, "int")))
    if node.stop is not None:
        width = exp.Sub(this=_place(node.stop, named), expression=exp.Paren(this=start.copy()))
        long = exp.Greatest(this=width, expressions=[literal(0, "int")], ignore_nulls=True)
        sql = function("SUBSTRING", named.sql, exp.Add(this=start.copy(), expression=literal(1, "int")), long)
    # Greatest passes over nulls in some engines; the guard makes a null text a null part everywhere.
    sql = case((exp.Not(this=exp.Is(this=named.sql.copy(), expression=exp.Null())), sql))
    longest = min(named.space.characters, -node.start) if node.start < 0 else named.space.characters
    if node.stop is not None and (node.start >= 0) == (node.stop >= 0):
        longest = min(longest, max(0, node.stop - node.start))
    return combine(ColumnSpace(kind="str", nullable=term.space.nullable, longest=longest), sql, named)


def _place(index: int, named: Term) -> exp.Expression:
    """A place in the text counted from its start."""
    near = max(-_FARTHEST, min(_FARTHEST, index))
    if near >= 0:
        return literal(near, "int")
    from_end = exp.Add(this=function("LENGTH", named.sql), expression=literal(near, "int"))
    return exp.Greatest(this=from_end, expressions=[literal(0, "int")], ignore_nulls=True)


def piece(node: Piece, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a text. Gives: one of its pieces, null where it has fewer. Why: one row in, one value out. Fails: on kinds; on no row."""
    term = text_of(operands[0], "split")
    bad = bad_text(node.separator)
    if bad is not None or isinstance(term, Refusal):
        return bad or term
    table = image(term, "str", lambda value: _piece(value, node.separator, node.index), scope)
    if table is not None:
        return table
    space = ColumnSpace(kind="str", longest=term.space.characters)
    scope.steps.carry([space] * _TEXTS_OF_A_LIST)
    # Counted from one; the last index of 64 bits has no successor, and no text so many pieces.
    place = literal(min(node.index + 1, INT64[1]) if node.index >= 0 else node.index, "int")
    if node.separator is not None:
        pieces = function("STRING_SPLIT", term.sql, literal(node.separator, "str"))
        return combine(space, function("LIST_EXTRACT", pieces, place), term)
    bare = function("TRIM", term.sql, literal(BLANKS, "str"))
    inside = exp.Nullif(this=bare, expression=literal("", "str"))
    pieces = function("STRING_SPLIT_REGEX", inside, literal(f"[{_CLASS}]+", "str"))
    return combine(space, function("LIST_EXTRACT", pieces, place), term)


_CLASS = "".join(rf"\x{{{ord(blank):x}}}" for blank in BLANKS)


def _piece(value: str, separator: str | None, index: int) -> str | None:
    pieces = value.split(separator)
    return pieces[index] if -len(pieces) <= index < len(pieces) else None


def short(value: str) -> str | None:
    """The text, null where it is too long."""
    return value if len(value) <= MOST_CHARACTERS else None


def limited(named: Term, sql: exp.Expression, growth: int, more: int = 0) -> Term:
    """SQL that makes at most ``growth`` characters of one, and ``more`` beside, computed only where the result can't be too long."""
    fits = exp.LTE(this=function("LENGTH", named.sql), expression=literal((MOST_CHARACTERS - more) // growth, "int"))
    nullable = named.space.nullable or growth > 1
    own = named.space.characters
    longest = min(MOST_CHARACTERS, own * growth + more) if growth > 1 else own
    space = ColumnSpace(kind="str", nullable=nullable, longest=longest)
    return combine(space, case((fits, sql)) if growth > 1 else sql, named)


def _called(name: str) -> Callable[[Term, Scope], Term]:
    """A case of letters, null for the texts on which engines differ from Python."""
    odd = _ODD_LOWER if name == "LOWER" else _ODD_UPPER

    def apply(term: Term, scope: Scope) -> Term:
        named = scope.steps.name(term)
        usual = exp.Not(this=function("REGEXP_MATCHES", named.sql, literal(odd, "str")))
        space = ColumnSpace(kind="str", longest=named.space.characters)
        return combine(space, case((usual, function(name, named.sql))), named)

    return apply


def _trimmed(name: str) -> Callable[[Term, Scope], Term]:
    def apply(term: Term, scope: Scope) -> Term:
        del scope
        space = ColumnSpace(kind="str", nullable=term.space.nullable, longest=term.space.characters)
        return combine(space, function(name, term.sql, literal(BLANKS, "str")), term)

    return apply


def _length(term: Term, scope: Scope) -> Term:
    del scope
    space = ColumnSpace(kind="int", lower=0, upper=term.space.characters, nullable=term.space.nullable)
    return combine(space, function("LENGTH", operand(term)), term)


_IN_PYTHON: dict[str, Callable[[str], str | int | None]] = {
    "lower": lambda value: short(value.lower()),
    "upper": lambda value: short(value.upper()),
    "strip": str.strip,
    "lstrip": str.lstrip,
    "rstrip": str.rstrip,
    "length": len,
}
_IN_SQL: dict[str, Callable[[Term, Scope], Term]] = {
    "lower": _called("LOWER"),
    "upper": _called("UPPER"),
    "strip": _trimmed("TRIM"),
    "lstrip": _trimmed("LTRIM"),
    "rstrip": _trimmed("RTRIM"),
    "length": _length,
}
_TESTS: dict[str, tuple[str, Callable[[str, str], bool]]] = {
    "contains": ("CONTAINS", lambda value, needle: needle in value),
    "startswith": ("STARTS_WITH", str.startswith),
    "endswith": ("SUFFIX", str.endswith),
}
