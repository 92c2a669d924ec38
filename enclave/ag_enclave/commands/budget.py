"""``ag-enclave budget``: caps on what may be spent, beside a running enclave or without one. In force from the next charge on.

Caps go through a clerk of this command's own, as owners' do through the enclave's: each with a reason, in the log, under the signed head.
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ag_enclave.commands.audit import with_clerk
from ag_enclave.commands.options import by, known_state, state_option

if TYPE_CHECKING:
    from ag_enclave.budgets import Budgets
    from ag_enclave.clerk import Clerk

_kind = click.option(
    "--of",
    "kind",
    type=click.Choice(("everyone", "analyst", "call")),
    default="analyst",
    show_default=True,
    help="Everyone together, each analyst, or each call.",
)
_who = click.option("--who", default="", help="Of this analyst alone.")
_window = click.option(
    "--within",
    "seconds",
    type=click.IntRange(min=0),
    default=0,
    help="Within any span of so many seconds; 0: over all time.",
)
_reason = click.option("--reason", required=True, help="Why; everybody who may read the log reads it.")


@click.group()
def budget() -> None:
    """Show, set and unset caps on what may be spent."""


@budget.command()
@click.argument("dataset", required=False)
@state_option
def show(dataset: str | None, state_path: Path) -> None:
    """Show caps and what was spent, of DATASET or of all."""

    async def asked(clerk: "Clerk") -> Any:
        with _budgets(state_path, clerk) as budgets:
            named = None if dataset is None else {budgets.named(dataset, retired=True).name}
            return await budgets.overview(named)

    found = with_clerk(state_path, asked)
    for each in found:
        click.echo("\n".join([each["dataset"], *_declared(each), *_set(each), *_spent(each)]))
    if not found:
        click.echo("There is no data set yet.", err=True)


@budget.command("set", short_help="Put a cap of EPSILON in force on DATASET.")
@click.argument("dataset")
@click.argument("epsilon")
@click.option("--delta", help="The data set's, unless another is given.")
@_kind
@_who
@_window
@_reason
@state_option
def set_cap(dataset: str, epsilon: str, state_path: Path, **words: Any) -> None:
    """Put a cap of EPSILON in force on DATASET; "none" lifts the one over all time, where a window bounds the same."""
    change = {"lift": True} if epsilon == "none" else {"epsilon": epsilon}
    _change(state_path, dataset, {**words, **change})
    click.echo(f"In force from the next charge on; of {dataset}, ε {epsilon}.")
    if words["who"] and not _has_account(state_path, words["who"]):
        click.echo(f"There is no account {words['who']} yet: this waits for somebody of that name.", err=True)


@budget.command(short_help="Take a cap back.")
@click.argument("dataset")
@_kind
@_who
@_window
@_reason
@state_option
def unset(dataset: str, state_path: Path, **words: Any) -> None:
    """Take a cap back: the metadata's is in force again, or the window ends."""
    _change(state_path, dataset, {**words, "drop": True})
    click.echo(f"Taken back; {dataset} has the metadata's cap again, or one window less.")


def _change(state_path: Path, dataset: str, words: Mapping[str, Any]) -> None:
    from ag_enclave.body import fitted
    from ag_enclave.budgets import Change

    async def deed(clerk: "Clerk") -> Any:
        wanted = fitted({name: value for name, value in words.items() if value is not None}, Change)
        with _budgets(state_path, clerk) as budgets:
            return await budgets.change(by(), dataset, wanted)

    with_clerk(state_path, deed)


def _has_account(state_path: Path, user_id: str) -> bool:
    from ag_enclave.migrate import open_accounts
    from ag_enclave.place import accounts_at

    with contextlib.closing(open_accounts(accounts_at(known_state(state_path)))) as accounts:
        return accounts.find(user_id) is not None


@contextlib.contextmanager
def _budgets(state_path: Path, clerk: "Clerk") -> Iterator["Budgets"]:
    """As the gateway has them, and taking turns with it."""
    from ag_enclave.budgets import Budgets
    from ag_enclave.catalog import Catalog
    from ag_enclave.migrate import open_accounts
    from ag_enclave.place import accounts_at
    from ag_enclave.turn import BUDGETS, Turn

    state = known_state(state_path)
    with contextlib.closing(open_accounts(accounts_at(state))) as accounts:
        turn = Turn(accounts.database, BUDGETS)
        yield Budgets(Catalog(state.folder("datasets")), clerk, Catalog(state.folder("competitions")), turn=turn)


def _declared(found: Mapping[str, Any]) -> list[str]:
    return [f"  metadata\t{kind}\tε {cap['epsilon']}\tδ {cap['delta']}" for kind, cap in found["declared"].items()]


def _set(found: Mapping[str, Any]) -> list[str]:
    rows = []
    for cap in found["caps"]:
        whose = cap["who"] or ("each analyst" if cap["kind"] == "analyst" else cap["kind"])
        span = f"within {cap['seconds']} s" if cap["seconds"] else "over all time"
        most = "no bound" if cap["epsilon"] is None else f"ε {cap['epsilon']}\tδ {cap['delta']}"
        rows.append(f"  owner\t{whose}, {span}\t{most}")
    return rows


def _spent(found: Mapping[str, Any]) -> list[str]:
    return [
        f"  spent\t{each['who'] or 'everyone'}\tε {'without end' if each['amount'] is None else format(each['amount'], 'g')}"
        for each in found["spent"]
    ]
