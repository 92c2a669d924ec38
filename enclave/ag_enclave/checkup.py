"""What ``ag-enclave doctor`` finds of one enclave: its settings, its certificate, its state. Looks, and changes nothing; asks nobody else's server.

The host itself is ``ag_sandbox.host``'s.
"""

import shutil
import stat
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from ag_enclave.accounts import Accounts
from ag_enclave.channels import channels_of
from ag_enclave.config import Config, read_config
from ag_enclave.database import Database
from ag_enclave.deeds import deeds
from ag_enclave.errors import BadConfig, BadState, Unusable
from ag_enclave.migrate import newest
from ag_enclave.oidc import issuer_of
from ag_enclave.place import accounts_at, checked
from ag_enclave.state import State
from ag_sandbox.host import Finding

_LEAST_FREE = 1 << 30
_SOON_DAYS = 21
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


def of_settings(path: Path, now: datetime) -> Iterator[Finding]:
    """Whether the settings can be used, and what they lead to."""
    try:
        config = read_config(path)
        channels, issuer = channels_of(config.notify), issuer_of(config.oidc, time.time)
        checked(config.state.database_url)
    except BadConfig as problem:
        yield _needed("settings", good=False, meaning=str(problem))
        return
    yield _needed("settings", good=True, meaning=f"{path} can be used")
    yield _wanted(
        "notices", good=bool(channels), yes=f"go out by {', '.join(channels)}", no="nobody gets any: [notify]"
    )
    yield _wanted("issuer", good=issuer is not None, yes=config.oidc.issuer, no="accounts are this enclave's own only")
    yield from _certificate(config, now)


def address_of(path: Path | None) -> str:
    """The address of the database that settings name; empty where they name none, or can't be used."""
    try:
        return checked(read_config(path).state.database_url) if path is not None else ""
    except BadConfig:
        return ""


def of_state(root: Path, wanted: str = "") -> Iterator[Finding]:
    """Whether the state directory is as it must be, and what waits in it. ``wanted``: the address of the database that the settings name."""
    if not root.exists() and root.absolute().parent.is_dir():
        yield _wanted("state", good=False, yes="", no=f"there is no {root} yet; the first start makes it")
        yield from _server(wanted) if wanted else ()
        return
    if not root.is_dir():
        yield _needed("state", good=False, meaning=f"{root} is no directory, and can't become one")
        return
    mode = stat.S_IMODE(root.stat().st_mode)
    yield _needed("state", good=not mode & 0o007, meaning=f"{root} has mode {mode:04o}; nobody else may enter it")
    free = shutil.disk_usage(root).free
    yield _needed(
        "disk", good=free >= _LEAST_FREE, meaning=f"{free / (1 << 30):.1f} GiB free where charges must be kept"
    )
    yield from _databases(State(root.absolute()), wanted)


def _databases(state: State, wanted: str) -> Iterator[Finding]:
    """Where accounts and ledger are, or will be from the first start on, and whether a commit there is durable."""
    try:
        place = accounts_at(state)
        if wanted and not isinstance(place, str) and not place.exists():
            place = wanted
    except Unusable as problem:
        yield _needed("database", good=False, meaning=str(problem))
        return
    if isinstance(place, str):
        server = list(_server(place))
        yield from server
        if not all(each.present for each in server):
            return
        if wanted and wanted != place:
            yield _needed(
                "database's address", good=False, meaning="the settings name another; a state stays with its own"
            )
    else:
        yield _needed("database", good=True, meaning="SQLite in the state directory, every commit synced")
        if not place.exists():
            return
    yield from _accounts(place)


def _server(place: str) -> Iterator[Finding]:
    try:
        database = Database(place)
        with database.transaction() as connection:
            found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in _DURABLE}
            version = connection.exec_driver_sql("SHOW server_version").scalar_one()
        database.close()
    except BadState as problem:
        yield _needed("database", good=False, meaning=str(problem))
        return
    careless = [f"{name} = {value}" for name, value in found.items() if value != "on"]
    durable = f"not durable: it runs with {', '.join(careless)}" if careless else "every commit flushed"
    yield _needed("database", good=not careless, meaning=f"PostgreSQL {version} by its unix socket, {durable}")


def _certificate(config: Config, now: datetime) -> Iterator[Finding]:
    from cryptography import x509

    if not config.server.certificate:
        yield _wanted("certificate", good=False, yes="", no="the enclave signs its own, which is for loopback")
        return
    try:
        found = x509.load_pem_x509_certificate(Path(config.server.certificate).read_bytes())
    except (OSError, ValueError):
        yield _needed("certificate", good=False, meaning=f"{config.server.certificate} is no PEM certificate")
        return
    days = (found.not_valid_after_utc - now).days
    yield _needed("certificate", good=days >= 0, meaning=f"good for {days} more days")
    if 0 <= days < _SOON_DAYS:
        yield _wanted("certificate's renewal", good=False, yes="", no="is due: fewer than three weeks are left")


def _accounts(path: Path | str) -> Iterator[Finding]:
    database = Database(path)
    try:
        with database.transaction() as connection:
            if isinstance(path, str) and not sa.inspect(connection).has_table("alembic_version"):
                return  # a server's database before the first start
            revision = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        if revision != newest():
            yield _wanted(
                "accounts", good=False, yes="", no=f"are of revision {revision}; the next start upgrades them"
            )
            return
        everyone = [account for account in Accounts(database).everyone() if not account.disabled]
        with database.transaction() as connection:
            untold = connection.execute(sa.select(sa.func.count()).where(sa.not_(deeds.c.told))).scalar_one()
    except (BadState, DatabaseError) as problem:
        reason = problem.orig if isinstance(problem, DatabaseError) else problem
        yield _needed("accounts", good=False, meaning=f"{path} can't be read: {reason}")
        return
    finally:
        database.close()
    yield _needed("accounts", good=True, meaning=f"{len(everyone)} that aren't disabled")
    waiting = [account.user_id for account in everyone if account.one_time]
    yield _wanted(
        "secrets", good=not waiting, yes="are all real", no=f"one-time, not exchanged yet: {', '.join(waiting)}"
    )
    yield _wanted("audit log", good=not untold, yes="has every deed", no=f"{untold} deeds are told at the next start")


def _needed(name: str, *, good: bool, meaning: str) -> Finding:
    return Finding(name=name, present=good, needed=True, meaning=meaning)


def _wanted(name: str, *, good: bool, yes: str, no: str) -> Finding:
    return Finding(name=name, present=good, needed=False, meaning=yes if good else no)
