"""``ag-enclave audit``: verify, show and export the audit log, beside a running enclave or without one."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ag_enclave.commands.options import known_state, state_option
from ag_enclave.errors import BadData, BadState, Refusal
from ag_enclave.words import plain

if TYPE_CHECKING:
    from ag_enclave.clerk import Clerk

_PAGE = 1000


@click.group(short_help="Verify, show and export the audit log.")
def audit() -> None:
    """Verify, show and export the log of who asked what, at what cost."""


@audit.command(short_help="Check the whole log and its signed end.")
@click.option(
    "--file", "file", type=click.Path(path_type=Path), help="An export to verify, instead of the enclave's own log."
)
@click.option(
    "--key", "key", type=click.Path(path_type=Path), help="The public key of an export: audit/audit.pub of its enclave."
)
@click.option("--state", "state_path", type=click.Path(path_type=Path), help="The enclave's directory.")
def verify(file: Path | None, key: Path | None, state_path: Path | None) -> None:
    """Check every link, that charges and entries agree, and the signed head."""
    if file is not None and key is not None:
        from ag_enclave import exported

        try:
            with file.open(encoding="ascii") as lines:
                count = exported.verify(lines, key.read_bytes())
        except (OSError, UnicodeDecodeError) as problem:
            raise BadData(f"The export can't be read: {problem}.") from problem
        click.echo(f"The export is whole and signed by this key: {count} entries.")
        return
    if state_path is None:
        raise click.UsageError("Give --state, or --file and --key.")
    found = with_clerk(state_path, lambda clerk: clerk.verify())
    click.echo(f"The log is whole and agrees with the ledger: {found['entries']} entries, {found['charges']} charges.")


@audit.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=50, help="How many of the newest.")
@click.option("--actor", help="Only what this account did.")
@click.option("--action", help="Only this: release, cap, user.add and so on.")
@click.option("--subject", help="Only about this data set or account.")
@state_option
def show(limit: int, actor: str | None, action: str | None, subject: str | None, state_path: Path) -> None:
    """Show the newest entries, the newest last."""
    from ag_enclave.catalog import Catalog
    from ag_enclave.logbook import history

    catalog = Catalog(known_state(state_path).folder("datasets"))
    which = {"actor": actor, "action": action, "subject": subject}
    entries = with_clerk(state_path, lambda clerk: history(clerk, catalog, None, limit=limit, **which))
    for entry in reversed(entries):
        at = datetime.fromtimestamp(entry["at"] / 1e9, UTC).isoformat(timespec="seconds")
        details = json.dumps(entry["details"], ensure_ascii=True)
        named = (plain(str(entry[name])) for name in ("actor", "action", "subject"))
        click.echo("\t".join((str(entry["sequence"]), at, *named, details)))


@audit.command(short_help="Write the whole log to FILE.")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@state_option
def export(file: Path, state_path: Path) -> None:
    """Write the whole log to FILE (- for standard output) as JSON lines, the signed head last."""
    if str(file) == "-":
        with_clerk(state_path, lambda clerk: _write(clerk, sys.stdout.write))
        return
    try:
        with file.open("x", encoding="ascii") as out:
            count = with_clerk(state_path, lambda clerk: _write(clerk, out.write))
    except OSError as problem:
        raise BadData(f"The file {file} can't be written: {problem.strerror}.") from problem
    click.echo(f"{count} entries and their signed head; audit/audit.pub of the state directory verifies them.")


async def _write(clerk: "Clerk", write: Callable[[str], object]) -> int:
    head = await clerk.head()
    async for entry in _entries(clerk, head["sequence"]):
        write(json.dumps(entry) + "\n")
    write(json.dumps(head) + "\n")
    return int(head["sequence"])


async def _entries(clerk: "Clerk", last: int) -> AsyncIterator[dict[str, Any]]:
    """All entries up to the signed one: others may be written meanwhile."""
    at = 0
    while at < last:
        for entry in await clerk.entries(after=at, limit=min(_PAGE, last - at)):
            yield entry
            at = int(entry["sequence"])


def with_clerk(state_path: Path, deed: Callable[["Clerk"], Awaitable[Any]], *, restore: bool = False) -> Any:
    """What the deed gives, with a clerk of this command's own. BadState with the clerk's sentence where it refuses."""
    from ag_enclave.clerk import Clerk
    from ag_enclave.config import Config
    from ag_enclave.session.nurseries import Nurseries

    state = known_state(state_path)

    async def main() -> Any:
        nurseries = await Nurseries(config=Config(), state=state).warm_clerk()
        clerk = Clerk(partial(nurseries.clerk, restore=restore))
        try:
            await clerk.start()
            return await deed(clerk)
        except Refusal as refused:
            raise BadState(refused.message) from refused
        finally:
            clerk.close()
            await nurseries.close()

    return asyncio.run(main())
