"""``ag-enclave dataset``: register data from files, say what and whose it is, list, search and show what is registered, retire and restore."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ag_enclave.commands.options import by, keyed_files, known_state, new_state, state_option
from ag_enclave.state import State
from ag_enclave.words import plain

if TYPE_CHECKING:
    from ag_enclave.catalog import Catalog, Dataset
    from ag_enclave.holdings import Holdings
    from ag_enclave.ownership import Ownership


@click.group(short_help="Register, show, describe and retire data sets.")
def dataset() -> None:
    """Register, describe, list, search, show, retire and restore data sets."""


def _described(command: Callable[..., None]) -> Callable[..., None]:
    """The options for what is said of a data set beside its metadata."""
    for option in (
        click.option("--description", help="What it is; the metadata's where it isn't said."),
        click.option("--summary", help="In a sentence or two."),
        click.option("--citation", help="How to cite it."),
        click.option("--url", help="Where there is more about it."),
        click.option("--contributor", "contributors", multiple=True, help="Who made it; repeatable."),
        click.option(
            "--show-rows",
            "shapes",
            multiple=True,
            metavar="KEY",
            help="Make the number of rows of this table public, which no guarantee covers then; repeatable.",
        ),
    ):
        command = option(command)
    return command


@dataset.command()
@click.argument("name")
@click.option(
    "--metadata", type=click.Path(path_type=Path), required=True, help="The owner's public description, YAML."
)
@click.option(
    "--table", "tables", multiple=True, metavar="KEY=FILE", help="A private table, Parquet or CSV; repeatable."
)
@click.option(
    "--public", "public", multiple=True, metavar="KEY=FILE", help="A public frame, Parquet or CSV; repeatable."
)
@click.option(
    "--mock",
    "mocks",
    multiple=True,
    metavar="KEY=FILE",
    help="Made-up public rows for a private table; generated from the metadata unless given.",
)
@click.option(
    "--mock-override", default="", metavar="REASON", help="Take mocks that look like the data; the reason is logged."
)
@click.option("--reason", default="", help="Why a new version declares another budget, for the log.")
@click.option(
    "--unit-reason", default="", help="Why a new version may protect something else than the one before, for the log."
)
@click.option(
    "--owner", "owners", multiple=True, help="Whose a new data set is; every owner's unless said; repeatable."
)
@_described
@state_option
def add(  # noqa: PLR0917 (an option each)
    name: str,
    metadata: Path,
    tables: tuple[str, ...],
    public: tuple[str, ...],
    mocks: tuple[str, ...],
    mock_override: str,
    reason: str,
    unit_reason: str,
    owners: tuple[str, ...],
    state_path: Path,
    **said: Any,
) -> None:
    """Register NAME, or its next version, from files. What isn't said of it stays as it was."""
    from ag_enclave.holdings import Arrival
    from ag_enclave.loader import Load
    from ag_enclave.words import fitting

    wanted = {word: value for word, value in said.items() if value not in (None, ())}
    fitting(wanted).check()
    files = {"table": keyed_files(tables), "public": keyed_files(public), "mock": keyed_files(mocks)}
    load = Load(
        name=name,
        metadata=metadata,
        tables=files["table"],
        public=files["public"],
        mock=files["mock"],
        mock_override=mock_override,
    )
    arrival = Arrival(
        load=load, by=by(), reason=reason, unit_reason=unit_reason, checksums=checksums(files), owners=owners
    )
    with _holdings(new_state(state_path)) as holdings:
        with _bar(name) as progress:
            arrived = holdings.enter(arrival, progress)
        if wanted:
            holdings.amend(name, by(), wanted)
    click.echo(coercions(arrived.report))


@contextlib.contextmanager
def _bar(name: str) -> Iterator[Callable[[float, str], None]]:
    """A bar on stderr, and what moves it."""
    from tqdm import tqdm

    with tqdm(total=100, desc=name, unit="%", bar_format="{desc}: {percentage:3.0f}% |{bar}| {postfix}") as bar:

        def progress(share: float, what: str) -> None:
            bar.set_postfix_str(what, refresh=False)
            bar.update(max(0, round(100 * share) - bar.n))

        yield progress
        bar.update(100 - bar.n)


@dataset.command()
@click.argument("name")
@_described
@state_option
def describe(name: str, state_path: Path, **said: Any) -> None:
    """Change what is said of NAME; what isn't said here stays."""
    wanted = {word: value for word, value in said.items() if value not in (None, ())}
    if not wanted:
        raise click.UsageError("Say what to change: --summary, --citation, --url, --contributor, …")
    with _holdings(known_state(state_path)) as holdings:
        holdings.amend(name, by(), wanted)


def checksums(files: Mapping[str, Mapping[str, Path]]) -> dict[str, str]:
    """SHA-256 of every file that is there, by role and key."""
    import hashlib

    found = {}
    for role, named in files.items():
        for key, path in named.items():
            if path.is_file():
                with path.open("rb") as stream:
                    found[f"{role} {key}"] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


@contextlib.contextmanager
def _holdings(state: State) -> Iterator["Holdings"]:
    from ag_enclave.holdings import Holdings
    from ag_enclave.migrate import open_accounts
    from ag_enclave.place import accounts_at

    with contextlib.closing(open_accounts(accounts_at(state))) as accounts:
        yield Holdings(state, accounts.database)


@dataset.command(short_help="Offer NAME to no session any more.")
@click.argument("name")
@click.option("--reason", required=True, help="Why, for the log.")
@state_option
def retire(name: str, reason: str, state_path: Path) -> None:
    """Offer NAME to no session any more, and end those that have it; its name stays taken and its budget's history kept."""
    with _holdings(known_state(state_path)) as holdings:
        holdings.retire(name, by(), reason)


