"""What a release would cost and how far off it would be, found out for nothing: ``frame.mean.preview(eps=1)``.

Must not know statistics: each runs as it is, over twins of the private objects whose vault turns releases into previews.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import pandas as pd

from ag_plan import messages
from op_pandas import intervals, table
from op_pandas.private import Private
from op_pandas.results import provenance
from op_pandas.rows import Rows
from op_pandas.vault import Vault, ask

_UNKNOWN = "depends on the rows"
_ROWS = (100, 10_000)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Preview:
    """What a call would cost and how far off its answer would be; nothing was charged.

    ``epsilon``: exact, None for a call paid in ``rho``. ``half_widths`` of 95 % intervals in the shape of the answer: NaN where they
    depend on the rows. In the same shape, at most: ``widths_of_a_row``, over how many rows there are; ``widths_of_a_root``, over the root of
    that; ``ranks``: rows between a quantile and what is told in its place. ``scale``: the largest of the noise, in rows, or in the unit of a sum.
    """

    call: str
    epsilon: Fraction | None
    rho: float | None
    delta: float
    mechanism: str
    scale: float
    half_widths: Any = field(repr=False)
    widths_of_a_row: Any = field(repr=False, default=None)
    widths_of_a_root: Any = field(repr=False, default=None)
    ranks: Any = field(repr=False, default=None)

    @property
    def cost(self) -> dict[str, str | float | None]:
        """The cost of the call: ε as exact text, δ; of a call paid in ρ, that instead of ε."""
        if self.epsilon is None:
            return {"epsilon": None, "delta": self.delta, "rho": self.rho}
        return {"epsilon": str(self.epsilon), "delta": self.delta}

    def __repr__(self) -> str:
        above, widths = self._heading().text, self._widths()
        lines = [above, *(f"{name:<18}{text}" for name, text in self._facts().items())]
        if widths is not None:
            lines += ["", table.as_text(*widths, right=range(1, len(widths[0])))]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        facts, widths, above = self._facts(), self._widths(), self._heading().html
        if widths is None:
            return table.as_html(list(facts), [list(facts.values())], above=above)
        below = " · ".join(f"{name} {text}" for name, text in facts.items())
        return table.as_html(*widths, above=above, below=below, right=range(1, len(widths[0])))

    def _heading(self) -> table.Drawn:
        return table.heading(f"{self.call} (preview)", "nothing was charged")

    def _widths(self) -> tuple[list[str], list[list[str]]] | None:
        """The half-widths as a table; None where one word says them all."""
        if not isinstance(self.half_widths, pd.Series | pd.DataFrame):
            return None
        headers, rows = intervals.grid(self.half_widths)
        known = {how: intervals.grid(found)[1] for how, found in self._at_most().items()}
        shown = [
            [
                row[0],
                *(
                    _cell(width, {how: of[down][across] for how, of in known.items()})
                    for across, width in enumerate(row[1:], 1)
                ),
            ]
            for down, row in enumerate(rows)
        ]
        many = any(how in known for how in ("row", "root"))
        return ["95 % half-width" + (", n: rows with a value" if many else ""), *headers[1:]], shown

    def _at_most(self) -> dict[str, Any]:
        found = {"row": self.widths_of_a_row, "root": self.widths_of_a_root, "rank": self.ranks}
        return {how: each for how, each in found.items() if each is not None}

    def _facts(self) -> dict[str, str]:
        paid = f"ρ {self.rho:.6g}" if self.epsilon is None else f"ε {float(self.epsilon):.9g} (ρ {self.rho or 0:.3g})"
        facts = {
            "cost": paid + (f" and δ {self.delta:.3g}" if self.delta else ""),
            "noise": self.mechanism,
        }
        if not isinstance(self.half_widths, pd.Series | pd.DataFrame):
            facts["95 % half-width"] = _in_words(self.half_widths, self._at_most())
        return facts


_AT_MOST = {"row": "<= {:,.3g} / n", "root": "<= {:,.3g} / root of n", "rank": "<= {:,.3g} ranks"}


def _cell(width: float, at_most: dict[str, float]) -> str:
    """A half-width; where it isn't known, what it is at most."""
    if not math.isnan(width):
        return f"± {width:,.3g}"
    return next((_AT_MOST[how].format(each) for how, each in at_most.items() if not math.isnan(each)), "?")


def _in_words(widths: Any, at_most: dict[str, Any]) -> str:
    """One half-width, or those of a histogram's bins, which are alike."""
    if widths is None:
        return "several releases, each with its own"
    for how, each in at_most.items():
        if isinstance(each, int | float) and not math.isnan(each):
            return _WORDS[how](each)
    found = pd.Series([widths] if pd.api.types.is_scalar(widths) else list(pd.Series(widths.ravel())), dtype="float64")
    return _UNKNOWN if found.isna().any() or found.empty else f"{found.max():.6g}"


