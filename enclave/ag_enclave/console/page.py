"""A page: a template filled with what is public, under headers that let nothing else into it. Knows Jinja and headers, no content.

Every text is escaped by the template engine; nothing here is ever marked as safe but the charts, which are numbers and escaped names.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import jinja2
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ag_enclave.console.visit import FIELD, Visit
from ag_enclave.errors import Refusal

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""``same-origin`` for referrers: with ``no-referrer`` browsers would hide the origin of our own forms too."""
_NANO = 10**9
_ROWS, _DIGITS = 50, 9
Row = TypeVar("Row")
_FIRST = ("plan", "reason", "epsilon", "cap", "before")
_BARE = frozenset({"plan", "reason"})
_NUMBERS = {"epsilon": "ε", "rho": "ρ", "delta": "δ"}
_MACHINES = frozenset({"digest", "checksums", "session", "deed", "at", "library", "request", "run", "dataset", "key"})
"""What the exported log has for machines."""


def page(visit: Visit, template: str, *, status: int = 200, **content: Any) -> Response:
    """A page of somebody's visit."""
    known = {"visit": visit, "field": FIELD, "path": visit.request.url.path}
    return bare_page(template, status=status, **known, **content)


def bare_page(template: str, *, status: int = 200, **content: Any) -> Response:
    """A page for anybody."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(**content), status_code=status, headers=HEADERS)


def attachment(text: str, name: str, kind: str) -> Response:
    """A file to keep."""
    return Response(text, media_type=kind, headers={**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'})


def moved(path: str) -> Response:
    """Look there now: what follows every form, so that loading the page again sends nothing twice."""
    return RedirectResponse(path, status_code=303, headers=HEADERS)


def part(visit: Visit, path: str, rows: Sequence[Row], *, name: str = "from") -> tuple[Sequence[Row], str, str]:
    """Those rows of a long list that the address asks for (``?from=50``), and the addresses of those before and after, under its page's ``path``. Refusal 400 for no number.

    ``name``: what the address calls it, where a page has several lists.
    """
    text = visit.request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS):
        raise Refusal(400, f"{name} must be a number.")
    start = int(text)
    newer = f"{path}?{name}={max(0, start - _ROWS)}" if start else ""
    older = f"{path}?{name}={start + _ROWS}" if len(rows) > start + _ROWS else ""
    return rows[start : start + _ROWS], newer, older


def short(number: object, digits: int = 4) -> str:
    """A number as people write it."""
    whole, _, power = f"{float(Decimal(str(number))):.{digits}g}".partition("e")
    return f"{whole}e{int(power)}" if power else whole


def moment(value: object) -> str:
    """A time (nanoseconds since 1970, or ISO 8601), in UTC."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value / _NANO, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")
    return str(value).replace("T", " ")[:19]


def span(seconds: int) -> str:
    """A window's length in the largest unit that fits."""
    for size, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return name if count == 1 else f"{count} {name}s"
    return f"{seconds} seconds"


def line(details: Mapping[str, Any]) -> str:
    """The details of an entry of the log, on one line: first what people look for, digests and numbers of processes cut short or left out."""
    known = {
        name: value
        for name, value in details.items()
        if name not in _MACHINES and value not in (None, "", {}, [], 0, 0.0)
    }
    return " · ".join(_told(name, known[name]) for name in sorted(known, key=_rank))


def _rank(name: str) -> int:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)


def _told(name: str, value: Any) -> str:
    if name in _BARE:
        return str(value)
    if isinstance(value, dict):
        return f"{name} ({line(value)})"
    if name == "seconds" and isinstance(value, int):
        return f"every {span(value)}"
    if isinstance(value, list):
        return f"{name} {', '.join(map(str, value))}"
    if isinstance(value, float) or name in _NUMBERS:
        return f"{_NUMBERS.get(name, name)} {short(value)}"
    return f"{name} {value}"


_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("ag_enclave.console"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(short=short, moment=moment, span=span, line=line)
