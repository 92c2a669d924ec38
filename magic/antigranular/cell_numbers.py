"""The notebook's cell numbers in a remote traceback, instead of the session's. Must not know the wire or IPython."""

import re
from collections.abc import Iterable, Mapping

_CELL_NUMBER = re.compile(r"(?<=\bIn\[)\d+(?=\])")


def renumbered(lines: Iterable[str], numbers: Mapping[str, str]) -> list[str]:
    """The lines with each session cell's number replaced by the notebook cell's, where it is known."""
    return [_CELL_NUMBER.sub(lambda found: numbers.get(found.group(), found.group()), line) for line in lines]
