"""The seccomp programs, run by a small machine of our own: they decide as the rows of the profile say, on every processor."""

import random
import struct

import pytest

from ag_sandbox.calls import ABSENT, FATAL
from ag_sandbox.filter import Verdict, alarm_list, allow_list
from ag_sandbox.profile import OWN_PROCESS, Argument, Call, Profile
from ag_sandbox.profiles import PROFILES
from ag_sandbox.syscalls import ARCHITECTURES, NUMBERS, number

OWN = 4711
INTERESTING = (
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    9,
    22,
    OWN,
    OWN + 1,
    2**31,
    2**32,
    2**32 + OWN,
    2**63,
    2**64 - 1,
    0x5421,
    0x10000,
    0x10F00,
)


def run(program: list[bytes], call_number: int, architecture: int, arguments: tuple[int, ...]) -> int:
    """What the kernel would answer. Fails on any instruction it would not load, and on a jump out of the program."""
    data = struct.pack("=iIQ6Q", call_number, architecture, 0, *arguments)
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, value = struct.unpack("=HBBI", program[at])
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif code == 0x54:
            accumulator &= value
        elif code == 0x15:
            at += if_true if accumulator == value else if_false
        elif code == 0x35:
            at += if_true if accumulator >= value else if_false
        elif code == 0x06:
            return value
        else:
            pytest.fail(f"instruction {code:#x} is not part of the machine")


def holds(test: Argument, arguments: tuple[int, ...]) -> bool:
    values = {OWN if value is OWN_PROCESS else value for value in test.values}
    return arguments[test.index] & test.mask in values


def expected(profile: Profile, call: str, arguments: tuple[int, ...]) -> Verdict:
    rows = [row for row in profile.calls if call in row.names]
    if any(all(holds(test, arguments) for test in row.only) for row in rows):
        return Verdict.ALLOW
    return Verdict.ABSENT if not rows and call in profile.absent else Verdict.REFUSE


@pytest.mark.parametrize("machine", sorted(ARCHITECTURES))
@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_the_program_decides_as_its_rows_say(profile: str, machine: str) -> None:
    chosen = PROFILES[profile]
    program = allow_list(chosen.calls, chosen.absent, machine=machine, own_process=OWN)
    draw = random.Random(0)
    for call in NUMBERS:
        call_number = number(call, machine)
        if call_number is None:
            continue
        conditional = any(call in row.names and row.only for row in chosen.calls)
        for _ in range(400 if conditional else 2):
            arguments = tuple(draw.choice(INTERESTING) for _ in range(6))
            found = run(program, call_number, ARCHITECTURES[machine][1], arguments)
            assert found == expected(chosen, call, arguments), (call, arguments)


@pytest.mark.parametrize("machine", sorted(ARCHITECTURES))
@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_the_unknown_is_refused(profile: str, machine: str) -> None:
    chosen = PROFILES[profile]
    program = allow_list(chosen.calls, chosen.absent, machine=machine, own_process=OWN)
    known = {number(call, machine) for call in NUMBERS}
    for call_number in {*range(1000), -1, 2**30 + 39, 2**31 - 1} - known:
        assert run(program, call_number, ARCHITECTURES[machine][1], (0,) * 6) == Verdict.REFUSE


@pytest.mark.parametrize("machine", sorted(ARCHITECTURES))
def test_a_foreign_processor_s_convention_kills_in_both_layers(machine: str) -> None:
    foreign = 0x40000003  # 32-bit x86, whose numbers mean other calls
    for program in (
        allow_list(PROFILES["vault"].calls, ABSENT, machine=machine, own_process=OWN),
        alarm_list(FATAL, machine=machine),
    ):
        assert run(program, 0, foreign, (0,) * 6) == Verdict.KILL


@pytest.mark.parametrize("machine", sorted(ARCHITECTURES))
def test_the_alarm_kills_the_fatal_and_nothing_that_is_allowed(machine: str) -> None:
    program = alarm_list(FATAL, machine=machine)
    for call in NUMBERS:
        call_number = number(call, machine)
        if call_number is not None:
            verdict = Verdict.KILL if call in FATAL else Verdict.ALLOW
            assert run(program, call_number, ARCHITECTURES[machine][1], (0,) * 6) == verdict
    assert run(program, 0x4000_0000 + 39, ARCHITECTURES[machine][1], (0,) * 6) == Verdict.KILL


def test_several_tests_of_one_row_must_all_hold_and_several_rows_are_alternatives() -> None:
    rows = (
        Call(("read",), "first way", (Argument(0, (1, 2)), Argument(1, (3,)))),
        Call(("read",), "second way", (Argument(2, (OWN_PROCESS,)),)),
    )
    program = allow_list(rows, (), machine="x86_64", own_process=OWN)

    def verdict(*arguments: int) -> int:
        return run(program, 0, ARCHITECTURES["x86_64"][1], (*arguments, 0, 0, 0))

    assert verdict(1, 3, 0) == verdict(2, 3, 0) == verdict(9, 9, OWN) == Verdict.ALLOW
    assert verdict(1, 4, 0) == verdict(3, 3, 0) == verdict(0, 0, OWN + 1) == Verdict.REFUSE


def test_an_int_argument_is_read_as_the_kernel_reads_it() -> None:
    program = allow_list((Call(("read",), "x", (Argument(0, (5,)),)),), (), machine="x86_64", own_process=OWN)
    assert run(program, 0, ARCHITECTURES["x86_64"][1], (0xDEAD << 32 | 5, 0, 0, 0, 0, 0)) == Verdict.ALLOW


def test_a_row_too_long_for_one_jump_is_an_error_and_no_hole() -> None:
    rows = (Call(("read",), "x", (Argument(0, tuple(range(60))),)),)
    with pytest.raises(ValueError, match="too many conditions"):
        allow_list(rows, (), machine="x86_64", own_process=OWN)
