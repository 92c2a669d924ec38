"""A small data set for these tests: the same rows for the fake vault and for pandas, which knows the right answers."""

import pandas as pd

import op_pandas
from ag_plan.messages import ColumnSchema, ColumnValues, DatasetSchema, View
from tests.private_pandas.fake_vault import FakeVault

TABLE = "clinic/train"
ROWS = [
    {"age": 31, "weight": 61.5, "sex": "f", "smoker": True, "note": "x"},
    {"age": 47, "weight": None, "sex": "m", "smoker": False, "note": None},
    {"age": 58, "weight": 82.0, "sex": "m", "smoker": True, "note": "y"},
    {"age": 23, "weight": 55.25, "sex": "f", "smoker": False, "note": "z"},
    {"age": 66, "weight": 74.0, "sex": "f", "smoker": False, "note": "x"},
    {"age": 39, "weight": 91.75, "sex": "m", "smoker": True, "note": "x"},
]
SCHEMA = [
    ColumnSchema(name="age", kind="int", nullable=False, lower=0, upper=120),
    ColumnSchema(name="weight", kind="float", lower=0.0, upper=200.0),
    ColumnSchema(name="sex", kind="str", nullable=False, categories=("f", "m", "x")),
    ColumnSchema(name="smoker", kind="bool", nullable=False),
    ColumnSchema(name="note", kind="str"),
]
PUBLIC = (
    ColumnValues(name="age", kind="int", values=(20, 30)),
    ColumnValues(name="seen", kind="datetime", values=(0, None)),
)
VIEWS = (
    View(key="train_x", kind="frame", table="train", columns=("age", "weight")),
    View(key="train_y", kind="series", table="train", columns=("sex",)),
    View(key="test_x", kind="public"),
)


def vault() -> FakeVault:
    """A vault of the clinic, bound to this process."""
    made = FakeVault({TABLE: (SCHEMA, ROWS)})
    made.catalog = [DatasetSchema(name="The Clinic", variable="clinic", tables=(TABLE,), views=VIEWS)]
    made.public = {"test_x": PUBLIC}
    op_pandas.bind(made)
    return made


def private() -> op_pandas.PrivateDataset:
    """The clinic as an analyst has it."""
    vault()
    found = op_pandas.load_dataset("The Clinic")
    assert isinstance(found, op_pandas.PrivateDataset)
    return found


def plain() -> pd.DataFrame:
    """The clinic as nobody has it."""
    return pd.DataFrame(ROWS)
