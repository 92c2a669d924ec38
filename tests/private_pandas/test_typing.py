"""Private and public are types: what rows would have to be shown for is an error before the cell runs.

Checked by the very checker that guests' cells meet, over this package's own annotations.
"""

import pytest

from ag_kernel.compiler.inference import Inference

PREAMBLE = """
import numpy as np
import pandas as pd
import op_pandas
from op_pandas import PrivateDataFrame, PrivateSeries
frame: PrivateDataFrame = op_pandas.load_dataset("x")
s = frame["age"]
"""

ACCEPTED = [
    "means = frame.mean(eps=0.5)\nmeans['age'] + 1\nmeans.ag.cost",
    "x: float = s.mean(eps=1) + 1\nn: int = s.count(1)",
    "if s.count(eps=1) > 10:\n    pass",
    "frame.groupby('sex').mean(eps=0.5).loc['f']",
    "frame.groupby(['sex', s > 3])['age'].mean(eps=1)",
    "frame['n'] = s * 2 + frame['b']",
    "frame[(s > 3) & ~(s == 4)].where(s > 1).dropna().describe(eps=1)",
    "counts, edges = s.hist(eps=1, bins=3)\ncounts.sum()",
    "frame.quantile(0.25)['age']",
    "s.quantile(0.25, eps=1) + 1",
    "frame.sum(axis=1) + 1",
    "frame.sum(eps=1)['age']",
    "frame.sum(axis=1, eps=1)",
    "frame.mean.preview(eps=1).cost['epsilon']\nframe.quantile.preview(eps=1, q=[0.5]).scale + 1\nprint(s.hist.preview(eps=1, bins=3))",
    "frame.groupby('sex').mean.preview(rho=0.1).half_widths\nframe.count(rho=0.1)['age'] + 1\ns.sum(accuracy=10) + 1",
    "np.log(s)",
    "PrivateDataFrame(pd.DataFrame({'a': [1]}), metadata={'a': (0, 1)}, _id='x')",
    "PrivateSeries(pd.Series([1, 2]), metadata=(0, 1))",
    "for name in frame.columns:\n    print(name.upper())",
    "len(frame.columns)",
    "frame.age.mean(eps=1)",
    "frame.info()\nprint(frame.info())",
    "frame.drop('x', axis=1, inplace=True)",
    "frame.mean(eps=np.float64(1))",
    "s.mean(eps=1) == 1",
    "s.map(lambda x: x.lower() + 1).mean(eps=1)",
    "def f(x: float) -> str:\n    return 'a' if x > 1 else 'b'\nframe['f'] = s.map(f, eps=0, na_action=None, output_categories=['a', 'b'])",
    "s.map({'a': 1}, output_bounds=(0, 1)) + 1",
    "s.map(pd.Series([1], index=['a']))",
    "frame.applymap(lambda x: x * 2, eps=0, output_bounds={'a': (0, 1)}).mean(eps=1)",
    "frame['r'] = frame.apply(lambda row: row['a'] + row.b, axis=1)",
    "frame[lambda row: row['a'] > 1].where(lambda row: row['a'] > 1 and row['b'] < 2)",
    "s[lambda x: x > 3].where(lambda x: x > 3)",
    "frame.merge(frame, on='pid', how='left').join(s, lsuffix='_l').drop_duplicates('pid').limit_per_unit(3).mean(eps=1)",
    "op_pandas.merge(frame, pd.DataFrame({'age': [1]}), on='age')['age'].sum(eps=1) + 1",
    "op_pandas.concat([frame, frame]).describe(eps=1)",
    "frame.groupby('pid')['age'].sum().mean(eps=1) + 1\nframe.groupby('pid').agg(total=('age', 'sum'))['total'].hist(eps=1)",
    "frame.groupby('age', bins=[0, 18, 65]).mean(eps=1)\nframe.groupby('city', keys=['Ulm'], delta=1e-9).size(eps=1)['Ulm']",
    "frame['band'] = op_pandas.cut(frame['age'], [0, 18, 65], labels=['young', 'old'])",
    "op_pandas.get_dummies(frame, columns=['sex']).mean(eps=1)",
    "for value in s.unique(eps=1):\n    print(value)\ns.nunique(eps=1) + 1\ns.mode(eps=1)[0]\ns.value_counts(1, normalize=True)['a']",
    "s.make_series_non_categorical((0, 5)).mean(eps=1)",
    "from op_pandas import StandardScaler\nscaler = StandardScaler().fit(frame, eps=1)\nscaler.transform(frame).mean(eps=1)\nscaler.fit.preview(frame, eps=1).cost",
    "op_pandas.OneHotEncoder().fit_transform(frame)\nop_pandas.MinMaxScaler().fit(frame).parameters['a']",
    "train, test = op_pandas.train_test_split(frame, test_size=0.3, random_state=1)\ntrain.mean(eps=1)",
    "s.str.lower().value_counts(eps=1)\nframe['y'] = s.dt.year\nframe.max(axis=1) + 1\nframe.idxmax(axis=1) == 'a'",
    "frame.loc[frame.age > 3, 'age'].mean(eps=1)\nframe.loc[frame.age > 3, ['age']].mean(eps=1)\nframe.loc[s > 1, 'x'] = 1\nframe.loc[3]\ns.loc[s > 1]",
    "frame[['a', 'b']] = frame[['c', 'd']]\nframe['a'] = frame[['c']]\nframe[frame.a > 1] = 3\nframe.reset_index(drop=True).mean(eps=1)",
    "frame['w'] = np.where(frame.age > 30, 'old', 'young')\nframe['l'] = np.log1p(frame.fare)",
    "frame['t'] = s.str.extract(r' (\\w+)[.]', expand=False)\ns.str.split(',').str[0].value_counts(eps=1)\ns.str.contains('a', na=False) & (s == 'b')",
    "frame['days'] = (frame.left - frame.came).dt.days\n(frame.left - frame.came).dt.total_seconds().mean(eps=1)\nframe.groupby('a')['b', 'c'].mean(eps=1)",
    "frame.dropna(axis=1)\nframe.drop(name='a')\ns.isin(s)\nframe['a', 'b']",
    "frame.add_prefix('x_').filter(like='x').sample(frac=0.1).replace({1: 2}).describe(eps=1)",
]

