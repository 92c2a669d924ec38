"""One analyst's session: a request comes in as bytes, a reply goes out as bytes, whatever the request was.

Knows messages and who is asking; how an answer is made is ``answer``'s, how it is paid the ledger's.
"""

import hashlib
import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import msgspec

from ag_plan import messages
from ag_plan.codec import decode_message, decode_plan, encode_message, encode_plan
from ag_plan.errors import MalformedPlan
from ag_plan.frames import MAX_FRAME_BYTES
from ag_plan.relations import Relation
from ag_plan.releases import Release
from ag_vault import meaning
from ag_vault.account import Cap, Event, spent
from ag_vault.answer import Answer, answer
from ag_vault.catalog import SCRATCH, Budget, Catalog, Dataset, Table
from ag_vault.data import Rows
from ag_vault.errors import MapperFailed, Refusal
from ag_vault.ingest import bytes_of, scratch_table
from ag_vault.ledger import Claim, Ledger
from ag_vault.ledger.verdict import Held, lasting
from ag_vault.noise import Noise
from ag_vault.price import preview
from ag_vault.recent import Recent
from ag_vault.rehearsal import NO_MOCK, Rehearsal
from ag_vault.schedule import Schedule
from ag_vault.schemas import Schemas
from ag_vault.till import Till, needs_mapper, tables_of

_log = logging.getLogger(__name__)

INTERNAL = Refusal(
    code="internal",
    why="The vault could not answer this; what went wrong is in the operator's log.",
    instead="Tell the operator when it happened.",
    error="RuntimeError",
)
TOO_LARGE = Refusal(
    code="too_large",
    why="The answer is too large to be sent in one piece.",
    instead="Ask for less at a time.",
)
NO_MAPPER = Refusal(
    code="no_mapper",
    why="Functions that are no expressions can't be run in this session any more.",
    instead="Restart the session, or write them so that they become expressions.",
    error="RuntimeError",
)
LOST = Refusal(
    code="lost",
    why="An answer of this session was lost after it was charged for, so the session is given no other one.",
    instead="Restart the session, and ask for less at a time: fewer columns, fewer groups, shorter texts.",
    error="RuntimeError",
)
"""That an answer is lost may depend on rows, where an engine has no memory left. So it can be seen once in a session, and not once for each question."""
SCRATCH_FULL = Refusal(code="memory", why="The session's memory for public frames is used up.", error="RuntimeError")
MOST_PUBLIC_VALUES = 8_000_000
"""Of a public table, so that it fits both processes and a frame."""
MOST_SCRATCH_BYTES = 256 << 20
"""Of all frames that a guest brings: a guest that fills the engine's memory could make it run out or not as rows want it."""
MOST_SCRATCH_ANSWERS = 32 << 20
"""Bytes of answers about these frames that are kept; what is asked again beyond is answered, and charged, anew."""
MOST_LOST = 50
"""Answers of an analyst that may be lost for each account, over all sessions, unless the operator says otherwise."""
_LONGEST_LABEL = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whom the session serves. ``cap`` bounds the session itself, where the operator set one; ``most_lost`` the analyst's answers that are lost, of each account."""

    analyst: str
    session: str
    cap: Cap | None = None
    most_lost: int = MOST_LOST


