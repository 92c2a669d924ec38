"""What the gateway counts for its operator, in Prometheus' text format 0.0.4. Counts and times of requests; nothing of data, budgets or people.

A page of its own instead of a library: a dozen numbers need no registry, and what is shown is all on one screen.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

BOUNDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0)
"""Of the histogram of requests, in seconds."""
Labels = Mapping[str, str]


@dataclass(slots=True)
class _Served:
    """Requests of one kind: how many by status, and how long they took."""

    statuses: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    within: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name, its kind, what it is, and its samples (suffix, labels, value)."""

    name: str
    kind: str
    about: str
    samples: Sequence[tuple[str, Labels, float]]


class Metrics:
    """Counts requests by route, never by path: a path may name somebody."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._served: dict[tuple[str, str], _Served] = defaultdict(_Served)

    def served(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request of this route was answered."""
        found = self._served[method, route]
        found.statuses[status] += 1
        found.seconds += seconds
        found.within[next((at for at, bound in enumerate(BOUNDS) if seconds <= bound), len(BOUNDS))] += 1

    def requests(self) -> list[Family]:
        """The counter and the histogram."""
        counts: list[tuple[str, Labels, float]] = []
        times: list[tuple[str, Labels, float]] = []
        for (method, route), found in sorted(self._served.items()):
            of = {"method": method, "route": route}
            counts += [("", {**of, "status": str(status)}, n) for status, n in sorted(found.statuses.items())]
            total = 0
            for bound, n in zip((*BOUNDS, float("inf")), found.within, strict=True):
                total += n
                times.append(("_bucket", {**of, "le": "+Inf" if bound == float("inf") else repr(bound)}, total))
            times += [("_sum", of, found.seconds), ("_count", of, total)]
        return [
            Family("ag_requests_total", "counter", "Requests answered.", counts),
            Family("ag_request_seconds", "histogram", "How long requests took.", times),
        ]


def gauge(name: str, about: str, value: float | Mapping[str, float], label: str = "") -> Family:
    """A number of now, or one per value of a label."""
    if isinstance(value, Mapping):
        return Family(name, "gauge", about, [("", {label: key}, each) for key, each in sorted(value.items())])
    return Family(name, "gauge", about, [("", {}, value)])


def page(families: Iterable[Family]) -> str:
    """The text that a scraper reads."""
    lines = []
    for family in families:
        lines += [f"# HELP {family.name} {family.about}", f"# TYPE {family.name} {family.kind}"]
        lines += [f"{family.name}{suffix}{_labels(labels)} {value:.17g}" for suffix, labels, value in family.samples]
    return "\n".join([*lines, ""])


def _labels(labels: Labels) -> str:
    escaped = {
        name: value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for name, value in labels.items()
    }
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped.items()) + "}" if labels else ""
