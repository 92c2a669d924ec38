"""A bar that counts a loop, by the names that notebooks know: ``from tqdm.auto import tqdm``. Must not know processes or sockets.

The bar is one display that is updated in its place, ten times a second at most, so that a saved notebook holds its last state only.
"""

import time
from collections.abc import Iterable, Iterator, Sized
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from ag_utils.desk import bound
from ag_utils.showing import DisplayHandle

__all__ = ["tqdm", "trange"]

T = TypeVar("T")
_PAUSE_SECONDS = 0.1
_WIDTH = 20
_EIGHTHS = "▏▎▍▌▋▊▉█"
_HOUR = 3600


class tqdm(Generic[T]):  # noqa: N801 - the name that notebooks know
    """Iterates over ``iterable`` and shows how far it is; without one, ``update(n)`` says so. What else tqdm takes is about looks, and ignored."""

    def __init__(
        self,
        iterable: Iterable[T] | None = None,
        desc: str | None = None,
        total: float | None = None,
        leave: bool = True,
        *,
        unit: str = "it",
        initial: float = 0,
        disable: bool = False,
        **_looks: object,
    ) -> None:
        self._iterable = iterable
        self._desc, self._unit, self._leave, self._postfix = desc or "", unit, leave, ""
        self.n = self._initial = initial
        self.total = len(iterable) if total is None and isinstance(iterable, Sized) else total
        self._began = self._shown = time.monotonic()
        self._ended: float | None = None
        self._handle = None if disable else DisplayHandle()
        if self._handle is not None:
            self._handle.display(self)

    def __iter__(self) -> Iterator[T]:
        try:
            for item in self._iterable or ():
                yield item
                self.update()
        finally:
            self.close()

    def update(self, n: float = 1) -> None:
        """So many more are done."""
        self.n += n
        if time.monotonic() - self._shown >= _PAUSE_SECONDS:
            self.refresh()

    def refresh(self) -> None:
        """Show the bar as it is now."""
        self._shown = time.monotonic()
        if self._handle is not None and self._ended is None:
            self._handle.update(self)

    def close(self) -> None:
        """The last state stays; with ``leave=False``, nothing does."""
        if self._ended is None:
            self.refresh()
            self._ended = time.monotonic()
            if self._handle is not None and not self._leave:
                self._handle.update(_Nothing())

    def set_description(self, desc: str | None = None, refresh: bool = True) -> None:
        """The words before the bar."""
        self._desc = desc or ""
        if refresh:
            self.refresh()

    def set_postfix(self, ordered_dict: dict[str, Any] | None = None, refresh: bool = True, **values: Any) -> None:
        """Names and values behind the bar."""
        found = {**(ordered_dict or {}), **values}
        self.set_postfix_str(", ".join(f"{name}={_brief(value)}" for name, value in found.items()), refresh)

    def set_postfix_str(self, s: str = "", refresh: bool = True) -> None:
        """The words behind the bar."""
        self._postfix = s
        if refresh:
            self.refresh()

    @staticmethod
    def write(s: str, end: str = "\n") -> None:
        """Print a line beside the bar."""
        bound().write(f"{s}{end}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        seconds = (self._ended or time.monotonic()) - self._began
        rate = (self.n - self._initial) / seconds if seconds > 0 else 0.0
        speed = f"{rate:.2f}{self._unit}/s" + (f", {self._postfix}" if self._postfix else "")
        head = f"{self._desc}: " if self._desc else ""
        if not self.total:
            return f"{head}{self.n:g}{self._unit} [{_clock(seconds)}, {speed}]"
        share = min(self.n / self.total, 1.0)
        left = _clock((self.total - self.n) / rate) if rate else "?"
        return f"{head}{share:4.0%}|{_bar(share)}| {self.n:g}/{self.total:g} [{_clock(seconds)}<{left}, {speed}]"


def trange(*bounds: int, **looks: Any) -> tqdm[int]:
    """``tqdm(range(...))``."""
    return tqdm(range(*bounds), **looks)


class _Nothing:
    """What is left of a bar that leaves nothing."""

    def __repr__(self) -> str:
        return ""


def _bar(share: float) -> str:
    whole, rest = divmod(int(share * _WIDTH * len(_EIGHTHS)), len(_EIGHTHS))
    return ("█" * whole + (_EIGHTHS[rest - 1] if rest else "")).ljust(_WIDTH)


def _clock(seconds: float) -> str:
    minutes, left = divmod(max(0, int(seconds)), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{left:02}" if seconds >= _HOUR else f"{minutes:02}:{left:02}"


def _brief(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
