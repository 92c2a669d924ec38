"""Diabetes: 442 patients, ten measures in their own units, and the disease's progression a year later."""

from sklearn.datasets import load_diabetes

from ag_enclave.demo.frames import Frames, supervised


def frames() -> Frames:
    """The data set, split. The usual scaled form is not used: its scale is computed from the data."""
    data = load_diabetes(as_frame=True, scaled=False)
    features = data.data.astype({"age": int, "sex": int})
    return supervised(features, data.target, "progression")