class Session:
    """The state of a session: its catalogue, which grows by scratch tables, and what answers it."""

    def __init__(
        self,
        who: Who,
        catalog: Catalog,
        *,
        rows: Rows,
        ledger: Ledger,
        scratch_budget: Budget,
        noise: Noise,
        schedule: Schedule,
        mocks: Callable[[Catalog], Rows] | None = None,
    ) -> None:
        self._who = who
        self._catalog = replace(catalog, scratch=scratch_budget)
        self._rows = rows
        self._ledger = ledger
        self._scratch_budget = scratch_budget
        self._scratch_tables = 0
        self._scratch_bytes = 0
        self._scratch_answers = 0
        self._noise = noise
        self._schedule = schedule
        self._recent = Recent()
        self._schemas = Schemas()
        self._rehearsal = Rehearsal(rows, mocks)
        self._lost = False

    def reply(self, payload: bytes) -> bytes:
        """The one reply to a request. Total: what can't be read or goes wrong is refused by a constant sentence."""
        number = 0
        try:
            request = decode_message(payload, messages.REQUESTS)
            number = request.id
            reply = self._recent.find(request) or _HANDLERS[type(request)](self, request)
        except MalformedPlan as reason:
            reply = Refusal(code="malformed", why=f"The vault can't read this request: {reason}.")
        except Exception as problem:  # noqa: BLE001 - whatever it was, a guest learns nothing from it
            log_problem(problem)
            reply = INTERNAL
        if isinstance(reply, Refusal):
            return _refused(number, reply)
        encoded = encode_message(reply)
        self._recent.keep(request, reply, length=len(payload) + len(encoded))
        return encoded if len(encoded) <= MAX_FRAME_BYTES else _refused(number, TOO_LARGE)

    def close(self) -> None:
        """Let go of rows and ledgers."""
        self._rows.close()
        self._rehearsal.close()
        self._ledger.close()
        if self._scratch_tables:
            self._scratch_ledger.close()

    @cached_property
    def _scratch_ledger(self) -> Ledger:
        """What is charged for the frames that the guest brings, from the first of them on."""
        return Ledger.in_memory()

    def balances(self) -> tuple[messages.Balance, ...] | Refusal:
        """What the analyst has spent on every data set of the session, and on the scratch one once it has tables."""
        found: list[messages.Balance] = []
        accounts = [(name, each.account, self._ledger, each.budget) for name, each in self._catalog.datasets.items()]
        if self._scratch_tables:
            accounts.append((SCRATCH, SCRATCH, self._scratch_ledger, self._scratch_budget))
        for name, account, ledger, budget in accounts:
            reading = ledger.reading(account, self._who.analyst, {name: budget})
            if isinstance(reading, Refusal):
                return reading
            found.append(
                messages.Balance(
                    dataset=name,
                    epsilon_spent=reading.epsilon_spent,
                    delta_spent=reading.delta_spent,
                    epsilon_left=reading.epsilon_left,
                    delta_left=reading.delta_left,
                    epsilon_per_call=reading.epsilon_per_call,
                    libraries=reading.libraries,
                    windows=tuple(_window(each) for each in reading.windows),
                )
            )
        return tuple(found)

    def datasets(self) -> tuple[messages.DatasetSchema, ...]:
        """What the session may use, as the guest and the gateway see it."""
        return tuple(_dataset_schema(dataset) for dataset in self._catalog.datasets.values())

    def _catalog_of(self, request: messages.AskCatalog) -> messages.Message:
        return messages.Catalog(id=request.id, datasets=self.datasets())

    def _schema(self, request: messages.AskSchema) -> messages.Message | Refusal:
        relation = decode_plan(request.relation, Relation)
        columns = self._schemas.of(relation, self._catalog, length=len(request.relation))
        return columns if isinstance(columns, Refusal) else messages.Schema(id=request.id, columns=columns)

    def _public(self, request: messages.AskPublic) -> messages.Message | Refusal:
        dataset = self._catalog.datasets.get(request.dataset)
        shelf = {} if dataset is None else dataset.mock if request.mock else dataset.public
        table = shelf.get(request.key)
        if table is None:
            return Refusal(code="unknown", why="There is no public table of this name.", error="KeyError")
        values = self._rows.public(table, most=MOST_PUBLIC_VALUES)
        if values is None:
            return TOO_LARGE
        columns = tuple(
            messages.ColumnValues(name=name, kind=space.kind, values=tuple(column))
            for (name, space), column in zip(table.columns.items(), values, strict=True)
        )
        return messages.PublicTable(id=request.id, columns=columns)

    def _preview(self, request: messages.AskPreview) -> messages.Message | Refusal:
        forecast = preview(decode_plan(request.release, Release), self._catalog)
        if isinstance(forecast, Refusal):
            return forecast
        return messages.Preview(
            id=request.id,
            index=forecast.index,
            columns=forecast.columns,
            half_widths=forecast.half_widths,
            widths_of_a_row=forecast.widths_of_a_row,
            widths_of_a_root=forecast.widths_of_a_root,
            ranks=forecast.ranks,
            mechanism=forecast.mechanism,
            scale=forecast.scale,
            cost=_cost(forecast.event),
        )

    def _odometer(self, request: messages.AskOdometer) -> messages.Message | Refusal:
        balances = self.balances()
        return balances if isinstance(balances, Refusal) else messages.Odometer(id=request.id, balances=balances)

    def _ingest(self, request: messages.AskIngest) -> messages.Message | Refusal:
        made = scratch_table(self._scratch_tables + 1, request.columns, request.unit)
        if isinstance(made, Refusal):
            return made
        table, values = made
        table = replace(
            table, version=hashlib.sha256(msgspec.msgpack.encode((request.columns, request.unit))).hexdigest()
        )
        size = self._scratch_bytes + bytes_of(table, values)
        if size > MOST_SCRATCH_BYTES:
            return SCRATCH_FULL
        try:
            self._rows.add(table, values)
        except MemoryError:
            return SCRATCH_FULL
        self._scratch_bytes = size
        self._scratch_tables += 1
        self._rehearsal.brought(table, values)
        self._catalog = self._catalog.with_table(table)
        self._recent.forget()
        self._schemas.forget()
        meaning.forget()
        return messages.Ingested(id=request.id, table=table.key)

    def _release(self, request: messages.AskRelease) -> messages.Message | Refusal:
        """The stored answer where there is one; else one charged, and held back to its slot."""
        plan = decode_plan(request.release, Release)
        if request.mock:
            return self._rehearsed(request, plan)
        started = self._schedule.now()
        if not self._rows.mapper.is_there and needs_mapper(plan):
            return NO_MAPPER
        till = self._till(plan, request.library)
        stored = till.stored()
        if stored is not None:
            kept = decode_message(stored, (messages.Released,))
            return msgspec.structs.replace(kept, id=request.id, repeated=True)
        if self._lost:
            return LOST
        try:
            answered = answer(plan, catalog=self._catalog, charge=till.charge, data=self._rows, noise=self._noise)
            if isinstance(answered, Refusal):
                return answered
            released = _released(request.id, answered)
            reply = encode_message(released)
            if self._has_room(till, reply):
                till.keep(answered.receipt, reply)
            return released
        except Exception as problem:
            # Where a mapper has failed, it is programs that get no other answer.
            self._lost = till.charged is not None and not isinstance(problem, MapperFailed)
            till.lose()
            raise
        finally:
            if till.charged is not None:
                charged = till.charged
                self._schedule.hold(started, numbers=charged.numbers, rows=charged.rows, programs=charged.programs)

    def _has_room(self, till: Till, reply: bytes) -> bool:
        """Whether an answer may be kept, to be given again: those about the guest's own values are kept in memory, where there is an end to it."""
        if not till.of_scratch:
            return True
        size = self._scratch_answers + len(reply)
        if size > MOST_SCRATCH_ANSWERS:
            return False
        self._scratch_answers = size
        return True

    def _rehearsed(self, request: messages.AskRelease, plan: Release) -> messages.Message | Refusal:
        """The same plan at the same price by the same five lines, over mocks: nothing private is read, nothing is charged."""
        data = self._rehearsal.rows(self._catalog)
        tables = tables_of(plan.relation, self._catalog)
        if isinstance(data, Refusal):
            return data
        if any(table.path is not None and table.mock is None for table in tables):
            return NO_MOCK
        if not data.mapper.is_there and needs_mapper(plan):
            return NO_MAPPER
        till = self._rehearsal.till(self._claim(plan, tables, request.library), self._catalog, tables)
        answered = answer(plan, catalog=self._catalog, charge=till.charge, data=data, noise=self._noise)
        return answered if isinstance(answered, Refusal) else _released(request.id, answered, mock=True)

    def _claim(self, plan: Release, tables: Sequence[Table], library: str) -> Claim:
        owned = [table for table in tables if table.path]
        return Claim(
            dataset=owned[0].account if owned else SCRATCH,
            version=_version(tables),
            analyst=self._who.analyst,
            session=self._who.session,
            library=_label(library),
            plan=encode_plan(plan),
        )

    def _till(self, plan: Release, library: str) -> Till:
        tables = tables_of(plan.relation, self._catalog)
        owned = list({table.dataset: self._catalog.datasets[table.dataset] for table in tables if table.path}.values())
        claim = self._claim(plan, tables, library)
        if not owned:
            return Till(self._scratch_ledger, {SCRATCH: self._scratch_budget}, claim, tables)
        terms = {each.name: each.budget for each in owned}
        return Till(self._ledger, terms, claim, tables, session_cap=self._who.cap, most_lost=self._who.most_lost)


