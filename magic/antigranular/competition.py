"""What a competition takes and shows: predictions as a plain list, and the board as a table. Must not know how they travel."""

from collections.abc import Mapping
from typing import Any

from antigranular import intervals, table
from antigranular.errors import WireError

_HEADERS = ("", "analyst", "score", "submissions", "at")


def plain(predictions: Any) -> list[Any]:
    """One value per row, of a frame of one column, a series, an array or a list. Raises ValueError for a frame of several."""
    if hasattr(predictions, "columns"):
        if len(predictions.columns) != 1:
            named = ", ".join(map(str, predictions.columns))
            raise ValueError(f"submit_predictions takes one column of predictions, and this frame has {named}")
        predictions = predictions.iloc[:, 0]
    return list(predictions.tolist() if hasattr(predictions, "tolist") else predictions)


class Board(list[dict[str, Any]]):
    """Each analyst's best score, best first ("rank", "analyst", "score", "half_width", "submissions", "at"); a table where it is displayed."""

    def __init__(self, competition: str, answer: Mapping[str, Any]) -> None:
        rows = answer.get("board")
        if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
            raise WireError("the enclave's board can't be read")
        super().__init__(rows)
        self._above = table.heading(competition, f"by {answer.get('metric')}, with 95 % intervals")

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("Board(…)" if cycle else str(self))

    def __str__(self) -> str:
        return f"{self._above.text}\n{table.as_text(_HEADERS, self._rows(), right=(0, 2, 3))}"

    def _repr_html_(self) -> str:
        return table.as_html(_HEADERS, self._rows(), above=self._above.html, right=(0, 2, 3))

    def _rows(self) -> list[table.Row]:
        return [
            (
                str(each.get("rank")),
                str(each.get("analyst")),
                intervals.estimate(each.get("score"), each.get("half_width")),
                str(each.get("submissions")),
                str(each.get("at"))[:16].replace("T", " "),
            )
            for each in self
        ]
