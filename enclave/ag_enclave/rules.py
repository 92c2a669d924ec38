"""A competition's rules, as its owner writes them in YAML and everybody may read them. Knows neither database nor labels."""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from ag_enclave.errors import BadData, Refusal

MOST_ROWS = 10_000
"""A table of so many values is what the vault takes in one plan."""

LABELS = "Labels of "
"""How the names of hidden labels begin, and no data set's: caps, charges and sessions go by names."""
Metric = Literal["accuracy", "absolute_error"]
Value = str | int | float | bool


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The hidden column, as in a data set's metadata: categories, or numbers between bounds."""

    column: str
    type: Literal["str", "int", "float", "bool"]
    categories: tuple[Value, ...] = ()
    lower: float | None = None
    upper: float | None = None


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything public about a competition. ``epsilon``: what one submission costs whoever makes it; ``budget`` as in a data set's metadata."""

    name: str
    dataset: str
    label: Label
    metric: Metric
    rows: int
    epsilon: float
    budget: dict[str, Any]
    opens: datetime
    closes: datetime
    per_hour: int = 10
    per_day: int = 50
    public_share: float = 0.5
    description: str = ""

    @property
    def lower_is_better(self) -> bool:
        """Whether the metric is an error."""
        return self.metric == "absolute_error"

    @property
    def labels(self) -> str:
        """The name of the hidden data set."""
        return f"{LABELS}{self.name}"

    def as_json(self) -> str:
        """For the database and the wire."""
        return msgspec.json.encode(self).decode()


def read_rules(given: Any) -> Rules:
    """The rules of a YAML or JSON object. BadData where they are none, or can't be kept."""
    try:
        rules = msgspec.convert(given, Rules)
    except msgspec.ValidationError as problem:
        raise BadData(f"The competition's rules can't be read: {problem}.") from problem
    wrong = next((sentence for fine, sentence in _conditions(rules) if not fine), "")
    if wrong:
        raise BadData(f"The competition's rules can't be kept: {wrong}.")
    return rules


def _conditions(rules: Rules) -> list[tuple[bool, str]]:
    label, bounded = rules.label, _is_bounded(rules.label)
    numeric = label.type in {"int", "float"}
    return [
        (1 < rules.rows <= MOST_ROWS, f"rows must be from 2 to {MOST_ROWS:,}"),
        (0 < rules.public_share <= 1, "public_share must be above 0 and at most 1"),
        (math.isfinite(rules.epsilon) and rules.epsilon > 0, "epsilon must be above 0"),
        (rules.opens.tzinfo is not None and rules.closes.tzinfo is not None, "opens and closes need a time zone"),
        (rules.opens.tzinfo is None or rules.closes.tzinfo is None or rules.opens < rules.closes, "it closes before it opens"),
        (rules.per_hour > 0 and rules.per_day > 0, "per_hour and per_day must be above 0"),
        (label.column.isidentifier() and label.column != "row", "label.column must be a plain word, and not row"),
        (rules.metric != "absolute_error" or (numeric and bounded), "absolute_error needs a label of numbers with lower and upper"),
        (rules.metric != "accuracy" or bool(label.categories) or label.type == "bool", "accuracy needs a label with categories"),
    ]  # fmt: skip


def _is_bounded(label: Label) -> bool:
    return label.lower is not None and label.upper is not None and label.lower < label.upper


def metadata_of(rules: Rules) -> dict[str, Any]:
    """The hidden data set's metadata, as the loader reads it: the labels, and the number of the row each belongs to."""
    label: dict[str, Any] = {"type": rules.label.type}
    if rules.label.categories:
        label["categories"] = list(rules.label.categories)
    if _is_bounded(rules.label):
        label |= {"lower": rules.label.lower, "upper": rules.label.upper}
    row = {"type": "int", "lower": 0, "upper": rules.rows - 1}
    table = {"unit": "row", "columns": {"row": row, rules.label.column: label}}
    return {"description": f"Hidden labels of {rules.name}.", "budget": rules.budget, "tables": {"labels": table}}


def check_window(rules: Rules, now: datetime, mine: Sequence[datetime]) -> None:
    """Whether a submission may be made now, after those at the times of ``mine``. Refusal 403 or 429."""
    if now < rules.opens:
        raise Refusal(403, f"{rules.name} opens at {_shown(rules.opens)}; nothing was charged.")
    if now > rules.closes:
        raise Refusal(403, f"{rules.name} closed at {_shown(rules.closes)}; nothing was charged.")
    for seconds, most, span in ((3600, rules.per_hour, "hour"), (86400, rules.per_day, "day")):
        recent = [at for at in mine if (now - at).total_seconds() < seconds]
        if len(recent) >= most:
            wait = seconds - (now - recent[-most]).total_seconds()
            raise Refusal(
                429, f"{rules.name} takes {most} submissions per {span}; the next one in {wait / 60:.0f} minutes."
            )


def checked(rules: Rules, predictions: Any) -> list[Value]:
    """The predictions, each of the label's kind. Refusal 400 that says which is not; nothing was charged by then."""
    if not isinstance(predictions, list):
        raise Refusal(400, "Predictions are a list, one value for each row of the test set.")
    if len(predictions) != rules.rows:
        raise Refusal(
            400, f"{rules.name} needs {rules.rows:,} predictions, one for each row of the test set in its order; you sent {len(predictions):,}."
        )  # fmt: skip
    fits = _FITS[rules.label.type]
    for at, value in enumerate(predictions):
        if not fits(value, rules.label):
            raise Refusal(400, f"Prediction {at} is {_quoted(value)}, and must be {_wanted(rules.label)}.")
    return list(predictions)


def _number(value: Any, label: Label) -> bool:
    del label
    whole_or_not = isinstance(value, int | float) and not isinstance(value, bool)
    return whole_or_not and abs(value) <= sys.float_info.max  # compares exactly, where isfinite overflows; false of NaN


def _whole(value: Any, label: Label) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53
    return whole and (not label.categories or value in label.categories)


def _text(value: Any, label: Label) -> bool:
    return isinstance(value, str) and value in label.categories


def _truth(value: Any, label: Label) -> bool:
    del label
    return isinstance(value, bool)


_FITS = {"str": _text, "int": _whole, "float": _number, "bool": _truth}


def _wanted(label: Label) -> str:
    if label.categories:
        return f"one of {', '.join(map(str, label.categories[:20]))}"
    return {"int": "a whole number", "float": "a finite number", "bool": "true or false", "str": "a text"}[label.type]


def _quoted(value: Any) -> str:
    text = json.dumps(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    return text if len(text) <= 40 else f"{text[:40]}…"  # noqa: PLR2004 - enough to recognise it


def _shown(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def public(rules: Rules) -> Mapping[str, Any]:
    """For whoever may compete."""
    shown: dict[str, Any] = json.loads(rules.as_json())
    return shown
