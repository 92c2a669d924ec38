"""What a kernel does once before it is forked for its first session: import what cells import, and walk through one cell.

It must not keep anything: sessions share the memory of modules, never a variable.
"""

from typing import Final

from ag_kernel.builtin_names import BUILTINS
from ag_kernel.compiler.examine import examine
from ag_kernel.display import bundle
from ag_kernel.export import Encoder
from ag_kernel.facade import imports
from ag_kernel.facade import prepare as prepare_modules
from ag_kernel.faults import describe
from ag_kernel.plots.library import prepare as prepare_plots
from ag_kernel.plots.library import rehearse
from ag_kernel.run import execute

_REHEARSAL: Final = """
import numpy as np
import pandas as pd
rng = np.random.default_rng(0)
frame = pd.DataFrame({"a": rng.normal(size=40), "n": np.arange(40), "b": ["x", "y"] * 20, "t": pd.date_range("2024", periods=40)})
frame["c"] = frame["a"] * 2 + frame["n"].where(frame["n"] > 3, 0)
kept = frame[(frame["a"] > 0) & frame["b"].isin(["x"])].sort_values("a").reset_index(drop=True)
frame.groupby("b")[["a", "c"]].agg(["mean", "std"]).round(2)
frame.merge(pd.DataFrame({"b": ["x", "y"], "name": ["first", "second"]}), on="b", how="left").pivot_table(index="name", values="c")
frame.set_index("t")["c"].resample("D").sum().rolling(3).mean().describe()
whole = pd.DataFrame({"n": range(40), "k": np.arange(40) % 7}).merge(frame[["n", "a"]], on="n").sort_values("a").tail()
whole.groupby("k")["a"].agg(["mean", "std"]), whole.pivot_table(index="k", values="a", aggfunc="sum"), whole["k"].value_counts(), whole["k"].unique()
frame.set_index(pd.date_range("2024-01-01", periods=40, freq="h"))["a"].resample("D").mean(), frame["t"].dt.month
table = pd.crosstab(frame["b"], pd.cut(frame["a"], 3))
both = pd.concat([frame, kept]).drop_duplicates().fillna(0).astype({"n": "float64"})
words = both["b"].str.upper().map({"X": 1}).value_counts(), both.apply(lambda row: row["a"], axis=1), both.isna().sum(), both.corr(numeric_only=True)
np.linalg.lstsq(rng.normal(size=(5, 2)), rng.normal(size=5), rcond=None), np.histogram(frame["a"], bins=5), np.percentile(frame["a"], [5, 95])
both.describe()
"""
"""What analysts do every day, once: whatever a library makes at first use is made here and shared by all sessions."""


def warm() -> None:
    """Import every offered module and rehearse a cell, so that a session's first cells find everything there."""
    prepare_plots()
    prepare_modules()
    rehearse()
    examined = examine(_REHEARSAL, 0)
    namespace = {"__name__": "__main__", "__builtins__": {**BUILTINS, "__import__": imports().import_}}
    if examined.body is not None:
        execute(examined.body, examined.last, namespace, _show)
    describe(ValueError("rehearsed"), {})


def _show(value: object) -> None:
    bundle(value)
    Encoder().encode(value)