_HANDLERS: Mapping[type[messages.Message], Callable[[Session, Any], messages.Message | Refusal]] = {
    messages.AskCatalog: Session._catalog_of,  # noqa: SLF001 - the table belongs to the class
    messages.AskSchema: Session._schema,  # noqa: SLF001 - as above
    messages.AskPublic: Session._public,  # noqa: SLF001 - as above
    messages.AskPreview: Session._preview,  # noqa: SLF001 - as above
    messages.AskRelease: Session._release,  # noqa: SLF001 - as above
    messages.AskOdometer: Session._odometer,  # noqa: SLF001 - as above
    messages.AskIngest: Session._ingest,  # noqa: SLF001 - as above
}


def log_problem(problem: Exception) -> None:
    """For the operator: what kind of problem and where in the code; never its text, which may hold a value of a row."""
    frames = traceback.extract_tb(problem.__traceback__)
    where = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    _log.error("internal: %s at %s", type(problem).__name__, where)


def _refused(number: int, refusal: Refusal) -> bytes:
    reply = messages.Refused(
        id=number, code=refusal.code, why=refusal.why, instead=refusal.instead, error=refusal.error
    )
    return encode_message(reply)


def _released(number: int, answered: Answer, *, mock: bool = False) -> messages.Released:
    return messages.Released(
        id=number,
        index=answered.index,
        columns=answered.columns,
        values=answered.values,
        half_widths=answered.half_widths,
        mechanism=answered.mechanism,
        measure=answered.measure,
        scale=answered.scale,
        cost=_cost(answered.receipt.event),
        mock=mock,
    )


