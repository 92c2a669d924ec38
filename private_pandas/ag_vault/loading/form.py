"""What is wrong with the form of an owner's metadata file, said of the table, column or view where it is. Knows no rules of values.

msgspec finds the fault and names a path without keys; here the part at fault is found by its name, and the fault put into words.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]*)`, got `(?P<given>[^`]*)`")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<field>[^`]*)`")
_VALUE = re.compile(r"Invalid enum value (?P<given>.*?)( - at|$)")
_FIELD = re.compile(r"\.(?P<field>\w+)(\[[^]]*\])*`$")
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}


def fault(raw: object, parts: Mapping[str, type], whole: type) -> str:
    """The first fault of a file's content, in one sentence; ``parts`` has the types of tables, columns, views and the budget."""
    for place, content, kind in _sections(raw, parts):
        problem = _problem(content, kind)
        if problem is not None:
            return f"{place} {_in_words(problem)}."
    return f"The metadata file doesn't have the right form: it {_in_words(_problem(raw, whole) or '')}."


def _sections(raw: object, parts: Mapping[str, type]) -> Iterator[tuple[str, object, type]]:
    """Every named part of the content, the innermost first."""
    content = raw if isinstance(raw, Mapping) else {}
    for table, entry in _items(content.get("tables")):
        columns = entry.get("columns") if isinstance(entry, Mapping) else None
        for name, column in _items(columns):
            yield f"Column {table}.{name}", column, parts["columns"]
        yield f"Table {table}", entry, parts["tables"]
    for view, entry in _items(content.get("views")):
        yield f"View {view}", entry, parts["views"]
    if "budget" in content:
        yield "The budget", content["budget"], parts["budget"]


def _items(content: Any) -> list[tuple[object, Any]]:
    return list(content.items()) if isinstance(content, Mapping) else []


def _problem(content: object, kind: type) -> str | None:
    try:
        msgspec.convert(content, kind)
    except msgspec.ValidationError as problem:
        return str(problem)
    return None


def _in_words(problem: str) -> str:
    """The fault as the end of a sentence about the part at fault."""
    if found := _MISSING.search(problem):
        return f"lacks {found['field']}"
    if found := _UNKNOWN.search(problem):
        return f"has {found['field']}, which means nothing there"
    field = _FIELD.search(problem)
    subject = f"has a strange {field['field']}: it " if field else ""
    if found := _EXPECTED.search(problem):
        return f"{subject}must be {_kinds(found['wanted'])}, not {_kinds(found['given'])}"
    if found := _VALUE.search(problem):
        return f"{subject}can't be {found['given']}"
    return "can't be understood"


def _kinds(words: str) -> str:
    """Types as people call them; a number of either kind is a number."""
    named = ["float"] if {"int", "float"} <= set(words.split(" | ")) else []
    rest = [word for word in words.split(" | ") if not (named and word in {"int", "float"})]
    return " or ".join(
        _KINDS.get(word, word) for word in (*named, *rest) if word != "null" or len(words) == len("null")
    )
