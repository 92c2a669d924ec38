"""More doors: of the checker and its kernel, of the kernel and its gateway, of the mapper and its vault. As in ``targets``, whatever is raised is a finding."""

import json
import random
import socket
from contextlib import suppress
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from ag_kernel import wire
from ag_kernel.arrivals import Arrivals
from ag_kernel.compiler.checker import Desk
from ag_kernel.compiler.checker_client import CheckerClient
from ag_kernel.compiler.examine import examine
from ag_kernel.compiler.inference import Inference
from ag_kernel.compiler.problem import render_all
from ag_kernel.errors import MalformedMessage
from ag_kernel.handlers import HANDLERS
from ag_kernel.limits import Limits
from ag_mapper import wire as mapping
from ag_mapper.errors import BadProgram
from ag_mapper.machine import Machine
from ag_plan.codec import decode_plan, encode_plan
from ag_plan.errors import MalformedPlan
from ag_plan.expressions import Code
from ag_plan.frames import framed
from ag_vault.mapper import _held
from antigranular.imports import parcel_of
from tests.mapper.random_programs import Writer

CELLS = (
    "import numpy as np\nx: int = 1\nfor i in range(3):\n    x += i\nx",
    "class A:\n    def f(self, *a: int, k: str = 'é') -> list[int]:\n        return [b for b in a if b]\nA().f(1)",
    "match frame:\n    case {'a': 1, **rest} if rest: pass\n    case [A(x=1), *_] | None: pass",
    "try:\n    with frame as f, 1 as g: raise ValueError('x') from None\nexcept (KeyError, ValueError) as e:\n    print(f'{e!r:>{10}}')",
    "@d\nasync def f(): return (yield)\nlambda a, /, b=1, *, c: (a := 1)\nexport(frame['a'].mean(eps=1), 'm')",
    "type X[T] = list[T]\ndef f[T: int](x: T) -> T: return x\nglobal y\ndel y\nx = 10 ** 10 ** 9",
)
_QUESTIONS: tuple[dict[str, Any], ...] = (
    {"op": "start", "names": {"frame": "frame", "export": "export"}, "strict": False},
    {"op": "declare", "names": {"age": "series"}},
    {"op": "check", "id": 1, "source": CELLS[0]},
    {"op": "check", "id": 2, "source": CELLS[1]},
    {"op": "accept", "completed": True},
    {"op": "again", "source": CELLS[2], "completed": False},
    {"op": "reject"},
)
_ANSWERS: tuple[dict[str, Any], ...] = (
    {"id": 1, "problems": []},
    {"id": 1, "problems": [{"line": 1, "column": 0, "end_column": 3, "message": "m", "instead": "i"}]},
    {"rested": 2, "needed": [0, 1]},
)
_KINDS = ("float", "int", "bool", "str", "datetime")
_ROWS: dict[str, tuple[Any, ...]] = {
    "str": ("", "a,b", "é" * 50, None, "\x00", "9" * 400),
    "float": (0.0, -0.0, 1e308, None, 5e-324),
}


def policy(data: bytes) -> None:
    """A cell's text: judged and shown, and code made of it exactly where nothing is wrong."""
    source = data.decode("utf-8", "surrogateescape")
    found = examine(source, 1, injected=frozenset({"frame", "export"}), depth=100)
    assert render_all(found.problems, found.source, 1) is not None
    assert (found.body is None) == bool(found.problems), found.problems


@cache
def _inference() -> Inference:
    return Inference()


def checker(data: bytes) -> None:
    """The kernel's question to the checker, as a frame and as the text of a cell in one; an honest one is answered afterwards."""
    desk = Desk(_inference())
    source = json.dumps({"op": "check", "id": 1, "source": data.decode("utf-8", "replace")}).encode()
    for payload in (data, source, b'{"op": "accept", "completed": true}'):
        json.dumps(desk.answer(payload))
    desk.answer(json.dumps(_QUESTIONS[0]).encode())
    reply = desk.answer(b'{"op": "check", "id": 7, "source": "len(frame)"}')
    assert reply is not None
    assert len(reply["problems"]) == 1, reply
    desk.answer(b'{"op": "reject"}')


