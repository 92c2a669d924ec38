"""Released values as pandas, numpy and plain numbers, each with its provenance: ``result.ag``.

Must not know how a release is asked for or priced; everything here is public.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ag_plan.messages import Released
from op_pandas import intervals

Cells: TypeAlias = tuple[tuple[float | int | None, ...], ...]
Convert: TypeAlias = Callable[[Sequence[float | None]], npt.NDArray[Any]]
Build: TypeAlias = Callable[[Cells, Convert], Any]
"""Makes a shaped object of an answer's grid, with the dtype that the conversion gives."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Provenance:
    """How a released value came about and how far off it may be.

    ``epsilon`` and ``delta`` are the cost of the whole call (None where it is counted in ``rho`` alone); ``scale`` is the noise's, ``half_widths`` are of 95 % intervals in the shape
    of the value (NaN or None where unknown); ``repeated`` says that the answer was known already, and free;
    ``mock`` that it is of made-up rows: then the cost is what the real one would be, and nothing was charged.
    """

    value: Any
    half_widths: Any
    epsilon: Fraction | None
    delta: float
    rho: float | None
    mechanism: str
    measure: str
    scale: float
    repeated: bool
    mock: bool = False

    @property
    def cost(self) -> dict[str, str | float | None]:
        """The cost of the whole call: ε as exact text, δ; of a call paid in ρ, that instead of ε."""
        if self.epsilon is None:
            return {"epsilon": None, "delta": self.delta, "rho": self.rho}
        return {"epsilon": str(self.epsilon), "delta": self.delta}

    @property
    def interval(self) -> tuple[Any, Any]:
        """The lower and upper end of the 95 % interval, in the shape of the value."""
        return self.value - self.half_widths, self.value + self.half_widths

    def as_dict(self) -> dict[str, Any]:
        """What travels with an export: cost, mechanism, scale and half widths; of a mock also that it is one."""
        names = ("cost", "mechanism", "scale", "half_widths", *(["mock"] if self.mock else []))
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return intervals.as_text(self.value, self.half_widths, self._facts())

    def _repr_html_(self) -> str:
        return intervals.as_html(self.value, self.half_widths, self._facts())

    def _facts(self) -> dict[str, str]:
        paid = "nothing: this answer was known already" if self.repeated else intervals.cost(self.cost)
        return (
            {"cost": f"{paid} if it were real; this is of mock data", "noise": self.mechanism}
            if self.mock
            else {
                "cost": paid,
                "noise": self.mechanism,
            }
        )

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self


class ReleasedFloat(float):
    """A released number; arithmetic on it gives plain floats."""

    __slots__ = ("_ag",)
    _ag: Provenance

    if TYPE_CHECKING:  # so that comparing with an int is no "non-overlapping" comparison to a strict checker

        def __eq__(self, other: object) -> bool: ...
        def __hash__(self) -> int: ...

    @property
    def ag(self) -> Provenance:
        """How the number came about."""
        return self._ag


class ReleasedInt(int):
    """A released whole number; arithmetic on it gives plain integers."""

    _ag: Provenance

    @property
    def ag(self) -> Provenance:
        """How the number came about."""
        return self._ag


class ReleasedTuple(tuple[npt.NDArray[Any], ...]):  # noqa: SLOT001 - a tuple has no room for slots
    """A released histogram, ``(counts, edges)`` or of two columns ``(counts, xedges, yedges)``; unpacks like the tuple numpy gives."""

    _ag: Provenance

    @property
    def ag(self) -> Provenance:
        """How the counts came about; ``half_widths`` are theirs."""
        return self._ag


class ReleasedArray(npt.NDArray[Any] if TYPE_CHECKING else np.ndarray):  # type: ignore[misc]
    """Released values as an array; what is computed from it is a plain array."""

    _ag: Provenance

    def __array_wrap__(self, array: Any, *_: Any, **__: Any) -> Any:
        return np.asarray(array)[()]

    def __getitem__(self, key: Any) -> Any:
        return np.asarray(self)[key]

    @property
    def ag(self) -> Provenance:
        """How the values came about."""
        return self._ag


if TYPE_CHECKING:

    class ReleasedSeries(pd.Series[float]):
        """A pandas Series that knows its provenance."""

        ag: Provenance

    class ReleasedFrame(pd.DataFrame):
        """A pandas DataFrame that knows its provenance."""

        ag: Provenance
else:
    ReleasedSeries = pd.Series
    ReleasedFrame = pd.DataFrame


def provenance(value: Any) -> Provenance | None:
    """The provenance of a released value; None for anything else, also for what was computed from a release."""
    if isinstance(value, ReleasedFloat | ReleasedInt | ReleasedTuple):
        return value.ag
    if isinstance(value, ReleasedArray):
        return getattr(value, "_ag", None)
    if isinstance(value, pd.Series | pd.DataFrame):
        found = value.attrs.get("ag")
        if isinstance(found, Provenance) and type(found.value) is type(value) and _equal(value, found.value):
            return found
    return None


def _equal(one: Any, other: Any) -> bool:
    return bool(one.equals(other))


def _known(value: Any) -> Provenance:
    found = provenance(value)
    if found is None:
        raise AttributeError("ag is known of released values as they were released, not of what was computed from them")
    return found


_accessor: Any = _known  # pandas' stubs want a class; a function that gives the accessor does as well
pd.api.extensions.register_series_accessor("ag")(_accessor)
pd.api.extensions.register_dataframe_accessor("ag")(_accessor)


