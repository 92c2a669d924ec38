"""`python -m tests.bench.associations`: errors of covariances and correlations at equal ε, against splitting ε over all moments.

The same rows and the same way of reading moments for both; only how ε is spent differs. No privacy at all would have no error.
"""

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from ag_plan.releases import Corr, Cov, Skew
from ag_vault.answer import Answer, answer
from ag_vault.evaluate import DuckData
from ag_vault.ledger import Receipt
from ag_vault.noise import OpenDPNoise
from ag_vault.space import ColumnSpace
from op_pandas.projection import correlation
from tests.vault import world

ROWS, RUNS, EPSILON = 10_000, 40, Fraction(1)
Matrix = np.ndarray[Any, np.dtype[np.float64]]


def rows_of(columns: int) -> Matrix:
    """Places in [0, 1]: correlated, of different means, as wide as a quarter of their bounds."""
    rng = np.random.default_rng(columns)
    shared = rng.normal(size=(ROWS, 1))
    spread = 0.09 * shared + 0.09 * rng.normal(size=(ROWS, columns))
    found: Matrix = np.clip(np.linspace(0.3, 0.7, columns) + spread, 0, 1)
    return found


def naive(places: Matrix, rng: np.random.Generator) -> Matrix:
    """Covariances of a count, sums, and sums of all products, each with its own share of ε.

    Of places around the middle, in [-1, 1], which is kinder to it than [0, 1] would be; a row moves each number by 1 at most.
    """
    rows, columns = places.shape
    places = 2 * places - 1
    scale = (columns + 1) * (columns + 2) / 2 / float(EPSILON)
    above = np.triu(rng.laplace(scale=scale, size=(columns, columns)))
    products = places.T @ places + above + np.triu(above, 1).T
    count = rows + rng.laplace(scale=scale)
    means = (places.sum(axis=0) + rng.laplace(scale=scale, size=columns)) / count
    found: Matrix = (products / count - np.outer(means, means)) / 4
    return found


def put(places: Matrix) -> tuple[dict[str, ColumnSpace], DuckData]:
    """The rows in the engine."""
    spaces = {f"x{number}": ColumnSpace(kind="float", lower=0.0, upper=1.0) for number in range(places.shape[1])}
    engine = world.engine()
    values = {name: places[:, number].copy() for number, name in enumerate(spaces)}
    engine.register("values_of_bench", values)
    engine.execute(f'CREATE OR REPLACE TABLE "{world.KEY}" AS SELECT * FROM values_of_bench')
    return spaces, DuckData(engine)


def released(measure: Any, spaces: dict[str, ColumnSpace], data: DuckData) -> list[float]:
    """The vault's numbers."""
    found = answer(
        world.ask(measure, eps=EPSILON),
        catalog=world.catalog(spaces),
        charge=lambda plan: Receipt(sequence=1, event=plan.event),
        data=data,
        noise=OpenDPNoise(),
    )
    assert isinstance(found, Answer)
    return [np.nan if value is None else float(value) for row in found.values for value in row]


def matrix(pairs: list[float], columns: int) -> Matrix:
    """Correlations of pairs as a matrix."""
    found = np.eye(columns)
    for (i, j), value in zip(itertools.combinations(range(columns), 2), pairs, strict=True):
        found[i, j] = found[j, i] = value
    return found


def error(draw: Callable[[], Any], truth: Any) -> float:
    """The root of the mean square error over runs and numbers; unknown numbers count as 0."""
    return float(np.sqrt(np.mean([(np.nan_to_num(draw()) - truth) ** 2 for _ in range(RUNS)])))


def correlated(covariances: Matrix) -> Matrix:
    """As the vault makes correlations: within [-1, 1], unknown where a variance is not above 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        deviations = np.sqrt(np.diag(covariances))
        found: Matrix = np.clip(covariances / np.outer(deviations, deviations), -1, 1)
    return found


def lines() -> Iterator[str]:
    """One line per number of columns."""
    yield f"{ROWS:,} rows, ε = {EPSILON}, {RUNS} runs; RMSE off the diagonal"
    yield "columns  cov naive   ours      ratio   corr naive  ours    ratio   ours, nearest matrix"
    rng = np.random.default_rng(1)
    for columns in (2, 3, 5, 10, 20):
        places = rows_of(columns)
        spaces, data = put(places)
        names, off = tuple(spaces), np.triu_indices(columns, 1)
        covariance, truth = np.cov(places.T, ddof=0)[off], np.corrcoef(places.T)
        plain = error(lambda places=places, off=off: naive(places, rng)[off], covariance)  # type: ignore[misc]
        cov = Cov(columns=names, ddof=0, own=False)
        own = error(lambda: released(cov, spaces, data), covariance)  # noqa: B023 - called at once
        split = error(lambda places=places, off=off: correlated(naive(places, rng))[off], truth[off])  # type: ignore[misc]
        drawn = [matrix(released(Corr(columns=names), spaces, data), columns) for _ in range(RUNS)]
        takes, nearest = iter(drawn), iter(drawn)
        corr = error(lambda: next(takes)[off], truth[off])  # noqa: B023
        moved = error(lambda: correlation(np.nan_to_num(next(nearest)))[off], truth[off])  # noqa: B023
        yield (
            f"{columns:7}  {plain:.6f}  {own:.6f}  {plain / own:5.2f}   {split:.4f}      {corr:.4f}  {split / corr:5.2f}   {moved:.4f}"
        )


def skewness() -> str:
    """Skew against three raw moments and a count at a quarter of ε each."""
    places = rows_of(2)[:, 0] ** 2
    centred = 2 * places - 1
    spaces, data = put(places[:, None])
    rng = np.random.default_rng(2)

    def shape(count: float, moments: list[float]) -> float:
        mean, second, third = (moment / count for moment in moments)
        var = max(second - mean**2, 1e-9)
        return (third - 3 * mean * second + 2 * mean**3) / var**1.5

    def split() -> float:
        sums = [float((centred**power).sum() + rng.laplace(scale=4)) for power in (0, 1, 2, 3)]
        return shape(sums[0], sums[1:])

    truth = shape(ROWS, [float((places**power).sum()) for power in (1, 2, 3)])
    plain, own = error(split, truth), error(lambda: released(Skew(columns=tuple(spaces)), spaces, data), truth)
    return f"skew of one column: naive {plain:.4f}, ours {own:.4f}, ratio {plain / own:.2f}"


def main() -> None:
    """Print each line as soon as it is measured."""
    for line in lines():
        print(line, flush=True)
    print(skewness())


if __name__ == "__main__":
    main()
