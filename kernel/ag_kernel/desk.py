"""The session's side of ``ag_utils``: values and text on their way from a cell to the notebook.

It must not know cells; the order of what is said is the order in which it was said.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ag_kernel import parcel
from ag_kernel.channel import Channel
from ag_kernel.display import EXPORT, PLAIN, Bundle, bundle
from ag_kernel.errors import NotExportable, NotSubmitted
from ag_kernel.export import Encoder, check_name
from ag_kernel.output import Output
from ag_kernel.wire import Buffer
from ag_utils.desk import Imported
from ag_utils.predictions import plain

EXPORT_VERSION = 1
IN_PIECES = 2
"""The version of an export that travels in pieces."""


class NotebookDesk:
    """Carries exports, displays and text; ``export_limit`` is in bytes per cell."""

    def __init__(self, channel: Channel, output: Output, *, export_limit: int) -> None:
        self._channel = channel
        self._output = output
        self._limit = export_limit
        self._left = export_limit
        self._imported: dict[str, Imported] = {}
        self._exports = 0
        self._dry = False

    def begin(self, *, dry: bool = False) -> None:
        """A new cell, a new allowance; ``dry``: a dry run, which submits nothing."""
        self._left = self._limit
        self._dry = dry

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
        summary = f"exported {checked}: {_summary(value)}"
        if size > parcel.PIECE_BYTES:
            self._in_pieces(checked, tagged, encoder.buffers, summary)
            return
        payload = {"name": checked, "value": tagged, "version": EXPORT_VERSION}
        self.publish({PLAIN: summary, EXPORT: payload}, encoder.buffers)

    def _in_pieces(self, name: str, tagged: Mapping[str, Any], buffers: Sequence[Buffer], summary: str) -> None:
        """A large value piece by piece, so that nobody on the way must hold it whole; the last one says what it was."""
        run = parcel.pack({"value": tagged}, buffers)
        size = sum(map(len, run))
        self._exports += 1
        payload = {"name": name, "version": IN_PIECES, "number": self._exports, "size": size}
        pieces = -(-size // parcel.PIECE_BYTES)
        for at, piece in enumerate(parcel.pieces(run)):
            said = {PLAIN: summary} if at == pieces - 1 else {}
            self.publish({**said, EXPORT: {**payload, "piece": at, "pieces": pieces}}, [piece])

    def submit(self, predictions: Any) -> dict[str, Any]:
        """Have predictions scored. ValueError where they are private or no list of values, NotSubmitted with the gateway's own reason."""
        Encoder().encode(predictions)
        values = plain(predictions)
        if self._dry:
            raise NotSubmitted("a dry run submits nothing: run the cell without --mock")
        answer = self._channel.ask("submit", {"predictions": values})
        if answer.get("status") != "ok":
            raise NotSubmitted(str(answer.get("evalue")))
        return dict(answer["scored"])

    def lay(self, name: str, imported: Imported) -> None:
        """Keep what the notebook sent until a cell takes it."""
        self._imported[name] = imported

    def imported(self, name: str) -> Imported:
        """What the notebook sent under a name, once. LookupError where there is nothing."""
        if name not in self._imported:
            raise LookupError(
                f"nothing was imported as {name!r}: session.private_import(data, {name!r}) in your notebook does that"
            )
        return self._imported.pop(name)

    def write(self, text: str) -> None:
        """Show text now."""
        self._output.write("stdout", text)

    def flush(self) -> None:
        """Send what is held."""
        self._output.flush()

    def display(self, value: Any, *, display_id: str = "", update: bool = False) -> None:
        """Show a value; under an id, it can be updated."""
        shown = self._shown(value)
        if shown is not None:
            self.publish(shown, display_id=display_id, update=update)

    def clear(self, *, wait: bool) -> None:
        """Clear what the cell has shown."""
        self._output.flush()
        self._channel.publish("clear_output", {"wait": wait})

    def result(self, value: Any, number: int) -> None:
        """Show the value of a cell's last expression; None is nothing to show."""
        shown = None if value is None else self._shown(value)
        if shown is not None:
            self._output.flush()
            content = {"execution_count": number, "data": shown, "metadata": {}}
            self._channel.publish("execute_result", content)

    def publish(
        self, data: Mapping[str, Any], buffers: Sequence[Buffer] = (), *, display_id: str = "", update: bool = False
    ) -> None:
        """Send a mime bundle, after all text that was printed before it; with ``update`` in the place of what has the id."""
        self._output.flush()
        transient = {"display_id": display_id} if display_id else {}
        content = {"data": dict(data), "metadata": {}, "transient": transient}
        self._channel.publish("update_display_data" if update else "display_data", content, buffers=buffers)

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