def _provenance(released: Released, build: Build, *, whole: bool = False) -> Provenance:
    return Provenance(
        value=build(released.values, _integers if whole else _floats),
        half_widths=build(released.half_widths, _floats),
        epsilon=Fraction(released.cost.epsilon) if released.cost.epsilon else None,
        delta=released.cost.delta,
        rho=released.cost.rho,
        mechanism=released.mechanism,
        measure=released.measure,
        scale=released.scale,
        repeated=released.repeated,
        mock=released.mock,
    )


def _floats(cells: Sequence[float | None]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)


def _integers(cells: Sequence[float | None]) -> npt.NDArray[Any]:
    if any(cell is None or cell != int(cell) for cell in cells):
        return _floats(cells)
    return np.array([int(cell or 0) for cell in cells], dtype=np.int64)


def series(
    released: Released,
    labels: Sequence[Any] | pd.Index,
    flat: Callable[[Cells], Sequence[Any]],
    *,
    name: Any = None,
    whole: bool = False,
) -> ReleasedSeries:
    """A Series of the cells that ``flat`` picks from the answer's grid, labelled; int64 where ``whole``."""

    def build(cells: Cells, convert: Convert) -> Any:
        return pd.Series(convert(flat(cells)), index=_index(labels), name=name)

    made: ReleasedSeries = _with(_provenance(released, build, whole=whole))
    return made


def frame(
    released: Released,
    index: pd.Index | Sequence[Any],
    columns: pd.Index | Sequence[Any],
    grid: Callable[[Cells], Any],
    *,
    whole: bool = False,
) -> ReleasedFrame:
    """A DataFrame of the rows that ``grid`` makes of the answer's; int64 where ``whole``."""

    def build(cells: Cells, convert: Convert) -> Any:
        rows = [list(row) for row in grid(cells)]
        made = pd.DataFrame({i: convert([row[i] for row in rows]) for i in range(len(columns))}, index=_index(index))
        made.columns = _index(columns)
        return made

    made: ReleasedFrame = _with(_provenance(released, build, whole=whole))
    return made


def _index(labels: Sequence[Any] | pd.Index) -> "pd.Index[Any]":
    return labels if isinstance(labels, pd.Index) else pd.Index(labels)


def _with(known: Provenance) -> Any:
    value = known.value.copy()
    value.attrs["ag"] = known
    return value


def number(released: Released) -> ReleasedFloat:
    """The one cell of an answer as a float; NaN where noise left nothing to divide by."""
    known = _provenance(released, lambda cells, convert: convert(cells[0])[0].item())
    value = ReleasedFloat(known.value)
    value._ag = known  # noqa: SLF001 - its birthplace
    return value


def whole_number(released: Released) -> ReleasedInt:
    """The one cell of an answer as an int."""
    known = _provenance(released, lambda cells, convert: convert(cells[0])[0].item(), whole=True)
    value = ReleasedInt(known.value)
    value._ag = known  # noqa: SLF001 - its birthplace
    return value


def told(released: Released, value: "pd.Series[Any]") -> ReleasedSeries:
    """What was read off an answer and is no number of it: its interval is not known."""
    made: ReleasedSeries = _with(replace(_provenance(released, lambda cells, _: cells), value=value, half_widths=None))
    return made


def together(value: pd.DataFrame, parts: Sequence[Provenance]) -> ReleasedFrame:
    """What several answers of one call say together: their costs added up."""
    costs = [part.epsilon for part in parts]
    rhos = [part.rho or 0.0 for part in parts]
    known = replace(
        parts[0],
        value=value,
        half_widths=None,
        epsilon=None if None in costs else sum((cost for cost in costs if cost is not None), Fraction(0)),
        delta=sum(part.delta for part in parts),
        rho=sum(rhos),
        mechanism=" + ".join(dict.fromkeys(word for part in parts for word in part.mechanism.split(" + "))),
        scale=max(part.scale for part in parts),
        repeated=all(part.repeated for part in parts),
    )
    made: ReleasedFrame = _with(known)
    return made


def array(released: Released, values: npt.NDArray[Any]) -> ReleasedArray:
    """As ``told``, for an array."""
    known = replace(_provenance(released, lambda cells, _: cells), value=values, half_widths=None)
    made: Any = values.view(ReleasedArray)
    made._ag = known  # noqa: SLF001 - its birthplace
    view: ReleasedArray = made
    return view


def histogram(released: Released, edges: Sequence[float]) -> ReleasedTuple:
    """``(counts, edges)``: int64 counts of the bins, float64 edges, one more than counts."""
    known = _provenance(released, lambda cells, convert: convert([row[0] for row in cells]), whole=True)
    value = ReleasedTuple((known.value, np.array(edges, dtype=np.float64)))
    value._ag = known  # noqa: SLF001 - its birthplace
    return value


def joint_histogram(released: Released, edges: Sequence[Sequence[float]]) -> ReleasedTuple:
    """``(counts, xedges, yedges)``: float64 as numpy's, counts in the shape of the bins."""
    shape = [len(each) - 1 for each in edges]
    known = _provenance(released, lambda cells, convert: convert([row[0] for row in cells]).reshape(shape))
    value = ReleasedTuple((known.value, *(np.array(each, dtype=np.float64) for each in edges)))
    value._ag = known  # noqa: SLF001 - its birthplace
    return value
