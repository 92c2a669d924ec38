"""Projects: what analysts work on together; who is invited takes part once they join. Must not know how they travel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from antigranular import table
from antigranular.errors import AgError, WireError
from antigranular.listing import Listing
from antigranular.rest import Enclave

PATH = "/ag/v1/projects"
_HEADERS = ("project", "about", "members", "invited", "made by")


@dataclass(frozen=True, slots=True)
class Project:
    """A name, what it is about, and whom its maker invites: ``session.make_project(ag.Project("Survey", "…", ["bob"]))``.

    As the enclave has it, ``members`` are those who take part, ``invited`` those who haven't joined, or aren't there: the enclave tells nobody which.
    """

    name: str
    description: str = ""
    members: Sequence[str] = ()
    made_by: str = ""
    invited: Sequence[str] = ()
    project_id: str = ""

    def cells(self) -> table.Row:
        """As a row of a table."""
        return (self.name, self.description, ", ".join(self.members), ", ".join(self.invited), self.made_by)


def make(enclave: Enclave, project: Project) -> Project:
    """Register it; as the enclave has it. Raises RequestRefused where one has made a project of that name."""
    body = {"name": project.name, "description": project.description, "members": list(project.members)}
    return _read(enclave.ask("POST", PATH, body))


def projects_of(enclave: Enclave) -> Listing[Project]:
    """The projects that one may see, by name."""
    return Listing([_read(each) for each in enclave.rows(PATH)], _HEADERS, Project.cells, "Projects")


def join(enclave: Enclave, project: Project | str) -> Project:
    """Take part in a project that one is invited to; as the enclave has it then."""
    return _read(enclave.ask("POST", f"{PATH}/{_number(enclave, project)}/join", {}))


def leave(enclave: Enclave, project: Project | str) -> None:
    """Take part no longer, or decline. Raises RequestRefused for its maker."""
    enclave.ask("POST", f"{PATH}/{_number(enclave, project)}/leave", {})


def _number(enclave: Enclave, project: Project | str) -> str:
    """A project's number, by its name where it has none yet. AgError where none, or more than one, is called so."""
    if isinstance(project, Project) and project.project_id:
        return project.project_id
    name = project.name if isinstance(project, Project) else project
    found = [each.project_id for each in projects_of(enclave) if name in (each.name, each.project_id)]
    if len(found) != 1:
        raise AgError(
            f"{len(found) or 'none'} of your projects {'are' if found else 'is'} called {name!r}: take one of session.projects"
        )
    return found[0]


def _read(facts: Mapping[str, Any]) -> Project:
    try:
        members, invited = (tuple(str(each) for each in facts[kind]) for kind in ("members", "invited"))
        texts = (str(facts[name]) for name in ("name", "description", "made_by", "project_id"))
        name, description, made_by, project_id = texts
        return Project(name, description, members, made_by, invited, project_id)
    except (KeyError, TypeError):
        raise WireError("the enclave sent a project that can't be read") from None
