"""Two enclaves and the files between them: code goes up, decisions come down, and nothing is taken twice, from strangers, or for others."""

import subprocess
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ag_enclave.errors import BadData, Missing
from ag_enclave.migrate import open_accounts
from ag_enclave.parcels import Asked, BoundTable, Parcel, fingerprint, opened, own_key, public_key, public_text, sealed
from ag_enclave.reviews import Deposit, Ended, Input, Reviews, Submission
from ag_enclave.sync import Sync
from tests.enclave_server import COMMAND

INPUT = Input(argument="data", dataset="Village", table="people", digest="d" * 64)
CODE = Submission(
    analyst="ann", project="", function="mean", source="def mean(data):\n    return 1\n", inputs=(INPUT,), runs_allowed=1, reader="ann"
)  # fmt: skip
TRIED = Ended(outcome="result", seconds=0.1, value=b"mock")


class Side:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.accounts = open_accounts(folder / "accounts.sqlite")
        self.reviews = Reviews(self.accounts.database)
        self.sync = Sync(self.accounts.database, "operator")
        self.key = own_key(folder)
        self.file = folder / "parcel"

    def meet(self, name: str, other: "Side") -> None:
        self.sync.register(name, public_text(other.key))

    def send(self, name: str) -> Parcel:
        parcel = self.sync.pack(name)
        self.file.write_bytes(sealed(parcel, self.key))
        return parcel

    def take(self, name: str, file: Path, has: str = "Village") -> tuple[int, int, int]:
        parcel = opened(file, public_key(self.sync.key_of(name)), self.key.public_key())
        taken = self.sync.take(name, parcel, lambda each: bound(each, has))
        return taken.asked, taken.decided, len(taken.left)


def bound(each: BoundTable, has: str) -> Input:
    if each.dataset != has:
        raise Missing("There is no such data set.")
    return replace(INPUT, argument=each.argument, digest="e" * 64)


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Side, Side]:
    low, high = Side(tmp_path / "low"), Side(tmp_path / "high")
    low.meet("high", high)
    high.meet("low", low)
    return low, high


def submit(side: Side) -> str:
    return side.reviews.submit(CODE, TRIED, most_open=9, most_daily=9).request_id


def test_code_goes_up_and_what_was_deposited_comes_down(sides: tuple[Side, Side]) -> None:
    low, high = sides
    first, second = submit(low), submit(low)
    low.send("high")
    assert high.take("low", low.file) == (2, 0, 0)
    up = high.reviews.find(first, None)
    assert (up.analyst, up.reader, up.source, up.inputs[0].digest) == ("ann@low", "ann@low", CODE.source, "e" * 64)
    high.reviews.approve(first, "olga", Deposit(value=b"three", answer="fine", warnings=(), overridden=""))
    high.reviews.deny(second, "olga", "no")
    high.send("low")
    assert low.take("high", high.file) == (0, 2, 0)
    assert low.reviews.fetch(first, "ann") == b"three"
    down = low.reviews.find(second, "ann")
    assert (down.state, down.answer, down.decided_by) == ("denied", "no", "high")
    low.send("high")
    assert high.take("low", low.file) == (0, 0, 0)


def test_no_file_is_taken_twice_or_after_a_later_one(sides: tuple[Side, Side]) -> None:
    low, high = sides
    low.send("high")
    early = low.file.read_bytes()
    low.send("high")
    high.take("low", low.file)
    for content in (low.file.read_bytes(), early):
        low.file.write_bytes(content)
        with pytest.raises(BadData, match="taken already"):
            high.take("low", low.file)


def test_a_file_that_was_changed_or_is_a_stranger_s_or_for_another_is_refused(sides: tuple[Side, Side]) -> None:
    low, high = sides
    parcel = low.send("high")
    whole = low.file.read_bytes()
    stranger = Ed25519PrivateKey.generate()
    changed = [
        whole[:-1] + bytes([whole[-1] ^ 1]),
        whole[:-1],
        whole + b"x",
        b"",
        b"PK\x03\x04",
        sealed(parcel, stranger),
    ]
    elsewhere = msgspec.structs.replace(parcel, to=fingerprint(stranger.public_key()))
    for content in (*changed, sealed(elsewhere, low.key)):
        low.file.write_bytes(content)
        with pytest.raises(BadData):
            high.take("low", low.file)
    with pytest.raises(BadData, match="No other side"):
        high.take("lower", low.file)
    with pytest.raises(BadData, match="another key"):
        high.sync.register("low", public_text(stranger))


def test_a_decision_counts_only_from_the_side_that_was_asked(sides: tuple[Side, Side], tmp_path: Path) -> None:
    low = sides[0]
    mine = submit(low)
    other = Side(tmp_path / "other")
    low.meet("other", other)
    other.meet("low", low)
    low.send("high")
    forged = Asked(mine, "ann", "ann", "", "mean", CODE.source, (BoundTable("data", "Village", "people"),), 1)
    content = Parcel(to=fingerprint(other.key.public_key()), number=9, asked=(forged,))
    low.file.write_bytes(sealed(content, low.key))
    assert other.take("low", low.file) == (1, 0, 0)
    other.reviews.approve(mine, "mallory", Deposit(value=b"lie", answer="", warnings=(), overridden=""))
    other.send("low")
    assert low.take("other", other.file) == (0, 0, 0)
    assert low.reviews.find(mine, "ann").state == "open"


def test_what_has_no_place_there_is_left_out_and_said(sides: tuple[Side, Side]) -> None:
    low, high = sides
    submit(low)
    low.send("high")
    assert high.take("low", low.file, has="Town") == (0, 0, 1)


@pytest.mark.parametrize(
    "odd",
    [
        {"source": "def mean(data):\n    return data\r    return 1 # only this is shown\n"},
        {"source": "def mean(data):\n    # \u202e\n    return 1\n"},
        {"analyst": "\x1b[2Jann"},
        {"reader": "b" * 77},
        {"project": "a\nb"},
    ],
)
def test_a_side_can_t_send_code_that_looks_like_other_code_nor_names_of_ours(
    sides: tuple[Side, Side], odd: dict[str, str]
) -> None:
    low, high = sides
    submit(low)
    parcel = low.send("high")
    forged = msgspec.structs.replace(parcel, asked=(msgspec.structs.replace(parcel.asked[0], **odd),))
    taken = high.sync.take("low", forged, lambda each: bound(each, "Village"))
    assert (taken.asked, len(taken.left)) == (0, 1)
    assert taken.left[0].isprintable()
    assert high.reviews.of(None) == []


def test_the_command_line_carries_files(tmp_path: Path) -> None:
    def run(side: str, *words: str) -> str:
        command = [*COMMAND, "sync", *words, "--state", str(tmp_path / side)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    for side in ("low", "high"):
        (tmp_path / side).mkdir()
        (tmp_path / f"{side}.pub").write_text(run(side, "key"))
    run("low", "peer", "high", str(tmp_path / "high.pub"))
    run("high", "peer", "low", str(tmp_path / "low.pub"))
    accounts = open_accounts(tmp_path / "low" / "accounts.sqlite")
    Reviews(accounts.database).submit(CODE, TRIED, most_open=9, most_daily=9)
    accounts.close()
    assert run("low", "export", "high", str(tmp_path / "file")) == "Number 1: 1 requests, 0 decisions.\n"
    assert run("high", "import", "low", str(tmp_path / "file")) == "Number 1: 0 new requests, 0 decisions.\n"
