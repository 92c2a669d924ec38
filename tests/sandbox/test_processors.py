"""Where a child runs and what it weighs, as the host's kernel tells it."""

import os
from pathlib import Path

import pytest

from ag_sandbox import processors
from ag_sandbox.processors import Place
from tests.sandbox.conftest import Nurseries

EVERY = os.sched_getaffinity(0)
SPARED = {max(EVERY)} if len(EVERY) >= 4 else set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root moves other users' processes, and gives weight back")
def test_a_child_runs_where_it_was_put_with_all_its_threads_and_comes_back(nurseries: Nurseries) -> None:
    guest = nurseries.guest("vault", processes=4)
    more = "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    assert guest.run(more) == "None"
    threads = [int(each.name) for each in Path(f"/proc/{guest.child.pid}/task").iterdir()]
    assert len(threads) == 2
    for place, expected in {Place.SPARED: SPARED or EVERY, Place.ASIDE: EVERY - SPARED, Place.ANYWHERE: EVERY}.items():
        guest.child.settle(place, behind=place is Place.ASIDE)
        assert [os.sched_getaffinity(thread) for thread in threads] == [expected, expected]
        assert (os.getpriority(os.PRIO_PROCESS, guest.child.pid) > 0) is (place is Place.ASIDE)
    assert processors.others() == len(EVERY - SPARED) * bool(SPARED)


def test_an_ended_child_has_no_place(nurseries: Nurseries) -> None:
    guest = nurseries.guest()
    guest.child.kill()
    guest.child.wait(60)
    guest.child.settle(Place.ASIDE, behind=True)
    processors.settle(2**22 + 1, Place.SPARED)
