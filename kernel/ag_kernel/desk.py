"""The session's side of ``ag_utils``: values and text on their way from a cell to the notebook.

It must not know cells; the order of what is said is the order in which it was said.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ag_kernel.channel import Channel
from ag_kernel.display import EXPORT, PLAIN, Bundle, bundle
from ag_kernel.errors import NotExportable
from ag_kernel.export import Encoder, check_name
from ag_kernel.output import Output

EXPORT_VERSION = 1


class NotebookDesk:
    """Carries exports, displays and text; ``export_limit`` is in bytes per cell."""

    def __init__(self, channel: Channel, output: Output, *, export_limit: int) -> None:
        self._channel = channel
        self._output = output
        self._limit = export_limit
        self._left = export_limit

    def begin(self) -> None:
        """A new cell, a new allowance."""
        self._left = self._limit

    def export(self, value: Any, name: str) -> None:
        """Send a public value under a name. ValueError where it is private, no data, too large, or the name is none."""
        checked = check_name(name)
        encoder = Encoder()
        tagged = encoder.encode(value)
        size = sum(map(len, encoder.buffers)) + _size(tagged)
        if size > self._left:
            raise NotExportable(
                f"{checked} takes {size:,} bytes, and a cell may export {self._limit:,} bytes ({self._left:,} are left in this one)"
            )
        self._left -= size
        payload = {"name": checked, "value": tagged, "version": EXPORT_VERSION}
        self.publish({PLAIN: f"exported {checked}: {_summary(value)}", EXPORT: payload}, encoder.buffers)

    def write(self, text: str) -> None:
        """Show text now."""
        self._output.write("stdout", text)

    def flush(self) -> None:
        """Send what is held."""
        self._output.flush()

    def display(self, value: Any) -> None:
        """Show a value."""
        shown = self._shown(value)
        if shown is not None:
            self.publish(shown)

    def result(self, value: Any, number: int) -> None:
        """Show the value of a cell's last expression; None is nothing to show."""
        shown = None if value is None else self._shown(value)
        if shown is not None:
            self._output.flush()
            content = {"execution_count": number, "data": shown, "metadata": {}}
            self._channel.publish("execute_result", content)

    def publish(self, data: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Send a mime bundle, after all text that was printed before it."""
        self._output.flush()
        content = {"data": dict(data), "metadata": {}, "transient": {}}
        self._channel.publish("display_data", content, buffers=buffers)

    def _shown(self, value: Any) -> Bundle | None:
        """The value's bundle, if the cell's allowance for output takes it."""
        shown = bundle(value)
        return shown if self._output.allow(sum(len(text) for text in shown.values())) else None


def _size(tagged: Any) -> int:
    """About how many bytes of JSON a tagged value takes."""
    if isinstance(tagged, dict):
        return 2 + sum(4 + len(key) + _size(item) for key, item in tagged.items())
    if isinstance(tagged, list):
        return 2 + sum(1 + _size(item) for item in tagged)
    return len(tagged) + 2 if isinstance(tagged, str) else 8


def _summary(value: Any) -> str:
    """The value's type, and its shape or length where it has one."""
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"{kind} {'×'.join(map(str, shape))}".strip()
    return f"{kind} of {len(value)}" if isinstance(value, list | tuple | set | dict) else kind
