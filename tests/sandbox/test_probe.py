"""The probe refuses to start over a hole: leave out one step, and the child must not say "locked"."""

import json
import os
import signal
from collections.abc import Sequence
from itertools import pairwise

import pytest

from ag_sandbox import jail
from ag_sandbox.errors import JailRefused
from ag_sandbox.inmate import Inmate, open_proc, sizes
from ag_sandbox.profile import Grants
from ag_sandbox.profiles import PROFILES
from ag_sandbox.steps import (
    descriptors,
    landlock,
    oom,
    parent,
    privileges,
    reseed,
    rlimits,
    seccomp,
    signals,
    tree,
    user,
)

PROBED = (descriptors, signals, privileges, parent, rlimits, landlock, seccomp)
"""Steps that are walls. The others (fresh randomness, who is killed first when memory runs out) leave nothing to try; who
it is matters only where a user was granted (``test_users.py``)."""


def walked(profile: str, steps: Sequence[jail.Step], **grants: object) -> str:
    """What became of a forked child that went through these steps: "locked", or why it was refused."""
    proc, (reading, writing) = open_proc(), os.pipe()
    me = os.getpid()
    pid = os.fork()
    if pid == 0:
        # What other tests of this process left open could be more than a jail may have. The pipe's other end stays, for a step to close.
        for before, after in pairwise(sorted({2, proc, reading, writing, os.sysconf("SC_OPEN_MAX")})):
            os.closerange(before + 1, after)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as a nursery with a handler of its own would leave it
        address_space, data = sizes(proc)
        inmate = Inmate(
            profile=PROFILES[profile],
            grants=Grants(memory_bytes=1 << 30, **grants),  # type: ignore[arg-type]
            python=(),
            keep=frozenset({writing}),
            parent=me,
            guardian=os.pidfd_open(me),
            proc=proc,
            address_space_bytes=address_space,
            data_bytes=data,
            enclosed=False,
            alone=False,
        )
        try:
            jail.walk(inmate, steps)
            said = "locked"
        except BaseException as reason:  # noqa: BLE001 - whatever it is, the test must hear of it
            said = f"{type(reason).__name__}: {reason}"
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.close(writing)
    os.close(proc)
    said = os.read(reading, 1 << 16)
    os.close(reading)
    os.waitpid(pid, 0)
    return json.loads(said) if said else "died"


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_all_steps_together_leave_no_hole(profile: str) -> None:
    assert walked(profile, jail.STEPS) == "locked"


@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.parametrize("left_out", PROBED, ids=lambda module: module.__name__.rpartition(".")[2])
def test_a_step_left_out_is_found(profile: str, left_out: object) -> None:
    steps = tuple(step for step in jail.STEPS if step is not left_out.apply)  # type: ignore[attr-defined]
    assert len(steps) == len(jail.STEPS) - 1
    said = walked(profile, steps)
    if left_out is privileges and os.geteuid() != 0:
        # Without that step the host's kernel itself lets an ordinary user have no Landlock: refused all the same.
        assert said == f"{JailRefused.__name__}: landlock: landlock_restrict_self: Operation not permitted"
        return
    if left_out is landlock and not any("openat" in row.names for row in PROFILES[profile].calls):
        assert said == "locked"  # a second wall behind the first: nothing can be opened, wherever it is
        return
    assert said.startswith(f"{JailRefused.__name__}: the probe found holes: "), said


def test_every_step_is_either_probed_or_known_to_be_no_wall() -> None:
    assert {step.__module__ for step in jail.STEPS} == {m.__name__ for m in (*PROBED, reseed, oom, user, tree)}


def test_an_open_door_in_the_table_is_found() -> None:
    said = walked("kernel", (*jail.STEPS[:-1], _seccomp_with_sockets))
    assert said == f"{JailRefused.__name__}: the probe found holes: socket is not refused"


def _seccomp_with_sockets(inmate: Inmate) -> None:
    """The step as it would be if somebody slipped a row in that the profile doesn't have."""
    from dataclasses import replace

    from ag_sandbox.profile import Call

    wider = replace(inmate.profile, calls=(*inmate.profile.calls, Call(("socket",), "no reason at all")))
    seccomp.apply(replace(inmate, profile=wider))


def test_a_failing_step_is_named_and_refused() -> None:
    def fail(_inmate: Inmate) -> None:
        raise OSError(28, "No space left on device")

    said = walked("kernel", (fail,))
    assert said.startswith(JailRefused.__name__)
    assert said.endswith("No space left on device")


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as an ordinary user already")
@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_an_ordinary_user_is_locked_as_well(profile: str) -> None:
    def become_nobody(_inmate: Inmate) -> None:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)

    assert walked(profile, (become_nobody, *jail.STEPS)) == "locked"
