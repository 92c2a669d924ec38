"""Functions that would tell of one row, by an error, by time, by what they remember, print or return, tell nothing of it.

Each is asked of two tables, of which one has the target: what an analyst sees is the same to the letter, and nothing has happened here.
"""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

import op_pandas
from op_pandas.vault import SocketVault
from tests.private_pandas.served import served

TARGET = 3.5
METADATA = """
description: two tables, of which one has a row more
budget: {epsilon: 100000, delta: 1.0e-6, per_analyst: {epsilon: 100000}, per_call: {epsilon: 1000}}
tables:
  without: &both
    unit: row
    columns:
      x: {type: float, lower: 0, upper: 10}
      name: {type: str}
  among: *both
"""
HAPPENED: list[object] = []
COUNT = 0


def export(value: object, name: str) -> None:
    HAPPENED.append((value, name))


def raises(x):
    if x == TARGET:
        raise ValueError(x)
    return x


def divides(x):
    return 1 / (x - TARGET)


def sleeps(x):
    if x == TARGET:
        time.sleep(60)
    return x


def spins(x):
    while x == TARGET:
        pass
    return x


def counts_in_a_default(x, kept=[]):  # noqa: B006
    kept.append(x)
    HAPPENED.append(x)
    return len(kept)


def counts_in_a_global(x):
    global COUNT
    COUNT += 1
    HAPPENED.append(x)
    return COUNT


def counts_on_itself(x):
    counts_on_itself.calls = getattr(counts_on_itself, "calls", 0) + 1
    HAPPENED.append(x)
    return counts_on_itself.calls


def closure():
    seen = 0

    def counts_in_a_closure(x):
        nonlocal seen
        seen += 1
        HAPPENED.append(x)
        return seen

    return counts_in_a_closure


def fills_the_cache_of_patterns(t):
    return 1.0 if re.search(t, "a") else 0.0


def prints(x):
    if x == TARGET:
        print(x)
    return x


def exports(x):
    if x == TARGET:
        export(x, "stolen")
    return x


def recurses(x):
    return recurses(x) if x == TARGET else x


def allocates(x):
    return len("a" * 10**9) if x == TARGET else x


def allocates_much_of_little(x):
    many = [0.0]
    while x == TARGET:
        many.append(x)
    return many[0]


def is_of_another_type(x):
    return "stolen" if x == TARGET else x


def is_a_list(x):
    return [x] * 3 if x == TARGET else x


def is_out_of_bounds(x):
    return 1e300 if x == TARGET else 0.5


def is_infinite(x):
    return float("inf") if x == TARGET else 0.5


def is_a_letter_of_a_name(t):
    return ord(t[0]) if t.startswith("target") else 0


NUMBERS: tuple[Callable[[Any], Any], ...] = (
    raises, divides, sleeps, spins, counts_in_a_default, counts_in_a_global, counts_on_itself, closure(), prints, exports, recurses,
    allocates, allocates_much_of_little, is_of_another_type, is_a_list, is_out_of_bounds, is_infinite,
)  # fmt: skip
TEXTS = fills_the_cache_of_patterns, is_a_letter_of_a_name


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SocketVault]:
    few = pd.DataFrame({"x": [0.25, 1.0, 7.75] * 20, "name": ["a", "b", None] * 20})
    one = pd.DataFrame({"x": [TARGET], "name": ["target"]})
    with served(tmp_path_factory.mktemp("state"), METADATA, {"without": few, "among": pd.concat([few, one])}) as found:
        yield found


def seen(vault: SocketVault, table: str, column: str, attack: Callable[[Any], Any], way: str) -> Any:
    """All that an analyst can see of a function but the noisy number itself."""
    op_pandas.bind(vault)
    frame: Any = op_pandas.load_dataset("Clinic")[table]
    vault.charges()
    try:
        made = frame[column].map(attack, output_bounds=(0, 1))
        if way == "filter":
            made = frame[made > 0]["x"].clip(0, 1)
        total = made.sum(eps=1)
    except (TypeError, ValueError) as refusal:
        return type(refusal), str(refusal), vault.charges()
    spent = [charge.epsilon for charge in vault.charges()]
    return type(total), made.metadata, total.ag.half_widths, total.ag.mechanism, spent


@pytest.mark.parametrize("way", ["map", "filter"])
@pytest.mark.parametrize("attack", [*NUMBERS, *TEXTS], ids=lambda each: each.__name__)
def test_a_function_tells_nothing_of_a_target(
    vault: SocketVault, attack: Callable[[Any], Any], way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    HAPPENED.clear()
    column = "name" if attack in TEXTS else "x"
    before = time.monotonic()
    among, without = (seen(vault, table, column, attack, way) for table in ("among", "without"))
    assert among == without
    assert time.monotonic() - before < 30  # no function slept for its target
    assert HAPPENED == []
    assert COUNT == 0
    assert not hasattr(counts_on_itself, "calls")
    assert capsys.readouterr().out == ""


def test_a_result_that_is_wrong_is_null_and_one_out_of_bounds_is_the_bound(vault: SocketVault) -> None:
    op_pandas.bind(vault)
    frame: Any = op_pandas.load_dataset("Clinic")["among"]
    for attack, missing, total in (
        (is_of_another_type, 1, 45),
        (is_out_of_bounds, 0, 31),
        (is_infinite, 1, 30),
        (raises, 1, 45),
    ):
        made = frame["x"].map(attack, output_bounds=(0, 1))
        assert round(made.isna().sum(eps=100)) == missing, attack
        assert float(made.sum(eps=100)) == pytest.approx(total, abs=1), attack
