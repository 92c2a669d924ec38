"""What functions cost: programs in a jailed mapper, per core; a translated function and a table against the same as an expression."""

import itertools
import random
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from ag_plan.codec import encode_plan
from ag_plan.expressions import Column
from ag_plan.messages import ColumnSchema
from ag_sandbox.nursery import Grants, Nursery
from ag_vault.expressions.term import Lookup, identifier
from ag_vault.mapper import SocketMapper
from op_pandas.programs import programmed
from op_pandas.rows import Term
from tests.bench.enclave import execute, session_in
from tests.bench.timing import interleave, table
from tests.enclave_server import Enclave

VALUES = 200_000
WANTED = 200_000
"""Distinct values per second and core."""


def vowels(text: str) -> int:
    n = 0
    for letter in text:
        if letter in "aeiou":
            n += 1
    return n


def halvings(x: float) -> int:
    n = 0
    while x > 1:
        x /= 2
        n += 1
    return n


def reversed_words(text: str) -> str:
    return " ".join(word[::-1] for word in text.split(" "))


def digits(x: float) -> int:
    return len(f"{x:.3f}".replace(".", ""))


FUNCTIONS: Mapping[str, tuple[Callable[[Any], Any], str, Any]] = {
    "len(f'{x:.3f}'...)": (digits, "float", "int"),
    "while x > 1: x /= 2": (halvings, "float", "int"),
    "letters of a text in 'aeiou'": (vowels, "str", "int"),
    "words of a text, reversed": (reversed_words, "str", "str"),
}


def mappers() -> str:
    """Values per second through a mapper in its jail and back, at the processor time of mapper and vault's end together."""
    draw = random.Random(1)
    letters = "abcdefghij"
    texts = list(
        {"".join(draw.choices(letters, k=4)) + " " + "".join(draw.choices(letters, k=4)) for _ in range(VALUES)}
    )
    values = {"float": [(draw.random() * 100,) for _ in range(VALUES)], "str": [(text,) for text in texts]}
    lines = [f"functions in a mapper, {VALUES:,} distinct values; at least {WANTED:,} per second and core are wanted"]
    with Nursery.start(profile="mapper", entry="ag_mapper.serve:main", preload=("ag_mapper.serve",)) as nursery:
        for name, (function, kind, result) in FUNCTIONS.items():
            rates = [_rate(nursery, function, kind, result, values[kind]) for _ in range(5)]
            lines.append(
                f"  {name:<30}  {max(rates):9,.0f} per second and core  ({min(rates):,.0f} to {max(rates):,.0f})"
            )
    return "\n".join(lines)


def _rate(nursery: Nursery, function: Callable[[Any], Any], kind: str, result: Any, rows: list[Any]) -> float:
    schema = ColumnSchema(name="c", kind=kind)
    program, _ = programmed(function, Term(expression=Column(name="c"), schema=schema))
    asked = Lookup(
        table="m",
        keys=(identifier("c"),),
        kinds=(kind,),
        program=encode_plan(program),
        kind=result,
        name="v",  # type: ignore[arg-type]
    )
    ours, theirs = socket.socketpair()
    with theirs, nursery.spawn(sockets={"map": theirs}, settings={}, grants=Grants(memory_bytes=512 << 20)) as child:
        mapper = SocketMapper(ours)
        own, its = time.process_time(), child.cpu_seconds()
        spent = 0.0
        for _ in mapper.mapped(asked, rows):  # it waits for more when this is read, and is gone after the last
            spent = time.process_time() - own + child.cpu_seconds() - its
        mapper.close()
        child.wait(10)
    return len(rows) / spent


NATIVE = "((numbers['x1'] * 2 + 1).where(numbers['x1'] > 3, 0))"
TRANSLATED = "numbers['x1'].map(lambda x: x * 2 + 1 if x > 3 else 0)"


def translated(enclave: Enclave, rows: int) -> str:
    """The mean of a function of a column, end to end, against the mean of the same written as an expression."""
    turn = itertools.count(1)

    def mean(what: str) -> Callable[[], object]:
        return lambda: execute(session, f"m = {what}.mean(eps={1 + next(turn) / 1e6})")

    with session_in(enclave) as session:
        contestants = {"an expression": mean(NATIVE), "a function, translated": mean(TRANSLATED)}
        timings = interleave(contestants, runs=15)
    return table(
        f"mean of a function of a column over {rows:,} rows; at most 3 x is wanted", timings, against="an expression"
    )