@dataset.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why, for the log.")
@state_option
def restore(name: str, reason: str, state_path: Path) -> None:
    """Offer NAME to sessions again, after it was retired."""
    with _holdings(known_state(state_path)) as holdings:
        holdings.restore(name, by(), reason)


@dataset.command(short_help="Say whose NAME is, or hand it over.")
@click.argument("name")
@click.option("--owner", "to", multiple=True, help="From now on it is this owner's; repeatable.")
@click.option("--everyone", is_flag=True, help="From now on it is every owner's.")
@click.option("--reason", default="", help="Why, for the log.")
@state_option
def owners(name: str, to: tuple[str, ...], everyone: bool, reason: str, state_path: Path) -> None:
    """Say whose NAME is, or hand it over, with every data set of the same account."""
    from ag_enclave.ownership import EVERYONE

    if to and everyone:
        raise click.UsageError("Say either --owner or --everyone.")
    if bool(reason.strip()) != bool(to or everyone):
        raise click.UsageError("Who hands it over says to whom (--owner or --everyone) and why (--reason).")
    with _ownership(known_state(state_path)) as (ownership, catalog):
        if reason:
            ownership.hand_over(name, to or [EVERYONE], by=by(), reason=reason)
        found = ownership.of(catalog.named(name, retired=True))
    click.echo(_whose(found))


def _whose(owners: Collection[str]) -> str:
    from ag_enclave.ownership import EVERYONE

    return "every owner's" if EVERYONE in owners else ", ".join(owners) or "nobody's; hand it over"


@contextlib.contextmanager
def _ownership(state: State) -> Iterator[tuple["Ownership", "Catalog"]]:
    from ag_enclave.catalog import Catalog
    from ag_enclave.competitions import Competitions
    from ag_enclave.migrate import open_accounts
    from ag_enclave.ownership import Ownership
    from ag_enclave.place import accounts_at

    with contextlib.closing(open_accounts(accounts_at(state))) as accounts:
        catalog = Catalog(state.folder("datasets"))
        yield Ownership(accounts.database, catalog, Competitions(accounts.database)), catalog


@dataset.command("list")
@state_option
def list_datasets(state_path: Path) -> None:
    """List the data sets."""
    from ag_enclave.catalog import Catalog

    for each in Catalog(known_state(state_path).folder("datasets")).everything(retired=True):
        click.echo(_line(each))


@dataset.command(short_help="List those that are about these words.")
@click.argument("words", nargs=-1, required=True)
@state_option
def search(words: tuple[str, ...], state_path: Path) -> None:
    """List those in whose name, description, summary, citation or contributors all of WORDS are."""
    from ag_enclave.catalog import Catalog

    wanted = " ".join(words).lower().split()
    for each in Catalog(known_state(state_path).folder("datasets")).everything(retired=True):
        said = each.words
        whole = " ".join((each.name, each.description, said.summary, said.citation, *said.contributors)).lower()
        if all(word in whole for word in wanted):
            click.echo(_line(each))


def _line(each: "Dataset") -> str:
    retired = "" if each.retired is None else "retired: "
    stale = "to be loaded again: " if each.stale else ""
    return f"{each.name}\t{each.variable}\tversion {each.version}\t{retired}{stale}{_flat(each.description)}"


def _flat(words: object) -> str:
    """On one line, and nothing that would steer a terminal."""
    return plain(" ".join(str(words).split()))


@dataset.command(short_help="Show what analysts see of NAME.")
@click.argument("name")
@state_option
def show(name: str, state_path: Path) -> None:
    """Show NAME, or what has it as its variable: what is said of it, whose it is, its budget, its tables with their columns and bounds."""
    with _ownership(known_state(state_path)) as (ownership, catalog):
        found = catalog.named(name, retired=True)
        owners = ownership.of(found)
    click.echo(_line(found))
    said = {**found.public(), "owners": _whose(owners), "contributors": ", ".join(found.words.contributors)}
    for fact in ("summary", "citation", "url", "contributors", "owners"):
        if said[fact]:
            click.echo(f"{fact}\t{_flat(said[fact])}")
    for who, cap in found.budget.items():
        click.echo(f"budget\t{who}\tε {cap.get('epsilon')}\tδ {cap.get('delta')}")
    for line in _assets(found):
        click.echo(line)


def _assets(found: "Dataset") -> Iterator[str]:
    """Its tables and public frames, a line each, and one for every column."""
    from ag_enclave.described import tables_of

    for table in tables_of(found):
        rows = "rows not public" if table["rows"] is None else f"{table['rows']:,} rows, made public"
        yield f"table\t{table['key']}\t{rows}\tprotects {table['unit']}"
        for column in table["columns"]:
            yield "\t".join(("column", *(_flat(column[fact]) for fact in ("name", "kind", "holds", "nulls"))))
    for view in found.views:
        if view["kind"] == "public":
            yield f"public\t{view['key']}"


def coercions(report: dict[str, Any]) -> str:
    """The loader's report as a table, for the owner's eyes: rows read, and a line per kind of change in each column."""
    rows = [
        (str(table), column, what, count)
        for table, columns in report.items()
        for column, what, count in _counts(columns)
    ]
    if all(not column for _, column, _, _ in rows):
        rows.append(("", "", "every value conforms to the metadata", ""))
    lines = [("table", "column", "what", "values"), *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _counts(columns: Any) -> Iterator[tuple[str, str, str]]:
    """Column (empty for the whole table), what, and how many; nothing where none."""
    for column, counts in columns.items() if isinstance(columns, dict) else ():
        for what, count in counts.items() if isinstance(counts, dict) else ():
            if count:
                yield str(column), str(what), str(count)
