"""One request for review as values: what is submitted, its runs, what is deposited, and how rows of the tables and the log name it.

Knows no database and no accounts; whose step is next is ``reviews``'.
"""

import hashlib
import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ag_enclave.commitment import commitment, new_salt

OPEN, APPROVED, DENIED, WITHDRAWN = "open", "approved", "denied", "withdrawn"
MOCK, DATA = "mock", "data"
_LONGEST_SUBJECT = 200
"""As many characters as the log takes of what a deed is about."""
_UNDECIDED = ("decided_by", "decided_at", "answer", "overridden", "result_digest", "fetched_at", "result_salt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An argument and what it is bound to: this table of this version of this data set, and no other. ``digest``: of the version's catalogue."""

    argument: str
    dataset: str
    table: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What an analyst submits. ``reader``: who may fetch the result; ``runs_allowed``: how often it may run on data.

    ``project`` is a name for people, ``project_id`` which of those of that name; another side's are names alone.
    """

    analyst: str
    project: str
    function: str
    source: str
    inputs: tuple[Input, ...]
    runs_allowed: int
    reader: str
    project_id: str = ""

    @property
    def digest(self) -> str:
        """Of the text and of everything it is bound to."""
        bound = [[each.argument, each.dataset, each.table, each.digest] for each in self.inputs]
        whole = [self.function, self.source, bound, self.runs_allowed, self.reader]
        return hashlib.sha256(json.dumps(whole).encode()).hexdigest()

    def row(self) -> dict[str, Any]:
        """As a new row of the table."""
        inputs = [{name: getattr(each, name) for name in Input.__slots__} for each in self.inputs]
        given = {
            name: getattr(self, name) for name in ("analyst", "project", "project_id", "function", "source", "reader")
        }
        empty = dict.fromkeys(_UNDECIDED, "")
        return {
            "request_id": str(uuid.uuid4()),
            **given,
            **empty,
            "inputs": json.dumps(inputs),
            "code_digest": self.digest,
            "runs_allowed": self.runs_allowed,
            "runs_used": 0,
            "asked_at": now(),
            "state": OPEN,
            "result": None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. ``on``: mock or data; ``outcome``: running, result, refused, error or died; ``warnings``: what to look at before it leaves.

    ``digest``: of the value, keyed with ``salt``, which only who may have the value is told.
    """

    run_id: str
    request_id: str
    on: str
    by: str
    at: str
    seconds: float
    outcome: str
    lines: str
    printed: str
    warnings: tuple[str, ...]
    digest: str
    value: bytes | None
    salt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One request for review, without its result. ``result_digest``: of the deposit, keyed with ``result_salt``."""

    request_id: str
    analyst: str
    project: str
    function: str
    source: str
    inputs: tuple[Input, ...]
    runs_allowed: int
    runs_used: int
    reader: str
    code_digest: str
    asked_at: str
    state: str
    decided_by: str
    decided_at: str
    answer: str
    overridden: str
    result_digest: str
    fetched_at: str
    result_salt: str
    project_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended."""

    outcome: str
    seconds: float
    lines: str = ""
    printed: str = ""
    warnings: tuple[str, ...] = ()
    value: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """What an owner lets out. ``salt``: that of the run that gave it, or a new one; ``overridden``: the owner's words in spite of warnings."""

    value: bytes
    salt: str
    answer: str
    warnings: tuple[str, ...]
    overridden: str


def run_row(request_id: str, on: str, by: str, ended: Ended) -> dict[str, Any]:
    """A run as a row of the table, its value sealed with a salt of its own."""
    salt = "" if ended.value is None else new_salt()
    digest = "" if ended.value is None else commitment(salt, ended.value)
    told = {"outcome": ended.outcome, "seconds": ended.seconds, "lines": ended.lines, "printed": ended.printed}
    found = {"warnings": json.dumps(list(ended.warnings)), "digest": digest, "value": ended.value, "salt": salt}
    return {"run_id": str(uuid.uuid4()), "request_id": request_id, "on": on, "by": by, "at": now(), **told, **found}


def inputs_of(text: str) -> tuple[Input, ...]:
    """What a row of the table says that a submission is bound to."""
    return tuple(Input(**each) for each in json.loads(text))


def is_within(inputs: Sequence[Input], datasets: Collection[str] | None) -> bool:
    """Whether these are bound to no other data sets than those (None: any)."""
    return datasets is None or all(each.dataset in datasets for each in inputs)


def subject_of(inputs: Sequence[Input]) -> str:
    """The data sets, as the log names what a deed is about; no others are named the same, also where the names are too long for it."""
    whole = ", ".join(sorted({each.dataset for each in inputs}))
    if len(whole) <= _LONGEST_SUBJECT:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()
    return f"{whole[: _LONGEST_SUBJECT - len(digest) - 2]}… {digest}"


def now() -> str:
    """The time, as the tables keep it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
