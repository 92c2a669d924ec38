"""Dry runs through a whole enclave: mocks in the data's place for one cell, free, marked, and then the data again."""

from collections.abc import Iterator

import pandas as pd
import pytest

import antigranular as ag
from tests.enclave_server import Enclave

MEAN = "export(breast_cancer['mean_radius'].mean(eps=0.1), 'mean')\nexport(older.count(eps=0.2), 'counted')"


@pytest.fixture
def session(at_demo: Enclave) -> Iterator[ag.Session]:
    with ag.login(dataset="Breast Cancer") as started:
        yield started


def test_a_dry_run_uses_the_same_variables_costs_nothing_and_says_what_it_is(
    session: ag.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    before = session.privacy_odometer()
    session.execute("older = breast_cancer['mean_radius'][breast_cancer['mean_radius'] > 0]")
    rehearsed = session.mock(f"tried = 1\n{MEAN}")
    assert rehearsed.mock
    assert rehearsed.budget == []
    assert rehearsed.exports["mean"].ag.mock
    assert "if it were real" in repr(rehearsed.exports["mean"].ag)
    assert "mean is of mock data." in capsys.readouterr().err
    assert rehearsed.exports["counted"] < 200  # of 100 made-up rows, where the data has about 569
    real = session.execute(f"tried += 1\n{MEAN}\nprint(tried)")
    assert not real.mock
    assert not real.exports["mean"].ag.mock
    assert real.exports["mean"].ag.cost == rehearsed.exports["mean"].ag.cost
    assert real.exports["counted"] > 400
    assert real.budget[0]["spent"] == pytest.approx(0.3)
    after = session.privacy_odometer()
    assert repr(before) != repr(after)


def test_a_dry_run_that_fails_leaves_the_data_in_place(session: ag.Session) -> None:
    with pytest.raises(ag.CellError, match="division"):
        session.mock("1 / 0")
    result = session.execute("export(breast_cancer['mean_radius'].count(eps=0.2), 'counted')")
    assert result.exports["counted"] > 400
    assert not result.exports["counted"].ag.mock


def test_the_made_up_rows_are_frames_of_the_views(session: ag.Session) -> None:
    frames = session.mock.frames()
    train = next(frame for frame in frames.values() if isinstance(frame, pd.DataFrame))
    assert len(train) > 50
    inside = session.execute(
        "export(sorted(load_mock('Breast Cancer')), 'keys')\nexport(breast_cancer.keys().tolist(), 'views')"
    )
    assert sorted(frames) == inside.exports["keys"] == sorted(inside.exports["views"])
    assert session.privacy_odometer() is not None
