"""The loader: ``python -m ag_vault.load --name N --metadata FILE --out DIR --table KEY=FILE … --public KEY=FILE … --mock KEY=FILE …``.

Speaks JSON lines to whoever started it: progress, then ``done`` with a report for the owner, or ``error`` with one sentence.
Knows no analyst and no ledger; the work is in ``loading``.
"""

import argparse
import json
import re
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from ag_vault.errors import BadData
from ag_vault.loading.build import Order, build
from ag_vault.loading.metadata import Metadata

_KEY_BYTES = 32
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")


def main(arguments: Sequence[str] | None = None) -> int:
    """Load as asked on the command line; the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        order = Order(
            name=asked.name,
            metadata=Metadata.read(Path(asked.metadata)),
            tables=_pairs(asked.table),
            public=_pairs(asked.public),
            mock=_pairs(asked.mock),
            mock_override=asked.mock_override,
            unit_key=secrets.token_bytes(_KEY_BYTES) if asked.unit_key is None else _key_in(Path(asked.unit_key)),
        )
        report = build(order, Path(asked.out), _say)
    except BadData as problem:
        _say({"error": str(problem)})
        return 1
    except OSError as problem:
        _say({"error": f"The data set can't be written: {problem.strerror}."})
        return 1
    _say({"done": True, "report": report})
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ag_vault.load", description="Make a data set's folder from an owner's files."
    )
    for option in ("--name", "--metadata", "--out"):
        parser.add_argument(option, required=True)
    parser.add_argument("--table", action="append", default=[], metavar="KEY=FILE", help="a private table")
    parser.add_argument("--public", action="append", default=[], metavar="KEY=FILE", help="a public table")
    parser.add_argument(
        "--mock", action="append", default=[], metavar="KEY=FILE", help="public rows for a private table"
    )
    parser.add_argument("--mock-override", default="", metavar="REASON", help="take mocks that look like the data")
    parser.add_argument(
        "--unit-key", metavar="FILE", help="the key under which ids are hashed; drawn anew unless given"
    )
    return parser


def _key_in(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as problem:
        raise BadData(f"The key for ids can't be read: {problem.strerror}.") from problem
    if len(key) < _KEY_BYTES:
        raise BadData(f"The key for ids must have {_KEY_BYTES} bytes at least.")
    return key


def _pairs(given: Sequence[str]) -> dict[str, Path]:
    pairs: dict[str, Path] = {}
    for text in given:
        key, separator, path = text.partition("=")
        if not separator or not _KEY.match(key) or key in pairs:
            raise BadData(f"{text!r} is not KEY=FILE with a key of its own made of letters, digits and underscores.")
        pairs[key] = Path(path)
    return pairs


def _say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
