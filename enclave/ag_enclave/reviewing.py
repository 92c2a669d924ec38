"""Review of code: what a submission must be, the owner's runs and decision. REST and the console both come here.

Knows requests, the bench and the catalogue; no HTTP, and no row: those pass between processes that the bench wires together.
"""

import asyncio
import base64
import binascii
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec

from ag_enclave.accounts import Accounts
from ag_enclave.bench import Bench, Lent
from ag_enclave.budgets import check_words
from ag_enclave.catalog import Catalog, Dataset
from ag_enclave.commitment import new_salt
from ag_enclave.config import Review as Limits
from ag_enclave.errors import BadData, Conflict, Refusal
from ag_enclave.ownership import Ownership
from ag_enclave.projects import Projects
from ag_enclave.review import DATA, MOCK, Deposit, Ended, Input, Review, Run, Submission
from ag_enclave.reviews import Reviews
from ag_enclave.session.sessions import Sessions
from ag_enclave.words import check_code, check_name

_CATALOGUE = "catalog.json"
_MOST_INPUTS = 8
_MOST_RUNS = 100
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Words = Annotated[str, msgspec.Meta(max_length=1000)]


class Bound(msgspec.Struct, forbid_unknown_fields=True):
    """An argument, and the table that it is bound to; ``table`` empty: the data set's only one."""

    argument: Name
    dataset: Annotated[str, msgspec.Meta(max_length=200)]
    table: Annotated[str, msgspec.Meta(max_length=100)] = ""


class New(msgspec.Struct, forbid_unknown_fields=True):
    """What an analyst submits."""

    function: Name
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=1 << 20)]
    inputs: Annotated[list[Bound], msgspec.Meta(min_length=1, max_length=_MOST_INPUTS)]
    runs: Annotated[int, msgspec.Meta(ge=1, le=_MOST_RUNS)] = 1
    reader: Annotated[str, msgspec.Meta(max_length=80)] = ""
    project: Annotated[str, msgspec.Meta(max_length=200)] = ""


class RunOn(msgspec.Struct, forbid_unknown_fields=True):
    """On what to run it."""

    on: Literal["mock", "data"]


class Approval(msgspec.Struct, forbid_unknown_fields=True):
    """What to deposit: what a run gave, or a value (base64 of its encoded form); words to the analyst; words in spite of warnings."""

    run: Annotated[str, msgspec.Meta(max_length=36)] = ""
    value: str | None = None
    reason: Words = ""
    override: Words = ""


