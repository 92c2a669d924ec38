"""Rows of a profile → the seccomp program that enforces them. Pure: bytes out of tables; enters no kernel.

The kernel hands a program the call's number, the processor's convention and six arguments of 64 bits; it may not follow pointers.
"""

import errno
import struct
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum

from ag_sandbox.profile import OWN_PROCESS, Argument, Call
from ag_sandbox.syscalls import ARCHITECTURES, X32_BIT, number

_LOAD = 0x20
_AND = 0x54
_JUMP_EQUAL = 0x15
_JUMP_AT_LEAST = 0x35
_RETURN = 0x06
_NUMBER_OFFSET = 0
_ARCHITECTURE_OFFSET = 4
_ARGUMENTS_OFFSET = 16
_FARTHEST_JUMP = 255


class Verdict(IntEnum):
    """What the kernel does with a call."""

    ALLOW = 0x7FFF0000
    KILL = 0x80000000
    REFUSE = 0x00050000 | errno.EPERM
    ABSENT = 0x00050000 | errno.ENOSYS


Program = list[bytes]


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    if max(if_true, if_false) > _FARTHEST_JUMP:
        raise ValueError("a row of the profile has too many conditions for one jump")
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _return(verdict: Verdict) -> bytes:
    return _instruction(_RETURN, verdict)


def allow_list(
    allowed: Iterable[Call],
    absent: Iterable[str],
    *,
    machine: str,
    own_process: int,
    otherwise: Verdict = Verdict.REFUSE,
) -> Program:
    """The program that allows these rows, pretends ``absent`` calls were never invented, and answers ``otherwise`` to all else."""
    blocks: dict[int, Program] = {}
    for call, rows in _by_call(allowed).items():
        found = number(call, machine)
        if found is not None:
            blocks[found] = _rows(rows, own_process, otherwise)
    for call in absent:
        found = number(call, machine)
        if found is not None and found not in blocks:
            blocks[found] = [_return(Verdict.ABSENT)]
    # The kernel remembers calls whose answer needs no argument; the others are walked each time, so they come first.
    ordered = sorted(blocks.items(), key=lambda item: (len(item[1]) == 1, item[0]))
    return [*_prologue(machine), *_branches(ordered), _return(otherwise)]


def alarm_list(fatal: Iterable[str], *, machine: str) -> Program:
    """The program that kills on these calls and has no opinion on the rest: laid over an allow-list, the stricter answer wins."""
    found = sorted(n for n in (number(call, machine) for call in fatal) if n is not None)
    foreign = [_instruction(_JUMP_AT_LEAST, X32_BIT, 0, 1), _return(Verdict.KILL)]
    branches = _branches([(n, [_return(Verdict.KILL)]) for n in found])
    return [*_prologue(machine), *foreign, *branches, _return(Verdict.ALLOW)]


def _by_call(allowed: Iterable[Call]) -> Mapping[str, Sequence[Call]]:
    rows: dict[str, list[Call]] = {}
    for row in allowed:
        for name in row.names:
            rows.setdefault(name, []).append(row)
    return rows


def _prologue(machine: str) -> Program:
    """Die in a foreign calling convention; otherwise leave the call's number in the accumulator."""
    return [
        _instruction(_LOAD, _ARCHITECTURE_OFFSET),
        _instruction(_JUMP_EQUAL, ARCHITECTURES[machine][1], 1, 0),
        _return(Verdict.KILL),
        _instruction(_LOAD, _NUMBER_OFFSET),
    ]


def _branches(blocks: Iterable[tuple[int, Program]]) -> Program:
    program: Program = []
    for call_number, block in blocks:
        program += [_instruction(_JUMP_EQUAL, call_number, 0, len(block)), *block]
    return program


def _rows(rows: Sequence[Call], own_process: int, otherwise: Verdict) -> Program:
    """The block of one call: allowed if any of its rows holds."""
    if any(not row.only for row in rows):
        return [_return(Verdict.ALLOW)]
    program: Program = []
    for row in rows:
        program += _row(row.only, own_process)
    return [*program, _return(otherwise)]


def _row(tests: Sequence[Argument], own_process: int) -> Program:
    """Falls out at its end unless all tests hold; then it allows."""
    program: Program = [_return(Verdict.ALLOW)]
    for test in reversed(tests):
        program = [*_test(test, own_process, len(program)), *program]
    return program


def _test(test: Argument, own_process: int, rest: int) -> Program:
    """Goes on to the next instruction after itself if the argument is one of the values, else skips ``rest`` more."""
    values = [own_process if value is OWN_PROCESS else int(value) for value in test.values]
    low_at = _ARGUMENTS_OFFSET + 8 * test.index
    program: Program = []
    for left, value in reversed(list(enumerate(reversed(values)))):
        # Six instructions per value: where one half differs, try the next value, or give up after the last.
        done = 6 * left
        missed = rest if left == 0 else 0
        word = [
            _instruction(_LOAD, low_at),
            _instruction(_AND, test.mask & 0xFFFFFFFF),
            _instruction(_JUMP_EQUAL, value & 0xFFFFFFFF, 0, 3 + missed),
            _instruction(_LOAD, low_at + 4),
            _instruction(_AND, test.mask >> 32),
            _instruction(_JUMP_EQUAL, value >> 32, done, missed),
        ]
        program += word
    return program
