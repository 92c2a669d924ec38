"""A plan's way there and back: a jailed vault behind its socket, asked what is free and touches no row."""

import itertools
import socket
from pathlib import Path

import msgspec

from ag_plan.codec import encode_plan
from ag_plan.expressions import Binary, Column, Constant
from ag_plan.messages import AskCatalog, AskPreview, AskSchema, Catalog
from ag_plan.relations import Filter, Source
from ag_plan.releases import Epsilon, Mean, Release
from ag_sandbox.nursery import Grants, Nursery
from op_pandas.vault import SocketVault
from tests.bench import goals
from tests.bench.timing import interleave, table


def round_trip(state: Path) -> str:
    """Schema and preview of one column's mean, from the guest's side of the plan socket."""
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
        shown = _asked(SocketVault(ours))
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

    def above() -> bytes:
        """A filter that was never asked about."""
        limit = Binary(operator="gt", left=Column(name="x1"), right=Constant(value=next(turn) / 1e6))
        return encode_plan(Filter(relation=source, predicate=limit))

    def costing() -> bytes:
        return encode_plan(msgspec.structs.replace(mean, spend=Epsilon(numerator=next(turn), denominator=10**6)))

    contestants = {
        "schema, asked before": lambda: vault.ask(AskSchema(id=0, relation=relation)),
        "schema of a new filter": lambda: vault.ask(AskSchema(id=0, relation=above())),
        "preview, asked before": lambda: vault.ask(AskPreview(id=0, release=release)),
        "preview at a new price": lambda: vault.ask(AskPreview(id=0, release=costing())),
    }
    timings = interleave(contestants, runs=2000, warmup=50)
    goals.note(goals.TRIP, min(timings["schema, asked before"].seconds) * 1e6)
    goals.note(goals.NEW_TRIP, min(timings["schema of a new filter"].seconds) * 1e6)
    best = ", ".join(f"{name} {min(timing.seconds) * 1e6:.0f}" for name, timing in timings.items())
    shown = table("plan round trip, free questions", timings, against="schema, asked before")
    return f"{shown}\n  best of each, in microseconds: {best}; 100 are wanted for a schema"
