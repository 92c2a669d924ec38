"""The peers' table: errors against the truth, times against the floors, as Markdown. Knows numbers, runs nothing."""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tests.bench.peers.install import PEERS
from tests.bench.peers.run import Answers, Cost

ENOUGH = 200
ROWS = {
    "count": "count", "sum": "sum", "mean": "mean", "std": "std", "var": "var", "median": "median",
    "quartiles": "quartiles", "histogram": "histogram, 50 bins", "group_mean": "mean by known keys",
    "found_mean": "mean by unknown keys", "corr": "corr of two columns", "describe": "describe, 10 columns", "repeated": "100 counts under one total",
}  # fmt: skip
"""Each task's title."""


def errors(found: Mapping[str, Answers], truth: Answers) -> list[str]:
    """Root mean squared errors, the best in bold; runs below the wanted number are said."""
    lines = [_head("", found)]
    for task, title in ROWS.items():
        exact = truth.by_task[task]["values"][0]
        lines.append(_line(title, {name: _error(each, task, exact) for name, each in found.items()}, _shown_error))
        if task == "histogram":
            cut = {name: _error(each, task, exact, floor=0.0) for name, each in found.items()}
            lines.append(_line("… each bin cut at zero", cut, _shown_error))
    return lines


def _error(answers: Answers, task: str, exact: Sequence[float], floor: float = -math.inf) -> tuple[float, int] | str:
    """RMSE over all numbers of all runs (describe: each in its own unit), and how many runs."""
    got = answers.by_task.get(task, {"late": True})
    if "values" not in got:
        return _absent(got)
    units = _units(exact) if task == "describe" else [1.0] * len(exact)
    squares = [
        ((max(value, floor) - true) / unit) ** 2
        for run in got["values"]
        for value, true, unit in zip(run, exact, units, strict=True)
        if math.isfinite(value)
    ]
    return math.sqrt(statistics.fmean(squares)), len(got["values"])


def _units(exact: Sequence[float]) -> list[float]:
    """Of count, mean, std and quartiles of each column: the count for the count, its deviation for the others."""
    return [unit for start in range(0, len(exact), 6) for unit in (exact[start], *[exact[start + 2]] * 5)]


def times(found: Mapping[str, Answers]) -> list[str]:
    """Median milliseconds of a run."""
    lines = [_head("ms", found)]
    for task, title in ROWS.items():
        cells = {name: _time(each.by_task.get(task, {"late": True})) for name, each in found.items()}
        lines.append(_line(title, cells, _shown_time, floors=("plain", "native", "pandas")))
    return lines


def _time(got: Mapping[str, Any]) -> tuple[float, int] | str:
    return (statistics.median(got["seconds"]) * 1e3, len(got["seconds"])) if "seconds" in got else _absent(got)


def _absent(got: Mapping[str, Any]) -> str:
    """Why there is no number."""
    return "–" if got.get("missing") else "late" if got.get("late") else "fails"


PLAIN = ("plain", "native")
ALLOWED = 1.5
"""Times the clock and memory of plain DuckDB that we want to keep within; and of diffprivlib on arrays in memory."""


def turns(title: str, found: Mapping[str, Cost]) -> str:
    """One question: least and median milliseconds by the clock, least of processors; ours as a multiple of each other's."""
    peers = [PEERS[name].title for name in ("ours", "diffprivlib", *PLAIN)]
    cells = [_turn(found.get(peer)) for peer in peers]
    ours = found.get(peers[0])
    ratios = [_ratio(ours, found.get(peer)) for peer in peers[1:]]
    return f"| {title} | {' | '.join([*cells, *ratios])} |"


def turns_head() -> str:
    """The columns of ``turns``."""
    peers = [PEERS[name].title for name in ("ours", "diffprivlib", *PLAIN)]
    columns = [*peers, *(f"ours : {peer}" for peer in peers[1:])]
    return f"| ms: least / median / of processors | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}"


def _turn(cost: Cost | None) -> str:
    if cost is None:
        return "–"
    least, usual, used = (
        1e3 * value for value in (min(cost.seconds), statistics.median(cost.seconds), min(cost.processor))
    )
    return f"{least:.1f} / {usual:.1f} / {used:.1f}"


def _ratio(ours: Cost | None, other: Cost | None) -> str:
    """Of the least times by the clock, and of those of processors; bold where it is more than is allowed."""
    if ours is None or other is None:
        return "–"
    clock, used = (min(getattr(ours, what)) / min(getattr(other, what)) for what in ("seconds", "processor"))
    return f"{f'**{clock:.2f}**' if clock > ALLOWED else f'{clock:.2f}'} ({used:.2f})"


def memory_head(peers: Iterable[str]) -> str:
    """The columns of ``memory``."""
    return _head("MB, one mean, one describe of ten columns", dict.fromkeys(peers))


def memory(rows: str, found: Mapping[str, Answers], peers: Iterable[str]) -> str:
    """The most memory that each process had on so many rows. A peer without a describe has the mean's only, and is marked."""
    return f"| {rows} rows | {' | '.join(_memory(found.get(name)) for name in peers)} |"


def _memory(answers: Answers | None) -> str:
    if answers is None:
        return "–"
    if answers.peak_mb is None:
        return "late"
    return f"{answers.peak_mb:.0f}" + ("" if "values" in answers.by_task["describe"] else " (mean)")


def _head(corner: str, found: Mapping[str, Any]) -> str:
    titles = [PEERS[name].title for name in found]
    return f"| {corner} | {' | '.join(titles)} |\n|---|{'---|' * len(titles)}"


def _line(
    title: str,
    cells: Mapping[str, tuple[float, int] | str],
    shown: Callable[[tuple[float, int]], str],
    floors: Sequence[str] = (),
) -> str:
    """One row; the least number of those that are no floor in bold."""
    numbers = [cell[0] for name, cell in cells.items() if not isinstance(cell, str) and name not in floors]
    least = min(numbers, default=math.nan)
    written = [
        cell
        if isinstance(cell, str)
        else f"**{shown(cell)}**"
        if cell[0] == least and name not in floors
        else shown(cell)
        for name, cell in cells.items()
    ]
    return f"| {title} | {' | '.join(written)} |"


def _shown_error(cell: tuple[float, int]) -> str:
    value, runs = cell
    return f"{value:.3g}" + (f" ({runs} runs)" if runs < ENOUGH else "")


def _shown_time(cell: tuple[float, int]) -> str:
    return f"{cell[0]:.3g}" if cell[0] < 1000 else f"{cell[0]:,.0f}"
