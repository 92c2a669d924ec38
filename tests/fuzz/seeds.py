"""What honest ends say, as the seeds of mutation: bytes of every kind of message, made by the codecs themselves."""

import json
import struct
from collections.abc import Mapping

from ag_plan.codec import encode_message, encode_plan
from ag_plan.expressions import Binary, Cast, Choose, Clamp, Column, Constant, IsIn, Recode, TextHas
from ag_plan.messages import (
    AskCatalog,
    AskIngest,
    AskOdometer,
    AskPreview,
    AskPublic,
    AskRelease,
    AskSchema,
    ColumnValues,
)
from ag_plan.relations import Append, Distinct, Filter, Project, Relation, Source
from ag_plan.releases import Count, Describe, Epsilon, GroupKey, Mean, Quantile, Release
from tests.enclave.raw_client import Json, pack_v1

ONE = Epsilon(numerator=1, denominator=10**6)


def relation(table: str) -> Relation:
    """Many words in one: a projection of a filter of a union without doubles."""
    age, sex = Column(name="age"), Column(name="sex")
    rows = Distinct(relation=Append(left=Source(table=table), right=Source(table=table)), columns=("age", "sex"))
    kept = Filter(relation=rows, predicate=Binary(operator="ge", left=age, right=Constant(value=18)))
    twice = Choose(
        condition=IsIn(operand=age, values=(1, 2, 3)), then=Clamp(operand=age, lower=0, upper=9), otherwise=age
    )
    coded = Recode(operand=sex, keys=("f", "m"), values=(1.0, 2.0))
    starts = TextHas(test="startswith", operand=sex, needle="f")
    names = ("age", "sex", "twice", "coded", "starts", "text")
    return Project(
        relation=kept, names=names, expressions=(age, sex, twice, coded, starts, Cast(operand=age, to="str"))
    )


def releases(table: str) -> list[Release]:
    """One of several measures, plain and grouped."""
    plain = Source(table=table)
    by = (GroupKey(column="sex", values=("f", "m")),)
    return [
        Release(relation=relation(table), measure=Mean(columns=("age", "twice")), spend=ONE),
        Release(relation=plain, measure=Describe(columns=("age",)), spend=ONE),
        Release(relation=plain, measure=Count(columns=("age",)), spend=ONE, by=by),
        Release(relation=plain, measure=Quantile(columns=("age",), probabilities=(0.25, 0.5)), spend=ONE),
    ]


def plans(table: str) -> list[bytes]:
    """Bytes of plans."""
    return [encode_plan(release) for release in releases(table)]


def requests(table: str) -> list[bytes]:
    """Bytes of every request a guest may put to its vault."""
    columns = (
        ColumnValues(name="x", kind="int", values=(1, None, 3)),
        ColumnValues(name="y", kind="str", values=("a", "b", None)),
    )
    asked = [AskRelease(id=n, release=plan) for n, plan in enumerate(plans(table))]
    asked += [AskPreview(id=n, release=plan) for n, plan in enumerate(plans(table))]
    others = [
        AskCatalog(id=1),
        AskOdometer(id=2),
        AskSchema(id=3, relation=encode_plan(relation(table))),
        AskPublic(id=4, dataset="Clinic", key="test_x"),
        AskIngest(id=5, columns=columns),
    ]
    return [encode_message(message) for message in (*asked, *others)]


def _message(channel: str, kind: str, content: Json, buffers: tuple[bytes, ...] = ()) -> Json:
    header = {"msg_id": "m", "session": "s", "username": "u", "date": "", "msg_type": kind, "version": "5.3"}
    parts = {"header": header, "parent_header": {"msg_id": "m"}, "metadata": {}, "content": content}
    return {"channel": channel, **parts, "buffers": buffers}


CELL = {"code": "1 + 1", "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
ASKED: Mapping[str, Json] = {
    "execute": _message("shell", "execute_request", CELL),
    "complete": _message("shell", "complete_request", {"code": "pri", "cursor_pos": 3}),
    "interrupt": _message("control", "interrupt_request", {}),
    "comm": _message("shell", "comm_msg", {"comm_id": "x", "data": {}}, (b"buffer",)),
}
_EXPORT = {
    "data": {"application/vnd.antigranular.export+json": {"name": "x", "value": 1.5}, "text/plain": "x"},
    "metadata": {},
}
SAID: Mapping[str, Json] = {
    "status": _message("iopub", "status", {"execution_state": "busy"}),
    "stream": _message("iopub", "stream", {"name": "stdout", "text": "hello"}),
    "result": _message(
        "iopub",
        "execute_result",
        {"data": {"text/html": "<b>1</b>", "application/json": [1e5, None]}, "metadata": {}, "execution_count": 3},
    ),
    "export": _message("iopub", "display_data", _EXPORT, (b"one", b"two")),
    "error": _message("iopub", "error", {"ename": "E", "evalue": "v", "traceback": ["a", "b"]}),
    "reply": _message("shell", "execute_reply", {"status": "ok", "execution_count": 3}),
    "matches": _message(
        "shell",
        "complete_reply",
        {
            "status": "ok",
            "matches": ["print"],
            "cursor_start": 0,
            "cursor_end": 3,
            "metadata": {"_jupyter_types_experimental": [{"start": 0, "end": 3, "text": "print"}]},
        },
    ),
    "info": _message(
        "shell",
        "kernel_info_reply",
        {
            "status": "ok",
            "protocol_version": "5.3",
            "implementation": "x",
            "implementation_version": "1",
            "language_info": {"name": "python"},
            "banner": "",
        },
    ),
}


def binary(messages: Mapping[str, Json]) -> list[bytes]:
    """In the binary layout."""
    return [pack_v1(message) for message in messages.values()]


def texts(messages: Mapping[str, Json]) -> list[bytes]:
    """In the default layout, as text or with a table of offsets."""
    plain = [json.dumps({**message, "buffers": []}).encode() for message in messages.values()]
    return [*plain, *(struct.pack(">II", 1, 8) + text for text in plain)]


CONTROL = [b'{"op": "odometer"}', b'{"op": "catalog"}', b'{"op": "close"}', b'{"op": ["odometer"], "more": 1e400}']
WORDS = [
    *(
        b"1e400",
        b"NaN",
        b"-Infinity",
        b"\\ud800",
        b"\x00",
        b"\xff" * 8,
        b"9" * 5000,
        b"[" * 2000,
        b'{"a":' * 500,
        b"\x91" * 2000,
    ),
    *(b"\xcf" + b"\xff" * 8, b"\xd3" + b"\x80" + b"\x00" * 7, b"\xcb\x7f\xf0" + bytes(6), b"\xcb\x7f\xf8" + bytes(6)),
    *(
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\x7f\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc7\x10\x01",
    ),
    *(struct.pack("<Q", 1 << 63), struct.pack("<Q", 5), struct.pack(">I", 0xFFFFFFFF), struct.pack(">I", 2)),
]
