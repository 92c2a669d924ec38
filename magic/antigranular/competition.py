"""What a competition shows: its board as a table. Must not know how it travels."""

from collections.abc import Mapping
from typing import Any

from antigranular import intervals, table
from antigranular.errors import WireError
from antigranular.listing import minute
from antigranular.reading import reading

_HEADERS = ("", "analyst", "score", "submissions", "at")
_FINAL_HEADERS = ("", "analyst", "final score", "on the board", "at")
_RIGHT = (0, 2, 3)


class Board(list[dict[str, Any]]):
    """Each analyst's best score, best first ("rank", "analyst", "score", "half_width", "submissions", "at"); a table where it is displayed.

    ``final``: once the competition has closed, the same submissions by their scores on the rows that the board left out ("rank", "analyst",
    "score", "half_width", "board_score", "board_half_width", "submission", "at"), which is then what is displayed; None before.
    """

    def __init__(self, competition: str, answer: Mapping[str, Any]) -> None:
        super().__init__(_rows_of(answer.get("board")))
        final = answer.get("final")
        self.final = None if final is None else _rows_of(final)
        closes = minute(answer.get("closes"))
        about = f"by {answer.get('metric')}, with 95 % intervals"
        when = f"closes {closes} UTC" if self.final is None else f"closed {closes} UTC, final"
        self._above = table.heading(competition, f"{about}; {when}")

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("Board(…)" if cycle else str(self))

    def __str__(self) -> str:
        headers, rows = self._shown()
        return f"{self._above.text}\n{table.as_text(headers, rows, right=_RIGHT)}"

    def _repr_html_(self) -> str:
        headers, rows = self._shown()
        return table.as_html(headers, rows, above=self._above.html, right=_RIGHT)

    @reading("board")
    def _shown(self) -> tuple[tuple[str, ...], list[table.Row]]:
        if self.final is None:
            return _HEADERS, [_row(each, str(each.get("submissions"))) for each in self]
        return _FINAL_HEADERS, [
            _row(each, intervals.estimate(each.get("board_score"), each.get("board_half_width"))) for each in self.final
        ]


def _row(each: Mapping[str, Any], more: str) -> table.Row:
    return (
        str(each.get("rank")),
        str(each.get("analyst")),
        intervals.estimate(each.get("score"), each.get("half_width")),
        more,
        minute(each.get("at")),
    )


def _rows_of(rows: Any) -> list[dict[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise WireError("the enclave's board can't be read")
    return rows
