"""The nearest matrix that a real sample could have, to a noisy one: post-processing, which costs nothing.

Must not know how the matrix was released. The true matrix lies in the convex set that is projected on, so that what is released is
never farther from it (in the sum of squares) than what noise had left.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Matrix: TypeAlias = npt.NDArray[np.float64]
_ROUNDS = 100
_CLOSE = 1e-10


def semidefinite(matrix: Matrix) -> Matrix:
    """The nearest symmetric matrix without negative eigenvalues; as it is where it has none."""
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= 0:
        return matrix
    found: Matrix = (vectors * np.maximum(values, 0)) @ vectors.T
    return (found + found.T) / 2


def correlation(matrix: Matrix) -> Matrix:
    """The nearest correlation matrix: alternating projections with Dykstra's correction (Higham 2002, Algorithm 3.3)."""
    found, correction = (matrix + matrix.T) / 2, np.zeros_like(matrix)
    for _ in range(_ROUNDS):
        shifted = found - correction
        projected = semidefinite(shifted)
        correction = projected - shifted
        before, found = found, projected.copy()
        np.fill_diagonal(found, 1.0)
        if float(np.abs(found - before).max()) < _CLOSE:
            break
    # What rounds are left over is off the cone by: shrinking towards the identity ends inside of it.
    least = float(np.linalg.eigvalsh(found)[0])
    if least < 0:
        found = (found - least * np.eye(len(found))) / (1 - least)
    found = np.clip(found, -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return found


def known(matrix: Matrix) -> npt.NDArray[np.bool_]:
    """Which rows and columns of a symmetric matrix are kept so that none of its numbers is missing: most of all missing ones go first."""
    kept = np.ones(len(matrix), dtype=bool)
    while np.isnan(matrix[np.ix_(kept, kept)]).any():
        missing = np.where(kept, np.isnan(matrix[:, kept]).sum(axis=1), -1)
        kept[int(missing.argmax())] = False
    return kept
