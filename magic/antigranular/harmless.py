"""HTML and drawings of somebody else's as a notebook may show them: looks stay, whatever acts goes. Must not know where they come from.

A notebook trusts its cells' output, and so a script in it could do what its reader can: run code on the reader's own machine. Here listed tags and
attributes are written anew, and every other ``<`` is text, so that nothing depends on how a browser reads broken markup.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from typing import Final

LONGEST: Final = 2 << 20
"""Characters that are looked through; what is longer is left out, and its plain form is shown."""

_TAG: Final = re.compile(
    r"<(?P<end>/?)(?P<name>[A-Za-z][\w:.-]*+)"
    r"(?P<rest>(?:[\s/]++[^\s<>=\"'/]++(?:\s*+=\s*+(?:\"[^\"<>]*+\"|'[^'<>]*+'|[^\s\"'<>=`]++))?+)*+)(?P<close>[\s/]*+)>"
)
_ATTRIBUTE: Final = re.compile(
    r"(?P<name>[^\s<>=\"'/]++)(?:\s*+=\s*+(?:\"(?P<a>[^\"]*+)\"|'(?P<b>[^']*+)'|(?P<c>[^\s\"'<>=`]++)))?+"
)
_STYLE: Final = re.compile(r"(?:[\w\s:;,.()%#!+*'\"-])*+", re.ASCII)
_ACTS: Final = re.compile(
    r"url\s*\((?!\s*['\"]?#)|expression|import|behavior|binding|position|image|content|script", re.IGNORECASE
)
_LINK: Final = re.compile(r"(?:https?://|mailto:|#)\S*", re.IGNORECASE)
_MATPLOTLIB: Final = '<style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style>'
_JOINED: Final = 'stroke-linejoin="round" stroke-linecap="butt"'
"""What it says of every line of a drawing, as the drawing's own words."""
_PROLOG: Final = re.compile(r"\s*+(?:<\?xml[^<>]*+>\s*+)?+(?:<!DOCTYPE[^<>\[]*+>\s*+)?+(?:<!--[^<>]*+-->\s*+)*+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One kind of markup: tags, attributes, tags without an end, and tags whose content goes with them."""

    tags: frozenset[str]
    attributes: frozenset[str]
    empty: frozenset[str] = frozenset()
    dropped: frozenset[str]
    xml: bool = False
    """Names have capitals, and any element may be closed at once."""


_HTML: Final = _Kind(
    tags=_words(
        "a abbr b br caption code col colgroup dd details div dl dt em h1 h2 h3 h4 h5 h6 hr i kbd li ol p pre progress s samp small span strong sub summary "
        "sup table tbody td tfoot th thead tr u ul var"
    ),
    attributes=_words(
        "align border class colspan dir href max open role rowspan scope span start style tabindex title valign value"
    ),
    empty=frozenset({"br", "col", "hr"}),
    dropped=frozenset({"script", "style", "template", "noscript", "iframe", "title", "textarea", "svg", "math"}),
)
_SVG: Final = _Kind(
    tags=_words(
        "svg g path rect circle ellipse line polyline polygon text tspan defs clipPath use title desc linearGradient radialGradient stop symbol marker"
    ),
    attributes=_words(
        "xmlns xmlns:xlink version viewBox width height x y x1 y1 x2 y2 cx cy r rx ry d dx dy points transform id class style href xlink:href clip-path "
        "clip-rule fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-dasharray stroke-dashoffset "
        "stroke-miterlimit opacity font-size font-family font-weight font-style text-anchor dominant-baseline offset stop-color stop-opacity "
        "gradientUnits gradientTransform clipPathUnits preserveAspectRatio markerWidth markerHeight refX refY orient"
    ),
    dropped=frozenset({"script", "style", "metadata", "foreignObject", "iframe"}),
    xml=True,
)


def html(given: str) -> str | None:
    """The HTML with listed tags and attributes only; None where it is too long."""
    return _rewritten(given, _HTML) if len(given) <= LONGEST else None


def svg(given: str) -> str | None:
    """The drawing, likewise; nothing in it names another place."""
    if len(given) > LONGEST:
        return None
    bare = _PROLOG.sub("", given, count=1)
    joined = bare.replace("<svg ", f"<svg {_JOINED} ", 1) if _MATPLOTLIB in bare else bare
    return _rewritten(joined, _SVG)


def _rewritten(given: str, kind: _Kind) -> str:
    written: list[str] = []
    begun = _Begun()
    place = 0
    while (found := _TAG.search(given, place)) is not None:
        written.append(_text(given[place : found.start()]))
        place, name = found.end(), found["name"] if kind.xml else found["name"].lower()
        closed = name in kind.empty or (kind.xml and "/" in found["close"])
        if name in kind.dropped and not found["end"]:
            place = place if closed else _behind(given, place, name)
        elif name in kind.tags and found["end"]:
            written.extend(begun.end(name))
        elif name in kind.tags:
            said = "".join(_attribute(kind, name, each) for each in _ATTRIBUTE.finditer(found["rest"]))
            written.append(f"<{name}{said}{'/' if closed and kind.xml else ''}>")
            if not closed:
                begun.begin(name)
    written.append(_text(given[place:]))
    return "".join((*written, *begun.rest()))


class _Begun:
    """The elements that have begun and not ended, in order."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._known: Counter[str] = Counter()

    def begin(self, name: str) -> None:
        self._names.append(name)
        self._known[name] += 1

    def end(self, name: str) -> Iterator[str]:
        """The end of the last one of this name, and of whatever is still open inside it; nothing where none is."""
        last = "" if self._known[name] else name
        while last != name:
            last = self._names.pop()
            self._known[last] -= 1
            yield f"</{last}>"

    def rest(self) -> Iterator[str]:
        """The ends of all of them."""
        return (f"</{name}>" for name in reversed(self._names))


def _text(text: str) -> str:
    return escape(unescape(text), quote=False)


def _behind(given: str, place: int, name: str) -> int:
    """Where the content of an element ends; the end of all where it doesn't."""
    end = re.compile(rf"</{name}[^<>]*+>", re.IGNORECASE).search(given, place)
    return len(given) if end is None else end.end()


def _attribute(kind: _Kind, tag: str, found: re.Match[str]) -> str:
    name = found["name"] if kind.xml else found["name"].lower()
    value = unescape(next((found[form] for form in "abc" if found[form] is not None), ""))
    link = name.endswith("href")
    if name not in kind.attributes or (link and not _leads_well(kind, tag, value)):
        return ""
    styled = name in {"style", "class", "clip-path", "fill", "stroke", "transform"}
    if styled and (not _STYLE.fullmatch(value) or _ACTS.search(value)):
        return ""
    return f' {name}="{escape(value)}"' + (' rel="noopener noreferrer"' if link and not kind.xml else "")


def _leads_well(kind: _Kind, tag: str, value: str) -> bool:
    """A link of a text leads to a web page, and one of a drawing to a part of itself."""
    return value.startswith("#") if kind.xml else tag == "a" and _LINK.fullmatch(value) is not None
