"""Two enclaves and the files between them: code goes up, decisions come down, and nothing is taken twice, from strangers, or for others."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ag_enclave.commitment import keeps, new_salt
from ag_enclave.errors import BadData, Missing, Unfit
from ag_enclave.migrate import open_accounts
from ag_enclave.parcels import Asked, BoundTable, Parcel, fingerprint, opened, own_key, public_key, public_text, sealed
from ag_enclave.peers import Peers, peers
from ag_enclave.review import DATA, Deposit, Ended, Input, Submission
from ag_enclave.reviews import Reviews, reviews
from ag_enclave.sync import Sync
from tests import warm

INPUT = Input(argument="data", dataset="Village", table="people", digest="d" * 64)
STRANGE_ID = "00000000-0000-0000-0000-000000000000\n"
CODE = Submission(
    analyst="ann", project="", function="mean", source="def mean(data):\n    return 1\n", inputs=(INPUT,), runs_allowed=1, reader="ann"
)  # fmt: skip
TRIED = Ended(outcome="result", seconds=0.1, value=b"mock")


def deposit(value: bytes) -> Deposit:
    return Deposit(value=value, salt=new_salt(), answer="fine", warnings=(), overridden="")


class Side:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.accounts = open_accounts(folder / "accounts.sqlite")
        self.reviews = Reviews(self.accounts.database)
        self.sync = Sync(self.accounts.database, "operator")
        self.peers = Peers(self.accounts.database, "operator")
        self.key = own_key(folder)
        self.file = folder / "parcel"

    def meet(self, name: str, other: "Side") -> None:
        self.peers.register(name, public_text(other.key))

    def send(self, name: str, after: int = 0) -> Parcel:
        parcel = self.sync.pack(name, after=after)
        self.file.write_bytes(sealed(parcel, self.key))
        return parcel

    def take(self, name: str, file: Path, has: str = "Village") -> tuple[int, int, int]:
        parcel = opened(file, public_key(self.peers.named(name).public_key), self.key.public_key())
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
    assert (up.analyst, up.reader, up.source, up.inputs[0].digest) == ("low/ann", "low/ann", CODE.source, "e" * 64)
    high.reviews.approve(first, "olga", deposit(b"three"))
    high.reviews.deny(second, "olga", "no")
    high.send("low")
    assert low.take("high", high.file) == (0, 2, 0)
    assert low.reviews.fetch(first, "ann") == b"three"
    down = low.reviews.find(second, "ann")
    assert (down.state, down.answer, down.decided_by) == ("denied", "no", "the side high")
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
        with pytest.raises(BadData, match="taken from low already"):
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
        high.peers.register("low", public_text(stranger))
    with pytest.raises(BadData, match="the same key"):
        high.peers.register("low2", "\n" + public_text(low.key))
    high.peers.register("low", public_text(low.key).replace("\n", "\r\n"))
    assert [each.name for each in high.peers.everyone()] == ["low"]


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
    other.reviews.approve(mine, "mallory", deposit(b"lie"))
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
        {"function": "mean\n"},
        {"function": "__import__"},
        {"inputs": (BoundTable("self\x1b", "Village", "people"),)},
        {"inputs": (BoundTable("data", "Village", "people"),) * 2},
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


def test_people_of_another_side_are_nobody_here(sides: tuple[Side, Side]) -> None:
    """An account ``ann@low`` is a name like any other; whoever has it must not read what another side's ann gets."""
    low, high = sides
    mine = submit(low)
    low.send("high")
    high.take("low", low.file)
    high.reviews.approve(mine, "olga", deposit(b"three"))
    for name in ("ann", "ann@low", "low-ann", "oidc:low"):
        assert high.reviews.of(name) == []
        with pytest.raises(Missing):
            high.reviews.fetch(mine, name)
    with pytest.raises(Unfit):
        high.accounts.add("low/ann", "analyst", "hash", by="operator")


def test_what_a_side_withdraws_is_withdrawn_over_there_and_its_runs_are_forgotten(sides: tuple[Side, Side]) -> None:
    low, high = sides
    mine = submit(low)
    low.send("high")
    high.take("low", low.file)
    high.reviews.end(high.reviews.begin(mine, DATA, "olga"), Ended(outcome="result", seconds=0.1, value=b"rows"))
    low.reviews.withdraw(mine, "ann")
    low.send("high")
    assert high.take("low", low.file) == (0, 0, 0)
    assert high.reviews.find(mine, None).state == "withdrawn"
    (run,) = (high.reviews.run_of(mine, each.run_id) for each in high.reviews.runs_of(mine))
    assert (run.value, run.salt) == (None, "")


