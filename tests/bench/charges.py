"""Durable charges per second by 1, 8 and 32 clients on SQLite and PostgreSQL, each a process as vaults are, beside the disk's own rate of syncs.

The disk takes turns with the clients: it writes as many bytes as a charge does to the write-ahead log, and syncs them. Twice, as a disk has
two rates: over what a file has already, which is all that a write-ahead log needs and the quickest there is; and behind a file's end.
"""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from ag_vault.account import Cap, Event
from ag_vault.catalog import Budget
from ag_vault.ledger import Claim, Ledger, Receipt
from tests import cluster

_Once = Callable[[], object]
FORK: Any = multiprocessing.get_context("fork")
CLIENTS = 1, 8, 32
SECONDS = 1.5
ROUNDS = 3
_CAP = Cap(epsilon=Fraction(10**6), delta=Fraction(1, 10**6))
_TERMS = {"Bench": Budget(everyone=_CAP, per_analyst=_CAP, per_call=_CAP)}
_WORDING = "mean(age) by sex of bench/people where (cost > 3)"


def charges() -> str:
    """The tables: rates of the round whose ratio is the median, since the disk is everybody's."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        Path(folder).chmod(0o755)  # a server isn't run as root
        path = Path(folder) / "ledger.sqlite"
        length = _bytes_of_a_charge(path)
        disk = _over(Path(folder) / "over", length), _behind(Path(folder) / "behind", length)
        tables = [_table("SQLite (half of the disk's syncs by one client is wanted)", str(path), disk)]
        with cluster.running(Path(folder) / "server") as missing:
            if missing:
                return "\n".join([*tables, f"durable charges, PostgreSQL: not measured. {missing}"])
            tables.append(_table("PostgreSQL, on the same disk", cluster.database(), disk))
    return "\n".join(tables)


def _table(title: str, place: str, disk: tuple[_Once, _Once]) -> str:
    rows = [f"durable charges with their entries in the audit log, {title}"]
    for clients in CLIENTS:
        rounds = [(_together(place, clients), *map(_rate, disk)) for _ in range(ROUNDS)]
        rate, over, behind = sorted(rounds, key=lambda found: found[0] / found[1])[ROUNDS // 2]
        rows.append(
            f"  {clients:>2} clients: {rate:7.0f} charges/s, {rate / over:5.2f} of the disk's {over:.0f} syncs/s of a file "
            f"written over, {rate / behind:5.2f} of its {behind:.0f} of one that grows"
        )
    return "\n".join(rows)


def _rate(once: _Once) -> float:
    """How often it runs in a second."""
    start, count = time.perf_counter(), 0
    while time.perf_counter() < start + SECONDS:
        once()
        count += 1
    return count / (time.perf_counter() - start)


def _over(path: Path, length: int) -> _Once:
    """A file of a write-ahead log's size, which is written over."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    content, room = bytes(length), 4 << 20
    os.pwrite(descriptor, bytes(room), 0)
    os.fsync(descriptor)
    place = iter(range(0, 1 << 60, length))

    def once() -> None:
        os.pwrite(descriptor, content, next(place) % (room - length))
        os.fdatasync(descriptor)

    return once


def _behind(path: Path, length: int) -> _Once:
    """A file that is written at its end, and begun anew when it is large."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    content, most = bytes(length), 256 << 20

    def once() -> None:
        if os.fstat(descriptor).st_size > most:
            os.ftruncate(descriptor, 0)
        os.write(descriptor, content)
        os.fdatasync(descriptor)

    return once


def _bytes_of_a_charge(path: Path) -> int:
    charge = _charging(str(path), 0)
    charge()
    log = path.with_name(path.name + "-wal")
    before = log.stat().st_size
    charge()
    return max(log.stat().st_size - before, 4096)


def _charging(place: str, client: int) -> _Once:
    ledger = Ledger.at(place)
    epsilon = Fraction(1, 10**6)
    claim = Claim(
        dataset="Bench",
        version="1",
        analyst=f"analyst {client}",
        session=str(client),
        library="op_pandas",
        plan=b"p" * 300,
        wording=_WORDING,
    )

    def once() -> None:
        event = Event(
            mechanism="discrete Laplace", epsilon=epsilon
        )  # one of its own: what is worked out from it is not known yet
        if not isinstance(ledger.charge(event, claim, _TERMS), Receipt):
            raise RuntimeError("a charge was refused")  # noqa: TRY004 - a verdict, not a wrong type

    return once


def _together(place: str, clients: int) -> float:
    """Charges per second from the first one's start to the last one's end."""
    start, results = FORK.Barrier(clients), FORK.Queue()

    def client(number: int) -> None:
        charge = _charging(place, number)
        charge()
        start.wait()
        began, count = time.perf_counter(), 0
        while time.perf_counter() < began + SECONDS:
            charge()
            count += 1
        results.put((began, time.perf_counter(), count))

    processes = [FORK.Process(target=client, args=(number,)) for number in range(clients)]
    for process in processes:
        process.start()
    spans = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    return float(sum(count for _, _, count in spans) / (max(s[1] for s in spans) - min(s[0] for s in spans)))
