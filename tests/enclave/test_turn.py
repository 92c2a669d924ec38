"""Who reads a cap to set it anew excludes others who do, in another process too; and what was decided about leaves nothing in the file."""

import asyncio
import contextlib
import threading
from pathlib import Path

import pytest

from ag_enclave.migrate import open_accounts
from ag_enclave.review import DATA, Ended, Input, Submission
from ag_enclave.reviews import Reviews
from ag_enclave.turn import Turn
from tests import cluster

WORK = 7


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def accounts_place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    return tmp_path / "a.sqlite" if request.param == "SQLite" else cluster.database()


def test_a_turn_waits_for_another_process_and_who_gives_up_holds_nothing(accounts_place: Path | str) -> None:
    taken, over = threading.Event(), threading.Event()

    def other() -> None:
        with contextlib.closing(open_accounts(accounts_place)) as theirs, theirs.database.turn(WORK):
            taken.set()
            over.wait(20)

    async def wait() -> list[str]:
        turn, seen = Turn(ours.database, WORK), []
        try:
            async with asyncio.timeout(0.3), turn:
                seen.append("too soon")
        except TimeoutError:
            seen.append("waited")
        over.set()
        for _ in range(2):
            async with asyncio.timeout(20), turn:
                seen.append("mine")
        return seen

    holder = threading.Thread(target=other)
    with contextlib.closing(open_accounts(accounts_place)) as ours:
        holder.start()
        assert taken.wait(20)
        assert asyncio.run(wait()) == ["waited", "mine", "mine"]
        holder.join()


def test_what_a_run_gave_is_nowhere_in_the_file_once_it_is_decided(tmp_path: Path) -> None:
    secret = b"a row that nobody may see"
    bound = Input(argument="t", dataset="Clinic", table="patients", digest="0")
    code = Submission(
        analyst="ann", project="p", function="f", source="s", inputs=(bound,), runs_allowed=1, reader="ann"
    )
    with contextlib.closing(open_accounts(tmp_path / "a.sqlite")) as accounts:
        reviews = Reviews(accounts.database)
        tried = Ended(outcome="result", seconds=0.0)
        asked = reviews.submit(code, tried, most_open=9, most_daily=9).request_id
        run = reviews.begin(asked, DATA, "olga")
        reviews.end(run, Ended(outcome="result", seconds=1.0, value=secret * 1000, printed=secret.decode()))
        assert secret in everything(tmp_path)
        reviews.deny(asked, "olga", "no")
        assert secret not in everything(tmp_path)


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())
