"""The canary for mypy's private API: what `inference` relies on, each in one assertion."""

from functools import cache
from pathlib import Path

import pytest
from mypy import build

from ag_kernel.compiler import checker
from ag_kernel.compiler.inference import STUBS, Inference, ours
from ag_kernel.compiler.rebuilding import Rebuilding
from ag_kernel.offers import OFFERS


@pytest.fixture(scope="module")
def inference() -> Inference:
    """One that analyses all anew, as it does where nothing can be kept."""
    return Inference(Path("/proc/nowhere/mypy"))


def test_mypys_private_api_still_does_what_we_rely_on(inference: Inference):
    assert inference.check("m1", "def f(x): return x + 1\nx = 'a'\n") == ()
    (finding,) = inference.check("m2", "from m1 import f, x\nf(x)\n  \nx.foo\n") or ()
    assert (finding.line, finding.column, finding.end_line, finding.end_column) == (4, 0, 4, 5)
    assert (finding.code, finding.message) == ("attr-defined", '"str" has no attribute "foo"')
    inference.forget(["m1"])
    assert [one.code for one in inference.check("m3", "from m1 import f\nf.x") or ()] in ([], ["import-not-found"])
    assert inference.check("m2", "x = 1") == ()
    inference.forget(["m2", "m3"])


def test_columns_are_bytes_whatever_the_letters(inference: Inference):
    (finding,) = inference.check("m4", "é = 'ä日'; é.foo") or ()
    assert (finding.column, finding.end_column) == (len("é = 'ä日'; ".encode()), len("é = 'ä日'; é.foo".encode()))


def test_everything_on_offer_is_analysed_before_the_first_cell(inference: Inference):
    assert inference.missing == frozenset()
    for name, offer in OFFERS.items():
        if not offer.later and name != "__future__":
            assert inference.check("m", f"import {name}") == (), name


def test_the_slow_way_finds_what_the_quick_one_finds(inference: Inference):
    quick, slow = inference, Rebuilding()
    texts = {
        "a1": "def double(x: int) -> int: return 2 * x\n",
        "a2": "from a1 import double\ny = 'é'; double('a')\ny.foo\n",
    }
    for module, text in texts.items():
        assert slow.check(module, text) == quick.check(module, text)


def test_a_mypy_that_has_changed_inside_is_asked_by_its_public_entry(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    slow = Rebuilding()
    monkeypatch.setattr(slow, "check", cache(slow.check))  # the same question twice takes seconds twice
    monkeypatch.setattr(checker, "Rebuilding", lambda: slow)

    def changed() -> Inference:
        raise AttributeError("State.new_state")

    for unfit in (changed, Deaf):
        monkeypatch.setattr(checker, "Inference", unfit)
        assert checker.chosen() is slow
    assert "public entry" in capsys.readouterr().err


def test_a_mypy_that_finds_nothing_either_way_serves_nobody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checker, "Inference", Deaf)
    monkeypatch.setattr(checker, "Rebuilding", Deaf)
    with pytest.raises(RuntimeError, match="finds nothing wrong"):
        checker.chosen()


def test_nothing_is_read_but_stubs_the_standard_library_and_our_own_packages(inference: Inference):
    typeshed = Path(build.__file__).parent / "typeshed"
    homes = (STUBS, typeshed, *(Path(str(source.path)).parent for source in ours()))
    given = [Path(state.path) for state in inference._graph.values() if state.path]
    read = [path for path in given if path.is_absolute()]  # what was given as text has a name alone
    assert len(read) > 100
    assert [path for path in read if not any(path.is_relative_to(home) for home in homes)] == []


class Deaf:
    """A mypy that no longer finds anything."""

    def check(self, *_: object) -> tuple[()]:
        return ()

    def forget(self, *_: object) -> None:
        pass
