"""An owner's array with bounds and data subjects, as the table of one column that it becomes in the enclave. Must not know how it travels."""

import csv
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from antigranular.errors import AgError

VALUE, SUBJECT = "value", "subject"
_MAX_ROWS = 1


@dataclass(frozen=True, slots=True)
class Tensor:
    """Numbers in one dimension: a list, an array, a series."""

    values: Any = field(repr=False)

    def annotate_with_dp_metadata(
        self,
        lower_bound: float,
        upper_bound: float,
        data_subjects: Sequence[Any],
        *,
        max_rows: int = _MAX_ROWS,
        space: str = "subjects",
    ) -> "AnnotatedTensor":
        """The array with what makes it releasable: bounds that are public and not read off the values, and whose value each one is.

        ``max_rows``: of each subject so many values count at most, a public number, too; the loader tells how many are beyond. ``space``: data sets
        of one space share subjects, and so their budget. Raises AgError where it can't be.
        """
        values, subjects = [_number(each) for each in _listed(self.values)], _listed(data_subjects)
        lower, upper = float(lower_bound), float(upper_bound)
        if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
            raise AgError("an array needs finite bounds, the lower below the upper")
        if len(subjects) != len(values):
            raise AgError(f"there are {len(values)} values and {len(subjects)} data subjects: each value needs its own")
        if any(each is None or each != each for each in subjects):  # noqa: PLR0124 (NaN differs from itself)
            raise AgError("a value lacks its data subject")
        if type(max_rows) is not int or max_rows < 1:
            raise AgError("max_rows is a whole number from 1 on")
        return AnnotatedTensor(
            values=tuple(values),
            subjects=tuple(map(str, subjects)),
            bounds=(lower, upper),
            max_rows=max_rows,
            space=space,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatedTensor:
    """An array as it is uploaded: ``ag.Asset(name, tensor)``, or as files for ``ag-enclave dataset add``."""

    values: tuple[float, ...] = field(repr=False)
    subjects: tuple[str, ...] = field(repr=False)
    bounds: tuple[float, float]
    max_rows: int
    space: str

    @property
    def metadata(self) -> dict[str, Any]:
        """The table's entry of the data set's metadata: one column with bounds, whose unit is the data subject."""
        lower, upper = self.bounds
        return {
            "columns": {VALUE: {"type": "float", "lower": lower, "upper": upper}},
            "unit": {"id": [SUBJECT], "space": self.space, "max_rows": self.max_rows},
        }

    def frame(self) -> Any:
        """The table as a pandas frame."""
        import pandas as pd

        return pd.DataFrame({VALUE: self.values, SUBJECT: self.subjects})

    def write(self, folder: str | os.PathLike[str], name: str, budget: Mapping[str, Any]) -> tuple[Path, Path]:
        """Two files for ``ag-enclave dataset add NAME --metadata FIRST --table name=SECOND``: metadata and table. Raises OSError."""
        home = Path(folder)
        described, table = home / f"{name}.json", home / f"{name}.csv"
        described.write_text(json.dumps({"budget": dict(budget), "tables": {name: self.metadata}}), encoding="utf-8")
        self.write_table(table)
        return described, table

    def write_table(self, path: Path) -> None:
        """The table as CSV. Raises OSError."""
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow((VALUE, SUBJECT))
            writer.writerows(zip(self.values, self.subjects, strict=True))


def _listed(given: Any) -> list[Any]:
    """The items of one dimension. AgError for more."""
    items = list(given.tolist() if hasattr(given, "tolist") else given)
    if any(isinstance(each, (list, tuple)) for each in items):
        raise AgError("an array has one dimension here: upload a table with a column for each of the others")
    return items


def _number(given: Any) -> float:
    try:
        return float(given)
    except (TypeError, ValueError):
        raise AgError(f"an array holds numbers, not {type(given).__name__}") from None