REJECTED = [
    ("if s:\n    pass", "truthy-bool"),
    ("if frame:\n    pass", "truthy-bool"),
    ("not s", "truthy-bool"),
    ("s.isna() and s", "truthy-bool"),
    ("for x in s:\n    pass", "attr-defined"),
    ("for x in frame:\n    pass", "attr-defined"),
    ("len(s)", "arg-type"),
    ("3 in s", "operator"),
    ("float(s)", "arg-type"),
    ("list(frame)", "call-overload"),
    ("sorted(s)", "call-overload"),
    ("s.tolist()", "attr-defined"),
    ("frame.head()", "operator"),
    ("frame.iterrows()", "operator"),
    ("s.mean(eps='1')", "arg-type"),
    ("s.mean.preview(eps='1')", "arg-type"),
    ("s.mean.review(eps=1)", "attr-defined"),
    ("x: int = s.quantile(0.5, eps=1)", "assignment"),
    ("s + [1]", "operator"),
    ("s.map(3)", "arg-type"),
    ("x: int = s.mean(eps=1)", "assignment"),
    ("x: pd.DataFrame = frame", "assignment"),
]


@pytest.fixture(scope="module")
def checker() -> Inference:
    return Inference()


def codes(checker: Inference, cell: str) -> list[str]:
    found = checker.check("cell", PREAMBLE + cell)
    checker.forget(("cell",))
    assert found is not None
    return [finding.code for finding in found]


@pytest.mark.parametrize("cell", ACCEPTED)
def test_an_ordinary_line_is_accepted(checker: Inference, cell: str) -> None:
    assert codes(checker, cell) == []


@pytest.mark.parametrize(("cell", "code"), REJECTED)
def test_a_line_that_needs_rows_is_rejected(checker: Inference, cell: str, code: str) -> None:
    assert codes(checker, cell) == [code]
