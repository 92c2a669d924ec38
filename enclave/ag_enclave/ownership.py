"""Whose each data set is: the owners who steer it and see what only they are shown. One table of the gateway's database.

Knows names and accounts, no HTTP and no row. Ownership is of the ledger's account: data sets that share one through an id-space have the same owners, since a
cap of one is a cap of all. Labels of a competition are whose its data set is. What is recorded of nobody is what ``EVERYONE``'s own row says.
"""

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from ag_enclave import deeds
from ag_enclave.accounts import accounts
from ag_enclave.catalog import Catalog, Dataset
from ag_enclave.competitions import Competitions
from ag_enclave.database import Database, metadata
from ag_enclave.errors import Conflict, Missing, Refusal, Unfit
from ag_enclave.turn import BUDGETS

EVERYONE = "*"
"""As an owner: every account of that role. As an account: all those that have no row of their own."""
_NOBODY = ""
"""As an owner: nobody. Of accounts and names that the log knows from before a restoration, whose data sets may have gone with it."""
_LOST = (
    "The log knows {} or its account from before the enclave was restored, and whose it was is lost: an operator can add it for its owner "
    "(ag-enclave dataset add --owner), or say whose the data sets of that account are (ag-enclave dataset owners)."
)
_SHARED = "{} is also {}'s, who can give it up, or an operator can hand it over: name them among its owners."
_GONE = "This account is no owner's any more."
_FOREIGN = "{} belongs to other owners; one of them, or an operator, can hand it over."

owners = sa.Table(
    "dataset_owners",
    metadata,
    sa.Column("account", sa.String(300), primary_key=True),
    sa.Column("user_id", sa.String(80), primary_key=True),
)


class Ownership:
    """The table, and what follows from it. Every method is short and blocks; call it off the event loop."""

    def __init__(self, database: Database, catalog: Catalog, competitions: Competitions) -> None:
        self._database = database
        self._catalog = catalog
        self._competitions = competitions

    def held(self, who: str) -> frozenset[str]:
        """The names of all data sets, also retired ones, and competitions' labels that are this owner's. Refusal 403 for who is none any more."""
        with self._database.transaction() as connection:
            check_standing(connection, who)
            recorded = _recorded(connection)
        mine = [each for each in self._catalog.everything(retired=True) if _is_of(who, recorded, each.account)]
        known = {name for each in mine for name in (each.name, each.variable)}
        labels = (each.rules.labels for each in self._competitions.everything() if each.rules.dataset in known)
        return frozenset({*(each.name for each in mine), *labels})

    def check(self, who: str, name: str, *, by_name: bool = False) -> None:
        """Refusal 403 where a data set, by its name or variable, or a competition's labels aren't this owner's; 404 where there are none.

        ``by_name``: also where it is every owner's, and so not this one's to give away.
        """
        held = self.held(who)
        if not by_name and name in held:
            return
        dataset = self._catalog.named(name, retired=True)
        if dataset.name not in held:
            raise Refusal(403, _FOREIGN.format(dataset.name))
        if by_name and who not in self.of(dataset):
            raise Refusal(403, f"{dataset.name} is every owner's; an operator can hand it over.")

    def of(self, dataset: Dataset) -> tuple[str, ...]:
        """Whose it is; ``EVERYONE`` for every owner's."""
        with self._database.transaction() as connection:
            return tuple(sorted(of_account(connection, dataset.account)))

    def check_common(self, names: Collection[str]) -> None:
        """Refusal 400 where nobody could decide about all of these data sets together."""
        with self._database.transaction() as connection:
            each = [of_account(connection, self._catalog.named(name).account) for name in names]
        named = [those for those in each if EVERYONE not in those]
        if named and not frozenset.intersection(*named):
            raise Refusal(400, f"{', '.join(sorted(names))} have no owner in common, who could decide about this.")

    def hand_over(self, name: str, to: Collection[str], *, by: str, reason: str, holder: str = "") -> Dataset:
        """From now on it is theirs, with every data set of the same account. Missing where it isn't there, or one of them is no owner.

        Refusal 403 where it isn't, by name, its ``holder``'s any more, or would be taken from another one: who shares it gives away their own
        part. None for operators. No cap is changed meanwhile by who had it: it takes the turn of caps, for which a gateway waits with ``Turn.given``.
        """
        wanted = frozenset(to)
        with self._database.turn(BUDGETS), self._database.transaction() as connection:
            deeds.take_turn(connection)
            dataset = self._catalog.named(name, retired=True)
            if holder:
                check_standing(connection, holder)
            check_owners(connection, wanted)
            before = of_account(connection, dataset.account)
            if holder and holder not in before:
                raise Refusal(403, _FOREIGN.format(dataset.name))
            if holder and (others := before - wanted - {holder}):
                raise Refusal(403, _SHARED.format(dataset.name, ", ".join(sorted(others))))
            if wanted != before:
                connection.execute(sa.delete(owners).where(owners.c.account == dataset.account))
                record(connection, dataset.account, wanted)
                said = {"owners": sorted(wanted), "before": sorted(before), "reason": reason}
                deeds.note(connection, by, "dataset.owners", dataset.name, {**said, "account": dataset.account})
        return dataset


