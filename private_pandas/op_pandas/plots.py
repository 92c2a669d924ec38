"""Pictures of released values with their 95 % intervals: histograms, counts, group means, matrices. Must not know where values come from.

The analyst's client and the guest's op_pandas share no code, so each has this file; a test keeps the two equal. matplotlib is imported
when something is drawn. What was computed from a released value (rounded, say) has no interval any more, and is drawn without.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from . import intervals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["counts", "histogram", "matrix", "means"]

_FILL: Final = "#4285c9"
_WHISKER: Final = "#3c4650"
_PANEL: Final = 3.2
"""Inches of width that one column of group means takes."""
_ANNOTATED: Final = 12
"""A larger matrix has no room for numbers."""
_LIGHT: Final = 0.6
"""From this share of the largest value on, numbers in a matrix are white."""


def histogram(released: Any, *, ax: "Axes | None" = None, label: str | None = None) -> "Axes":
    """The bins of ``hist``, or of ``hist2d`` as a map of colours. Counts are drawn as they were released, also those below zero.

    Takes ``(counts, edges)`` or ``(counts, xedges, yedges)``; ``ax`` draws into axes that are there. TypeError for anything else.
    """
    if not isinstance(released, tuple) or len(released) not in {2, 3}:
        raise TypeError(f"histogram draws what hist or hist2d released, and this is a {type(released).__name__}")
    axes = _axes(ax)
    if len(released) > 2:  # noqa: PLR2004 - counts and the edges of two columns
        values, across, up = released
        mesh = axes.pcolormesh(across, up, values.T, cmap="Blues", vmin=0)
        axes.figure.colorbar(mesh, ax=axes, label="count")
        return _finished(axes, released, whiskers=False)
    values, edges = released
    axes.stairs(values, edges, fill=True, color=_FILL, alpha=0.8, label=label)
    _whiskers(axes, (edges[:-1] + edges[1:]) / 2, values, _half_widths(released))
    axes.axhline(0, color=_WHISKER, linewidth=0.8)
    axes.set_ylabel(axes.get_ylabel() or "count")
    return _finished(axes, released)


def counts(released: Any, *, ax: "Axes | None" = None, label: str | None = None) -> "Axes":
    """A bar for each row of a released Series: ``value_counts``, ``count``, or one column of groups. TypeError for what is no Series."""
    series = _one_column(released, "counts")
    axes = _axes(ax)
    places = list(range(len(series)))
    axes.bar(places, series.to_numpy(), width=0.7, color=_FILL, alpha=0.8, label=label)
    _whiskers(axes, places, series.to_numpy(), _half_widths(released))
    axes.axhline(0, color=_WHISKER, linewidth=0.8)
    axes.set_xticks(places, [_plain(key) for key in series.index])
    axes.set_xlabel(axes.get_xlabel() or _names(series.index))
    return _finished(axes, released)


def means(
    released: Any,
    *,
    columns: Sequence[Any] | None = None,
    ax: "Axes | None" = None,
    axes: "Sequence[Axes] | None" = None,
) -> "list[Axes]":
    """Points with their intervals, a panel for each column: means, medians or sums of groups, or of a frame's columns.

    Takes a released frame (a row for each group) or Series; ``columns`` chooses some; ``ax`` draws one column into axes that are there,
    ``axes`` are as many as columns. TypeError or ValueError else.
    """
    if not hasattr(released, "to_frame") and not hasattr(released, "columns"):
        raise TypeError(f"means draws a released frame or series, and this is a {type(released).__name__}")
    frame = released if hasattr(released, "columns") else released.to_frame(released.name or "value")
    chosen = list(frame.columns) if columns is None else list(columns)
    missing = [each for each in chosen if each not in frame.columns]
    if missing or not chosen:
        raise ValueError(f"there is no column {missing[0]!r} in what was released" if missing else "there is no column")
    given = axes if ax is None else [ax]
    panels = _panels(len(chosen), len(frame)) if given is None else list(given)
    if len(panels) != len(chosen):
        raise ValueError(f"{len(chosen)} columns need as many axes=[…], and {len(panels)} were given")
    widths = _half_widths(released)
    widths = widths.to_frame(frame.columns[0]) if hasattr(widths, "to_frame") else widths
    for panel, name in zip(panels, chosen, strict=True):
        _points(panel, frame[name], None if widths is None else widths[name])
        panel.set_xlabel(panel.get_xlabel() or ("" if name == 0 else _plain(name)))
    panels[0].set_ylabel(panels[0].get_ylabel() or _names(frame.index))
    _finished(panels[-1], released)
    return panels


def matrix(released: Any, *, ax: "Axes | None" = None) -> "Axes":
    """A released matrix in colours, with its numbers where there is room: ``corr``, ``cov``. TypeError for what is no frame."""
    if not hasattr(released, "columns"):
        raise TypeError(f"matrix draws a released frame, and this is a {type(released).__name__}")
    axes = _axes(ax)
    values = released.to_numpy()
    known = [abs(cell) for row in values.tolist() for cell in row if not math.isnan(cell)]
    most = max([*known, 1.0])
    image = axes.imshow(values, cmap="RdBu_r", vmin=-most, vmax=most)
    axes.figure.colorbar(image, ax=axes, shrink=0.8)
    axes.set_xticks(range(values.shape[1]), [_plain(key) for key in released.columns], rotation=45, ha="right")
    axes.set_yticks(range(values.shape[0]), [_plain(key) for key in released.index])
    if max(values.shape) <= _ANNOTATED:
        for row, cells in enumerate(values.tolist()):
            for column, cell in enumerate(cells):
                color = "white" if abs(cell) > _LIGHT * most else _WHISKER
                axes.text(column, row, f"{cell:.2f}", ha="center", va="center", color=color, fontsize="small")
    return _finished(axes, released, whiskers=False)


def _axes(given: "Axes | None") -> "Axes":
    """The axes given, or the current ones, as pandas and matplotlib have it."""
    return _pyplot().gca() if given is None else given


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot as plt
    except ImportError:
        raise ImportError('plots are drawn by matplotlib: pip install "ag-enclave[plots]"') from None
    return plt


def _panels(count: int, rows: int) -> "list[Axes]":
    height = 1.1 + 0.32 * max(rows, 2)
    _, made = _pyplot().subplots(
        1, count, figsize=(_PANEL * count + 0.8, height), sharey=True, squeeze=False, layout="constrained"
    )
    return list(made[0])


def _points(axes: "Axes", series: Any, widths: Any) -> None:
    """One column, first row on top."""
    places = list(range(len(series)))
    error = None if widths is None else widths.to_numpy()
    axes.errorbar(
        series.to_numpy(), places, xerr=error, fmt="o", color=_FILL, ecolor=_WHISKER, elinewidth=1.2, capsize=3
    )
    axes.set_yticks(places, [_plain(key) for key in series.index])
    axes.set_ylim(len(series) - 0.5, -0.5)
    axes.locator_params(axis="x", nbins=5)
    axes.grid(visible=True, axis="x", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _whiskers(axes: "Axes", places: Any, values: Any, half_widths: Any) -> None:
    if half_widths is not None:
        error = half_widths.to_numpy().ravel() if hasattr(half_widths, "to_numpy") else half_widths
        axes.errorbar(places, values, yerr=error, fmt="none", ecolor=_WHISKER, elinewidth=1, capsize=2)


def _half_widths(released: Any) -> Any:
    """Those of a released value; None where they are not known."""
    return getattr(getattr(released, "ag", None), "half_widths", None)


def _one_column(released: Any, name: str) -> Any:
    """A Series as it is, and the one column of a frame."""
    if hasattr(released, "columns") and len(released.columns) == 1:
        return released.iloc[:, 0]
    if not hasattr(released, "to_frame"):
        raise TypeError(f"{name} draws one column of released numbers, and this is a {type(released).__name__}")
    return released


def _names(index: Any) -> str:
    return ", ".join(_plain(name) for name in index.names if name is not None)


def _plain(key: Any) -> str:
    """A label as it is written, without formulas: to matplotlib, dollars begin one."""
    return intervals.label(key).replace("$", r"\$")


def _finished(axes: "Axes", released: Any, *, whiskers: bool = True) -> "Axes":
    """Without needless lines, and with a word of what the answer cost."""
    axes.spines[["top", "right"]].set_visible(False)
    known = getattr(released, "ag", None)
    paid = getattr(known, "cost", None)
    if isinstance(paid, dict):
        said = intervals.cost(paid) + (", 95 % intervals" if whiskers and _half_widths(released) is not None else "")
        axes.set_title(said, loc="right", fontsize="small", color="gray")
    return axes
