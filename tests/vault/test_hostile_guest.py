"""A guest that breaks the plan socket on purpose: its own conversation may end, nobody else's does, and nothing of it is kept."""

import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ag_plan.codec import encode_message
from ag_plan.frames import MAX_FRAME_BYTES
from ag_plan.messages import AskCatalog, Catalog, Refused
from tests.vault.doors import Doors, served
from tests.vault.owners import GOOD_ROW, load, metadata, write_csv

ASKED = encode_message(AskCatalog(id=1))
FRAME = struct.pack(">I", len(ASKED)) + ASKED


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    load(folder, metadata(), write_csv(folder, GOOD_ROW))
    return folder


@pytest.fixture
def doors(place: Path) -> Iterator[Doors]:
    with served(place / "out", place / "ledger.sqlite") as found:
        yield found


@pytest.fixture(scope="module")
def bystander(place: Path) -> Iterator[Doors]:
    with served(place / "out", place / "ledger.sqlite") as found:
        yield found


def half_a_frame(doors: Doors) -> None:
    doors.plan.sendall(FRAME[:-3])


def a_length_beyond_all_limits(doors: Doors) -> None:
    doors.plan.sendall(b"\xff" * 8)


def a_length_and_nothing_else(doors: Doors) -> None:
    doors.plan.sendall(struct.pack(">I", MAX_FRAME_BYTES))


def a_byte_at_a_time(doors: Doors) -> None:
    for byte in FRAME * 20:
        doors.plan.sendall(bytes([byte]))
    for _ in range(20):
        assert isinstance(doors.hear(), Catalog)


def empty_frames(doors: Doors) -> None:
    doors.plan.sendall(bytes(4) * 5000)
    for _ in range(5000):
        assert isinstance(doors.hear(), Refused)


def descriptors_beside_the_words(doors: Doors) -> None:
    mine = os.open("/dev/null", os.O_RDONLY)
    for _ in range(200):
        socket.send_fds(doors.plan, [FRAME], [mine] * 8)
        assert isinstance(doors.hear(), Catalog)
    os.close(mine)


def a_flood_whose_answers_nobody_reads(doors: Doors) -> None:
    doors.plan.settimeout(0.5)
    try:
        for _ in range(2000):
            doors.plan.sendall(FRAME * 10)
    except TimeoutError:
        pass  # the vault waits for its reader, and reads no more


def ten_frames_and_a_closed_door(doors: Doors) -> None:
    doors.plan.sendall(FRAME * 10)
    doors.plan.shutdown(socket.SHUT_RDWR)


ATTACKS = (
    half_a_frame,
    a_length_beyond_all_limits,
    a_length_and_nothing_else,
    a_byte_at_a_time,
    empty_frames,
    descriptors_beside_the_words,
    a_flood_whose_answers_nobody_reads,
    ten_frames_and_a_closed_door,
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_guest_breaks_its_own_conversation_only(
    doors: Doors, bystander: Doors, attack: Callable[[Doors], None]
) -> None:
    process = psutil.Process()
    assert isinstance(doors.ask(AskCatalog(id=1)), Catalog)  # it has opened what it will
    memory, descriptors = process.memory_info().rss, process.num_fds()
    attack(doors)
    began = time.monotonic()
    assert isinstance(bystander.ask(AskCatalog(id=2)), Catalog)
    assert time.monotonic() - began < 30
    assert process.num_fds() <= descriptors + 8
    assert process.memory_info().rss - memory < 48 << 20
