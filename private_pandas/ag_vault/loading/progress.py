"""How far loading has come, told while it works. Knows steps and the engine's own estimate, no files."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

Say = Callable[[dict[str, object]], None]
_EVERY_SECONDS = 0.5


class Progress:
    """A number of steps of equal weight, each one query of the engine; ``say`` gets lines that never go backwards."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, say: Say, *, steps: int) -> None:
        self._engine = engine
        self._say = say
        self._steps = steps
        self._begun = 0
        self._told = 0.0

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Tell ``what`` begins, and how far it is while it lasts."""
        self._tell(what, 0.0)
        ended = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(what, ended), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
            self._begun += 1

    def _watch(self, what: str, ended: threading.Event) -> None:
        while not ended.wait(_EVERY_SECONDS):
            share = self._engine.query_progress() / 100
            if 0 < share <= 1:
                self._tell(what, share)

    def _tell(self, what: str, share: float) -> None:
        self._told = max(self._told, (self._begun + share) / self._steps)
        self._say({"progress": round(self._told, 3), "what": what})
