"""What one demo data set is made of, and how a supervised one is split. Knows no bounds: those are in ``metadata/``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

_SEED = 20240501
_TEST_SHARE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """Private tables and public frames, by key; ``hidden``: the labels of ``test_x``, for a competition."""

    tables: Mapping[str, pd.DataFrame]
    public: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    hidden: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def supervised(features: pd.DataFrame, label: pd.Series, name: str) -> Frames:
    """Split by a fixed seed: ``train`` private with the label as its last column, ``test_x`` public without it."""
    named = features.rename(columns=identifier)
    order = np.random.default_rng(_SEED).permutation(len(named))
    held_out = round(len(named) * _TEST_SHARE)
    train = named.assign(**{name: label.to_numpy()}).iloc[order[held_out:]]
    test = order[:held_out]
    hidden = pd.DataFrame({"row": range(held_out), name: label.to_numpy()[test]})
    return Frames(tables={"train": train}, public={"test_x": named.iloc[test]}, hidden={"labels": hidden})


def identifier(column: str) -> str:
    """A column's name as a Python identifier: ``mean radius`` becomes ``mean_radius``."""
    return re.sub(r"[^0-9A-Za-z]+", "_", str(column)).strip("_")
