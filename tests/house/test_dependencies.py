"""What we stand on: each dependency has its reason, and a licence that lets others use the whole under Apache-2.0; the version is one."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution

import antigranular
from tests.house.tree import ROOT

PROJECT = (ROOT / "pyproject.toml").read_text()
FREE = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|Zlib|ZPL|CC0|HPND|Unlicense)", re.IGNORECASE
)
BY_FILE = {
    "certifi": "MPL-2.0, file by file: used as it is",
    "fqdn": "MPL-2.0, file by file: used as it is, by JupyterLab",
    "hypothesis": "MPL-2.0, file by file: used as it is, by tests",
    "pathspec": "MPL-2.0, file by file: used as it is, by mypy",
    "psycopg": "LGPL-3.0: used as a library, in the extra [postgres] alone",
    "psycopg-binary": "LGPL-3.0: used as a library, in the extra [postgres] alone",
}
"""Licences that ask something of whoever changes the package itself, and nothing of whoever uses it."""


def locked() -> list[str]:
    return re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)


def licence_of(name: str) -> str | None:
    """In the package's own words; None where this platform doesn't have it."""
    try:
        about = distribution(name).metadata
    except PackageNotFoundError:
        return None
    classified = " ".join(each for each in about.get_all("Classifier", []) if each.startswith("License"))
    return about.get("License-Expression") or classified or about.get("License", "").partition("\n")[0]


def test_every_requirement_has_its_reason() -> None:
    tables = PROJECT[PROJECT.index("dependencies = [") : PROJECT.index("[project.scripts]")]
    above = ""
    silent = []
    for line in tables.splitlines():
        if re.match(r'\s*(\w+ = \[)?"[\w.\[\]-]+[<>=]', line) and "#" not in line and not above.startswith("#"):
            silent.append(line)
        above = line if line.startswith("#") else ""
    assert silent == []


def test_every_requirement_is_locked() -> None:
    project = tomllib.loads(PROJECT)["project"]
    asked = [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]
    names = {re.split(r"[\[<>=]", each)[0].lower().replace("_", "-") for each in asked}
    assert names <= {name.lower() for name in locked()}


def test_every_licence_lets_others_use_the_whole() -> None:
    licences = {name: found for name in locked() if (found := licence_of(name)) is not None}
    assert len(licences) > 100
    assert {name: found for name, found in licences.items() if not FREE.search(found)}.keys() <= BY_FILE.keys()


def test_the_version_is_one() -> None:
    assert tomllib.loads(PROJECT)["project"]["version"] == antigranular.__version__
    newest = re.search(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] == "Unreleased" or newest[1].startswith(antigranular.__version__)
