"""Data sets as their owner holds them: a table, each by name, number or variable; uploaded, described, retired. Must not know how files travel."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from antigranular import table
from antigranular.asset import Dataset
from antigranular.data_file import DataFile, data_file
from antigranular.errors import AgError
from antigranular.held_asset import Assets
from antigranular.listing import Listing
from antigranular.reading import reading
from antigranular.rest import Enclave
from antigranular.uploading import Bar, Uploading, a_bar

PATH = "/ag/v1/datasets"
_HEADERS = ("data set", "in a session", "version", "state", "rows", "what it is")
_LONGEST = 80
_SAID = "answer about data sets"


class Held:
    """One data set of an enclave. ``facts`` is what the enclave says of it."""

    def __init__(self, enclave: Enclave, facts: Mapping[str, Any]) -> None:
        self._enclave = enclave
        self.facts = dict(facts)

    @property
    @reading(_SAID)
    def name(self) -> str:
        """Its name."""
        return str(self.facts["name"])

    @property
    @reading(_SAID)
    def variable(self) -> str:
        """What it is called in a session; unique, and so its id."""
        return str(self.facts["variable"])

    @property
    @reading(_SAID)
    def version(self) -> int:
        """The number of its newest version, which new sessions get. AgError for whom it isn't: the enclave tells its owners alone."""
        return int(self._owned("version"))

    @property
    @reading(_SAID)
    def assets(self) -> Assets:
        """Its tables, each by its name or its place, with unit, columns and bounds: what everybody with an account may know of them."""
        return Assets(self.name, self.facts)

    @property
    def retired(self) -> str | None:
        """Why it was retired; None where sessions may open it. Others' retired ones are shown to nobody."""
        reason = self.facts.get("retired")
        return None if reason is None else str(reason)

    @property
    @reading(_SAID)
    def report(self) -> Listing[tuple[str, str, str, str]]:
        """What was coerced when the newest version was loaded, for owners' eyes: these counts depend on the data."""
        found = self._owned("origin").get("report") or {}
        rows = [
            (str(key), str(column), str(what), f"{count:,}")
            for key, columns in found.items()
            for column, counts in columns.items()
            for what, count in counts.items()
        ]
        return Listing(rows, ("table", "column", "what", "values"), tuple, f"{self.name}, version {self.version}")

    @reading(_SAID)
    def update(self, **words: Any) -> None:
        """Change ``description``, ``summary``, ``citation``, ``url``, ``contributors``, or ``shapes``: the tables whose number of rows is public.

        No number of rows is public unless it is named here, or its asset says ``show_rows``; no guarantee covers one that is.
        """
        self.facts = dict(self._enclave.ask("PATCH", self._path, words))

    @reading(_SAID)
    def retire(self, reason: str) -> None:
        """No session opens it from now on, and those that have it end. Its name stays taken and its budget's history kept."""
        self.facts = dict(self._enclave.ask("POST", f"{self._path}/retire", {"reason": reason}))

    @property
    @reading(_SAID)
    def owners(self) -> tuple[str, ...]:
        """Who may steer it; ``("*",)`` for every owner of the enclave. AgError for whom it isn't."""
        return tuple(map(str, self._owned("owners")))

    def hand_over(self, *owners: str, reason: str, everyone: bool = False) -> None:
        """From now on it is theirs (``everyone``: every owner's), with every data set of the same account. For who owns it by name, and operators.

        Its other owners stay its owners, unless they give it up themselves or an operator says so: name them, too.
        """
        said = {"owners": list(owners), "everyone": everyone, "reason": reason}
        with reading(_SAID):
            self.facts = dict(self._enclave.ask("PUT", f"{self._path}/owners", said))

    @reading(_SAID)
    def restore(self, reason: str) -> None:
        """Sessions may open it again; what was spent stays spent."""
        self.facts = dict(self._enclave.ask("POST", f"{self._path}/restore", {"reason": reason}))

    @property
    def _path(self) -> str:
        return f"{PATH}/{quote(self.variable, safe='')}"

    def _owned(self, fact: str) -> Any:
        if fact not in self.facts:
            raise AgError(f"the {fact} of a data set is told to its owners only")
        return self.facts[fact]

    def __repr__(self) -> str:
        version = f", version {self.version}" if "version" in self.facts else ""
        return f"<data set {self.name}{version}{', retired' if self.retired is not None else ''}>"

    @reading(_SAID)
    def _repr_html_(self) -> str:
        facts = self.facts
        rows = [(name, _brief(facts[name])) for name in ("description", "summary", "citation", "url") if facts[name]]
        rows += [("contributors", ", ".join(facts["contributors"]))] if facts["contributors"] else []
        rows += [(f"table {key}", _shape(each)) for key, each in facts["tables"].items()]
        return table.as_html(("", ""), rows, above=table.heading(repr(self)[1:-1]).html)


