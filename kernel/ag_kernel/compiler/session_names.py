"""What the session puts into the namespace, in words the checker knows: a closed set, so that no type is ever sent as text.

It must not import the things it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ag_plan.messages import DatasetSchema

KINDS: Final[dict[str, str]] = {
    "export": "from ag_utils import export as {name}",
    "ag_print": "from ag_utils import ag_print as {name}",
    "load_dataset": "from ag_utils import load_dataset as {name}",
    "load_mock": "from ag_utils import load_mock as {name}",
    "submit_predictions": "from ag_utils import submit_predictions as {name}",
    "imported": "from ag_utils import imported as {name}",
    "display": "from ag_utils import display as {name}",
    "dataset": "{name}: op_pandas.PrivateDataset",
    "frame": "{name}: op_pandas.PrivateDataFrame",
    "series": "{name}: op_pandas.PrivateSeries",
    "frames": "{name}: dict[str, op_pandas.PrivateDataFrame]",
    "any": "{name}: Any",
}
_VIEWS: Final[dict[str, str]] = {
    "frame": "op_pandas.PrivateDataFrame",
    "series": "op_pandas.PrivateSeries",
    "public": "pd.DataFrame",
}
_CLASSES: Final = {"PrivateDataset": "dataset", "PrivateDataFrame": "frame", "PrivateSeries": "series"}
_LONGEST: Final = 200
_HEAD: Final = "import op_pandas\nimport pandas as pd\nfrom typing import Any, Literal, overload\n"

Named = str | dict[str, Any]
"""A kind; or a data set: `{"title": its name, "single": one private table?, "views": {key: kind of view}}`."""


def kinds_of(namespace: Mapping[str, Any], schemas: Iterable[DatasetSchema] = ()) -> dict[str, Named]:
    """What the checker should know of a new session's namespace, and of its data sets from the vault's catalogue."""
    found: dict[str, Named] = {
        name: _kind(name, value) for name, value in namespace.items() if not name.startswith("_")
    }
    for schema in schemas:
        if schema.variable in found:
            views = {view.key: view.kind for view in schema.views if view.kind in _VIEWS}
            found[schema.variable] = {"title": schema.name, "single": len(schema.tables) == 1, "views": views}
    return found


def _kind(name: str, value: Any) -> str:
    if getattr(value, "__module__", "").partition(".")[0] == "ag_utils" and name in KINDS:
        return name
    if isinstance(value, dict) and value and all(_CLASSES.get(type(one).__name__) == "frame" for one in value.values()):
        return "frames"
    return _CLASSES.get(type(value).__name__, "any")


def valid(names: object) -> TypeGuard[dict[str, Named]]:
    """Whether this is a table of names as it should come over the socket."""
    return isinstance(names, dict) and all(
        isinstance(name, str) and name.isidentifier() and len(name) <= _LONGEST and _valid(named)
        for name, named in names.items()
    )


def _valid(named: object) -> bool:
    if isinstance(named, str):
        return named in KINDS
    if not isinstance(named, dict) or set(named) != {"title", "single", "views"}:
        return False
    views = named["views"]
    texts = [named["title"], *views] if isinstance(views, dict) else [None]
    return (
        isinstance(named["single"], bool)
        and all(isinstance(text, str) and len(text) <= _LONGEST for text in texts)
        and all(isinstance(kind, str) and kind in _VIEWS for kind in views.values())
    )


def prelude(names: Mapping[str, Named]) -> str:
    """The module that declares the session's names; each is imported by the cells that read it."""
    sets = {name: named for name, named in names.items() if isinstance(named, dict)}
    parts = [_HEAD, *(_dataset(name, named) for name, named in sorted(sets.items()))]
    for name, named in sorted(names.items()):
        if named == "load_dataset":
            parts.append(_loader(name, sets))
        elif isinstance(named, str):
            parts.append(KINDS[named].format(name=name))
    return "\n".join(parts)


def _dataset(name: str, named: Mapping[str, Any]) -> str:
    """A class of its own for a data set, so that each key has its type."""
    single = named["single"]
    rest = (
        [("str", "op_pandas.PrivateSeries"), ("Any", "op_pandas.PrivateDataFrame")]
        if single
        else [("str", "Any"), ("Any", "Any")]
    )
    keys = [(f"Literal[{key!r}]", _VIEWS[kind]) for key, kind in sorted(named["views"].items())]
    lines = [f"class PrivateDataset_{name}({'op_pandas.PrivateDataset' if single else 'dict[str, Any]'}):"]
    for key, kind in keys + rest:
        lines += ["    @overload", f"    def __getitem__(self, key: {key}) -> {kind}: ..."]
    lines += ["    def __getitem__(self, key: Any) -> Any: ...", f"{name}: PrivateDataset_{name}"]
    return "\n".join(lines)


def _loader(name: str, sets: Mapping[str, Mapping[str, Any]]) -> str:
    lines = []
    for variable, named in sorted(sets.items()):
        lines += [
            "@overload",
            f"def {name}(name: Literal[{named['title']!r}, {variable!r}]) -> PrivateDataset_{variable}: ...",
        ]
    lines += ["@overload", f"def {name}(name: str) -> Any: ..."] if sets else []
    return "\n".join([*lines, f"def {name}(name: str) -> Any: ..."])
