"""What owners say of a data set beside its metadata, and whether it is retired: one small public file in its folder. Knows words, no rows and no ledger."""

import json
import keyword
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from ag_enclave.errors import BadData
from ag_enclave.state import write_private_json

FILE = "words.json"
_LONGEST = 1 << 20
_LONGEST_NAME = 100
_STEERING = {"\u200e", "\u200f", "\u061c", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
"""Characters that turn the direction of what follows: text that reads otherwise than it is."""

Line = Annotated[str, msgspec.Meta(max_length=300)]
Text = Annotated[str, msgspec.Meta(max_length=20_000)]
Key = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}\Z")]


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All of it public. ``description`` None: the metadata's. ``shapes``: tables whose number of rows the owner makes public."""

    description: Text | None = None
    summary: Text = ""
    citation: Text = ""
    url: Line = ""
    contributors: Annotated[tuple[Line, ...], msgspec.Meta(max_length=200)] = ()
    shapes: Annotated[tuple[Key, ...], msgspec.Meta(max_length=200)] = ()

    def check(self) -> None:
        """BadData for what people can't be shown."""
        for name in ("description", "summary", "citation"):
            check_text(name, getattr(self, name) or "", lines=True)
        for each in self.contributors:
            check_text("contributors", each, lines=False)
        check_text("url", self.url, lines=False)
        if self.url and not is_link(self.url):
            raise BadData("url must be a whole address that begins with https:// or http://.")


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """The file: the words, how often they were changed, and the reason of the retirement where there is one."""

    words: Words = Words()
    revision: int = 0
    retired: str | None = None


def read(folder: Path) -> Leaf:
    """What is said of the data set in this folder; nothing where there is no such file. ValueError for a damaged one."""
    try:
        with (folder / FILE).open("rb") as stream:
            return msgspec.json.decode(stream.read(_LONGEST), type=Leaf)
    except FileNotFoundError:
        return Leaf()


def write(folder: Path, leaf: Leaf) -> None:
    """Replace it, durably. BadState where that can't be done."""
    write_private_json(folder / FILE, as_json(leaf))


def as_json(thing: msgspec.Struct) -> dict[str, Any]:
    """As plain JSON."""
    return dict(json.loads(msgspec.json.encode(thing)))


def check_text(name: str, text: str, *, lines: bool) -> None:
    """Words that people read in terminals, notebooks and pages. BadData for what would steer what shows them."""
    allowed = "\n\t" if lines else ""
    if any((not each.isprintable() and each not in allowed) or each in _STEERING for each in text):
        raise BadData(f"{name} must be printable text{'' if lines else ' on one line'}.")


def check_code(text: str) -> None:
    """Code that an owner reads before it runs. BadData for what would make it look like other code: a terminal overwrites a line at a carriage return."""
    plain = text.replace("\r\n", "\n")
    if any(not each.isprintable() and each not in "\n\t" for each in plain):
        raise BadData(
            "Code for review must be plain text: write control and invisible characters as escapes, as in '\\u200b'."
        )


def check_name(text: str) -> None:
    """The name of a function or an argument in code for review. BadData for what is none, or is private."""
    if not text.isidentifier() or keyword.iskeyword(text) or text.startswith("_") or len(text) > _LONGEST_NAME:
        raise BadData(f"{plain(text[:_LONGEST_NAME])!r} can't be the name of a function or an argument.")


def plain(text: str) -> str:
    """Text of somebody else's for a terminal or a log: what would steer what shows it is replaced."""
    return "".join(
        each if each.isprintable() and each not in _STEERING else "\N{REPLACEMENT CHARACTER}" for each in text
    )


def is_link(text: str) -> bool:
    """Whether it is an address that a page may link to."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname) and not any(map(str.isspace, text))


def fitting(fields: Mapping[str, Any]) -> Words:
    """These words and nothing else. BadData says what doesn't fit."""
    try:
        return msgspec.convert(dict(fields), type=Words)
    except msgspec.ValidationError as problem:
        raise BadData(f"This doesn't fit: {problem}.") from problem
