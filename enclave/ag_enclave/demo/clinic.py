"""A made-up clinic: 4000 patients and their visits, by a fixed seed. Nobody in it exists.

It has what real tables have: nulls, dates, categories of unequal size, and one patient with very many visits.
"""

import numpy as np
import pandas as pd

from ag_enclave.demo.frames import Frames

_SEED = 20240502
_PATIENTS = 4000
_FREQUENT_VISITS = 2500
REGIONS = ("north", "south", "east", "west", "centre")
SEXES = ("female", "male", "other")
DEPARTMENTS = ("general", "cardiology", "oncology", "orthopaedics", "paediatrics", "emergency")
_FIRST_DAY, _DAYS = np.datetime64("2020-01-01"), 5 * 365


def frames() -> Frames:
    """Both tables."""
    random = np.random.default_rng(_SEED)
    patients = _patients(random)
    return Frames(tables={"patients": patients, "visits": _visits(random, patients)})


def _patients(random: np.random.Generator) -> pd.DataFrame:
    count = _PATIENTS
    smoker = pd.Series(random.random(count) < 0.22, dtype="boolean")  # noqa: PLR2004 - shares of made-up people
    return pd.DataFrame(
        {
            "patient_id": [f"P{number:05d}" for number in range(count)],
            "sex": random.choice(SEXES, count, p=(0.51, 0.48, 0.01)),
            "birth_year": 2024 - np.clip(random.gamma(6.0, 8.0, count), 0, 105).astype(int),
            "region": random.choice(REGIONS, count, p=(0.3, 0.25, 0.2, 0.15, 0.1)),
            "smoker": smoker.mask(random.random(count) < 0.05),  # noqa: PLR2004 - shares of made-up people
            "bmi": _some_null(random, np.clip(random.normal(26.5, 5.0, count), 12, 70).round(1), 0.08),
        }
    )


def _visits(random: np.random.Generator, patients: pd.DataFrame) -> pd.DataFrame:
    """Most patients come a few times; the first one comes 2500 times."""
    per_patient = random.negative_binomial(1.2, 0.16, len(patients))
    per_patient[0] = _FREQUENT_VISITS
    who = np.repeat(np.arange(len(patients)), per_patient)
    order = random.permutation(len(who))
    who = who[order]
    count = len(who)
    age = 2024 - patients["birth_year"].to_numpy()[who]
    return pd.DataFrame(
        {
            "patient_id": patients["patient_id"].to_numpy()[who],
            "date": np.datetime_as_string(_FIRST_DAY + random.integers(0, _DAYS, count), unit="D"),
            "department": random.choice(DEPARTMENTS, count, p=(0.45, 0.15, 0.08, 0.12, 0.1, 0.1)),
            "cost": np.clip(random.lognormal(4.6, 1.0, count), 5, 15_000).round(2),
            "systolic": _some_null(random, np.clip(random.normal(105 + 0.4 * age, 14.0), 60, 260).round(), 0.3),
        }
    )


def _some_null(random: np.random.Generator, values: np.ndarray, share: float) -> np.ndarray:
    return np.where(random.random(len(values)) < share, np.nan, values)
