"""Takes whole uploads through the jailed loader, a few at a time, and tells how far each is. Knows uploads and holdings, no HTTP."""

import asyncio
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
import yaml

from ag_enclave.config import Uploads as Settings
from ag_enclave.errors import BadData, Conflict, EnclaveError, Refusal
from ag_enclave.holdings import Arrival, Arrived, Holdings
from ag_enclave.loader import Leash, Limits, Load
from ag_enclave.uploads import Opening, Upload, Uploads, number_of

_KEPT = 200
"""Outcomes that are remembered for whoever asks late."""
_SWEEP_SECONDS = 600.0
_METADATA = "metadata.yaml"
_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Job:
    """One load. ``state``: waiting, loading, done or failed; ``changed`` is set, and replaced, with every change."""

    owner: str
    state: str = "waiting"
    share: float = 0.0
    what: str = "waiting for its turn"
    error: str = ""
    version: int = 0
    report: dict[str, Any] = field(default_factory=dict)
    revision: int = 0
    leash: Leash = field(default_factory=Leash)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def become(self, **facts: Any) -> None:
        """Change, and wake whoever waits for it."""
        for name, value in facts.items():
            setattr(self, name, value)
        self.revision += 1
        self.changed.set()
        self.changed = asyncio.Event()

    def shown(self) -> dict[str, Any]:
        """For its owner."""
        known = {"state": self.state, "progress": round(self.share, 3), "what": self.what, "revision": self.revision}
        return {**known, "error": self.error, "version": self.version, "report": self.report}


class Intake:
    """The loads under way, and how the last ones ended."""

    def __init__(self, uploads: Uploads, holdings: Holdings, settings: Settings) -> None:
        self.uploads = uploads
        self._holdings = holdings
        self._settings = settings
        self._room = asyncio.Semaphore(settings.loads_at_once)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def job(self, upload_id: str, owner: str) -> Job | None:
        """An owner's load by the upload's number, also one that is over; None where there is none."""
        job = self._jobs.get(upload_id)
        return job if job is not None and job.owner == owner else None

    def begin(self, upload: Upload) -> Job:
        """Load it, once: whoever asks again gets the same job."""
        job = self.job(upload.upload_id, upload.owner)
        if job is None or job.state == "failed":
            job = Job(owner=upload.owner)
            self._jobs[upload.upload_id] = job
            self._jobs.move_to_end(upload.upload_id)
            self._forget()
            task = asyncio.create_task(self._run(upload, job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return job

    def renew(self, upload_id: str, owner: str) -> None:
        """Forget a load that failed: its files come anew."""
        job = self.job(upload_id, owner)
        if job is not None and job.state == "failed":
            del self._jobs[upload_id]

    def landed(self, owner: str, opening: Opening) -> dict[str, Any] | None:
        """What a client is told that says again what it said before its upload was loaded; None where it wasn't."""
        number = number_of(owner, opening)
        found = self._holdings.came_as(opening.name, number)
        if found is None:
            return None
        job = Job(owner=owner, state="done", share=1.0, what="done", version=found.version)
        job.report = dict(found.origin.get("report", {}))
        return {"upload_id": number, "name": opening.name, "files": [], **job.shown()}

    async def cancel(self, upload: Upload) -> None:
        """End it and remove every byte of it."""
        job = self.job(upload.upload_id, upload.owner)
        if job is not None and job.state in ("waiting", "loading"):
            job.leash.pull()
            job.become(what="being cancelled")
        else:
            await asyncio.to_thread(self.uploads.discard, upload)

    def close(self) -> None:
        """End every load; their files stay for the next start."""
        for job in self._jobs.values():
            job.leash.pull()

    async def watch(self) -> None:
        """Remove what was left, until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.uploads.sweep, self._busy())
            except Exception:  # noqa: BLE001 - the next sweep must come all the same
                _log.exception("uploads could not be swept")
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _run(self, upload: Upload, job: Job) -> None:
        """Verify, load, publish. Whatever happens is told, and the files go unless they only wait for missing bytes."""
        async with self._turns[upload.owner], self._room:  # who has many holds up nobody else
            tell = _teller(job)
            try:
                job.become(state="loading")
                await asyncio.to_thread(self.uploads.verify, upload, lambda share, what: tell(0.1 * share, what))
                arrived = await asyncio.to_thread(
                    self._enter, upload, job.leash, lambda share, what: tell(0.1 + 0.9 * share, what)
                )
            except (Conflict, Refusal) as problem:
                if _whole(upload):  # else what is missing may still come
                    await asyncio.to_thread(self.uploads.discard, upload)
                job.become(state="failed", error=str(problem))
            except EnclaveError as problem:
                await asyncio.to_thread(self.uploads.discard, upload)
                job.become(state="failed", error=str(problem))
            except Exception:  # noqa: BLE001 - an upload must not wait for ever
                _log.exception("an upload could not be loaded", upload=upload.upload_id)
                await asyncio.to_thread(self.uploads.discard, upload)
                job.become(
                    state="failed", error="The enclave failed at this upload; its operator finds why in the log."
                )
            else:
                await asyncio.to_thread(self.uploads.discard, upload)
                job.become(state="done", share=1.0, what="done", version=arrived.version, report=arrived.report)

    def _enter(self, upload: Upload, leash: Leash, tell: Callable[[float, str], None]) -> Arrived:
        if leash.pulled:
            raise BadData("The load was cancelled.")
        opening, metadata = upload.opening, upload.folder / _METADATA
        metadata.write_text(yaml.safe_dump(opening.metadata), encoding="utf-8")
        by_role: dict[str, dict[str, Any]] = {"table": {}, "public": {}, "mock": {}}
        for number, file in enumerate(opening.files):
            by_role[file.role][file.key] = upload.path(number)
        arrival = Arrival(
            load=Load(
                name=opening.name,
                metadata=metadata,
                tables=by_role["table"],
                public=by_role["public"],
                mock=by_role["mock"],
                mock_override=opening.mock_override,
            ),
            by=upload.owner,
            holder=upload.owner,
            words=opening.words,
            after=opening.after,
            reason=opening.reason,
            unit_reason=opening.unit_reason,
            checksums={f"{file.role} {file.key}": file.sha256 for file in opening.files},
            upload=upload.upload_id,
        )
        settings = self._settings
        limits = Limits(
            seconds=settings.load_seconds,
            memory_bytes=settings.load_memory_bytes,
            file_bytes=settings.load_file_bytes,
            free_bytes=settings.free_bytes,
        )
        return self._holdings.enter(arrival, tell, limits=limits, leash=leash)

    def _busy(self) -> set[str]:
        return {number for number, job in self._jobs.items() if job.state in ("waiting", "loading")}

    def _forget(self) -> None:
        over = [number for number, job in self._jobs.items() if job.state in ("done", "failed")]
        for number in over[: max(0, len(self._jobs) - _KEPT)]:
            del self._jobs[number]


def _whole(upload: Upload) -> bool:
    return upload.received() == [file.bytes for file in upload.opening.files]


_TELL_SECONDS = 0.2


def _teller(job: Job) -> Callable[[float, str], None]:
    """Passes progress from the loader's thread to the event loop, not more often than anybody wants to know."""
    loop, last = asyncio.get_running_loop(), [0.0]

    def tell(share: float, what: str) -> None:
        now = time.monotonic()
        if now - last[0] >= _TELL_SECONDS or what != job.what:
            last[0] = now
            loop.call_soon_threadsafe(lambda: job.become(share=share, what=what))

    return tell
