"""Small tables as text of a hundred columns, and as HTML that suits light and dark notebooks. Must not know what is in them.

The analyst's client and the guest's op_pandas share no code, so each has this file; a test keeps the two equal. Styles are inline,
because front ends drop ``<style>`` from notebooks they don't trust (JupyterLab also what names a variable, GitHub and nbviewer all
styles: then spaces still part the words). A style attribute can't ask whether the page is dark, and so colours are the page's own, or
translucent greys over them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, TypeAlias

WIDTH: Final = 100
"""Columns of text that a table may take."""

MOST: Final = 60
"""Rows that a table shows, unless asked for all."""

_NARROWEST: Final = 12
_LINE: Final = "rgba(128,128,128,.22)"
_RULE: Final = "rgba(128,128,128,.55)"
_ACCENT: Final = "#4285c9"
_MUTED: Final = "opacity:.68"
_CELL: Final = "padding:3px 20px 3px 2px;vertical-align:baseline;border:0;max-width:none"
_BAR: Final = 10


@dataclass(frozen=True, slots=True)
class Drawn:
    """A cell that looks different as text and as HTML, which is of our own making and not escaped again."""

    text: str
    html: str


Cell: TypeAlias = str | Drawn
Row: TypeAlias = Sequence[Cell]


def printable(text: str) -> str:
    """The text without what would move a terminal's cursor or turn its direction: such characters are written as escapes."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def line(text: str) -> str:
    """The text as one line of a hundred columns."""
    return _cut(printable(text), WIDTH)


def heading(title: str, note: str = "") -> Drawn:
    """A line above a table: what it is, and a word about it."""
    strong = f'<b style="font-weight:600">{escape(printable(title))}</b>' if title else ""
    muted = f' <span style="{_MUTED};margin-left:4px">{escape(printable(note))}</span>' if note else ""
    return Drawn(
        line(": ".join(each for each in (title, note) if each)),
        f'<div style="text-align:left;padding:2px 2px 4px 2px">{strong}{muted}</div>' if strong or muted else "",
    )


def chips(texts: Sequence[str], more: str = "") -> Drawn:
    """Words side by side, each with a border around it; ``more`` stands behind them without one."""
    style = f"display:inline-block;border:1px solid {_RULE};border-radius:9px;padding:0 7px;margin:1px 0"
    html = " ".join(f'<span style="{style}">{escape(printable(text))}</span>' for text in texts)
    return Drawn(
        ", ".join((*texts, more) if more else texts),
        f'{html} <span style="{_MUTED}">{escape(more)}</span>' if more else html,
    )


def code(text: str) -> Drawn:
    """A name as it is typed."""
    return Drawn(text, f'<code style="background:transparent;padding:0">{escape(printable(text))}</code>')


def muted(text: str) -> Drawn:
    """A word that stands back."""
    return Drawn(text, f'<span style="{_MUTED}">{escape(printable(text))}</span>')


def bar(part: float) -> Drawn:
    """How much of a whole, from 0 to 1, as a bar."""
    part = min(max(part, 0.0), 1.0)
    filled = round(part * _BAR)
    track = f"display:inline-block;width:90px;height:8px;border-radius:4px;background:{_LINE};overflow:hidden"
    inner = f"display:block;width:{part:.1%};height:8px;background:{_ACCENT}"
    return Drawn("█" * filled + "░" * (_BAR - filled), f'<span style="{track}"><span style="{inner}"></span></span>')


def as_text(headers: Row, rows: Sequence[Row], *, right: Sequence[int] = (), most: int | None = MOST) -> str:
    """Columns aligned with spaces under a rule, in no more than a hundred columns: long cells are cut, further columns follow below.

    ``right`` are the columns of numbers; rows beyond ``most`` are only counted.
    """
    shown = [[printable(_text(cell)) for cell in row] for row in (headers, *rows[:most])]
    widths = _fitted([max(len(row[at]) for row in shown) for at in range(len(headers))])
    blocks = [_block(shown, widths, columns, right) for columns in _blocks(widths)]
    if most is not None and len(rows) > most:
        blocks.append(f"… and {len(rows) - most:,} more")
    return "\n\n".join(blocks)


def as_html(
    headers: Row,
    rows: Sequence[Row],
    *,
    above: str = "",
    below: str = "",
    right: Sequence[int] = (),
    most: int | None = MOST,
) -> str:
    """A table in the notebook's own colours; ``above`` is HTML, as of ``heading``; every text is escaped.

    ``right`` are the columns of numbers; rows beyond ``most`` are only counted; ``below`` is a small line under it.
    """
    sides = ["right" if at in right else "left" for at in range(len(headers))]
    head = "".join(
        f'<th style="text-align:{side};font-weight:500;white-space:nowrap;{_CELL}"><span style="{_MUTED}">{_html(cell)}</span></th>'
        for cell, side in zip(headers, sides, strict=True)
    )
    body = "".join(
        f'<tr style="background:transparent;border-bottom:1px solid {_LINE}">'
        + "".join(f'<td style="text-align:{side};{_CELL}">{_html(cell)}</td>' for cell, side in zip(row, sides, strict=True))
        + "</tr>"
        for row in rows[:most]
    )  # fmt: skip
    notes = [f"… and {len(rows) - most:,} more"] if most is not None and len(rows) > most else []
    notes += [below] if below else []
    foot = "".join(
        f'<div style="{_MUTED};font-size:92%;padding:5px 2px 2px 2px">{escape(printable(each))}</div>' for each in notes
    )
    return (
        f'<div style="font-size:13px;line-height:1.5;overflow-x:auto">{above}'
        f'<table style="border-collapse:collapse;border:0;margin:0;font-size:13px">'
        f'<thead><tr style="background:transparent;border-bottom:1px solid {_RULE}">{head}</tr></thead><tbody>{body}</tbody></table>{foot}</div>'
    )


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Drawn) else cell


def _html(cell: Cell) -> str:
    return cell.html if isinstance(cell, Drawn) else escape(printable(cell))


def _fitted(widths: Sequence[int]) -> list[int]:
    """The widths, none wider than lets all of them fit side by side; but a few letters of each are kept."""
    widest = next(
        (most for most in range(WIDTH, _NARROWEST, -1) if _total([min(each, most) for each in widths]) <= WIDTH),
        _NARROWEST,
    )
    return [min(each, widest) for each in widths]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


def _blocks(widths: Sequence[int]) -> list[list[int]]:
    """Which columns stand side by side; the first leads every block, since it says which row this is."""
    blocks = [[0]]
    for at in range(1, len(widths)):
        if _total([widths[each] for each in (*blocks[-1], at)]) > WIDTH:
            blocks.append([0])
        blocks[-1].append(at)
    return blocks


def _block(rows: Sequence[Sequence[str]], widths: Sequence[int], columns: Sequence[int], right: Sequence[int]) -> str:
    lines = [
        "  ".join(
            _cut(row[at], widths[at]).rjust(widths[at]) if at in right else _cut(row[at], widths[at]).ljust(widths[at])
            for at in columns
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "─" * _total([widths[at] for at in columns]), *lines[1:]])


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
