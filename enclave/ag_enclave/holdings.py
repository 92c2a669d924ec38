"""What owners do with data sets: a new one, a new version, other words, retirement and return. REST and the command line both come here.

Every deed is kept for the audit log in the transaction within which the files change: checksums and names, never a value or a count of rows.
Whose a data set is, is asked for whoever is named as ``holder``, and not for the command line.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ag_enclave import deeds, ownership, protection, words
from ag_enclave.catalog import Catalog, Dataset, variable_of
from ag_enclave.database import Database
from ag_enclave.errors import BadData, Conflict, Missing, Refusal
from ag_enclave.loader import Draft, Leash, Limits, Load, Progress, check_name, prepared
from ag_enclave.rules import LABELS
from ag_enclave.state import State
from ag_enclave.words import Leaf, Words

_BUDGET_CHANGES = (
    "The declared budget would change from {} to {}: say why with a reason, or leave it as it was and set caps."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A version that an owner brings. ``after``: the version it follows, 0 for a new data set, None for whichever there is.

    ``words`` None: what was said before. ``unit_reason``: why it may protect something else than the version before. ``checksums``: SHA-256 by role and
    key, for the log. ``upload``: the number under which the files came. ``holder``: the owner who brings it, whose it must be or becomes; none for the
    command line, which may say whose a new data set is to be: ``owners``.
    """

    load: Load
    by: str
    words: Words | None = None
    after: int | None = None
    reason: str = ""
    unit_reason: str = ""
    checksums: Mapping[str, str] = field(default_factory=dict)
    upload: str = ""
    holder: str = ""
    owners: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What became of it: the version's number, and what was coerced, for its owner."""

    version: int
    report: dict[str, Any]


