"""op_pandas: pandas for rows nobody may see. Every method gives a longer plan, or asks the vault for a release.

Nothing here is a security boundary: the guest's process is not trusted, the vault is.
"""

from op_pandas.bins import cut
from op_pandas.dataset import PrivateDataset, datasets, load_dataset, load_mock
from op_pandas.dummies import get_dummies
from op_pandas.encoding import OneHotEncoder, OrdinalEncoder
from op_pandas.frame import PrivateDataFrame
from op_pandas.functions import to_datetime
from op_pandas.joins import merge
from op_pandas.private import Private
from op_pandas.results import provenance
from op_pandas.scaling import MinMaxScaler, StandardScaler, standard_scaler
from op_pandas.series import PrivateSeries
from op_pandas.splitting import train_test_split
from op_pandas.stacks import concat
from op_pandas.tensor import tensor
from op_pandas.vault import bind

__all__ = [
    "MinMaxScaler",
    "OneHotEncoder",
    "OrdinalEncoder",
    "Private",
    "PrivateDataFrame",
    "PrivateDataset",
    "PrivateSeries",
    "StandardScaler",
    "bind",
    "concat",
    "cut",
    "datasets",
    "get_dummies",
    "load_dataset",
    "load_mock",
    "merge",
    "provenance",
    "standard_scaler",
    "tensor",
    "to_datetime",
    "train_test_split",
]
