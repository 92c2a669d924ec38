"""Code as a listing: numbered lines, with keywords, names, strings, numbers and comments told apart by classes. Knows text, no syntax tree.

The text is an analyst's, and whoever reads it must not wait for it: each rule takes what it begins with and never fails half way, so
that any text is read in one pass (there are texts on which well-known highlighters take minutes).
"""

import keyword
import re
from collections.abc import Iterator

from markupsafe import Markup

_RULES = re.compile(
    r"""
    (?P<c>\#[^\n]*)
    | (?P<s>\"{3}(?:[^"\\]|\\.|\\\Z|"(?!""))*(?:\"{3}|\Z) | '{3}(?:[^'\\]|\\.|\\\Z|'(?!''))*(?:'{3}|\Z)
          | "(?:[^"\\\n]|\\.|\\\Z)*(?:"|(?=\n)|\Z) | '(?:[^'\\\n]|\\.|\\\Z)*(?:'|(?=\n)|\Z))
    | (?P<m>\d[\w.]*)
    | (?P<w>[^\W\d]\w*)
    | (?P<o>[^\#"'\w]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_DEFINES = frozenset({"def", "class"})


def listing(source: str) -> Markup:
    """The code, escaped, in one ``pre`` whose lines are numbered."""
    lines = Markup("").join(_piece(kind, text) for kind, text in _pieces(source)).split("\n")
    width = len(str(len(lines)))
    rows = (
        Markup('<span class="number">{}</span>{}').format(f"{at:>{width}}", line)
        for at, line in enumerate(lines, start=1)
    )
    return Markup('<pre class="code" role="region" aria-label="The code" tabindex="0">{}</pre>').format(
        Markup("\n").join(rows)
    )


def _pieces(source: str) -> Iterator[tuple[str, str]]:
    """Classes and texts, in order, which together are the source."""
    before = ""
    for found in _RULES.finditer(source.rstrip("\n")):
        kind, text = found.lastgroup or "o", found[0]
        if kind == "w":
            kind = "d" if before in _DEFINES else "k" if keyword.iskeyword(text) else "o"
        if text.strip():
            before = text
        yield kind, text


def _piece(kind: str, text: str) -> Markup:
    """One piece; those that go over several lines are marked on each."""
    if kind == "o":
        return Markup("{}").format(text)
    marked = (Markup('<span class="{}">{}</span>').format(kind, line) for line in text.split("\n"))
    return Markup("\n").join(marked)
