"""``antigranular``: what an analyst does outside of notebooks. Must not know the wire."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from antigranular.bearer import Token, fetch_token
from antigranular.config import find_credentials, find_target
from antigranular.errors import AgError
from antigranular.notebook_file import read, sessions_of, stamp, write
from antigranular.rest import Enclave
from antigranular.transport import TlsTransport

_YEAR_HOURS = 8766


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; the exit status: 0, or 1 with one sentence on stderr."""
    wanted = _parser().parse_args(arguments)
    try:
        for line in wanted.does(wanted):
            print(line)  # noqa: T201 - a command speaks on stdout
    except AgError as problem:
        print(f"antigranular: {problem}", file=sys.stderr)  # noqa: T201 - and complains on stderr
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="antigranular", description="The analyst's side of an enclave.")
    topics = parser.add_subparsers(required=True)
    token = topics.add_parser(
        "token",
        help="print an access token for Jupyter clients that can't fetch their own",
        description="Who you are and where the enclave is come from AG_USER_ID, AG_USER_SECRET, AG_ENCLAVE_URL and AG_ENCLAVE_CA.",
    )
    token.add_argument("--hours", type=float, default=12.0, help="how long it shall be good for (default: 12)")
    token.set_defaults(does=_token)
    secret = topics.add_parser(
        "secret",
        help="exchange your secret, the one-time secret among them, for a new one, and print it",
        description="The old secret is void at once. Who you are and where the enclave is come from the environment, as for token.",
    )
    secret.set_defaults(does=_secret)
    notebook = topics.add_parser("notebook", help="the session that a notebook names")
    words = notebook.add_subparsers(required=True)
    show = words.add_parser("show", help="print the sessions that a notebook names, the latest last")
    show.set_defaults(does=_show)
    stamping = words.add_parser("stamp", help="write the session into the notebook's own metadata")
    stamping.add_argument("--session", metavar="ID", help="by default the last one that an output shows")
    stamping.set_defaults(does=_stamp)
    for word in (show, stamping):
        word.add_argument("file", type=Path)
    return parser


def _token(wanted: argparse.Namespace) -> list[str]:
    if not 0 < wanted.hours < _YEAR_HOURS:
        raise AgError("--hours is a number above 0")
    seconds = max(1, round(wanted.hours * 3600))
    value, _ = fetch_token(find_credentials(None, None), TlsTransport(find_target(None, None)), seconds)
    return [value]


def _secret(_wanted: argparse.Namespace) -> list[str]:
    network, mine = TlsTransport(find_target(None, None)), find_credentials(None, None)
    return [Enclave(network, Token(mine, network, time.monotonic)).replace_secret(mine.user_secret)]


def _show(wanted: argparse.Namespace) -> list[str]:
    found = sessions_of(read(wanted.file))
    return [f"{each['session_id']}  {each.get('dataset', '')}".rstrip() for each in found] or ["no session"]


def _stamp(wanted: argparse.Namespace) -> list[str]:
    notebook = read(wanted.file)
    record = stamp(notebook, wanted.session)
    write(wanted.file, notebook)
    return [f"{wanted.file} names the session {record['session_id']}"]
