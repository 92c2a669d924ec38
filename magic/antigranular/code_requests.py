"""Code for review as both sides hold it: the analyst's request and its result, the owner's runs and decision. Must not know how they travel."""

import base64
import hmac
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

from antigranular import table
from antigranular.errors import AgError, WireError
from antigranular.listing import Listing, minute
from antigranular.parcel import pack, unpack
from antigranular.policies import Draft
from antigranular.rest import Enclave
from antigranular.tagging import Encoder
from antigranular.values import decoded

PATH = "/ag/v1/reviews"
_HEADERS = ("analyst", "function", "on", "project", "submitted", "state", "runs", "answer")
_RUN_OR_VALUE = (
    "approve(run) deposits what a run gave, and approve(value=…) a value of your own; words to the analyst are reason=…"
)
_NOTHING: Any = object()


class Run:
    """One run at an owner's command: ``on`` · ``outcome`` (result, refused, error, died) · ``lines`` of its error · ``printed`` · ``warnings`` · ``seconds``.

    ``digest``: of what it gave, as the audit log has it.
    """

    def __init__(self, enclave: Enclave, path: str, facts: Mapping[str, Any]) -> None:
        try:
            self.id: str = str(facts["run_id"])
            self.on: str = str(facts["on"])
            self.outcome: str = str(facts["outcome"])
            self.lines: str = str(facts["lines"])
            self.printed: str = str(facts["printed"])
            self.warnings: list[str] = [str(each) for each in facts["warnings"]]
            self.seconds: float = float(facts["seconds"])
            self.digest: str = str(facts["digest"])
            self._salt = bytes.fromhex(str(facts.get("salt", "")))
        except (KeyError, TypeError, ValueError):
            raise WireError("the enclave sent a run that can't be read") from None
        self._enclave = enclave
        self._path = path

    def value(self) -> Any:
        """What it gave. Raises RequestRefused where it gave nothing, or its request is decided."""
        return _value(self._given())

    def verify(self, digest: str) -> bool:
        """Whether a digest of the audit log is of what this run gave. Raises RequestRefused as ``value`` does."""
        return _is_of(digest, self._salt, self._given())

    def _given(self) -> bytes:
        return self._enclave.fetch(f"{self._path}/runs/{quote(self.id, safe='')}")

    def __repr__(self) -> str:
        looked = "".join(f"\n  look at: {each}" for each in self.warnings)
        lines = f"\n{self.lines}" if self.lines else ""
        return f"<run on {self.on}: {self.outcome} after {self.seconds:.2f} s>{looked}{lines}"