def _window(held: Held) -> messages.Window:
    return messages.Window(
        whose=held.kind,
        seconds=held.seconds,
        span=lasting(held.seconds),
        epsilon=float(held.cap.epsilon),
        epsilon_left=spent(held.cap, held.totals).epsilon_left,
        refreshes=held.refreshes,
    )


def _cost(event: Event) -> messages.Cost:
    epsilon = "" if event.epsilon is None else str(event.epsilon)
    return messages.Cost(epsilon=epsilon, delta=float(event.delta), rho=float(event.concentrated))


def _version(tables: Sequence[Table]) -> str:
    """What rows a stored answer is of. A guest's own tables are numbered anew in each session: which of them is which counts, too."""
    owned = sorted({table.version for table in tables if table.path})
    return " ".join((*owned, *sorted(f"{table.key}={table.version}" for table in tables if not table.path)))


def _label(library: str) -> str:
    """The guest's word for the odometer, if it is a short name."""
    return library if len(library) <= _LONGEST_LABEL and library.isidentifier() else "other"


def _dataset_schema(dataset: Dataset) -> messages.DatasetSchema:
    views = tuple(
        messages.View(
            key=view.key,
            kind=view.kind,
            table=None if view.table is None else dataset.tables[view.table].key,
            columns=view.columns,
        )
        for view in dataset.views
    )
    return messages.DatasetSchema(
        name=dataset.name,
        variable=dataset.variable,
        tables=tuple(table.key for table in dataset.tables.values()),
        views=views,
    )
