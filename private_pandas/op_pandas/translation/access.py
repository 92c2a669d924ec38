"""Items, attributes and methods of what a name stands for. Must not know syntax."""

import re
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import pandas as pd

from op_pandas.translation import lookups, moments, patterns, texts
from op_pandas.translation.arithmetic import publicly
from op_pandas.translation.callables import items_of, known_call
from op_pandas.translation.merging import SCALARS, frozen, spread, typed
from op_pandas.translation.scene import Scene
from op_pandas.translation.values import NEVER, Display, Found, Known, Method, Pieces, Row, Typed, Value
from op_pandas.translation.words import TRUE

_CHANGES = {
    "append",
    "extend",
    "insert",
    "pop",
    "remove",
    "clear",
    "update",
    "setdefault",
    "add",
    "discard",
    "sort",
    "reverse",
    "popitem",
}
_PLAIN = (*SCALARS, list, tuple, set, frozenset, dict)


def item(scene: Scene, owner: Value, key: Value) -> Value:
    """``owner[key]``."""
    return spread(scene, lambda inner, one: _item(inner, one, key), owner)


def _item(scene: Scene, owner: Value, key: Value) -> Value:
    if isinstance(owner, Row):
        return _column(scene, owner, key)
    if isinstance(owner, Known) and isinstance(owner.value, dict):
        return lookups.look_up(scene, owner.value, key, None)
    if isinstance(owner, Known) and isinstance(owner.value, list | tuple | range):
        return spread(scene, lambda inner, index: lookups.item_of(inner, list(owner.value), index), key)
    if isinstance(owner, Found) and isinstance(key, Known) and isinstance(key.value, int):
        return patterns.group_of(scene, owner, key.value)
    place = key.value if isinstance(key, Known) else None
    if isinstance(owner, Known):
        return publicly(scene, lambda value: value[place], owner.value)
    if not isinstance(place, int):
        scene.refuse("an item at a private place", "use a constant place, or a dict")
    if isinstance(owner, Display):
        return owner.items[place] if -len(owner.items) <= place < len(owner.items) else _raised(scene, IndexError)
    if isinstance(owner, Pieces):
        return texts.piece(scene, owner, place)
    if isinstance(owner, Typed) and owner.kind == "str":
        return texts.character(scene, owner, place)
    return _raised(scene, TypeError)


def _column(scene: Scene, row: Row, key: Value) -> Value:
    if not isinstance(key, Known) or not isinstance(key.value, str):
        scene.refuse("a column named by a private value", "name the column")
    if key.value not in row.columns:
        scene.refuse(
            f"the column {key.value!r}, which does not exist,", f"use one of {', '.join(list(row.columns)[:8])}"
        )
    return row.columns[key.value]


def _raised(scene: Scene, error: type[Exception]) -> Value:
    scene.fault(TRUE, error)
    return NEVER


def attribute(scene: Scene, owner: Value, name: str) -> Value:
    """``owner.name``."""
    return spread(scene, lambda inner, one: _attribute(inner, one, name), owner)


def _attribute(scene: Scene, owner: Value, name: str) -> Value:
    if isinstance(owner, Row):
        return owner.columns[name] if name in owner.columns else Method(owner, name)
    if isinstance(owner, Known):
        return _public_attribute(scene, owner.value, name)
    if isinstance(owner, Typed) and owner.kind == "datetime" and name != "weekday":
        return moments.field(scene, owner, name) or Method(owner, name)
    if isinstance(owner, Typed) and owner.kind == "timedelta" and name == "days":
        return moments.span_field(scene, owner, name) or NEVER
    if isinstance(owner, Display) and name in _CHANGES:
        scene.refuse(f"changing a list with .{name}(…)", "write the list out, or add to a number or text")
    return Method(owner, name)


def _public_attribute(scene: Scene, value: Any, name: str) -> Value:
    if isinstance(value, ModuleType | type):
        found = getattr(value, name, None)
        if found is None:
            return _raised(scene, AttributeError)
        try:
            return Known(frozen(found))
        except TypeError:
            return Known(found)
    if type(value) in (pd.Timestamp, pd.Timedelta) or (
        type(value) in SCALARS and not isinstance(value, str | int | float | None)
    ):
        found = getattr(value, name, None)
        return Method(Known(value), name) if callable(found) else publicly(scene, getattr, value, name)
    return Method(Known(value), name)


# Methods --------------------------------------------------------------------------------------------------


