"""Looking private values up in public dicts and lists. Must not know syntax."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ag_plan.expressions import Expression, IsIn, Recode, Scalar
from op_pandas.translation.merging import merge, spread, typed
from op_pandas.translation.scene import Scene
from op_pandas.translation.truth import comparable_key
from op_pandas.translation.values import NEVER, Known, Typed, Value
from op_pandas.translation.words import TRUE

MOST_BRANCHES = 64
"""Values of a dict that aren't scalars of one kind are branches each."""
_RECODED = {bool: "bool", int: "int", float: "float", str: "str"}


def look_up(scene: Scene, table: Mapping[Any, Any], key: Value, default: Value | None) -> Value:
    """``table[key]``, or ``table.get(key, default)``."""
    return spread(scene, lambda inner, each: _look_up(inner, table, each, default), key)


def _look_up(scene: Scene, table: Mapping[Any, Any], key: Value, default: Value | None) -> Value:
    if isinstance(key, Known):
        found = _publicly(table, key.value)
        return found if found is not None else _missing(scene, TRUE, default)
    item = typed(scene, key)
    if item is None:
        scene.refuse("looking this up", "look one value up")
    pairs: dict[Scalar, Any] = {}
    for written, value in table.items():
        comparable = comparable_key(item, written)
        if comparable is not None:
            pairs[comparable] = value
    if not pairs:
        return _missing(scene, TRUE, default)
    inside = scene.words.make(IsIn, operand=item.expression, values=tuple(pairs))
    with scene.under(inside):
        found = _recoded(scene, item, pairs)
    with scene.under(inside, truth=False):
        otherwise = _missing(scene, TRUE, default)
    return merge(scene, inside, found, otherwise)


def _publicly(table: Mapping[Any, Any], key: Any) -> Value | None:
    try:
        return Known(table[key]) if key in table else None
    except TypeError:
        return None


def _missing(scene: Scene, condition: Expression, default: Value | None) -> Value:
    if default is not None:
        return default
    scene.fault(condition, KeyError)
    return NEVER


def _recoded(scene: Scene, item: Typed, pairs: Mapping[Scalar, Any]) -> Value:
    """The value of each key: a table where values are scalars of one kind, else a branch per kind or value."""
    groups: dict[Any, dict[Scalar, Any]] = {}
    for key, value in pairs.items():
        simple = (
            type(value) in _RECODED
            and not is_nan(value)
            and abs(value if isinstance(value, int | float) else 0) < 2**63
        )
        groups.setdefault(type(value) if simple else ("alone", repr(key)), {})[key] = value
    if len(groups) > MOST_BRANCHES:
        scene.refuse(f"a dict with more than {MOST_BRANCHES} values that aren't of one kind", "use numbers or texts")
    result: Value = NEVER
    for kind, part in groups.items():
        inside = scene.words.make(IsIn, operand=item.expression, values=tuple(part))
        result = merge(scene, inside, _group(scene, item, kind, part), result)
    return result


def is_nan(value: Any) -> bool:
    """Whether a public value is NaN."""
    return isinstance(value, float) and math.isnan(value)


def _group(scene: Scene, item: Typed, kind: Any, part: Mapping[Scalar, Any]) -> Value:
    if kind not in _RECODED:
        return Known(next(iter(part.values())))
    values = tuple(part.values())
    expression = scene.words.make(Recode, operand=item.expression, keys=tuple(part), values=values)
    bounds = (min(values), max(values)) if kind in (int, float) else None
    return Typed(_RECODED[kind], expression, bounds=bounds)  # type: ignore[arg-type]


def item_of(scene: Scene, values: Sequence[Any], index: Value) -> Value:
    """``values[index]`` of a public list or tuple."""
    if isinstance(index, Known):
        try:
            return Known(values[index.value])
        except (IndexError, TypeError) as error:
            scene.fault(TRUE, type(error))
            return NEVER
    table = dict(enumerate(values)) | {place - len(values): value for place, value in enumerate(values)}
    marker: Value = NEVER
    found = look_up(scene, table, index, marker)
    item = typed(scene, index) if isinstance(index, Typed) else None
    if item is not None and item.kind == "int":
        inside = scene.words.make(IsIn, operand=item.expression, values=tuple(table))
        scene.fault(scene.words.negated(inside), IndexError)
        return found
    scene.fault(TRUE, TypeError)
    return NEVER
