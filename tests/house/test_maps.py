"""The words agree with the walls: maps list every file, TCB files list what must be trusted."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOMS, ROOT, lines_of_code, relative, sources

HEADINGS = ("What it is", "Map", "Invariants", "To add", "What it does not promise")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
AFTERNOON = 2500
"""Lines of trusted code that one reviewer may be asked to read at a sitting, prose not counted."""
TRUSTED = [
    (
        "private_pandas/ag_vault/TCB.md",
        ("private_pandas/ag_plan", "private_pandas/ag_vault", "private_pandas/ag_mapper"),
    ),
    ("sandbox/TCB.md", ("sandbox/ag_sandbox",)),
]


def readmes_above(path: str, room: str) -> str:
    """The text of every README between a file and its room."""
    here = (ROOT / path).parent
    texts = []
    while True:
        readme = here / "README.md"
        if readme.exists():
            texts.append(readme.read_text())
        if here == ROOT / room:
            return "\n".join(texts)
        here = here.parent


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_a_readme_with_the_same_headings(room: str) -> None:
    text = (ROOT / room / "README.md").read_text()
    assert [heading for heading in HEADINGS if not re.search(rf"^#+ .*{heading}", text, re.MULTILINE)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_file_is_in_its_rooms_map(room: str) -> None:
    named = [path for path in sources(room) if path.name != "__init__.py"]
    assert [relative(p) for p in named if p.name not in readmes_above(relative(p), room)] == []


def sittings(tcb: str, packages: tuple[str, ...]) -> list[list[Path]]:
    """The files that each top heading of a TCB file lists, by their paths below the rooms."""
    trusted = {relative(p).split("/", 1)[1]: p for package in packages for p in sources(package)}
    home = tcb.split("/")[1] if tcb.count("/") > 1 else packages[0].split("/")[1]
    parts = re.split(r"^# ", (ROOT / tcb).read_text(), flags=re.MULTILINE)[1:]
    named = [re.findall(r"`((?!test_)[\w/]+\.py)`", part) for part in parts]
    return [[trusted[each if each in trusted else f"{home}/{each}"] for each in names] for names in named if names]


@pytest.mark.parametrize(("tcb", "packages"), TRUSTED)
def test_the_trusted_code_is_listed_once(tcb: str, packages: tuple[str, ...]) -> None:
    listed = [path for files in sittings(tcb, packages) for path in files]
    trusted = [p for package in packages for p in sources(package) if p.name != "__init__.py"]
    assert sorted(listed) == sorted(trusted)


@pytest.mark.parametrize(("tcb", "packages"), TRUSTED)
def test_the_trusted_code_is_read_in_sittings_of_an_afternoon(tcb: str, packages: tuple[str, ...]) -> None:
    lengths = [sum(map(lines_of_code, files)) for files in sittings(tcb, packages)]
    assert all(length <= AFTERNOON for length in lengths), lengths


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md"])
def test_the_papers_of_the_house_exist(name: str) -> None:
    assert (ROOT / name).read_text().strip()


def test_every_relative_link_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(page for room in ROOMS for page in (ROOT / room).rglob("*.md"))]
    links = [(page, target) for page in pages for target in LINK.findall(page.read_text())]
    broken = [f"{relative(page)}: {target}" for page, target in links if not (page.parent / target).exists()]
    assert broken == []
