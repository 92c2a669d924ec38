"""Puts a competition's hidden labels on their shelf and its rules into the database. Never opens the labels' file: the jailed loader does."""

import tempfile
from pathlib import Path
from typing import Any

import yaml

from ag_enclave.catalog import Catalog, variable_of
from ag_enclave.competitions import Competitions
from ag_enclave.errors import BadData, Conflict, Refusal
from ag_enclave.loader import Load, register
from ag_enclave.rules import Rules, metadata_of, read_rules
from ag_enclave.state import State

SHELF = "competitions"


def read_file(name: str, path: Path) -> Rules:
    """The rules in a YAML file. BadData where it has none."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise BadData(f"The rules in {path} can't be read: {problem}.") from problem
    if not isinstance(given, dict):
        raise BadData(f"The rules in {path} are not a mapping.")
    return read_rules({"name": name, **given})


def establish(rules: Rules, labels: Path, state: State, competitions: Competitions, *, by: str) -> dict[str, Any]:
    """Register a competition; the report of what was coerced in its labels. BadData or Conflict where it can't be."""
    catalog = Catalog(state.folder("datasets"))
    try:
        catalog.named(rules.dataset)
    except Refusal as refusal:
        raise BadData(refusal.message) from refusal
    if any(variable_of(rules.labels) == each.variable for each in catalog.everything(retired=True)):
        raise Conflict(
            f"There is a data set {rules.labels!r}, as this competition's labels would be called; take another name."
        )
    competitions.check_free(rules.name)
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "labels.yaml"
        written.write_text(yaml.safe_dump(metadata_of(rules)))
        load = Load(name=rules.labels, metadata=written, tables={"labels": labels})
        report = register(load, state, lambda _share, _what: None, shelf=SHELF)
    competitions.add(rules, by=by)
    return report
