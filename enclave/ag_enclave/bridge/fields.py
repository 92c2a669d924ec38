"""How one field of a message's content is checked, and what passes in its place.

A check takes the field (or MISSING) and the limits, and gives what is passed on; it raises MalformedMessage for
anything else. Contents are rebuilt from checked fields, so an unlisted field never passes.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ag_enclave.config import Wire
from ag_enclave.errors import MalformedMessage

MISSING: Final = object()
LEFT_OUT: Final = object()
Check = Callable[[Any, Wire], Any]
Fields = Mapping[str, Check]

_SHORT = 512
_MOST_ITEMS = 10_000
_LARGEST = 1 << 53


def rebuild(fields: Fields, content: Mapping[str, Any], limits: Wire) -> dict[str, Any]:
    """The content with exactly the listed fields, each checked."""
    checked = {name: check(content.get(name, MISSING), limits) for name, check in fields.items()}
    return {name: value for name, value in checked.items() if value is not LEFT_OUT}


def always(value: Any) -> Check:
    """The same value, whatever was sent."""
    return lambda _given, _limits: value


def optional(check: Check) -> Check:
    """Left out where missing, else checked."""
    return lambda given, limits: LEFT_OUT if given is MISSING else check(given, limits)


def flag(default: bool) -> Check:
    """A boolean; the default where missing."""

    def check(given: Any, _limits: Wire) -> bool:
        value = default if given is MISSING else given
        return bool(_of_type(value, bool))

    return check


def number(given: Any, _limits: Wire) -> int:
    """A whole number that every client can represent."""
    if isinstance(given, bool) or not isinstance(given, int) or abs(given) > _LARGEST:
        raise MalformedMessage("a field is not a whole number")
    return given


def one_of(*words: str) -> Check:
    """One of these words."""

    def check(given: Any, _limits: Wire) -> str:
        if given not in words:
            raise MalformedMessage("a field is none of its words")
        return str(given)

    return check


def short(given: Any, _limits: Wire) -> str:
    """A text of at most 512 characters, cut."""
    return str(_of_type(given, str))[:_SHORT]


def text(given: Any, limits: Wire) -> str:
    """A text, cut at the output limit with a line that says so."""
    value = str(_of_type(given, str))
    excess = len(value) - limits.output_bytes
    return value if excess <= 0 else f"{value[: limits.output_bytes]}\n… {excess} more characters were cut\n"


def exact_text(given: Any, limits: Wire) -> str:
    """A text that must not be cut: longer than the cell limit is refused before this check."""
    value = str(_of_type(given, str))
    if len(value) > limits.cell_bytes:
        raise MalformedMessage("a text is longer than it may be")
    return value


def scalars(given: Any, _limits: Wire) -> list[Any]:
    """A list of texts, numbers, booleans and nulls, of any length: no longer than its message."""
    values = _of_type(given, list)
    if not all(value is None or isinstance(value, str | int | float) for value in values):
        raise MalformedMessage("a field is not a list of single values")
    return list(values)


def each(check: Check) -> Check:
    """A list of at most 10,000 items, each checked; further items are cut."""

    def checked(given: Any, limits: Wire) -> list[Any]:
        return [check(item, limits) for item in _of_type(given, list)[:_MOST_ITEMS]]

    return checked


def record(fields: Fields) -> Check:
    """An object with exactly these fields."""
    return lambda given, limits: rebuild(fields, _of_type(given, dict), limits)


def _of_type(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise MalformedMessage("a field is missing or has the wrong type")
    return value
