"""What an owner should look at before a value leaves: size, rows and columns of the input, values of few rows, small groups. Warnings, never a proof.

It must not run anybody's code: it sees a value that was decoded from the closed set, and the tables that it was made from.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ag_kernel.review.known import FEW, Plain, column_of, comparable
from ag_kernel.review.likeness import plain_frame, rows_shown
from ag_kernel.review.parts import Part, Run, parts_of

MANY_ROWS: Final = 50
MANY_VALUES: Final = 1000
MANY_PARTS: Final = 100
LARGE_BYTES: Final = 64 << 10
LONG_TEXT: Final = 200
_WHOLE_BITS: Final = 64
_PLACES: Final = 2
"""Of one kind so many places are named, lest a value with many of them hide another kind behind these."""
_COUNT_NAMES: Final = ("count", "size", "n", "freq", "frequency", "rows", "number", "nunique")
Tables = Mapping[str, pd.DataFrame]
Found = tuple[str, str, str]
"""A kind of warning, what of the tables it is about, and its sentence."""


def warnings(value: Any, tables: Tables, *, size: int) -> list[str]:
    """A sentence for each thing to look at. None of them quotes a value, nor what the value calls its columns: that may be one."""
    found: dict[tuple[int, str], list[str]] = {}
    for kind, about, sentence in _looked(list(parts_of(value)), tables, size):
        found.setdefault((_ORDER.index(kind), about), []).append(sentence)
    return [sentence for key in sorted(found) for sentence in _shortened(list(dict.fromkeys(found[key])))]


def _looked(parts: Sequence[Part], tables: Tables, size: int) -> Iterator[Found]:
    if size > LARGE_BYTES:
        yield "size", "", f"It has {size:,} bytes: that is room for many rows."
    runs = [(run, [comparable(each) for each in run.held]) for part in parts for run in part.runs]
    for part in parts:
        yield from _lengths(part, tables)
    for run, plain in runs:
        yield from _shapes(run)
        yield from _few(run, plain, tables)
    yield from _rows(parts, tables)
    yield from _columns(runs, tables)
    if sum(len(plain) for _, plain in runs) > MANY_VALUES:
        yield "values", "", f"It is made of more than {MANY_VALUES:,} single values: that is room for many rows."


def _lengths(part: Part, tables: Tables) -> Iterator[Found]:
    for what, length in part.lengths.items():
        for name, frame in tables.items():
            if length == len(frame) and length >= (1 if what == "rows" else FEW):
                yield "rows", name, f"{part.place} has {length:,} {what}, as many as {name} has rows."
        if length > MANY_ROWS:
            yield "many", "", f"{part.place} has {length:,} {what}, more than {MANY_ROWS}."


def _shapes(run: Run) -> Iterator[Found]:
    """What is no innocent text or number, however it is called."""
    for each in run.held:
        if isinstance(each, str | bytes) and len(each) > LONG_TEXT:
            yield "long", "", f"{run.place} has a text of more than {LONG_TEXT} characters: that is room for rows."
        if isinstance(each, int) and each.bit_length() > _WHOLE_BITS:
            yield "long", "", f"{run.place} has a number of more than {_WHOLE_BITS} bits: that is room for rows."


def _rows(parts: Sequence[Part], tables: Tables) -> Iterator[Found]:
    """What is a row of a table as it is, looked for in so many parts."""
    several = [part for part in parts if part.lengths]
    plain = {name: plain_frame(frame) for name, frame in tables.items()}
    for part in several[:MANY_PARTS]:
        yield from (("row", "", sentence) for sentence in rows_shown(part.place, part.whole, plain))
    if len(several) > MANY_PARTS:
        yield (
            "values",
            "",
            f"It has {len(several):,} parts, of which {MANY_PARTS} were looked at for rows of the tables.",
        )


def _columns(runs: Sequence[tuple[Run, Sequence[Plain]]], tables: Tables) -> Iterator[Found]:
    """What is a column's; one column at a time, of which no more is kept than what is looked for."""
    wanted = {each for _, plain in runs for each in plain} - {None}
    for name, frame in tables.items():
        for heading in frame:
            column, named = column_of(frame[heading], wanted), f"the column {heading} of {name}"
            for run, plain in runs:
                if column.holds_most_of(plain):
                    yield "column", named, f"{run.place} holds the values of {named}."
            if column.shown_by(wanted):
                yield "shown", named, f"It has values of {named} as they are, which fewer than {FEW} rows hold."


def _few(run: Run, plain: Sequence[Plain], tables: Tables) -> Iterator[Found]:
    """Whether these are counts, by their name or because a table of whole numbers is one, and one of them is small; or shares of so few rows."""
    numbers = [each for each in plain if isinstance(each, float)]
    words = run.heading.lower().replace("_", " ").split()
    named = any(word in words for word in _COUNT_NAMES)
    whole = bool(numbers) and all(each == round(each) for each in numbers)
    if whole and (named or run.counted) and any(0 < each < FEW for each in numbers):
        yield "few", "", f"{run.place} has counts below {FEW}: groups of so few can be recognized."
    for name, frame in tables.items():
        if any(_is_share(each, len(frame)) for each in numbers):
            yield (
                "few",
                name,
                f"{run.place} has shares of fewer than {FEW} rows of {name}: groups of so few can be recognized.",
            )


def _is_share(value: float, rows: int) -> bool:
    """Whether it is so many of all rows, and these are few."""
    count = value * rows
    return 0 < value < 1 and rows >= FEW and 0.5 < count < FEW and abs(count - round(count)) < 1e-9  # noqa: PLR2004 - rounds to one at least, as far as floats are exact


def _shortened(sentences: list[str]) -> list[str]:
    more = len(sentences) - _PLACES
    return sentences if more <= 0 else [*sentences[:_PLACES], f"{sentences[-1]} There are {more} more like it."]


_ORDER: Final = ("size", "values", "long", "rows", "many", "few", "row", "column", "shown")
"""Those of which there may be one for each column come last."""
