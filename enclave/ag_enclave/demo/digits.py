"""Digits: 1797 handwritten digits of 8 by 8 pixels, and which digit each is."""

from sklearn.datasets import load_digits

from ag_enclave.demo.frames import Frames, supervised


def frames() -> Frames:
    """The data set, split."""
    data = load_digits(as_frame=True)
    return supervised(data.data.astype(int), data.target.astype(str), "digit")
