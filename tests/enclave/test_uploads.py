"""The folder of uploads by itself: what is left too long goes, and the disk keeps its margin."""

import asyncio
import contextlib
import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ag_enclave.config import Uploads as Settings
from ag_enclave.errors import Conflict, Refusal
from ag_enclave.holdings import Arrival, Arrived
from ag_enclave.intake import Intake
from ag_enclave.uploads import File, Opening, Uploads

OPENING = Opening(
    name="Village",
    metadata={},
    files=(File(key="people", role="table", form="csv", bytes=10, sha256="0" * 64),),
)


def test_an_upload_that_nobody_adds_to_is_swept_unless_it_is_being_loaded(tmp_path: Path) -> None:
    now = [0.0]
    uploads = Uploads(tmp_path, Settings(keep_hours=1), free=lambda _folder: 1 << 40, clock=lambda: now[0])
    upload = uploads.open("olga", OPENING)
    now[0] = upload.folder.stat().st_mtime + 3599
    assert uploads.sweep() == 0
    now[0] += 3600
    assert uploads.sweep({upload.upload_id}) == 0
    assert uploads.sweep() == 1
    assert not list(tmp_path.iterdir())


def test_uploads_announced_side_by_side_are_no_more_than_one_after_the_other(tmp_path: Path) -> None:
    def free(_folder: Path) -> int:
        time.sleep(0.05)  # as long as a busy disk may take: everybody has counted by then
        return 1 << 40

    uploads = Uploads(tmp_path, Settings(open_per_owner=2), free=free)

    def announce(number: int) -> bool:
        with contextlib.suppress(Refusal):
            return bool(uploads.open("olga", msgspec.structs.replace(OPENING, name=f"Village {number}")))
        return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(announce, range(8))) == 2
    assert len(uploads.of("olga")) == 2


def test_a_disk_that_is_nearly_full_takes_nothing(tmp_path: Path) -> None:
    free = [2000]
    uploads = Uploads(tmp_path, Settings(free_bytes=1000), free=lambda _folder: free[0])
    upload = uploads.open("olga", OPENING)
    free[0] = 900
    with pytest.raises(Refusal, match="nearly full"):
        uploads.writer(upload, 0, 0)
    with pytest.raises(Refusal, match="no room"):
        uploads.open("oscar", OPENING)


def test_the_newest_connection_is_the_one_that_writes(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, Settings(), free=lambda _folder: 1 << 40)
    upload = uploads.open("olga", OPENING)
    first, second = uploads.writer(upload, 0, 0), uploads.writer(upload, 0, 0)
    with pytest.raises(Conflict, match="Another connection"):
        first.write(b"12345")
    second.write(b"12345")
    with pytest.raises(Refusal, match="longer than was announced"):
        second.write(b"123456")
    assert upload.received() == [5]


def test_whoever_wrote_to_an_upload_that_was_removed_has_no_say_in_the_next_of_its_name(tmp_path: Path) -> None:
    now = [0.0]
    uploads = Uploads(tmp_path, Settings(keep_hours=1), free=lambda _folder: 1 << 40, clock=lambda: now[0])
    for remove in (uploads.discard, lambda _upload: uploads.sweep()):
        upload = uploads.open("olga", OPENING)
        late = uploads.writer(upload, 0, 0)
        now[0] = upload.folder.stat().st_mtime + 3601
        remove(upload)
        again = uploads.writer(uploads.open("olga", OPENING), 0, 0)
        with pytest.raises(Conflict, match="Another connection"):
            late.write(b"late")
        again.write(b"12345")
        assert upload.received() == [5]
        uploads.discard(upload)


def test_a_link_in_the_place_of_a_file_is_never_followed(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "u", Settings(), free=lambda _folder: 1 << 40)
    (tmp_path / "u").mkdir()
    (tmp_path / "other").write_bytes(b"")
    upload = uploads.open("olga", OPENING)
    upload.path(0).symlink_to(tmp_path / "other")
    with pytest.raises(Refusal, match="can't keep this piece"):
        uploads.writer(upload, 0, 0).write(b"12345")
    assert (tmp_path / "other").read_bytes() == b""


def test_who_sends_files_without_end_holds_up_nobody_else(tmp_path: Path) -> None:
    """One owner's loads come one after the other, and others' beside them."""
    content, over = b"age\n1\n2\n3\n", threading.Event()
    file = msgspec.structs.replace(OPENING.files[0], bytes=len(content), sha256=hashlib.sha256(content).hexdigest())

    class Holdings:
        def enter(self, arrival: Arrival, *_given: object, **_limits: object) -> Arrived:
            if arrival.by == "mallory":
                over.wait(60)
            return Arrived(version=1, report={})

    async def main() -> list[tuple[str, str]]:
        settings = Settings(open_per_owner=9)
        uploads, holdings = Uploads(tmp_path, settings, free=lambda _folder: 1 << 40), Holdings()
        intake = Intake(uploads, holdings, settings)  # type: ignore[arg-type]  # as much of them as loading needs
        jobs: list[Any] = []
        for number, owner in enumerate(["mallory"] * 8 + ["olga"]):
            upload = uploads.open(owner, msgspec.structs.replace(OPENING, name=f"Village {number}", files=(file,)))
            uploads.writer(upload, 0, 0).write(content)
            jobs.append(intake.begin(upload))
        try:
            async with asyncio.timeout(30):
                while jobs[-1].state != "done":
                    await jobs[-1].changed.wait()
            return [(job.owner, job.state) for job in jobs]
        finally:
            over.set()
            for job in jobs:
                while job.state in ("waiting", "loading"):
                    await job.changed.wait()

    assert asyncio.run(main()) == [("mallory", "loading"), *[("mallory", "waiting")] * 7, ("olga", "done")]
