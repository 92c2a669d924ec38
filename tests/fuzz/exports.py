"""What a hostile enclave may export: honest values of every form, with parts exchanged for what nobody would send."""

import copy
import datetime as dt
import json
import random
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from ag_kernel.export import Encoder

_FACTS = {
    "cost": {"epsilon": "1/2", "delta": 0.0},
    "mechanism": "discrete laplace",
    "scale": 2.0,
    "half_widths": {"t": "float", "v": 6.0},
}
_STRANGE: tuple[Any, ...] = (
    *(None, True, 0, -1, 1 << 62, 10**30, 10**400, 1.5, 1e308, "", "x", "1e999999999", "-1e-999999999", "9" * 5000),
    *("1/0", "1/" + "9" * 3000, "inf", "nan", "0x10", "NaT", "object", "<M8[ns]", "int64", "category", "2026-13-45"),
    *([], [[]], {}, {"t": "none"}, {"t": "na"}, {"t": "list", "v": []}, {"t": "frame"}, {"t": "nothing"}, {"t": []}),
    *({"t": "range", "v": [0, 1 << 62, 1]}, {"t": "range", "v": [0, 10**30, 1]}, {"t": "timedelta", "v": "1e99999999"}),
    *({"t": "period", "v": "5", "freq": "D"}, {"t": "timestamp", "v": "9" * 18, "unit": "s", "tz": "UTC"}),
    *({"t": "list", "v": [{"t": "none"}] * 5}, {"t": "str", "v": "\x1b[31m"}, {"t": "bytes", "buffer": 0}),
)


@cache
def honest() -> list[tuple[Any, list[bytes]]]:
    """Tagged values of many forms, with their buffers, plain and as releases."""
    found: list[tuple[Any, list[bytes]]] = []
    for value in (*_plain(), *_arrays(), *_of_pandas()):
        encoder = Encoder()
        node = json.loads(json.dumps(encoder.encode(value)))
        found += [(node, encoder.buffers), ({**node, "ag": _FACTS}, encoder.buffers)]
    return found


def _plain() -> tuple[Any, ...]:
    day = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    return (
        None,
        True,
        -(10**40),
        1.5,
        "ä",
        b"\0\xff",
        day.date(),
        day.timetz(),
        day,
        day - day,
        {"a": {2: [3]}},
        {1},
        (),
    )


def _arrays() -> tuple[Any, ...]:
    parts = np.arange(6.0).reshape(2, 3), np.array(["2026-01-01", "NaT"], "M8[us]"), np.array(["a", None], dtype=object)
    return (*parts, (np.array([3, 4]), np.array([0.0, 1.0, 2.0])))


def _of_pandas() -> tuple[Any, ...]:
    grid = pd.MultiIndex.from_product([["a", "b"], [0, 1]], names=["g", None])
    columns = {
        "n": [1, None],
        "text": ["x", "y"],
        "kind": pd.Categorical(["x", None]),
        "when": pd.to_datetime(["2026", None]),
    }
    frame = pd.DataFrame(columns, index=pd.Index([1, 2], name="key"))
    series = (
        pd.Series(range(4), index=grid),
        pd.Series([True, None], dtype="boolean"),
        pd.Series(["x", None], dtype=object),
    )
    moments = (
        pd.Period("2026-01", "M"),
        pd.Timestamp("2026", tz="Europe/Zurich"),
        pd.interval_range(0, 3),
        pd.Timedelta("1s"),
    )
    return (frame, *series, *moments)


def hostile(chance: random.Random) -> tuple[Any, list[bytes]]:
    """One of them, with one to three parts exchanged."""
    node, buffers = chance.choice(honest())
    changed = [copy.deepcopy(node)]
    for _ in range(chance.randint(1, 3)):
        _exchange(changed, chance)
    kept = [chance.choice((part, part, b"", part[:-1], part + b"\0", b"\xff" * len(part))) for part in buffers]
    return changed[0], kept


def _exchange(node: Any, chance: random.Random) -> None:
    """Walk down to some part, and put something strange in its place."""
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = chance.choice(keys)
        below = node[key]
        if not isinstance(below, dict | list) or not below or chance.random() < 0.15:
            node[key] = copy.deepcopy(chance.choice(_STRANGE))
            return
        node = below
