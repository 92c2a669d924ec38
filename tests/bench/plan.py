"""A plan's way there and back: a jailed vault behind its socket, asked what is free and touches no row."""

import itertools
import socket
from pathlib import Path

import msgspec

from ag_kernel.interrupts import Interrupts
from ag_plan.codec import encode_message, encode_plan
from ag_plan.expressions import Binary, Column, Constant
from ag_plan.messages import AskCatalog, AskPreview, AskSchema, Catalog
from ag_plan.relations import Filter, Project, Source
from ag_plan.releases import Epsilon, Mean, Release
from ag_sandbox.nursery import Grants, Nursery
from op_pandas.vault import SocketVault
from tests.bench import goals
from tests.bench.echo import echoing
from tests.bench.timing import interleave, table


def round_trip(state: Path) -> str:
    """Schema and preview of one column's mean, from the guest's side of the plan socket, which is held as a kernel holds it.

    Beside them a bare echo of as many bytes between two processes: what the machine takes to wake the one and the other.
    """
    (dataset,) = (state / "datasets" / "numbers").iterdir()
    ours, theirs = socket.socketpair()
    control, other = socket.socketpair()
    (state / "bench").mkdir(exist_ok=True)
    settings = {
        "session": "bench",
        "analyst": "bench",
        "datasets": [{"name": "Numbers", "path": str(dataset)}],
        "ledger": str(state / "bench" / "ledger.sqlite"),
        "schedule": "immediate",
    }
    grants = Grants(
        read=(dataset,),
        write=(state / "bench",),
        memory_bytes=1 << 30,
        processes=64,
        cpu_seconds=None,
        file_bytes=1 << 30,
    )
    start = {"entry": "ag_vault.serve:main", "preload": ("ag_vault.serve",), "warm": "ag_vault.serve:warm"}
    with Nursery.start(profile="vault", **start) as nursery, ours, control:
        child = nursery.spawn(sockets={"plan": theirs, "control": other}, settings=settings, grants=grants)
        theirs.close()
        other.close()
        shown = _asked(SocketVault(ours, shield=Interrupts().shield))
        child.close()
    return shown


def _asked(vault: SocketVault) -> str:
    catalog = vault.ask(AskCatalog(id=0))
    assert isinstance(catalog, Catalog)
    source = Source(table=catalog.datasets[0].tables[0])
    relation = encode_plan(source)
    mean = Release(relation=source, measure=Mean(columns=("x1",)), spend=Epsilon(numerator=1, denominator=2))
    release = encode_plan(mean)
    turn = itertools.count(1)

    def limit() -> Binary:
        return Binary(operator="gt", left=Column(name="x1"), right=Constant(value=next(turn) / 1e6))

    def above() -> bytes:
        """A filter that was never asked about."""
        return encode_plan(Filter(relation=source, predicate=limit()))

    def whether() -> bytes:
        """The column that such a filter is made of, as ``frame["x1"] > limit`` asks."""
        return encode_plan(Project(relation=source, names=("value",), expressions=(limit(),)))

    def costing() -> bytes:
        return encode_plan(msgspec.structs.replace(mean, spend=Epsilon(numerator=next(turn), denominator=10**6)))

    question = encode_message(AskSchema(id=1, relation=above()))
    answer = encode_message(vault.ask(AskSchema(id=0, relation=above())))
    with echoing(question, len(answer)) as echo:
        contestants = {
            "bare echo": echo,
            "schema, asked before": lambda: vault.ask(AskSchema(id=0, relation=relation)),
            "schema of a new filter": lambda: vault.ask(AskSchema(id=0, relation=above())),
            "schema of a new column": lambda: vault.ask(AskSchema(id=0, relation=whether())),
            "preview, asked before": lambda: vault.ask(AskPreview(id=0, release=release)),
            "preview at a new price": lambda: vault.ask(AskPreview(id=0, release=costing())),
        }
        timings = interleave(contestants, runs=2000, warmup=50)
    best = {name: min(timing.seconds) * 1e6 for name, timing in timings.items()}
    floor = f"{best['bare echo']:.0f} µs of it a bare echo"
    goals.note(goals.TRIP, best["schema, asked before"], beside=floor)
    goals.note(goals.NEW_TRIP, best["schema of a new filter"], beside=floor)
    shown = table("plan round trip, free questions", timings, against="bare echo")
    listed = ", ".join(f"{name} {value:.0f}" for name, value in best.items())
    return f"{shown}\n  best of each, in microseconds: {listed}; 100 are wanted for a schema"
