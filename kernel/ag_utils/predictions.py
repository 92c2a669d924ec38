"""Predictions as a plain list, whatever they were kept in. Notebook and guest have the same file.

Must not know how they travel, nor what the competition wants of them.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

_FORMS = "a frame of one column, a series, an array or a list: one value per row"


def plain(predictions: Any) -> list[str | int | float | bool | None]:
    """One value per row, of a frame of one column, a series, an array or a list.

    TypeError for anything else, ValueError for several columns and for what is no text, finite number, boolean or None.
    """
    if hasattr(predictions, "columns"):
        if len(predictions.columns) != 1:
            named = ", ".join(map(str, predictions.columns))
            raise ValueError(f"predictions are {_FORMS}; this frame has the columns {named}")
        predictions = predictions.iloc[:, 0]
    shape: Any = getattr(predictions, "shape", ())
    if len(shape) == 2 and shape[1] == 1:  # noqa: PLR2004 - as models give them: one column
        predictions = predictions.reshape(-1)
    if isinstance(predictions, str | bytes | Mapping) or not isinstance(predictions, Iterable):
        raise TypeError(f"predictions are {_FORMS}, not {_article(predictions)}")
    values = predictions.tolist() if hasattr(predictions, "tolist") else list(predictions)
    return [_scalar(at, value) for at, value in enumerate(values)]


def _scalar(at: int, value: Any) -> str | int | float | bool | None:
    single = value.item() if hasattr(value, "item") and not isinstance(value, Iterable) else value
    if isinstance(single, float) and not math.isfinite(single):
        raise ValueError(f"Prediction {at} is {single}, and must be a finite number.")
    if single is None or isinstance(single, str | int | float):
        return single
    raise ValueError(f"Prediction {at} is {_article(value)}, and must be a text, a number, or True or False.")


def _article(value: Any) -> str:
    kind = type(value).__name__
    return f"{'an' if kind[:1] in 'aeiouAEIOU' else 'a'} {kind}"
