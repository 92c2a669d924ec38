"""What an owner sees of a result in the console: plain values, tables and arrays, as reviewed code returned them; and that what is left out is said."""

import json
import struct
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ag_enclave.console.outline import LONGEST_READ, MOST_ROWS, outline
from ag_kernel import parcel
from ag_kernel.export import Encoder

ELSEWHERE = "run.value() in a notebook shows it"


def encoded(value: Any) -> bytes:
    encoder = Encoder()
    return b"".join(parcel.pack({"value": encoder.encode(value)}, encoder.buffers))


def shown(value: Any) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    found = outline(encoded(value)[:LONGEST_READ])
    return found.text, found.headings, found.rows


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (None, "None"),
        ({"a": [1, 2.5, "x"]}, "{'a': list(1, 2.5, 'x')}"),
        (np.zeros((2, 3, 4)), f"an array of shape 2×3×4, <f8; {ELSEWHERE}"),
        ({"a": np.zeros(3)}, "{'a': an array of shape 3, <f8}"),
        (np.zeros(0), "an array of shape 0, <f8"),
    ],
)
def test_plain_values_are_text(value: Any, text: str) -> None:
    assert shown(value) == (text, (), ())


def test_a_frame_is_its_rows() -> None:
    frame = pd.DataFrame(
        {
            "age": [30, 41],
            "glucose": [5.123456789, np.nan],
            "name": ["ann", None],
            "group": pd.Categorical(["b", "a"]),
            "smokes": pd.array([True, None], dtype="boolean"),
            "seen": pd.to_datetime(["2025-01-01 10:30", None]),
        },
        index=pd.Index(["x", "y"], name="who"),
    )
    assert shown(frame) == (
        "a frame of 6 columns and 2 rows",
        ("who", "age", "glucose", "name", "group", "smokes", "seen"),
        (
            ("x", "30", "5.123456789", "ann", "b", "True", "2025-01-01 10:30:00"),
            ("y", "41", "nan", "", "a", "", "NaT"),
        ),
    )


def test_groups_of_several_keys_and_columns_of_several_levels_are_shown() -> None:
    frame = pd.DataFrame({"sex": ["f", "m", "f"], "age": [1, 1, 2], "x": [1.0, 2.0, 3.0]})
    text, headings, rows = shown(frame.groupby(["sex", "age"]).agg(["mean", "max"]))
    assert (text, headings) == ("a frame of 2 columns and 3 rows", ("sex", "age", "x mean", "x max"))
    assert rows == (("f", "1", "1.0", "1.0"), ("f", "2", "3.0", "3.0"), ("m", "1", "2.0", "2.0"))


def test_a_series_and_an_array_are_tables() -> None:
    assert shown(pd.Series([1, 2], name="n", index=["f", "m"])) == (
        "a series of 2 rows",
        ("", "n"),
        (("f", "1"), ("m", "2")),
    )
    assert shown(np.array([[1, 2], [3, 4]])) == (
        "an array of shape 2×2, <i8",
        ("0", "1"),
        (("1", "2"), ("3", "4")),
    )


@pytest.mark.parametrize(
    "value", [pd.DataFrame({"a": range(1000)}), pd.Series(range(1000)), np.arange(1000), np.ones((1000, 2))], ids=repr
)
def test_of_many_rows_the_first_are_shown_and_the_others_counted(value: Any) -> None:
    text, _, rows = shown(value)
    assert len(rows) == MOST_ROWS
    assert "1,000" in text or "1000" in text
    assert f"of which these are the first {MOST_ROWS}" in text


@pytest.mark.parametrize("value", [list(range(500)), dict.fromkeys(range(500)), "x" * 5000, ["x" * 300] * 90], ids=len)
def test_what_is_left_out_is_said(value: Any) -> None:
    text, _, _ = shown(value)
    assert " more" in text
    assert text.endswith(ELSEWHERE) or ELSEWHERE in text
    assert len(text) < 4200


def test_a_column_that_is_too_long_for_a_page_is_no_half_of_it() -> None:
    wide = pd.DataFrame({"a": ["x" * 300_000], "b": [1]})
    assert shown(wide) == (f"a frame of 2 columns and 1 row; {ELSEWHERE}", (), ())


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"a": pd.period_range("2025", periods=2)}),
        pd.DataFrame({"a": [[1], {2: 3}]}),
        pd.DataFrame(),
        pd.DataFrame({"a": []}),
        pd.DataFrame({"a": pd.to_timedelta([1, 2])}),
        pd.Series(pd.to_datetime(["2025-01-01"]).tz_localize("Europe/Paris")),
        np.array([1 + 2j]),
        pd.interval_range(0, 3),
    ],
    ids=repr,
)
def test_every_other_value_is_named(value: Any) -> None:
    text, _, rows = shown(value)
    assert text
    assert rows or "notebook" in text or "0 rows" in text


def test_bytes_that_are_no_value_are_said_to_be_none() -> None:
    head = json.dumps({"value": {"t": "str", "v": "x" * 100_000}}).encode()
    whole = struct.pack("<Q", len(head)) + head
    assert "too large" in outline(whole[: 64 << 10]).text
    assert outline(whole).text.startswith("'xxx")
    for broken in (b"", b"\x01", b"\x01" + bytes(7) + b"{", encoded(pd.DataFrame({"a": [1]}))[:-4]):
        assert "shown" in outline(broken).text or "notebook" in outline(broken).text


@pytest.mark.parametrize(
    "node",
    [
        {"t": "frame"},
        {"t": "frame", "data": [{"t": "ndarray", "dtype": "<i8", "shape": [2], "buffer": 9}], "columns": {"t": "range", "v": [0, 1, 0]}, "index": {"t": "range", "v": [0, 2, 1]}},
        {"t": "series", "name": {"t": "none"}, "index": {"t": "range", "v": [0, 10**30, 1], "name": {"t": "none"}}, "values": {"t": "ndarray", "dtype": "<i8", "shape": [10**30], "buffer": 0}},
        {"t": "ndarray", "dtype": "<i8", "shape": [-1], "buffer": 0},
        {"t": "ndarray", "dtype": "<x8", "shape": [1], "buffer": -1},
        {"t": "ndarray", "dtype": 3, "shape": "ab", "buffer": 0},
        {"t": ["frame"]},
    ],
    ids=str,
)  # fmt: skip
def test_a_head_that_lies_about_its_buffers_is_shown_as_nothing(node: Any) -> None:
    head = json.dumps({"value": node, "sizes": [8]}).encode()
    found = outline(struct.pack("<Q", len(head)) + head + bytes(8))
    assert found.rows == ()
    assert "notebook" in found.text