def test_a_decision_is_sent_until_it_is_heard_and_a_side_that_lost_it_is_told_again(sides: tuple[Side, Side]) -> None:
    low, high = sides
    mine = submit(low)
    low.send("high")
    high.take("low", low.file)
    high.reviews.approve(mine, "olga", deposit(b"three"))
    assert len(high.send("low").decided) == len(high.send("low").decided) == 1
    low.take("high", high.file)
    low.send("high")
    high.take("low", low.file)
    assert high.send("low").decided == ()
    with low.accounts.database.transaction() as connection:  # a backup of before is restored
        connection.execute(sa.update(reviews).values(state="open", result=None))
    low.send("high")
    high.take("low", low.file)
    high.send("low")
    assert low.take("high", high.file) == (0, 1, 0)
    found = low.reviews.find(mine, "ann")
    assert keeps(found.result_salt, found.result_digest, low.reviews.fetch(mine, "ann"))


def test_more_than_one_file_holds_comes_in_several(sides: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch) -> None:
    low, high = sides
    monkeypatch.setattr("ag_enclave.sync.MOST", 2)
    made = {submit(low) for _ in range(3)}
    parcel = low.send("high")
    assert (len(parcel.asked), parcel.whole) == (2, False)
    high.take("low", low.file)
    for each in parcel.asked:
        high.reviews.deny(each.request_id, "olga", "no")
    high.send("low")
    low.take("high", high.file)
    low.send("high")
    assert high.take("low", low.file) == (1, 0, 0)
    assert {each.request_id for each in high.reviews.of(None)} == made
    monkeypatch.setattr("ag_enclave.sync._ROOM", 10)
    assert (low.send("high").asked, low.send("high").whole) == ((), False)


@pytest.mark.parametrize("odd", [{"answer": "yes\x1b[2J"}, {"answer": "\u202eyes"}, {"result": None}])
def test_a_decision_that_can_t_be_shown_or_contradicts_itself_is_left_out(
    sides: tuple[Side, Side], odd: dict[str, str | None]
) -> None:
    low, high = sides
    mine = submit(low)
    low.send("high")
    high.take("low", low.file)
    high.reviews.approve(mine, "olga", deposit(b"three"))
    parcel = high.send("low")
    forged = msgspec.structs.replace(parcel, decided=(msgspec.structs.replace(parcel.decided[0], **odd),))
    taken = low.sync.take("high", forged, lambda each: bound(each, "Village"))
    assert (taken.decided, len(taken.left)) == (0, 1)
    assert taken.left[0].isprintable()
    assert low.reviews.find(mine, "ann").state == "open"


def test_a_side_that_lost_count_goes_on_beyond_it_and_one_that_is_forgotten_is_a_stranger(
    sides: tuple[Side, Side],
) -> None:
    low, high = sides
    for _ in range(3):
        low.send("high")
    high.take("low", low.file)
    with low.accounts.database.transaction() as connection:
        connection.execute(sa.update(peers).values(sent=0))  # as an older copy has it
    low.send("high")
    with pytest.raises(BadData, match=r"--after 3"):
        high.take("low", low.file)
    low.send("high", after=3)
    assert high.take("low", low.file) == (0, 0, 0)
    high.peers.forget("low")
    low.send("high")
    with pytest.raises(BadData, match="No other side"):
        high.take("low", low.file)


def test_a_side_that_comes_back_with_its_key_goes_on_where_it_was_forgotten_and_no_old_file_is_taken_again(
    sides: tuple[Side, Side],
) -> None:
    low, high = sides
    low.send("high")
    old = low.file.read_bytes()
    submit(low)
    low.send("high")
    high.take("low", low.file)
    for side, name, other in ((low, "high", high), (high, "low", low)):
        side.peers.forget(name)
        side.meet(name, other)
    low.file.write_bytes(old)  # by which what was submitted since would be withdrawn
    with pytest.raises(BadData, match="was taken from low already"):
        high.take("low", low.file)
    low.send("high")
    assert high.take("low", low.file) == (0, 0, 0)
    assert [each.state for each in high.reviews.of(None)] == ["open"]


def test_no_number_or_id_of_a_file_is_more_than_the_database_holds(sides: tuple[Side, Side]) -> None:
    low, high = sides
    submit(low)
    parcel = low.send("high")
    for odd in (
        msgspec.structs.replace(parcel, number=1 << 31),
        msgspec.structs.replace(parcel, asked=(msgspec.structs.replace(parcel.asked[0], request_id=STRANGE_ID),)),
    ):
        low.file.write_bytes(sealed(odd, low.key))
        with pytest.raises(BadData, match="doesn't fit"):
            high.take("low", low.file)


def test_the_command_line_carries_files(tmp_path: Path) -> None:
    def run(side: str, *words: str) -> str:
        return warm.run("sync", *words, "--state", tmp_path / side, check=True).stdout

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
    assert run("high", "list").split("\t")[2:] == ["sent 0", "taken 1\n"]
    assert run("high", "forget", "low") == "Nothing is taken from low any more.\n"
