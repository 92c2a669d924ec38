"""Small tables as text and as HTML that suits light and dark notebooks. Must not know what is in them."""

from collections.abc import Sequence
from html import escape

Row = Sequence[str]

_CELL = "text-align:left;padding:2px 12px 2px 0"


def as_text(headers: Row, rows: Sequence[Row]) -> str:
    """Columns aligned with spaces under a rule."""
    widths = [max(len(row[at]) for row in (headers, *rows)) for at in range(len(headers))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (headers, *rows)
    ]
    return "\n".join([lines[0], "-" * (sum(widths) + 2 * (len(widths) - 1)), *lines[1:]])


def as_html(headers: Row, rows: Sequence[Row], caption: str = "") -> str:
    """A bare table in the notebook's own colours; every text is escaped."""
    title = (
        f'<caption style="text-align:left;padding-bottom:4px;white-space:nowrap">{escape(caption)}</caption>'
        if caption
        else ""
    )
    head = "".join(f'<th style="{_CELL}">{escape(header)}</th>' for header in headers)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
