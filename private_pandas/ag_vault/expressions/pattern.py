r"""The words ``Match``, ``Extract`` and ``Substitute``, and the small language of their patterns. Know no column.

A pattern is a sequence of characters ``\x{…}``, classes ``[\x{…}-\x{…}]`` and ``[^…]``, groups ``(…)`` and ``(?:…)``, ``|``, the counts ``* + ?
{m} {m,} {m,n}`` (each may be followed by ``?``), ``\A``, ``\z`` and ``\b``: an automaton, so that its time grows with the text alone.
"""

import re

from sqlglot import exp

from ag_plan.expressions import Extract, Match, Substitute
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term, combine, function, literal
from ag_vault.expressions.text import bad_text, limited, text_of
from ag_vault.space import ColumnSpace

MOST_LENGTH = 4000
_LARGEST, _HALVES = 0x10FFFF, range(0xD800, 0xE000)  # halves of pairs are no characters
MOST_PLACES = 400
"""Characters and classes once all counts are written out: the size of the automaton, and so of its work per character of a text."""
_CHARACTER = r"\\x\{([0-9a-f]{1,6})\}"
_TOKEN = re.compile(
    rf"(?P<atom>{_CHARACTER}|\[\^?(?:{_CHARACTER}(?:-{_CHARACTER})?)+\])"
    r"|(?P<place>\\A|\\z|\\b)|(?P<open>\(\?:|\()|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<count>[*+?]|\{(?P<least>\d{1,3})(?:,(?P<most>\d{1,3})?)?\})"
)
_POINT = re.compile(_CHARACTER)


def rule(node: Match, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a text. Gives: a boolean. Why: one row in, one value out. Fails: on the pattern; on no row."""
    del scope
    term = _checked(operands[0], node.pattern)
    if isinstance(term, Refusal):
        return term
    space = ColumnSpace(kind="bool", nullable=term.space.nullable)
    return combine(space, function("REGEXP_MATCHES", term.sql, literal(node.pattern, "str")), term)


def extract(node: Extract, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a text. Gives: a part of it. Why: one row in, one value out. Fails: on the pattern; on no row."""
    del scope
    term = _checked(operands[0], node.pattern)
    if isinstance(term, Refusal):
        return term
    if not 0 <= node.group <= min(9, len(re.findall(r"\((?!\?)", node.pattern))):
        return _refused("there is no such group")
    group = exp.Literal.number(node.group)
    sql = function("REGEXP_EXTRACT", term.sql, literal(node.pattern, "str"), group)
    space = ColumnSpace(kind="str", nullable=term.space.nullable, longest=term.space.characters)
    return combine(space, sql, term)


def substitute(node: Substitute, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a text and a public one. Gives: a text. Why: one row in, one value out. Fails: on the pattern; on no row."""
    term = _checked(operands[0], node.pattern)
    bad = bad_text(node.replacement)
    if bad is not None or isinstance(term, Refusal):
        return bad or term
    named = scope.steps.name(term)
    plain = literal(node.replacement.replace("\\", "\\\\"), "str")
    sql = function("REGEXP_REPLACE", named.sql, literal(node.pattern, "str"), plain, literal("g", "str"))
    # A pattern may also match before each character and behind the last one, and take none of them away.
    return limited(named, sql, growth=1 + len(node.replacement), more=len(node.replacement))


def _checked(operand: Term, pattern: str) -> Term | Refusal:
    why = problem(pattern)
    return text_of(operand, "a pattern") if why is None else _refused(why)


def problem(pattern: str) -> str | None:
    r"""What is wrong with a pattern; None where every engine of this kind takes it.

    >>> problem(r"\A(?:\x{61}+|[\x{30}-\x{39}]{2,3})\z")
    >>> problem(r"a"), problem(r"(\x{61}"), problem(r"*"), problem(r"(?:(?:\x{61}{99}){99})")
    ('the pattern is not in the small language', 'a group is not closed', 'a count has nothing to count', 'the pattern repeats too much')
    """
    found = places(pattern)
    return found if isinstance(found, str) else None


def places(pattern: str) -> int | str:
    r"""How many places a pattern's automaton has; what is wrong with the pattern, where it has none.

    >>> places(r"(?:\x{61}\x{62}){3}\x{63}*")
    7
    """
    if len(pattern) > MOST_LENGTH:
        return "the pattern is too long"
    open_: list[int] = [0]  # the places inside each open group
    last: int | None = None  # the places of what a count would repeat
    at = 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None or not _points(token.group()):
            return "the pattern is not in the small language"
        at = token.end()
        if token["count"]:
            if last is None:
                return "a count has nothing to count"
            open_[-1] += last * (max(1, int(token["least"] or 1), int(token["most"] or 1)) - 1)
            last, at = None, at + pattern.startswith("?", at)
        elif token["open"]:
            open_.append(0)
            last = None
        elif token["close"]:
            if len(open_) == 1:
                return "a group is not opened"
            last = max(1, open_.pop())
            open_[-1] += last
        else:
            last = 1 if token["atom"] else None
            open_[-1] += last or 0
        if open_[-1] > MOST_PLACES or not _ordered(token["least"], token["most"]):
            return "the pattern repeats too much"
    return max(1, open_[0]) if len(open_) == 1 else "a group is not closed"


def _ordered(least: str | None, most: str | None) -> bool:
    return least is None or most is None or int(least) <= int(most)


def _points(token: str) -> bool:
    """Whether all characters exist and ranges increase."""
    found = [int(point, 16) for point in _POINT.findall(token)]
    ranges = re.findall(rf"{_CHARACTER}-{_CHARACTER}", token)
    return all(0 < point <= _LARGEST and point not in _HALVES for point in found) and all(
        int(low, 16) <= int(high, 16) for low, high in ranges
    )


def _refused(why: str) -> Refusal:
    return Refusal(code="bad_pattern", why=why, error="ValueError")
