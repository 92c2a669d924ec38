"""Projects: what analysts work on together. Must not know how they travel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from antigranular import table
from antigranular.errors import WireError
from antigranular.listing import Listing
from antigranular.rest import Enclave

PATH = "/ag/v1/projects"
_HEADERS = ("project", "about", "members", "made by")


@dataclass(frozen=True, slots=True)
class Project:
    """A name, what it is about, and who takes part besides whoever makes it: ``session.make_project(ag.Project("Survey", "…", ["bob"]))``."""

    name: str
    description: str = ""
    members: Sequence[str] = ()
    made_by: str = ""

    def cells(self) -> table.Row:
        """As a row of a table."""
        return (self.name, self.description, ", ".join(self.members), self.made_by)


def make(enclave: Enclave, project: Project) -> Project:
    """Register it; as the enclave has it. Raises RequestRefused where the name is taken or a member unknown."""
    body = {"name": project.name, "description": project.description, "members": list(project.members)}
    return _read(enclave.ask("POST", PATH, body))


def projects_of(enclave: Enclave) -> Listing[Project]:
    """The projects that one may see, by name."""
    return Listing([_read(each) for each in enclave.rows(PATH)], _HEADERS, Project.cells, "Projects")


def _read(facts: Mapping[str, Any]) -> Project:
    try:
        members = tuple(str(each) for each in facts["members"])
        return Project(str(facts["name"]), str(facts["description"]), members, str(facts["made_by"]))
    except (KeyError, TypeError):
        raise WireError("the enclave sent a project that can't be read") from None