class _Answering:
    """A stream to a checker that answers whatever it is asked with the same bytes."""

    def __init__(self, ours: socket.socket, theirs: socket.socket, answer: bytes) -> None:
        self._ours, self._theirs, self._answer = ours, theirs, framed(answer)
        self.fileno, self.recv = ours.fileno, ours.recv

    def sendall(self, payload: bytes) -> None:
        if b'"check"' in payload:
            self._theirs.sendall(self._answer)


def checked(data: bytes) -> None:
    """A hostile checker's answer, on its way to the analyst; no cell passes but by an answer that finds nothing."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = CheckerClient(_Answering(ours, theirs, data), patience=0.01)  # type: ignore[arg-type]
        client.start({"frame": "frame"})
        for _ in range(2):
            found = client.check(1, "x = 1")
            render_all(found, "x = 1", 1)
            assert found or b"problems" in data.replace(b"\\u00", b"problems")
            client.accept(completed=True)


def request(data: bytes) -> None:
    """A message to the kernel: read or refused, and what is no cell is answered."""
    with suppress(MalformedMessage):
        message = wire.decode(data)
        handler = HANDLERS.get(message.kind)
        if handler is not None and message.kind != "execute_request":
            reply = handler(message, _session(), None)  # type: ignore[arg-type]
            wire.encode(wire.Message(channel="shell", header=wire.new_header("reply", "s"), content=reply))


def _session() -> Any:
    arrivals = Arrivals(lambda _name, _value: None, limit=1 << 16, taken=frozenset({"frame"}))
    return SimpleNamespace(
        namespace={"__builtins__": {"print": print}, "frame": 1, "text": "é"},
        arrivals=arrivals,
        cells=1,
        limits=Limits(),
    )


def imported(data: bytes) -> None:
    """The bytes of a value that a client sends: a variable, or a sentence."""
    content = {"name": "x", "import_id": "i", "size": len(data), "piece": 0, "pieces": 1}
    message = wire.Message(
        channel="shell", header=wire.new_header("import_request", "s"), content=content, buffers=(data,)
    )
    reply = HANDLERS["import_request"](message, _session(), None)  # type: ignore[arg-type]
    assert reply["status"] in {"ok", "error"}


def mapper(data: bytes) -> None:
    """A guest's program: refused, or run on any rows to as many results of its kind."""
    chance = random.Random(data)
    of, kind = chance.choice(("str", "float")), chance.choice(_KINDS)
    with suppress(MalformedPlan, BadProgram):
        results = Machine(decode_plan(data, Code), [of], kind).results([(value,) for value in _ROWS[of]])
        assert len(results) == len(_ROWS[of])
        mapping.results(mapping.encoded(results), kind)


def mapped(data: bytes) -> None:
    """A hostile mapper's results, and what a hostile vault would say: values of the kind, or nothing."""
    for read in (mapping.asked, mapping.rows):
        with suppress(MalformedPlan):
            read(data)
    for kind, of in zip(_KINDS, (float, int, bool, str, int), strict=True):
        with suppress(MalformedPlan):
            assert all(each is None or type(each) is of for each in map(_held, mapping.results(data, kind)))


def programs() -> list[bytes]:
    """Bytes of programs of every word."""
    return [encode_plan(Writer(seed).program()) for seed in range(20)]


def results() -> list[bytes]:
    """What a mapper and its vault say."""
    asked = mapping.Asked(program=programs()[0], kinds=("str",), kind="int")
    return [mapping.encoded(each) for each in (asked, [["a"], [None]], [1, None], [1.5], [True], ["a"], [2**63 - 1])]


def questions() -> list[bytes]:
    """What a kernel asks its checker, and cells as plain text."""
    _inference()  # as in the nursery: before anybody asks
    return [*(json.dumps(each).encode() for each in _QUESTIONS), *cells()]


def cells() -> list[bytes]:
    """Texts of cells."""
    return [each.encode() for each in CELLS]


def answers() -> list[bytes]:
    """What a checker says."""
    return [json.dumps(each).encode() for each in _ANSWERS]


def parcels() -> list[bytes]:
    """Values of several kinds as runs of bytes."""
    table = pd.DataFrame({"a": [1, 2], "b": pd.Categorical(["x", None]), "c": pd.to_datetime(["2020", None])})
    values = (1, [1.5, "é", None, {"k": b"raw"}], np.eye(2), table, table["b"], {1, 2})
    return [b"".join(bytes(part) for part in parcel_of(each, None, None)[0]) for each in values]
