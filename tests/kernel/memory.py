"""Searches the whole memory of a process for byte strings."""

import os
import re
from pathlib import Path

_PIECE = 16 << 20
_UNREADABLE = ("[vvar]", "[vvar_vclock]", "[vsyscall]")


def occurrences(pid: int, needles: dict[str, bytes]) -> dict[str, int]:
    """How often each needle stands in the memory of a process. PermissionError where the process may not be read."""
    counts = dict.fromkeys(needles, 0)
    longest = max(map(len, needles.values()))
    descriptor = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    try:
        for start, end in _regions(pid):
            tail = b""
            for at in range(start, end, _PIECE):
                piece = tail + _read(descriptor, at, min(_PIECE, end - at))
                for name, needle in needles.items():
                    counts[name] += piece.count(needle)
                tail = piece[-(longest - 1) :]
    finally:
        os.close(descriptor)
    return counts


def _regions(pid: int) -> list[tuple[int, int]]:
    """What may be read and was ever touched: of what is merely reserved, which is most, every byte is nought."""
    found = []
    for region in re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", Path(f"/proc/{pid}/smaps").read_text(), flags=re.MULTILINE):
        head, _, sizes = region.partition("\n")
        place = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", head)
        touched = re.search(r"^(?:Rss|Swap): +[1-9]", sizes, re.MULTILINE)
        if place and touched and not head.endswith(_UNREADABLE):
            found.append((int(place[1], 16), int(place[2], 16)))
    return found


def _read(descriptor: int, at: int, count: int) -> bytes:
    """What can be read there; pages that went away meanwhile, or that no file stands behind, are empty."""
    try:
        return os.pread(descriptor, count, at)
    except OSError:
        return b""
