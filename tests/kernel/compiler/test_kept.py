"""What the checker keeps of the packages from one start to the next: the same is said of every cell, and nothing of a cell is kept."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ag_kernel.compiler.checker import Desk
from ag_kernel.compiler.examine import examine
from ag_kernel.compiler.inference import Inference
from tests.kernel.compiler.conftest import NAMES, cells

EXAMINED = [
    examine(cell.source, 1, injected=frozenset(NAMES))
    for file in ("ordinary.txt", "refused.txt")
    for cell in cells(file)
]
SOURCES = [each.source for each in EXAMINED if not any(one.kind == "syntax" for one in each.problems)]
"""As the checker gets them."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "mypy"


@pytest.fixture(scope="module")
def first(kept: Path) -> list[object]:
    """What is said by the one who analysed the packages."""
    return said(Inference(kept))


def said(inference: Inference) -> list[object]:
    desk, answers = Desk(inference), []
    for strict in (False, True):
        for source in SOURCES[strict :: 1 + 9 * strict]:
            assert desk.answer(json.dumps({"op": "start", "names": NAMES, "strict": strict}).encode()) == {}
            answers.append(desk.answer(json.dumps({"op": "check", "id": 1, "source": source}).encode()))
    return answers


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_of_every_cell_the_same_is_said_by_what_was_kept_which_stays_as_it_was(first: list[object], kept: Path):
    before = files(kept)
    assert len(before) > 400
    assert said(Inference(kept)) == first
    assert sum(bool(each["problems"]) for each in first) > 40  # type: ignore[index]
    assert files(kept) == before


DAMAGES: tuple[Callable[[bytes], bytes], ...] = (
    lambda content: content,
    lambda _: b"",
    lambda content: content[: len(content) // 2],
    lambda _: b"\xff" * 99,
)


def test_what_was_kept_and_is_damaged_is_made_anew(first: list[object], kept: Path, tmp_path: Path):
    for number, (name, content) in enumerate(files(kept).items()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(DAMAGES[number % len(DAMAGES)](content))
    inference = Inference(tmp_path)
    source = "import op_pandas, numpy as np\nx: int = 'a'\nnp.zerso(3)"
    assert [one.code for one in inference.check("m", source) or ()] == ["assignment", "attr-defined"]
