"""What a session said before this process came, shown here, and its running cell followed to its end. Must not know sockets or notebooks."""

from antigranular.cell import check_final
from antigranular.channel import Channel
from antigranular.errors import AgError, ConnectionLost
from antigranular.hearing import CellResult, Hearing, lines_of
from antigranular.inbox import Event, Inbox
from antigranular.view import Shown, View
from antigranular.wire import Message, request


def replay(*, channel: Channel, client: str, view: View) -> CellResult:
    """Show what a session still has of what it said, and what it says until it is idle; the exports among it.

    A Ctrl-C stops following; the cell over there goes on. Raises SessionError where the session has ended, ConnectionLost.
    """
    with channel.listening(to_all=True) as inbox:
        catching_up = _Replay(channel, inbox, client, view)
        catching_up.ask()
        try:
            while not catching_up.done:
                catching_up.take(inbox.get())
        except KeyboardInterrupt:
            view.notice("Stopped following: the cell goes on in the session, and attaching again shows the rest.")
        return catching_up.result


class _Replay:
    """Everything up to the answer to a request of our own, which comes after whatever the session is at."""

    def __init__(self, channel: Channel, inbox: Inbox, client: str, view: View) -> None:
        self._channel = channel
        self._inbox = inbox
        self._client = client
        self._view = view
        self._hearing = Hearing(_AsDisplays(view))
        self._probe = ""
        self.done = False

    @property
    def result(self) -> CellResult:
        """All exports, and the last value."""
        return self._hearing.result

    def ask(self) -> None:
        """Send what will be answered last."""
        probe = request("shell", "kernel_info_request", {}, self._client)
        self._probe = str(probe.header["msg_id"])
        self._channel.send(probe, self._inbox)

    def take(self, event: Event) -> None:
        """One message, or the news that the connection broke."""
        if isinstance(event, ConnectionLost):
            check_final(event)
            self._channel.reopen()
            self.ask()
        elif isinstance(event, AgError):
            raise event
        elif event.parent == self._probe:
            self.done = self.done or event.kind == "kernel_info_reply"
        elif event.kind == "error":
            self._failed(event)
        else:
            self._hearing.hear(event)

    def _failed(self, message: Message) -> None:
        """An earlier cell's error is shown and not raised: it was that cell's."""
        lines = lines_of(message.content) or [f"{message.content.get('ename')}: {message.content.get('evalue')}"]
        self._view.stream("stderr", "\n".join(lines) + "\n")


class _AsDisplays:
    """A view to which an earlier cell's value is one display among others, and its number means nothing."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.stream = view.stream
        self.display = view.display
        self.export = view.export
        self.budget = view.budget
        self.notice = view.notice
        self.progress = view.progress
        self.waiting = view.waiting
        self.waited = view.waited

    def started(self, count: int) -> None:
        """Not a cell of this notebook."""

    def result(self, shown: Shown) -> None:
        """As any display."""
        self._view.display(shown)

    def clear(self, *, wait: bool) -> None:
        """What was said is shown whole."""
