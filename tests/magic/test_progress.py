"""A value that takes long says how far it has come: a bar in a notebook, one line elsewhere, nothing where it was quick."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from antigranular.notebook import view_of
from antigranular.progress import Progress
from antigranular.view import PlainView
from tests.magic.shells import fresh_shell

MIB = 1 << 20


class Told(PlainView):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, float]] = []

    def progress(self, text: str, share: float) -> None:
        self.said.append((text, share))


def moved(view: PlainView, seconds: float, steps: int = 10) -> None:
    """A hundred MiB in so many steps of a clock of our own."""
    now = 0.0
    progress = Progress(view, lambda: now)
    for step in range(steps + 1):
        now = step * seconds / steps
        progress.at("receiving x", step * 100 * MIB // steps, 100 * MIB)
    progress.over()


def test_it_is_told_after_two_seconds_and_taken_back_at_the_end() -> None:
    view = Told()
    moved(view, 4.0)
    assert view.said[0] == ("receiving x: 50 of 100 MiB, 25 MiB/s", 0.5)
    assert view.said[-1] == ("", 1.0)
    assert len(view.said) == 7


def test_what_is_quick_says_nothing() -> None:
    view = Told()
    moved(view, 1.9)
    assert view.said == []


def test_outside_a_notebook_it_is_one_line() -> None:
    err = io.StringIO()
    for _ in range(2):
        moved(PlainView(err=err), 4.0)
    assert err.getvalue() == "receiving x: 50 of 100 MiB, 25 MiB/s\n" * 2


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    with fresh_shell(tmp_path, monkeypatch) as made:
        yield made


def test_in_a_notebook_it_is_a_bar_that_fills_and_goes(shell: InteractiveShell) -> None:
    with capture_output() as captured:
        moved(view_of(shell), 4.0)
    first, last = captured.outputs[0].data, captured.outputs[-1].data
    assert first["text/plain"].startswith("[##########          ] receiving x: 50 of 100 MiB")
    assert '<progress value="0.500" max="1">' in first["text/html"]
    assert last == {"text/plain": "", "text/html": ""}
    assert [output.update for output in captured.outputs] == [False] + [True] * 6
    assert len({output.transient["display_id"] for output in captured.outputs}) == 1
