"""Iris: 150 flowers, four measures, and the species."""

from sklearn.datasets import load_iris

from ag_enclave.demo.frames import Frames, supervised


def frames() -> Frames:
    """The data set, split."""
    data = load_iris(as_frame=True)
    species = data.target.map(dict(enumerate(data.target_names.tolist())))
    return supervised(data.data, species, "species")
