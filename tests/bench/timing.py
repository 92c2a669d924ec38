"""Interleaved timing: contestants take turns, so that a noisy machine is noisy for all. Knows no contestant."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds of each run of one contestant."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, high = min(self.seconds) * 1e3, max(self.seconds) * 1e3
        return f"{self.median * 1e3:9.2f} ms  ({low:.2f} to {high:.2f}, {len(self.seconds)} runs)"


def interleave(contestants: Mapping[str, Callable[[], object]], *, runs: int, warmup: int = 3) -> dict[str, Timing]:
    """Time every contestant ``runs`` times, in turn, after ``warmup`` uncounted turns."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(warmup + runs):
        for name, contestant in contestants.items():
            start = time.perf_counter()
            contestant()
            if turn >= warmup:
                seconds[name].append(time.perf_counter() - start)
    return {name: Timing(seconds=tuple(values)) for name, values in seconds.items()}


def table(title: str, timings: Mapping[str, Timing], *, against: str) -> str:
    """Lines for a terminal: each contestant's median, and its ratio to the one named ``against``."""
    floor = timings[against].median
    width = max(map(len, timings))
    rows = [f"  {name:<{width}}  {timing}  {timing.median / floor:6.2f} x" for name, timing in timings.items()]
    return "\n".join([title, *rows])
