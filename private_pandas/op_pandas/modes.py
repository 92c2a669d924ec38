"""``mode`` of frames: the most frequent value of each column whose values are public, each column's counts in a release of its own.

Must not know prices; a call's total is shared by columns, and the answer tells the sum of what was paid.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pandas as pd

from op_pandas import frequencies, results
from op_pandas.calls import Call
from op_pandas.descriptions import part
from op_pandas.keys import key_of, public_keys
from op_pandas.results import ReleasedFrame
from op_pandas.rows import Rows, Term


def modes(rows: Rows, terms: Mapping[str, Term], call: Call) -> ReleasedFrame:
    """One row: the value with the largest noisy count of each column that has public values; ε in equal parts. ValueError where none has."""
    chosen = {name: term for name, term in terms.items() if public_keys(term)}
    if not chosen:
        raise ValueError(
            "mode needs a column of categories, truths, or whole numbers between close bounds; see op_pandas.cut"
        )
    own = replace(call, spend=part(call, Fraction(1, len(chosen))))
    found = {
        name: frequencies.mode(frequencies.frequencies(rows, {name: key_of(rows, term, name, name)}, own, None))
        for name, term in chosen.items()
    }
    return results.together(
        pd.DataFrame({name: each.array for name, each in found.items()}), [each.ag for each in found.values()]
    )
