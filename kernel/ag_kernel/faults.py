"""An error of the analyst's code, cut to the analyst's own lines.

It must not run anything of the guest's beyond the error's own ``str``, and survives where that fails.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final

_SHOWN_CALLS: Final = 8
_SHOWN_CAUSES: Final = 3
_LONGEST: Final = 20_000
_BETWEEN: Final = {
    True: "The error above was the cause of this one:",
    False: "While that error was handled, another one came up:",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What Jupyter calls an error: name, text, and lines to show."""

    name: str
    text: str
    lines: tuple[str, ...]


def describe(error: BaseException, sources: Mapping[str, str]) -> Fault:
    """The error as the analyst should see it; ``sources`` maps a cell's file name to its text. KeyboardInterrupt where the guest's own text takes too long."""
    name, text = type(error).__name__, _text(error)
    lines: list[str] = []
    for cause, direct in _chain(error):
        calls = tuple(_calls(cause.__traceback__, sources))
        if not calls:
            continue  # an error inside a library that led to this one tells the analyst nothing
        lines.extend(calls)
        lines.append(_last_line(type(cause).__name__, _text(cause)))
        lines.extend(("", _BETWEEN[direct], ""))
    lines.extend(_calls(error.__traceback__, sources))
    lines.append(_last_line(name, text))
    return Fault(name=name, text=text, lines=tuple(lines))


def _chain(error: BaseException) -> list[tuple[BaseException, bool]]:
    """The errors behind this one, oldest first, each with whether it was named as the cause."""
    found: list[tuple[BaseException, bool]] = []
    seen = {id(error)}
    while len(found) < _SHOWN_CAUSES:
        direct = error.__cause__ is not None
        before = error.__cause__ if direct else None if error.__suppress_context__ else error.__context__
        if before is None or id(before) in seen:
            break
        seen.add(id(before))
        found.append((before, direct))
        error = before
    return found[::-1]


def _text(error: BaseException) -> str:
    try:
        text = str.__str__(str(error))  # the guest's own may give a text of the guest's own making
    except KeyboardInterrupt:
        raise
    except BaseException as why:  # noqa: BLE001 - the guest's own __str__ may fail as it likes
        return f"<the error's own text failed with {type(why).__name__}>"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"


def _last_line(name: str, text: str) -> str:
    return f"{name}: {text}" if text else name


def _calls(trace: TracebackType | None, sources: Mapping[str, str]) -> Iterator[str]:
    """The analyst's frames, outermost first; the middle of a deep recursion is counted, not shown."""
    frames = [one for one in _walk(trace) if one.tb_frame.f_code.co_filename in sources]
    head, tail = frames[: _SHOWN_CALLS // 2], frames[_SHOWN_CALLS // 2 :]
    hidden = max(0, len(tail) - _SHOWN_CALLS // 2)
    for one in head:
        yield from _call(one, sources)
    if hidden:
        yield f"… {hidden} more calls …"
    for one in tail[hidden:]:
        yield from _call(one, sources)


def _walk(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _call(trace: TracebackType, sources: Mapping[str, str]) -> Iterator[str]:
    code = trace.tb_frame.f_code
    where = "" if code.co_name.startswith("<module") else f", in {code.co_name}"
    yield f"{code.co_filename}, line {trace.tb_lineno}{where}"
    lines = sources[code.co_filename].splitlines()
    if not 1 <= trace.tb_lineno <= len(lines):
        return
    source = lines[trace.tb_lineno - 1]
    indent = len(source) - len(source.lstrip())
    yield "    " + source.strip()
    start, end = _columns(trace, source)
    if end > start:
        yield "    " + " " * (start - indent) + "^" * (end - start)


def _columns(trace: TracebackType, source: str) -> tuple[int, int]:
    """Where on its line the failing expression stands, in characters; (0, 0) where unknown or the whole line."""
    positions = list(trace.tb_frame.f_code.co_positions())
    place = positions[trace.tb_lasti // 2] if trace.tb_lasti >= 0 else (None, None, None, None)
    first, last, start, end = place
    if first != trace.tb_lineno or start is None or end is None:
        return 0, 0
    encoded = source.encode("utf-8", "surrogatepass")
    stop = end if last == first else len(encoded)
    columns = tuple(len(encoded[:at].decode("utf-8", "ignore")) for at in (start, stop))
    whole = source.strip()
    return (0, 0) if columns[1] - columns[0] >= len(whole) else (columns[0], min(columns[1], len(source.rstrip())))
