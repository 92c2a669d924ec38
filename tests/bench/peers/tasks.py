"""The data and the questions that every library gets: the same rows, public bounds and keys, and ε. Knows no library."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml
from sklearn.datasets import load_breast_cancer

from ag_enclave.demo.register import METADATA
from tests.bench.data import write_numbers

EPSILON = 1.0
DELTA = 1e-6
TIMES = 100
RHO = 0.02435
"""The largest ρ that makes (ε, δ) by the conversion of ``ag_vault.account``, for peers that count in it."""
BINS = 50
QUARTILES = [0.25, 0.5, 0.75]


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """A Parquet file with its metadata beside it, ten columns of floats with their bounds, and a key column with its keys."""

    name: str
    file: Path
    rows: int
    bounds: dict[str, tuple[float, float]]
    by: str
    keys: tuple[Any, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The ten columns."""
        return tuple(self.bounds)


def numbers(folder: Path, rows: int) -> Data:
    """Rows of ten uniform floats in [0, 100] and a key of fifty."""
    file, metadata = write_numbers(folder / f"numbers-{rows}", rows)
    name = f"{rows:.0e}".replace("e+0", "e")
    return Data(name=name, file=file, rows=rows, bounds=_declared(metadata), by="key", keys=tuple(range(50)))


def tumours(folder: Path) -> Data:
    """Breast Cancer Wisconsin: 569 rows of 30 measures, of which ten are asked for, between the demo's honest bounds."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = load_breast_cancer(as_frame=True).frame
    frame.columns = [name.replace(" ", "_") for name in frame.columns]
    frame["diagnosis"] = frame.pop("target").map({0: "malignant", 1: "benign"})
    file = folder / "tumours.parquet"
    with duckdb.connect() as engine:
        engine.register("frame", frame)
        engine.execute(f"COPY frame TO '{file}' (FORMAT parquet)")
    content = yaml.safe_load((METADATA / "breast_cancer.yaml").read_text())
    content["budget"] = {
        "epsilon": 1000000,
        "delta": DELTA,
        "per_analyst": {"epsilon": 1000000},
        "per_call": {"epsilon": 10},
    }
    file.with_suffix(".yaml").write_text(yaml.safe_dump(content | {"views": {}}))
    bounds, keys = _declared(file.with_suffix(".yaml")), ("malignant", "benign")
    return Data(name=str(len(frame)), file=file, rows=len(frame), bounds=bounds, by="diagnosis", keys=keys)


def _declared(metadata: Path) -> dict[str, tuple[float, float]]:
    """The first ten columns of floats, with their bounds."""
    (table,) = yaml.safe_load(metadata.read_text())["tables"].values()
    floats = {name: each for name, each in table["columns"].items() if each["type"] == "float"}
    return {name: (float(each["lower"]), float(each["upper"])) for name, each in list(floats.items())[:10]}


def tasks(data: Data, *, runs: int, seconds: float) -> list[dict[str, Any]]:
    """Every question of the table, each to be asked ``runs`` times, or for ``seconds``."""
    column = data.columns[0]
    lower, upper = data.bounds[column]
    width = upper - lower
    one = {"columns": [column], "lower": lower, "upper": upper}
    several = {"columns": list(data.columns), "bounds": _as_told(data)}
    more: dict[str, dict[str, Any]] = {
        "quartiles": {**one, "probabilities": QUARTILES},
        "histogram": {**one, "edges": [lower + width * number / BINS for number in range(BINS + 1)]},
        "group_mean": {**one, "by": data.by, "keys": list(data.keys)},
        "found_mean": {**one, "by": data.by, "keys": list(data.keys)},
        "corr": {"columns": list(data.columns[:2]), "bounds": _as_told(data)},
        "describe": several | {"lower": lower, "upper": upper},
        "repeated": {**one, "limits": [lower + width * (number + 1) / TIMES for number in range(TIMES)]},
    }
    kinds = dict.fromkeys(("count", "sum", "mean", "std", "var", "median"), one) | more
    shared = {"epsilon": EPSILON, "delta": DELTA, "rho": RHO, "runs": runs, "seconds": seconds, "rows": data.rows}
    return [{"name": kind, "kind": kind, **shared, **words} for kind, words in kinds.items()]


def _as_told(data: Data) -> dict[str, dict[str, float]]:
    return {name: {"lower": lower, "upper": upper} for name, (lower, upper) in data.bounds.items()}
