"""Breast Cancer Wisconsin (Diagnostic): 569 tumours, 30 measures of cell nuclei, and the diagnosis."""

from sklearn.datasets import load_breast_cancer

from ag_enclave.demo.frames import Frames, supervised


def frames() -> Frames:
    """The data set, split."""
    data = load_breast_cancer(as_frame=True)
    diagnosis = data.target.map(dict(enumerate(data.target_names.tolist())))
    return supervised(data.data, diagnosis, "diagnosis")