class Warned(Refusal):
    """A result that there is something to be said about, and no word in spite of it."""

    def __init__(self, warnings: Sequence[str]) -> None:
        listed = "\n".join(f"- {each}" for each in warnings)
        super().__init__(409, f"Look at this before it leaves, or override it in words:\n{listed}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewing:
    """What it works with."""

    reviews: Reviews
    projects: Projects
    accounts: Accounts
    catalog: Catalog
    ownership: Ownership
    bench: Bench
    sessions: Sessions
    turns: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    @property
    def limits(self) -> Limits:
        """How much code may wait, and how large it may be."""
        return self.bench.limits

    async def submit(self, analyst: str, wanted: New) -> Review:
        """Check, run on mock data, keep. Refusal 400 with the policy's or the run's own lines where it doesn't work there."""
        limits = self.limits
        room = {"most_open": limits.open_per_analyst, "most_daily": limits.per_day}
        submission = await self._submission(analyst, wanted)
        async with self.turns[analyst]:  # one submission of an analyst runs at a time
            await asyncio.to_thread(self.reviews.check_room, analyst, **room)
            tried = await self.bench.run(submission.source, submission.function, self._lent(submission.inputs, MOCK))
            if tried.outcome != "result":
                raise Refusal(400, f"The code was not submitted: {_MOCK_FAILED[tried.outcome]}.\n{tried.lines}")
            return await asyncio.to_thread(self.reviews.submit, submission, tried, **room)

    async def run(self, request_id: str, by: str, on: str) -> Run:
        """Run it at an owner's command. Conflict where it is decided, its data have changed, or no run is left."""
        found = await asyncio.to_thread(self.reviews.find, request_id, None)
        tables = self._lent(found.inputs, on)
        run = await asyncio.to_thread(self.reviews.begin, request_id, on, by)
        try:
            ended = await self.bench.run(found.source, found.function, tables)
        except BaseException:
            gone = Ended(outcome="died", seconds=0.0, lines="It could not be run.")
            await asyncio.shield(asyncio.to_thread(self.reviews.end, run, gone))
            raise
        done = await asyncio.to_thread(self.reviews.end, run, ended)
        await self._check_held(found, by)
        return done

    async def approve(self, request_id: str, by: str, wanted: Approval) -> Review:
        """Deposit the result. Refusal 409 with the warnings where there are some and no words in spite of them."""
        check_words(wanted.reason)
        check_words(wanted.override)
        found = await asyncio.to_thread(self.reviews.find, request_id, None)
        value, salt, warnings = await self._leaving(found, wanted)
        await self._check_held(found, by)
        if warnings and not wanted.override.strip():
            raise Warned(warnings)
        overridden = wanted.override if warnings else ""
        deposit = Deposit(value=value, salt=salt, answer=wanted.reason, warnings=tuple(warnings), overridden=overridden)
        done = await asyncio.to_thread(self.reviews.approve, request_id, by, deposit)
        if found.state != done.state:
            self._tell(done)
        return done

    async def deny(self, request_id: str, by: str, reason: str) -> Review:
        """Say no, and why."""
        check_words(reason)
        before = await asyncio.to_thread(self.reviews.find, request_id, None)
        found = await asyncio.to_thread(self.reviews.deny, request_id, by, reason)
        if before.state != found.state:
            self._tell(found)
        return found

    async def _check_held(self, found: Review, by: str) -> None:
        """Missing where it isn't this owner's any more: its data sets may have been handed over while the bench worked."""
        held = await asyncio.to_thread(self.ownership.held, by)
        await asyncio.to_thread(self.reviews.find, found.request_id, None, datasets=held)

    async def _leaving(self, found: Review, wanted: Approval) -> tuple[bytes, str, Sequence[str]]:
        """What is to leave, the salt of its digest, and what there is to say about it. A run's salt stays: the log shows which run was deposited."""
        if (wanted.value is None) == (not wanted.run):
            raise Refusal(400, "Deposit either what a run gave (run) or a value of your own (value).")
        if wanted.value is None:
            run = await asyncio.to_thread(self.reviews.run_of, found.request_id, wanted.run)
            if run.on == DATA and run.digest and run.digest == found.result_digest:
                return await asyncio.to_thread(self.reviews.deposited, found.request_id), found.result_salt, ()
            if run.value is None or run.on != DATA:
                raise Conflict("That run gave nothing that could be deposited.")
            return run.value, run.salt, run.warnings
        looked = await self.bench.look(_decoded(wanted.value), self._lent(found.inputs, DATA))
        if looked.value is None:
            raise Refusal(400, f"This value can't be deposited: {looked.lines}")
        return looked.value, new_salt(), looked.warnings

    async def _submission(self, analyst: str, wanted: New) -> Submission:
        """Refusal 400 or 404, Missing or Conflict where it can't be one."""
        names = [each.argument for each in wanted.inputs]
        if len(wanted.source.encode()) > self.limits.source_bytes:
            raise Refusal(400, f"Code for review may have {self.limits.source_bytes:,} bytes.")
        try:
            check_code(wanted.source)
            for name in (wanted.function, *names):
                check_name(name)
        except BadData as problem:
            raise Refusal(400, str(problem)) from problem
        if len(set(names)) < len(names):
            raise Refusal(400, "Each argument is bound once.")
        reader = wanted.reader or analyst
        await asyncio.to_thread(self._check_reader, reader, analyst)
        project_id, project = await asyncio.to_thread(self._project, wanted.project, analyst)
        inputs = tuple(bound_by(self.catalog, each.argument, each.dataset, each.table) for each in wanted.inputs)
        await asyncio.to_thread(self.ownership.check_common, {each.dataset for each in inputs})
        return Submission(
            analyst=analyst,
            project=project,
            project_id=project_id,
            function=wanted.function,
            source=wanted.source,
            inputs=inputs,
            runs_allowed=wanted.runs,
            reader=reader,
        )

    def _check_reader(self, reader: str, analyst: str) -> None:
        """Refusal 400 for whom the analyst doesn't work with, the same whether or not they have an account: nobody learns of a stranger by submitting, nor sends them code."""
        if reader == analyst:
            return
        if not self.projects.share(analyst, reader):
            raise Refusal(
                400, f"{reader!r} can't be its reader: you take part in no project together; invite them to one first."
            )
        account = self.accounts.find(reader)
        if account is None or account.role != "analyst":
            raise Refusal(400, f"{reader!r} is no analyst who could read the result.")

    def _project(self, name: str, analyst: str) -> tuple[str, str]:
        """The number and the name of the project; empty without one."""
        found = self.projects.named(name, analyst) if name else None
        return (found.project_id, found.name) if found else ("", "")

    def _lent(self, inputs: Sequence[Input], on: str) -> list[Lent]:
        """The tables as they are now. Conflict where a data set has another version than the request is bound to."""
        found = []
        for each in inputs:
            dataset = self.catalog.named(each.dataset)
            if digest_of(dataset) != each.digest:
                raise Conflict(f"{each.dataset} has another version than the one this code was submitted for.")
            found.append(Lent(argument=each.argument, folder=dataset.folder, table=each.table, mock=on == MOCK))
        return found

    def _tell(self, found: Review) -> None:
        """The reader's and the analyst's sessions say it at once."""
        words = f": {found.answer}" if found.answer else "."
        sentence = f"Your code {found.function} was {found.state}{words}"
        for who in {found.analyst, found.reader}:
            for session in self.sessions.of(who):
                session.say(sentence)


_MOCK_FAILED = {
    "refused": "it may not run inside the enclave",
    "error": "it failed on mock data",
    "died": "it was stopped on mock data",
}


def bound_by(catalog: Catalog, argument: str, name: str, table: str) -> Input:
    """An argument, bound to a table as it is now; ``table`` empty: the data set's only one. Refusal where there is none."""
    dataset = catalog.named(name)
    keys = list(dataset.tables)
    found = table or (keys[0] if len(keys) == 1 else "")
    if found not in keys:
        raise Refusal(400, f"Say which table of {dataset.name} is meant: {', '.join(keys)}.")
    return Input(argument=argument, dataset=dataset.name, table=found, digest=digest_of(dataset))


def digest_of(dataset: Dataset) -> str:
    """Of a version of a data set: its catalogue, which has a version of its own with each load. Refusal 404 where it is gone."""
    try:
        return hashlib.sha256((dataset.folder / _CATALOGUE).read_bytes()).hexdigest()
    except OSError as problem:
        raise Refusal(404, f"The data set {dataset.name} is gone.") from problem


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise Refusal(400, "The value is not base64.") from problem
