"""A vault that knows one toy data set and answers every release with 42: enough for the kernel's side of the conversation."""

import socket
import threading
import time

import msgspec

from ag_plan.codec import decode_message, decode_plan, encode_message
from ag_plan.frames import receive_frame, send_frame
from ag_plan.messages import (
    REQUESTS,
    AskCatalog,
    AskOdometer,
    AskRelease,
    AskSchema,
    Balance,
    Catalog,
    ColumnSchema,
    Cost,
    DatasetSchema,
    Message,
    Odometer,
    Refused,
    Released,
    Schema,
    View,
)
from ag_plan.relations import Project, Relation, Source
from ag_plan.releases import Release

COLUMNS = (
    ColumnSchema(name="age", kind="int", lower=0, upper=120),
    ColumnSchema(name="income", kind="float", lower=0.0, upper=1e6),
    ColumnSchema(name="sex", kind="str", categories=("f", "m")),
)


class FakeVault(threading.Thread):
    """Answers over one end of a socketpair until the other is closed. ``slow`` is how long each release takes, in seconds."""

    def __init__(self, stream: socket.socket, *, slow: float = 0.0) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self.slow = slow
        self.spent = 0.0
        self.asked: list[Message] = []

    def run(self) -> None:
        try:
            while (frame := receive_frame(self._stream)) is not None:
                request = decode_message(frame, REQUESTS)
                self.asked.append(request)
                reply = msgspec.structs.replace(self._answer(request), id=request.id)
                send_frame(self._stream, encode_message(reply))
        except OSError:
            pass

    def _answer(self, request: Message) -> Message:
        answers = {
            AskCatalog: self._catalog,
            AskSchema: self._schema,
            AskRelease: self._release,
            AskOdometer: self._odometer,
        }
        return answers.get(type(request), self._refuse)(request)

    def _catalog(self, _request: Message) -> Message:
        view = View(key="train", kind="frame", table="toy/train", columns=tuple(c.name for c in COLUMNS))
        return Catalog(
            id=0, datasets=(DatasetSchema(name="Toy", variable="toy", tables=("toy/train",), views=(view,)),)
        )

    def _schema(self, request: Message) -> Message:
        assert isinstance(request, AskSchema)
        relation = decode_plan(request.relation, Relation)
        known = {column.name: column for column in COLUMNS}
        if isinstance(relation, Project):
            return Schema(
                id=0,
                columns=tuple(
                    msgspec.structs.replace(known.get(getattr(e, "name", "")) or COLUMNS[1], name=name)
                    for name, e in zip(relation.names, relation.expressions, strict=True)
                ),
            )
        assert isinstance(relation, Source)
        return Schema(id=0, columns=COLUMNS)

    def _release(self, request: Message) -> Message:
        assert isinstance(request, AskRelease)
        time.sleep(self.slow)
        release = decode_plan(request.release, Release)
        columns = getattr(release.measure, "columns", ("size",))
        self.spent += float(release.spend.fraction)
        return Released(
            id=0,
            index=((),),
            columns=columns,
            values=(tuple(42.0 for _ in columns),),
            half_widths=(tuple(1.5 for _ in columns),),
            mechanism="discrete_laplace",
            measure="pure",
            scale=0.5,
            cost=Cost(epsilon=str(release.spend.fraction)),
        )

    def _odometer(self, _request: Message) -> Message:
        balance = Balance(
            dataset="Toy",
            epsilon_spent=self.spent,
            delta_spent=0.0,
            epsilon_left=10.0 - self.spent,
            delta_left=0.001,
            epsilon_per_call=10.0,
            libraries={},
        )
        return Odometer(id=0, balances=(balance,))

    def _refuse(self, _request: Message) -> Message:
        return Refused(id=0, code="toy", why="the toy vault can't answer this")