class Datasets(Sequence[Held]):
    """All data sets of an enclave, also retired ones, by name."""

    def __init__(self, enclave: Enclave, *, bar: Callable[[], Bar] = a_bar) -> None:
        self._enclave = enclave
        self._bar = bar

    def upload(self, dataset: Dataset, *, mock_override: str = "") -> Held:
        """Send a new data set and have it loaded; what it is then, with the ``report`` of what was coerced.

        The same call goes on where one was interrupted, also in another process. RequestRefused says why it could not be loaded; nothing is left then.
        ``mock_override``: your reason, for the log, to publish mocks that look like the data.
        """
        return self._upload(dataset, after=0, mock_override=mock_override)

    def upload_version(
        self, dataset: Dataset, *, reason: str = "", unit_reason: str = "", mock_override: str = ""
    ) -> Held:
        """Send the next version of a data set: other rows, columns or bounds. Running sessions keep theirs, new ones get this one, and the account goes on.

        The privacy unit can't change; another declared budget needs a reason. A table with ids that goes, other id columns, more rows of an id, and single rows
        beside ids need a ``unit_reason``: what was spent before goes on counting, for whom it counts must be right. What is said of it is replaced, too.
        """
        said = {"reason": reason, "unit_reason": unit_reason, "mock_override": mock_override}
        return self._upload(dataset, after=self._named(dataset.name).version, **said)

    def search(self, words: str) -> Listing[Held]:
        """Those in whose name, description, summary, citation or contributors all of these words are."""
        wanted = words.lower().split()
        found = [each for each in self if all(word in _searched(each) for word in wanted)]
        return Listing(found, _HEADERS, _cells, f"Data sets with {words}")

    def _upload(self, dataset: Dataset, **said: Any) -> Held:
        bar = self._bar()
        try:
            with tempfile.TemporaryDirectory(prefix="ag-upload-") as folder:
                opening = {"name": dataset.name, "metadata": dataset.described(), "words": dataset.words()}
                files = list(_files(dataset, Path(folder)))
                Uploading(self._enclave, bar).run({**opening, **said}, files)
        finally:
            bar.over()
        return self._named(dataset.name)

    def _all(self) -> list[Held]:
        return [Held(self._enclave, facts) for facts in self._enclave.rows(PATH)]

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[Held]:
        return iter(self._all())

    def __getitem__(self, which: Any) -> Any:
        """One by its name, its variable or its place in the table. AgError where there is none."""
        return self._named(which) if isinstance(which, str) else self._all()[which]

    def _named(self, which: str) -> Held:
        everything = self._all()
        for each in everything:
            if which in (each.name, each.variable):
                return each
        raise AgError(
            f"there is no data set {which!r}; there are {', '.join(each.name for each in everything) or 'none'}"
        )

    def __contains__(self, which: object) -> bool:
        return any(which in (each.name, each.variable) for each in self._all())

    def _listing(self) -> Listing[Held]:
        return Listing(self._all(), _HEADERS, _cells, "Data sets")

    def __repr__(self) -> str:
        return repr(self._listing())

    def _repr_html_(self) -> str:
        return self._listing()._repr_html_()


def _files(dataset: Dataset, folder: Path) -> Iterator[DataFile]:
    for asset in dataset.assets:
        yield data_file(asset.name, "public" if asset.public else "table", asset.data, folder)
        if asset.mock is not None:
            yield data_file(asset.name, "mock", asset.mock, folder)


def _cells(held: Held) -> tuple[str, ...]:
    state = "offered" if held.retired is None else "retired"
    rows = ", ".join(f"{key}: {_shape(each)}" for key, each in held.facts["tables"].items() if each["rows"] is not None)
    what = _brief(held.facts["summary"] or held.facts["description"])
    return (held.name, held.variable, str(held.facts.get("version", "")), state, rows or "not public", what)


def _shape(each: Mapping[str, Any]) -> str:
    columns = f"{len(each['columns'])} columns"
    return columns if each["rows"] is None else f"{each['rows']:,} rows, {columns}"


@reading(_SAID)
def _searched(held: Held) -> str:
    facts = held.facts
    words = [facts["name"], facts["description"], facts["summary"], facts["citation"], *facts["contributors"]]
    return " ".join(words).lower()


def _brief(words: str) -> str:
    line = " ".join(str(words).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