class CodeRequest:
    """Code for review. Its analyst may ``withdraw`` it and fetch ``result()``; owners ``show`` it, ``run`` it, ``approve`` or ``deny`` it.

    ``id`` · ``analyst`` · ``function`` · ``source`` · ``inputs`` · ``project`` · ``state`` (open, approved, denied, withdrawn) · ``answer``
    (the owner's words) · ``decided_by`` · ``reader`` · ``runs_allowed`` and ``runs_used`` on data.
    """

    def __init__(self, enclave: Enclave, facts: Any) -> None:
        self._enclave = enclave
        self._read(facts)

    def run(self, on: Literal["mock", "data"] = "mock") -> Run:
        """Run it over there, in a jail. Raises RequestRefused where it is decided, or no run on data is left."""
        return Run(self._enclave, self._path, self._enclave.ask("POST", f"{self._path}/runs", {"on": on}))

    @property
    def runs(self) -> list[Run]:
        """Its runs so far; an analyst sees those on mock data."""
        facts = self._enclave.ask("GET", self._path)
        found = facts.get("runs") if isinstance(facts, dict) else None
        if not isinstance(found, list):
            raise WireError("the enclave's list of runs is not a list")
        return [Run(self._enclave, self._path, each) for each in found]

    def approve(
        self, run: Run | None = None, *, value: Any = _NOTHING, reason: str = "", override: str = ""
    ) -> "CodeRequest":
        """Deposit a result: what a run gave, or a value of one's own. ``reason``: words to the analyst; ``override``: words in spite of the airlock's warnings, which are logged.

        Raises AgError for what is neither; RequestRefused, with the warnings, where there are some and no such words, and where it was
        decided otherwise; NotImportable for a value that is no data.
        """
        if (run is None) == (value is _NOTHING) or not isinstance(run, Run | None):
            raise AgError(_RUN_OR_VALUE)
        words = {"reason": reason, "override": override}
        given = {"value": _encoded(value)} if run is None else {"run": run.id}
        return self._step("approve", {**given, **words})

    def deny(self, reason: str) -> "CodeRequest":
        """Say no, and why; the analyst reads it."""
        return self._step("deny", {"reason": reason})

    def withdraw(self) -> "CodeRequest":
        """No longer ask."""
        return self._step("withdraw", {})

    def refresh(self) -> "CodeRequest":
        """As it is now."""
        self._read(self._enclave.ask("GET", self._path))
        return self

    def result(self) -> Any:
        """What was deposited, for its reader and for owners. Raises RequestRefused where nothing was, with the owner's reason where it was denied."""
        return _value(self._deposited())

    def verify(self, digest: str) -> bool:
        """Whether a digest of the audit log is of what was deposited. Raises RequestRefused as ``result`` does."""
        given = self._deposited()
        self.refresh()
        return _is_of(digest, self._salt, given)

    @property
    def source(self) -> str:
        """The code; asked for where this is of a list, which goes without."""
        if self._source is None:
            self.refresh()
        return self._source or ""

    def show(self) -> str:
        """The code, with what it is bound to above it."""
        bound = "\n".join(f"# {each['argument']} = {each['dataset']}/{each['table']}" for each in self.inputs)
        return f"{bound}\n{self.source}"

    def cells(self) -> table.Row:
        """As a row of a table."""
        on = ", ".join(f"{each['dataset']}/{each['table']}" for each in self.inputs)
        asked = minute(self.asked_at)
        used = f"{self.runs_used} of {self.runs_allowed}"
        return (self.analyst, self.function, on, self.project, asked, self.state, used, self.answer)

    def __repr__(self) -> str:
        return (
            f"<{self.state} code {self.function} of {self.analyst}, run {self.runs_used} of {self.runs_allowed} times>"
        )

    def _deposited(self) -> bytes:
        return self._enclave.fetch(f"{self._path}/result")

    @property
    def _path(self) -> str:
        return f"{PATH}/{quote(self.id, safe='')}"

    def _step(self, step: str, body: Mapping[str, Any]) -> "CodeRequest":
        self._read(self._enclave.ask("POST", f"{self._path}/{step}", body))
        return self

    def _read(self, facts: Any) -> None:
        try:
            self.id: str = str(facts["request_id"])
            self.analyst: str = str(facts["analyst"])
            self.project: str = str(facts["project"])
            self.function: str = str(facts["function"])
            self._source: str | None = None if facts["source"] is None else str(facts["source"])
            self.inputs: list[dict[str, str]] = [dict(each) for each in facts["inputs"]]
            self.runs_allowed: int = int(facts["runs_allowed"])
            self.runs_used: int = int(facts["runs_used"])
            self.reader: str = str(facts["reader"])
            self.asked_at: str = str(facts["asked_at"])
            self.state: str = str(facts["state"])
            self.answer: str = str(facts["answer"])
            self.decided_by: str = str(facts["decided_by"])
            self._salt = bytes.fromhex(str(facts.get("result_salt", "")))
        except (KeyError, TypeError, ValueError):
            raise WireError("the enclave sent a request for review that can't be read") from None


def submit(enclave: Enclave, draft: Draft, project: str | None) -> CodeRequest:
    """Submit code. Raises RequestRefused, with the lines at fault, where the enclave's policy refuses it or it fails on mock data; AgError for a function that is bound to nothing."""
    if not isinstance(draft, Draft):
        raise AgError(
            "submit takes a function made with @ag.code_request(…), which says what it is bound to; help(ag.code_request) shows how"
        )
    return CodeRequest(enclave, enclave.ask("POST", PATH, draft.body(project)))


def reviews_of(enclave: Enclave, query: str = "") -> Listing[CodeRequest]:
    """The requests for review that one may see, the newest first."""
    found = [CodeRequest(enclave, each) for each in enclave.rows(PATH + query)]
    return Listing(found, _HEADERS, CodeRequest.cells, "Code for review")


def _encoded(value: Any) -> str:
    encoder = Encoder()
    run = b"".join(pack({"value": encoder.encode(value)}, encoder.buffers))
    return base64.b64encode(run).decode("ascii")


def _is_of(digest: str, salt: bytes, given: bytes) -> bool:
    """The log's digests are HMAC-SHA256 under a salt that only who may have the value is told."""
    return bool(salt) and hmac.compare_digest(hmac.digest(salt, given, "sha256").hex(), digest)


def _value(run: bytes) -> Any:
    head, buffers = unpack(bytearray(run))
    return decoded("result", head.get("value"), buffers)
