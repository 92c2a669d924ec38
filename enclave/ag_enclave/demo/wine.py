"""Wine: 178 wines of one region, 13 chemical measures, and the cultivar."""

from sklearn.datasets import load_wine

from ag_enclave.demo.frames import Frames, supervised


def frames() -> Frames:
    """The data set, split."""
    data = load_wine(as_frame=True)
    cultivar = data.target.map(dict(enumerate(data.target_names.tolist())))
    return supervised(data.data, cultivar, "cultivar")