class Holdings:
    """The data sets as owners hold them. Every method blocks; call it off the event loop."""

    def __init__(self, state: State, database: Database) -> None:
        self._state = state
        self._database = database
        self._catalog = Catalog(state.folder("datasets"))

    def check(self, name: str, after: int | None, holder: str = "") -> Dataset | None:
        """The data set that a new version would follow, None for a new one. Conflict or Missing where it isn't as it should be, before anything is loaded.

        Refusal 403 where it isn't its ``holder``'s.
        """
        check_name(name)
        if variable_of(name).startswith(variable_of(LABELS)):
            raise Conflict(
                f"Names that begin with {LABELS!r} are those of competitions' hidden labels; take another one."
            )
        before = self._before(name)
        if before is not None and holder:
            with self._database.transaction() as connection:
                ownership.check_of(connection, holder, before)
        if before is not None and before.name != name:
            raise Conflict(
                f"The name {name!r} is too close to {before.name!r}: both would be {before.variable} in a cell."
            )
        if after is None:
            return before
        if before is not None and after == 0:
            raise Conflict(f"There is a data set {name!r} already; give it a new version, or take another name.")
        if before is None and after != 0:
            raise Missing(f"There is no data set {name!r} to give a new version.")
        if before is not None and before.version != after:
            raise Conflict(f"{name} has changed meanwhile: its newest version is {before.version}, not {after}.")
        return before

    def came_as(self, name: str, upload: str) -> Dataset | None:
        """The data set of this name, where it is offered and its newest version came under this upload's number."""
        dataset = self._before(name)
        if dataset is None or (dataset.name, dataset.retired) != (name, None):
            return None
        return dataset if dataset.origin.get("upload") == upload else None

    def enter(
        self, arrival: Arrival, progress: Progress, *, limits: Limits | None = None, leash: Leash | None = None
    ) -> Arrived:
        """Load and publish a version. BadData, Conflict or Missing, and nothing is left."""
        before = self.check(arrival.load.name, arrival.after, arrival.holder)
        if arrival.words is not None:
            arrival.words.check()
        words.check_text("reason", arrival.reason, lines=False)
        words.check_text("unit_reason", arrival.unit_reason, lines=False)
        words.check_text("mock_override", arrival.load.mock_override, lines=False)
        with prepared(arrival.load, self._state, progress, limits=limits, leash=leash) as draft:
            return self._publish(arrival, draft, before)

    def _publish(self, arrival: Arrival, draft: Draft, before: Dataset | None) -> Arrived:
        new, changes = self._catalog.at(draft.loaded), list[str]()
        if (
            new.name != arrival.load.name
        ):  # a loader that a file has got hold of must not speak for another data set, nor for its account
            raise BadData("The loader made a data set of another name; nothing is published.")
        if before is not None:
            changes = protection.check(before, new, arrival.unit_reason)
            if before.budget != new.budget and not arrival.reason:
                raise BadData(_BUDGET_CHANGES.format(_budget(before), _budget(new)))
        facts: dict[str, Any] = {"checksums": dict(arrival.checksums), "reason": arrival.reason, "budget": _budget(new)}
        origin = {"by": arrival.by, "at": _now(), "upload": arrival.upload, **facts, "rows": _rows(draft.report, new)}
        origin["report"] = draft.report
        with self._database.transaction() as connection:
            deeds.take_turn(connection)  # two versions of one data set must not both follow the same one
            version = (before.version if before else 0) + 1
            facts |= self._settled(connection, arrival, new, before)
            deeds.note(connection, arrival.by, "dataset.upload", new.name, {"version": version, **facts})
            if changes:
                why = {"version": version, "changes": changes, "reason": arrival.unit_reason}
                deeds.note(connection, arrival.by, "dataset.unit", new.name, why)
            if arrival.load.mock_override:
                deeds.note(connection, arrival.by, "mock.override", new.name, {"reason": arrival.load.mock_override})
            leaf = words.read(draft.folder)
            said = leaf.words if arrival.words is None else arrival.words
            if said != leaf.words:
                words.write(draft.folder, Leaf(words=said, revision=leaf.revision + 1, retired=leaf.retired))
            draft.publish(origin, after=version - 1)
        return Arrived(version=version, report=draft.report)

    def _settled(
        self, connection: sa.Connection, arrival: Arrival, new: Dataset, before: Dataset | None
    ) -> dict[str, Any]:
        """Whose it is, for the log where it is new."""
        if before is not None:
            if arrival.owners:
                raise BadData(
                    f"There is a data set {before.name!r} already; `ag-enclave dataset owners` hands it over."
                )
            if arrival.holder:
                ownership.check_of(connection, arrival.holder, before)
            return {}
        known = any(each.account == new.account for each in self._catalog.everything(retired=True))
        found = ownership.settle_new(connection, new, arrival.holder, arrival.owners, known=known)
        return {"owners": sorted(found)}

    def amend(self, name: str, by: str, wanted: Mapping[str, Any], *, holder: str = "") -> Dataset:
        """Change some of the words; the data set as it is then. Missing, BadData for what can't be said, Refusal 403 where it isn't its ``holder``'s."""
        with self._database.transaction() as connection:
            deeds.take_turn(connection)
            dataset, folder, leaf = self._found(name, connection, holder)
            changed = {**words.as_json(leaf.words), **wanted}
            said = words.fitting(changed)
            said.check()
            _check_shapes(said, dataset)
            revision = leaf.revision + 1
            deeds.note(
                connection,
                by,
                "dataset.update",
                dataset.name,
                {"revision": revision, "changed": ", ".join(sorted(wanted))},
            )
            words.write(folder, Leaf(words=said, revision=revision, retired=leaf.retired))
        return self._catalog.named(name, retired=True)

    def retire(self, name: str, by: str, reason: str, *, holder: str = "") -> Dataset:
        """No session opens it from now on, and those that have it end. Its name stays taken and its account kept; harmless when repeated."""
        return self._turn_over(name, by, "dataset.retire", reason, retired=reason, holder=holder)

    def restore(self, name: str, by: str, reason: str, *, holder: str = "") -> Dataset:
        """Sessions open it again, with the same account. Harmless when repeated."""
        return self._turn_over(name, by, "dataset.restore", reason, retired=None, holder=holder)

    def _turn_over(self, name: str, by: str, action: str, reason: str, *, retired: str | None, holder: str) -> Dataset:
        words.check_text("reason", reason, lines=False)
        if not reason.strip():
            raise BadData("A reason is needed, for the log.")
        with self._database.transaction() as connection:
            deeds.take_turn(connection)
            dataset, folder, leaf = self._found(name, connection, holder)
            if (leaf.retired is None) != (retired is None):
                deeds.note(connection, by, action, dataset.name, {"version": dataset.version, "reason": reason})
                words.write(folder, Leaf(words=leaf.words, revision=leaf.revision + 1, retired=retired))
        return self._catalog.named(name, retired=True)

    def _found(self, name: str, connection: sa.Connection, holder: str) -> tuple[Dataset, Path, Leaf]:
        try:
            dataset = self._catalog.named(name, retired=True)
        except Refusal as refusal:
            raise Missing(refusal.message) from refusal
        if holder:  # within the transaction: it may have been handed over while this waited for its turn
            ownership.check_of(connection, holder, dataset)
        folder = dataset.folder.parent
        return dataset, folder, words.read(folder)

    def _before(self, name: str) -> Dataset | None:
        variable = variable_of(name)
        return next((each for each in self._catalog.everything(retired=True) if each.variable == variable), None)


def _check_shapes(said: Words, dataset: Dataset) -> None:
    unknown = sorted(set(said.shapes) - set(dataset.tables))
    if unknown:
        raise BadData(f"shapes names the table {unknown[0]!r}, which {dataset.name} doesn't have.")


def _budget(dataset: Dataset) -> dict[str, str]:
    return {who: f"({cap.get('epsilon')}, {cap.get('delta')})" for who, cap in dataset.budget.items()}


def _rows(report: Mapping[str, Any], new: Dataset) -> dict[str, int]:
    """Rows of each private table, which only its owner sees unless it is made public."""
    return {key: int(report.get(key, {}).get("", {}).get("rows", 0)) for key in new.tables}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