def call_method(scene: Scene, owner: Value, name: str, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    """``owner.name(…)``."""
    if isinstance(owner, Typed):
        return _of_typed(scene, owner, name, given, keywords)
    if isinstance(owner, Row) and name == "get":
        return _column(scene, owner, given[0])
    if isinstance(owner, Found):
        return _of_match(scene, owner, name, given)
    if isinstance(owner, Known):
        return _of_known(scene, owner.value, name, given, keywords)
    scene.refuse(f".{name}(…)", "use another way to the same value")


def _of_typed(scene: Scene, owner: Typed, name: str, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    if owner.kind == "str":
        method = texts.METHODS.get(name)
        if method is None and not hasattr(str, name):
            scene.refuse(f".{name}(…), which texts don't have,", f"use {_SOME_METHODS}")
        if method is None or keywords:
            scene.refuse(
                f"the text method .{name}(…)" if method is None else f"a keyword in .{name}(…)", f"use {_SOME_METHODS}"
            )
        return method(scene, owner, given)
    if owner.kind == "datetime":
        return _of_moment(scene, owner, name, given)
    if owner.kind == "timedelta" and name == "total_seconds":
        return moments.span_field(scene, owner, name) or NEVER
    if owner.kind == "float" and name == "is_integer":
        whole = scene.words.binary("eq", scene.words.unary("floor", owner.expression), owner.expression)
        return Typed("bool", scene.words.coalesce(whole, scene.words.constant(False)) if owner.nullable else whole)
    if hasattr({"int": int, "float": float, "bool": bool}.get(owner.kind, pd.Timedelta), name):
        scene.refuse(f".{name}(…) of a number", "use arithmetic")
    return _raised(scene, AttributeError)


_SOME_METHODS = "lower, upper, strip, startswith, endswith, replace, split, find, count, slices and +"


def _of_moment(scene: Scene, owner: Typed, name: str, given: Sequence[Value]) -> Value:
    if name in ("weekday", "isoweekday") and not given:
        day = moments.field(scene, owner, "dayofweek")
        if day is not None and name == "weekday":
            return day
    if name == "strftime" and len(given) == 1 and isinstance(given[0], Known):
        return moments.formatted(scene, owner, str(given[0].value))
    if name in ("day_name", "month_name") and not given:
        return moments.called(scene, owner, name)
    if name in ("to_pydatetime", "to_datetime64"):
        return owner
    scene.refuse(
        f".{name} of a date",
        "use .year, .month, .day, .hour, .minute, .second, .dayofweek, .dayofyear, .week, .quarter, day_name() or strftime",
    )


def _of_match(scene: Scene, owner: Found, name: str, given: Sequence[Value]) -> Value:
    number = given[0] if given else Known(0)
    if name != "group" or len(given) > 1 or not isinstance(number, Known) or not isinstance(number.value, int):
        scene.refuse(f".{name}(…) of a match", "use .group(0) or .group(k)")
    return patterns.group_of(scene, owner, number.value)


def _of_known(scene: Scene, value: Any, name: str, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    if value is None:
        return _raised(scene, AttributeError)
    if type(value) is dict and name == "get" and given:
        return lookups.look_up(scene, value, given[0], given[1] if len(given) > 1 else Known(None))
    if isinstance(value, re.Pattern) and name in _OF_PATTERN:
        return known_call(scene, _OF_PATTERN[name], [Known(value), *given], keywords)
    if isinstance(value, str) and name == "join" and len(given) == 1:
        return _joined(scene, value, given[0])
    if type(value) in (list, set, dict) and name in _CHANGES:
        scene.refuse(
            f"changing a list, set or dict with .{name}(…)", "a function of private values may only give a value back"
        )
    if type(value) not in _PLAIN or name.startswith("_"):
        scene.refuse(f".{name}(…) of a {type(value).__name__}", "use numbers, texts, dates, lists and dicts")
    if not all(isinstance(each, Known) for each in (*given, *keywords.values())):
        return _on_private(scene, value, name, given)
    if name in _LARGE:
        scene.refuse(f".{name}(…)", "use an f-string")
    if getattr(value, name, None) is None:
        return _raised(scene, AttributeError)
    plain = [each.value for each in given if isinstance(each, Known)]
    named = {key: each.value for key, each in keywords.items() if isinstance(each, Known)}
    return _listed(publicly(scene, lambda: getattr(value, name)(*plain, **named)))


_LARGE = {"ljust", "rjust", "center", "zfill", "format", "format_map", "expandtabs", "translate"}
_OF_PATTERN = {"match": re.match, "search": re.search, "fullmatch": re.fullmatch, "sub": re.sub}


def _on_private(scene: Scene, value: Any, name: str, given: Sequence[Value]) -> Value:
    """A method of a public value on private ones: those of texts, as if the text were private."""
    if isinstance(value, str):
        found = typed(scene, Known(value))
        if found is not None and name in texts.METHODS:
            return texts.METHODS[name](scene, found, given)
    scene.refuse(f".{name}(…) with private values", "swap the two, or use an f-string")


def _listed(value: Value) -> Value:
    if isinstance(value, Known) and type(value.value) not in _PLAIN:
        try:
            return Known(list(value.value))
        except TypeError:
            return value
    return value


def _joined(scene: Scene, separator: str, parts: Value) -> Value:
    items = items_of(scene, parts)
    if all(isinstance(each, Known) for each in items):
        return publicly(scene, separator.join, [each.value for each in items if isinstance(each, Known)])
    return texts.join(scene, separator, Display(tuple(items)))
