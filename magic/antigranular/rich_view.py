"""Output as a notebook shows it, wherever the notebook is: what it publishes is left to whoever is one. Must not know the wire or IPython."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from typing import Any

from antigranular import harmless
from antigranular.view import Bundle, PlainView, Shown

MIMES = frozenset(
    {
        "text/plain", "text/html", "image/png", "image/jpeg", "image/svg+xml",
        "application/json", "application/vnd.antigranular.budget+json", "application/vnd.antigranular.session+json",
    }
)  # fmt: skip
"""What may be shown. Scripts and widgets are not among them."""
_NOTHING = {"text/plain": "", "text/html": ""}


class RichView(PlainView):
    """Displays with all their forms, a small budget line, and one line that counts while a long cell runs."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = ""
        self._moving = ""

    def publish(self, data: Bundle, metadata: Bundle, transient: Bundle, *, update: bool) -> None:
        """Show a mime bundle, or replace the one that has the id in ``transient``."""
        raise NotImplementedError

    def display(self, shown: Shown) -> None:
        """As the notebook's own displays, updatable where it has an id."""
        data, metadata = showable(shown)
        self.publish(data, metadata, {"display_id": shown.display_id} if shown.display_id else {}, update=shown.update)

    def clear(self, *, wait: bool) -> None:  # noqa: ARG002 (whoever clears says how)
        """The line that counts is gone with the rest."""
        self._waiting = ""

    def waiting(self, seconds: float) -> None:
        """One line that counts."""
        begun, self._waiting = bool(self._waiting), self._waiting or uuid.uuid4().hex
        self._small(
            f"running in the enclave for {seconds:.0f} s",
            Shown(data={}, metadata={}, display_id=self._waiting, update=begun),
        )

    def waited(self, seconds: float) -> None:
        """The line, where there is one, says how long it was."""
        if self._waiting:
            self._small(
                f"ran in the enclave for {seconds:.1f} s",
                Shown(data={}, metadata={}, display_id=self._waiting, update=True),
            )

    def progress(self, text: str, share: float) -> None:
        """A bar that fills."""
        begun, self._moving = bool(self._moving), self._moving or uuid.uuid4().hex
        bar = f'<progress value="{share:.3f}" max="1"></progress> <small style="opacity:.7">{escape(text)}</small>'
        data = {"text/plain": f"[{'#' * round(share * 20):<20}] {text}", "text/html": bar} if text else dict(_NOTHING)
        self.display(Shown(data=data, metadata={}, display_id=self._moving, update=begun))
        self._moving = self._moving if text else ""

    def budget(self, shown: Shown) -> None:
        """One small line."""
        self._small(str(shown.data.get("text/plain", "")), shown)

    def _small(self, text: str, shown: Shown) -> None:
        forms = {"text/plain": text, "text/html": f'<small style="opacity:.7">{escape(text)}</small>'}
        self.display(replace(shown, data={**shown.data, **forms}, metadata={}))


def showable(shown: Shown) -> tuple[dict[str, Any], dict[str, Any]]:
    """The bundle and its metadata, without the forms that are never shown, and without what would act in the others."""
    found = {mime: _harmless(mime, value) for mime, value in shown.data.items() if mime in MIMES}
    data = {mime: value for mime, value in found.items() if value is not None}
    return data, {mime: value for mime, value in shown.metadata.items() if mime in MIMES}


def _harmless(mime: str, value: Any) -> Any:
    """What may be shown of one form; None for nothing."""
    if mime.startswith("application/"):
        return value
    rewrite = _REWRITTEN.get(mime, str)
    return rewrite(value) if isinstance(value, str) else None


_REWRITTEN: Mapping[str, Callable[[str], str | None]] = {"text/html": harmless.html, "image/svg+xml": harmless.svg}
