"""The first line of a ``%%ag`` cell: its options. Must not know what a session is."""

import argparse
import shlex
from typing import NoReturn

from antigranular.errors import AgError

MAGIC = "%%ag"


class _Options(argparse.ArgumentParser):
    """Arguments whose mistakes are one sentence here, and end no process."""

    def error(self, message: str) -> NoReturn:
        raise AgError(f"%%ag: {message}; it takes --timeout SECONDS, --session ID, --mock and --quiet")


def options(line: str) -> argparse.Namespace:
    """``timeout`` (seconds or None), ``session`` (id or None), ``mock`` and ``quiet`` of what follows ``%%ag`` on its line. Raises AgError."""
    try:
        words = shlex.split(line)
    except ValueError as problem:
        raise AgError(f"%%ag can't read its line: {problem}") from None
    return _PARSER.parse_args(words)


def parted(cell: str) -> tuple[str, str] | None:
    """What follows ``%%ag`` on a cell's first line, and the lines below it; None for another cell."""
    line, _, body = cell.partition("\n")
    return (line[len(MAGIC) :], body) if line.startswith(MAGIC) and line.split(maxsplit=1)[0] == MAGIC else None


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{word!r} is no number of seconds")
    return seconds


def _parser() -> _Options:
    parser = _Options(prog=MAGIC, add_help=False, allow_abbrev=False)
    parser.add_argument("--timeout", type=_seconds)
    parser.add_argument("--session")
    parser.add_argument("--mock", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    return parser


_PARSER = _parser()
