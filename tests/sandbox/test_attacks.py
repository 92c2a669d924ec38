"""Attacks from inside, by a guest that runs any Python and any system call it likes."""

import signal

import pytest

from ag_sandbox.syscalls import machine
from tests.sandbox.attacks import FATAL, REFUSED, number
from tests.sandbox.conftest import Nurseries

REFUSALS = ("Operation not permitted", "Function not implemented", "Permission denied", "No such file", "not allowed")


@pytest.mark.parametrize("profile", ["kernel", "checker", "mapper", "vault", "loader"])
@pytest.mark.parametrize("attack", sorted(REFUSED))
def test_the_attempt_is_refused(nurseries: Nurseries, profile: str, attack: str) -> None:
    answer = nurseries.guest(profile, processes=8).run(REFUSED[attack])
    assert any(refusal in answer for refusal in REFUSALS), answer


@pytest.mark.parametrize("profile", ["kernel", "vault"])
@pytest.mark.parametrize("attack", sorted(FATAL))
def test_what_only_an_attack_asks_for_ends_the_process(nurseries: Nurseries, profile: str, attack: str) -> None:
    name, arguments = FATAL[attack]
    guest = nurseries.guest(profile)
    assert guest.run(f"answer = call({number(name)}, {arguments})") == "died"
    assert guest.child.wait(5) == -signal.SIGSYS


@pytest.mark.skipif(machine() != "x86_64", reason="only this processor has a second calling convention")
@pytest.mark.parametrize("convention", [0x4000_0000, -0x8000_0000])
def test_a_call_by_another_convention_ends_the_process(nurseries: Nurseries, convention: int) -> None:
    guest = nurseries.guest()
    assert guest.run(f"answer = call({convention + number('getpid')})") == "died"
    assert guest.child.wait(5) == -signal.SIGSYS