def _of_rows(width: float) -> str:
    some = " and ".join(f"{width / rows:.3g} of {rows:,}" for rows in _ROWS)
    return f"at most {width:.4g} / n of n rows with a value, as {some}"


def _of_root(width: float) -> str:
    some = " and ".join(f"{width / math.sqrt(rows):.3g} of {rows:,}" for rows in _ROWS)
    return f"at most {width:.4g} / root of n of n rows with a value, as {some}"


def _of_ranks(ranks: float) -> str:
    some = " and ".join(f"{100 * ranks / rows:.3g} % of {rows:,}" for rows in _ROWS)
    return f"at most {ranks:.4g} of n rows lie between it and the quantile asked for, as {some}"


_WORDS: dict[str, Callable[[float], str]] = {"row": _of_rows, "root": _of_root, "rank": _of_ranks}


class _Forecaster:
    """A vault for twins: what would be charged is previewed, what is free is asked of the real one. Half-widths are the preview's ``told``."""

    def __init__(self, vault: Vault, told: str) -> None:
        self._vault, self._told = vault, told
        self.forecasts: list[messages.Preview] = []

    def ask(self, message: messages.Message) -> messages.Message:
        """A release's answer, all zeros, with its expected half-widths; else the vault's own reply."""
        if not isinstance(message, messages.AskRelease):
            return self._vault.ask(message)
        found = ask(self._vault, messages.AskPreview(id=0, release=message.release), messages.Preview)
        self.forecasts.append(found)
        return messages.Released(
            id=0,
            index=found.index,
            columns=found.columns,
            values=tuple((0,) * len(found.columns) for _ in found.index),
            half_widths=getattr(found, self._told),
            mechanism=found.mechanism,
            measure="preview",
            scale=found.scale,
            cost=found.cost,
        )


def previewed(call: Callable[..., Any], name: str, given: tuple[Any, ...], named: dict[str, Any]) -> Preview:
    """The preview of a call with these arguments, the object it belongs to among them. Raises as the call itself would."""
    result, forecasts = _foretold(call, given, named, "half_widths")
    if not forecasts:
        raise ValueError(
            f"{name} with these arguments releases nothing, so that there is nothing to preview: it is free"
        )
    preview = _summed(name, result, forecasts)
    if len(forecasts) != 1:
        return preview
    more: dict[str, Any] = {}
    for told in _MORE:
        if any(width is not None for row in getattr(forecasts[0], told) for width in row):
            known = provenance(_foretold(call, given, named, told)[0])
            more[told] = None if known is None else known.half_widths
    return replace(preview, **more)


_MORE = ("widths_of_a_row", "widths_of_a_root", "ranks")
"""What is said of numbers whose half-widths are not known."""


def _foretold(
    call: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any], told: str
) -> tuple[Any, list[messages.Preview]]:
    """What the call makes of forecasts, and these."""
    made: list[_Forecaster] = []

    def forecaster(vault: Vault) -> _Forecaster:
        if not made:
            made.append(_Forecaster(vault, told))
        return made[0]

    result = call(
        *(_twin(each, forecaster) for each in given), **{key: _twin(each, forecaster) for key, each in named.items()}
    )
    return result, made[0].forecasts if made else []


def _twin(value: Any, forecaster: Callable[[Vault], _Forecaster]) -> Any:
    """The same object over a vault that only forecasts; public values as they are, copied where a call could change them."""
    if isinstance(value, list | tuple) and any(isinstance(each, Private) for each in value):
        return type(value)([_twin(each, forecaster) for each in value])
    if not isinstance(value, Private):
        return copy.copy(value) if hasattr(type(value), "fit") else value
    made = object.__new__(type(value))
    for name in (name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())):
        held = getattr(value, name)
        object.__setattr__(made, name, _moved(held, forecaster) if isinstance(held, Rows) else held)
    return made


def _moved(rows: Rows, forecaster: Callable[[Vault], _Forecaster]) -> Rows:
    return replace(rows, vault=forecaster(rows.vault))


def _summed(name: str, result: Any, forecasts: list[messages.Preview]) -> Preview:
    """One preview of all releases that a call makes: costs add up."""
    costs = [each.cost for each in forecasts]
    known = provenance(result) if len(forecasts) == 1 else None
    pure = all(cost.epsilon for cost in costs)
    return Preview(
        call=name,
        epsilon=sum((Fraction(cost.epsilon) for cost in costs), Fraction(0)) if pure else None,
        rho=sum(cost.rho or 0.0 for cost in costs),
        delta=sum(cost.delta for cost in costs),
        mechanism=" + ".join(dict.fromkeys(each.mechanism for each in forecasts)),
        scale=max(each.scale for each in forecasts),
        half_widths=None if known is None else known.half_widths,
    )