def settle_new(
    connection: sa.Connection, dataset: Dataset, holder: str, wanted: Collection[str], *, known: bool
) -> frozenset[str]:
    """Whose a new data set is, recorded. ``holder``: the owner who brings it; none for the command line, which may say ``wanted``. ``known``: others have its account.

    Conflict where it would join the account of others, and so become theirs too, or they lose a say in what is theirs; and for a ``holder`` where
    the log has entries under its account or name that a restoration left to nobody.
    """
    recorded, names = _recorded(connection), (dataset.account, dataset.name)
    if holder:
        check_standing(connection, holder)
    if holder and any(recorded.get(each) == frozenset() for each in names):
        raise Conflict(_LOST.format(dataset.name))
    connection.execute(sa.delete(owners).where(owners.c.account.in_(names), owners.c.user_id == _NOBODY))
    if not recorded.get(dataset.account) and not known:
        to = frozenset({holder} if holder else wanted or {EVERYONE})
        check_owners(connection, to)
        record(connection, dataset.account, to)
        return to
    found = of_account(connection, dataset.account)
    if holder and holder not in found:
        raise Conflict(
            f"The account {dataset.account} has other owners, whose this data set would be, too: take another id-space, "
            "or ask one of them or an operator to hand it over."
        )
    if wanted and frozenset(wanted) != found:
        raise Conflict(f"The account {dataset.account} has owners already; `ag-enclave dataset owners` hands it over.")
    return found


def check_standing(connection: sa.Connection, who: str) -> None:
    """Refusal 403 where this is no owner, or a disabled one: an order may have waited for its turn since its sender was let in."""
    found = sa.select(accounts.c.user_id).where(
        accounts.c.user_id == who, accounts.c.role == "owner", sa.not_(accounts.c.disabled)
    )
    if connection.execute(found).first() is None:
        raise Refusal(403, _GONE)


def check_owners(connection: sa.Connection, wanted: Collection[str]) -> None:
    """Unfit where these can't be a data set's owners, Missing where one of them is none."""
    if not wanted or (EVERYONE in wanted and len(wanted) > 1):
        raise Unfit("A data set has one owner at least, or is every owner's.")
    found = sa.select(accounts.c.user_id, accounts.c.role).where(accounts.c.user_id.in_(wanted))
    roles = {row.user_id: row.role for row in connection.execute(found)}
    for each in sorted(set(wanted) - {EVERYONE}):
        if roles.get(each) != "owner":  # an owner isn't told who else has an account
            raise Missing(f"There is no owner {each[:64]!r}.")


def record(connection: sa.Connection, account: str, to: Collection[str]) -> None:
    """Add rows for these owners."""
    connection.execute(sa.insert(owners), [{"account": account, "user_id": each} for each in sorted(to)])


def close(connection: sa.Connection, known: Collection[str] = ()) -> None:
    """Nothing is anybody's until it is handed over anew: what was recorded may be older than what was decided. ``known``: accounts and names in the log."""
    connection.execute(sa.delete(owners))
    for each in sorted(known):
        record(connection, each, (_NOBODY,))


def of_account(connection: sa.Connection, account: str) -> frozenset[str]:
    """Whose the data sets of an account are."""
    recorded = _recorded(connection)
    return recorded.get(account, recorded.get(EVERYONE, frozenset()))


def is_of(connection: sa.Connection, who: str, dataset: Dataset) -> bool:
    """Whether a data set is this owner's."""
    return _is_of(who, _recorded(connection), dataset.account)


def check_of(connection: sa.Connection, who: str, dataset: Dataset) -> None:
    """Refusal 403 where it isn't this owner's, or they are none any more."""
    check_standing(connection, who)
    if not is_of(connection, who, dataset):
        raise Refusal(403, _FOREIGN.format(dataset.name))


def _recorded(connection: sa.Connection) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in connection.execute(sa.select(owners)).all():
        found.setdefault(row.account, set()).update({row.user_id} - {_NOBODY})
    return {account: frozenset(those) for account, those in found.items()}


def _is_of(who: str, recorded: Mapping[str, frozenset[str]], account: str) -> bool:
    return not recorded.get(account, recorded.get(EVERYONE, frozenset())).isdisjoint((who, EVERYONE))
