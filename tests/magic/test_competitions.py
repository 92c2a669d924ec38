"""A competition from its owner's files to the board: scores are close to the truth, charged, and nothing else is told of the labels."""

import ast
import csv
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import sqlalchemy as sa
import yaml

import antigranular as ag
from ag_enclave.competitions import Competition, Submission, board, final_board
from ag_enclave.errors import BadData, Refusal
from ag_enclave.judge import cell_of
from ag_enclave.rules import MOST_ROWS, check_window, checked, read_rules
from tests import warm
from tests.enclave.conftest import accounts_in
from tests.enclave.raw_client import RawClient
from tests.enclave_server import Enclave

if TYPE_CHECKING:
    import subprocess

ROWS = 600
SPECIES = ("setosa", "versicolor", "virginica")
CHANCE = random.Random(7)
LABELS = [CHANCE.choice(SPECIES) for _ in range(ROWS)]
SIZES = [CHANCE.uniform(0, 10) for _ in range(ROWS)]
LABEL = {"column": "species", "type": "str", "categories": list(SPECIES)}
BUDGET = {"epsilon": 100, "delta": 1.0e-6, "per_analyst": {"epsilon": 6}, "per_call": {"epsilon": 2}}
RULES = {
    "dataset": "Iris", "rows": ROWS, "epsilon": 1.0, "budget": BUDGET, "per_hour": 5, "per_day": 6,
    "opens": "2020-01-01T00:00:00+00:00", "closes": "2100-01-01T00:00:00+00:00",
}  # fmt: skip
SPECIES_RULES = {
    **RULES, "metric": "accuracy", "label": LABEL,
}  # fmt: skip
SIZE_RULES = {
    **RULES, "metric": "absolute_error", "label": {"column": "size", "type": "float", "lower": 0, "upper": 10},
}  # fmt: skip

Register = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def register(demo_enclave: Enclave, tmp_path_factory: pytest.TempPathFactory) -> Register:
    def add(name: str, rules: dict[str, Any], labels: list[Any], state: str = "") -> "subprocess.CompletedProcess[str]":
        folder = tmp_path_factory.mktemp("competition")
        (folder / "rules.yaml").write_text(yaml.safe_dump(rules))
        with (folder / "labels.csv").open("w", newline="") as file:
            csv.writer(file).writerows([["row", rules["label"]["column"]], *enumerate(labels)])
        files = ["--metadata", str(folder / "rules.yaml"), "--labels", str(folder / "labels.csv")]
        return warm.run("competition", "add", name, *files, "--state", demo_enclave.state)

    return add


@pytest.fixture
def competing(at_demo: Enclave, register: Register) -> Iterator[Callable[[str, dict[str, Any], list[Any]], Any]]:
    def login(name: str, rules: dict[str, Any], labels: list[Any]) -> Any:
        done = register(name, rules, labels)
        assert done.returncode == 0, done.stderr
        return ag.login(competition=name)

    return login


def test_a_prediction_that_is_changed_anywhere_is_a_new_question_with_its_own_noise_and_price(competing: Any) -> None:
    """Which rows count on the board would be known to whoever sees that a change makes no difference."""
    rules = {**SPECIES_RULES, "rows": 12, "epsilon": 0.25, "per_hour": 50, "per_day": 50}
    with competing("Small Cup", rules, LABELS[:12]) as session:
        wrong = ["virginica" if label == "setosa" else "setosa" for label in LABELS[:12]]
        changed = [
            [*wrong[:at], "versicolor", *wrong[at + 1 :]] for at in range(7)
        ]  # of six rows that count and six that don't, one each at least
        logs = [session.submit_predictions(each)["score"]["logs"] for each in (wrong, *changed)]
        assert [(each["cost"], each["repeated"]) for each in logs] == [({"epsilon": "1/4", "delta": 0.0}, False)] * 8
        assert len({each["half_width"] for each in logs}) == 1
        assert session.privacy_odometer()["dataset_costs"]["Labels of Small Cup"]["eps"] == 8 / 4


def test_a_cell_submits_what_is_public_and_hears_what_the_notebook_would(competing: Any) -> None:
    rules = {**SPECIES_RULES, "per_hour": 2}
    with competing("Cell Cup", rules, LABELS) as session:
        session.private_import(LABELS, "labels")
        done = session.execute(
            "import pandas\nscored = submit_predictions(pandas.Series(labels))\nexport(scored, 'scored')"
        )
        scored = done.exports["scored"]["score"]
        assert abs(scored["leaderboard"] - 1.0) < 0.15
        assert (scored["logs"]["cost"], scored["logs"]["scored_rows"]) == ({"epsilon": "1", "delta": 0.0}, ROWS // 2)
        (row,) = session.leaderboard()
        assert row["score"] == scored["leaderboard"]
        assert "dry run submits nothing" in refused(session, "submit_predictions(labels)", mock=True)
        for source, problem in (
            (
                "submit_predictions(labels[:-1])",
                "needs 600 predictions, one for each row of the test set in its order; you sent 599",
            ),
            ("submit_predictions([*labels[:-1], 'rose'])", 'Prediction 599 is "rose", and must be one of setosa'),
            ("submit_predictions(iris.train_y)", "Please ensure submit_predictions is called on a non-private type"),
            ("submit_predictions([iris][0])", "Please ensure submit_predictions is called on a non-private type"),
            ("import numpy\nsubmit_predictions(numpy.array([[float('nan')]]))", "Prediction 0 is nan"),
            ("submit_predictions(7)", "a list: one value per row, not an int"),
        ):
            assert problem in refused(session, source), source
        assert len(session.leaderboard()) == 1
        session.submit_predictions(LABELS)
        assert "takes 2 submissions per hour; the next one in 60 minutes" in refused(
            session, "submit_predictions(labels)"
        )
    with ag.login(dataset="Iris") as session:
        assert "belongs to no competition" in refused(session, "submit_predictions([1])")


def refused(session: Any, source: str, **how: Any) -> str:
    with pytest.raises(ag.CellError) as raised:
        session.execute(source, **how)
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "rules", "kinds"), [("Large Cup", SPECIES_RULES, SPECIES), ("Large Sizes", SIZE_RULES, (0.0, 10.0))]
)
def test_the_most_rows_are_scored_also_where_all_count_on_the_board(
    competing: Any, name: str, rules: dict[str, Any], kinds: Sequence[Any]
) -> None:
    labels = [kinds[row % 2] for row in range(MOST_ROWS)]
    with competing(name, {**rules, "rows": MOST_ROWS, "public_share": 1}, labels) as session:
        far = [1e308 if label == 0.0 else label for label in labels]
        logs = session.submit_predictions(far)["score"]
        assert logs["logs"]["scored_rows"] == MOST_ROWS
        assert abs(logs["leaderboard"] - (1.0 if rules is SPECIES_RULES else 5.0)) < 0.1


def test_final_scores_are_those_of_the_rows_that_the_board_left_out_and_nobody_sees_them_before_the_end(
    competing: Any, at_demo: Enclave
) -> None:
    with competing("Final Cup", SPECIES_RULES, LABELS) as session:
        with accounts_in(at_demo.state) as database:
            scored = database.execute(sa.text("SELECT scored FROM competitions WHERE name = 'Final Cup'")).scalar_one()
        shown = set(json.loads(scored))
        overfitted = [label if row in shown else "virginica" for row, label in enumerate(LABELS)]
        session.submit_predictions(overfitted)
        (row,) = session.leaderboard()
        assert session.leaderboard().final is None
        assert abs(row["score"] - 1.0) < 0.15, "as if its analyst had known the rows of the board"
        assert session.privacy_odometer()["dataset_costs"]["Labels of Final Cup"]["eps"] == 1.0, "one ε for both scores"
        raw = RawClient(at_demo, "analyst").login()
        assert raw.ask("GET", "/ag/v1/competitions/Final%20Cup/board", {}).json["final"] is None
        with accounts_in(at_demo.state) as database:
            over = "UPDATE competitions SET rules = replace(rules, '2100-01', '2021-01') WHERE name = 'Final Cup'"
            database.execute(sa.text(over))
        board = session.leaderboard()
        assert board.final is not None
        (final,) = board.final
        others = [label == "virginica" for row, label in enumerate(LABELS) if row not in shown]
        assert abs(final["score"] - sum(others) / len(others)) < 0.15
        assert (final["board_score"], final["analyst"]) == (row["score"], row["analyst"])
        assert "closed 2021-01-01 00:00 UTC, final" in str(board)
        assert "final score" in board._repr_html_()
        with pytest.raises(ag.RequestRefused, match="closed at 2021-01-01"):
            session.submit_predictions(LABELS)


def forget_submissions(enclave: Enclave) -> None:
    with accounts_in(enclave.state) as database:
        database.execute(sa.text("DELETE FROM submissions"))


def owners_see_labels(enclave: Enclave, session: Any) -> None:
    """What was spent on the labels; and an analyst may ask for more of it."""
    account = enclave.accounts["owner"]
    owner = ag.connect(enclave.url, account["user_id"], account["user_secret"], ca=enclave.ca)
    shown = RawClient(enclave, "owner").login().ask("GET", "/ag/v1/budgets", {}).json
    (labels,) = [each for each in shown if each["dataset"] == "Labels of Iris Species"]
    assert {(each["who"] == "", each["epsilon"]) for each in labels["spent"]} == {(True, 2.0), (False, 2.0)}
    asked = session.request_budget(eps=3, reason="more submissions", dataset="Labels of Iris Species")
    next(each for each in owner.requests if each.id == asked.id).accept()


def test_a_submission_is_scored_charged_and_on_the_board_and_others_are_refused(
    competing: Any, register: Register, at_demo: Enclave
) -> None:
    with competing("Iris Species", SPECIES_RULES, LABELS) as session:
        assert session.dataset == "Iris"
        assert "in the session as iris, competition Iris Species" in session.describe()["text/plain"]
        right = session.submit_predictions(pd.DataFrame({"species": LABELS}))
        balance = session.privacy_odometer()
        assert balance["dataset_costs"]["Labels of Iris Species"]["eps"] == 1.0
        assert balance["remaining"]["Labels of Iris Species"]["eps"] == 5.0
        forget_submissions(at_demo)
        assert session.leaderboard() == [], "as if the gateway had died between charge and record"
        half = session.submit_predictions([*LABELS[: ROWS // 2], *["setosa"] * (ROWS // 2)])
        again = session.submit_predictions(pd.Series(LABELS))
        for answer, truth in ((right, 1.0), (half, 2 / 3)):
            assert abs(answer["score"]["leaderboard"] - truth) < 0.15
            assert answer["score"]["logs"]["cost"] == {"epsilon": "1", "delta": 0.0}
            assert answer["score"]["logs"]["half_width"] == pytest.approx(3 / (ROWS // 2), rel=0.01)
        assert again["score"]["leaderboard"] == right["score"]["leaderboard"]
        assert again["score"]["logs"]["repeated"], "the same predictions are the same question: free"
        (first,) = session.leaderboard()
        assert (first["rank"], first["submissions"], first["score"]) == (1, 2, right["score"]["leaderboard"])
        assert first["analyst"] in str(session.leaderboard())
        for wrong, problem in (
            (LABELS[:-1], "needs 600 predictions"),
            ([*LABELS[:-1], "rose"], 'Prediction 599 is "rose", and must be one of setosa'),
            ([*LABELS[:-1], None], "Prediction 599 is null"),
            ([*LABELS[:-1], '")\nexport(labels, "x")'], "Prediction 599"),
            (pd.DataFrame({"a": LABELS, "b": LABELS}), "one column"),
            ("setosa", "a list: one value per row"),
            ([*LABELS[:-1], {}], "Prediction 599 is a dict"),
        ):
            with pytest.raises((ag.RequestRefused, ag.NotPredictions), match=problem):
                session.submit_predictions(wrong)
        assert len(session.leaderboard()) == 1
        assert "Labels of Iris Species" not in [each["name"] for each in session.datasets()]
        with pytest.raises(ag.AgError, match="no data set"):
            ag.login(dataset="Labels of Iris Species")
        with pytest.raises(ag.CellError, match="no data set"):
            session.execute("load_dataset('Labels of Iris Species')")
        owners_see_labels(at_demo, session)
        for count in range(3):
            session.submit_predictions([*["virginica"] * (count + 1), *LABELS[count + 1 :]])
        with pytest.raises(ag.RequestRefused, match="takes 5 submissions per hour; the next one in 60 minutes"):
            session.submit_predictions(LABELS)
    assert "already a competition" in register("Iris Species", SPECIES_RULES, LABELS).stderr


def test_an_error_metric_is_clipped_and_a_budget_that_ends_and_a_window_are_said(
    competing: Any, register: Register
) -> None:
    rules = {**SIZE_RULES, "budget": {**BUDGET, "per_analyst": {"epsilon": 1.5}}}
    with competing("Petal Sizes", rules, SIZES) as session:
        answer = session.submit_predictions([size + 1 if size < 5 else size - 1 for size in SIZES])
        assert abs(answer["score"]["leaderboard"] - 1.0) < 0.5
        with pytest.raises(ag.RequestRefused, match="not scored: Maximum delta or epsilon exceeded"):
            session.submit_predictions([0.0] * ROWS)
        for wrong in ([float("nan")] * ROWS, [True] * ROWS):
            with pytest.raises((ag.RequestRefused, ValueError)):
                session.submit_predictions(wrong)
    with ag.login(dataset="Iris") as session, pytest.raises(ag.SessionError, match="no competition"):
        session.submit_predictions(SIZES)
    with pytest.raises(ag.AgError, match="no competition 'Nothing'"):
        ag.login(competition="Nothing")


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"metric": "magic"}, "can't be read"),
        ({"rows": 20_000}, "rows must be from 2 to 10,000"),
        ({"epsilon": -1.0}, "epsilon must be above 0"),
        ({"closes": "2019-01-01T00:00:00+00:00"}, "closes before it opens"),
        ({"opens": "2019-01-01T00:00:00"}, "time zone"),
        ({"label": {"column": "species", "type": "str"}}, "categories"),
        ({"metric": "absolute_error"}, "lower and upper"),
    ],
    ids=str,
)
def test_rules_that_can_t_be_kept_are_said_in_one_sentence(changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadData, match=problem):
        read_rules({"name": "x", **SPECIES_RULES, **changed})


def test_a_submission_too_early_too_late_or_too_often_is_refused_with_the_time_to_wait() -> None:
    rules = read_rules({"name": "Cup", **SPECIES_RULES, "per_hour": 2, "per_day": 3})
    now = datetime(2026, 5, 1, tzinfo=UTC)
    hours = [now - timedelta(hours=back) for back in (30, 5, 3)]
    check_window(rules, now, hours)
    for at, mine, status, sentence in (
        (datetime(2019, 1, 1, tzinfo=UTC), [], 403, "opens at 2020-01-01 00:00 UTC"),
        (datetime(2101, 1, 1, tzinfo=UTC), [], 403, "closed at 2100-01-01 00:00 UTC"),
        (now, [*hours, now - timedelta(minutes=50)], 429, "3 submissions per day; the next one in 1140 minutes"),
        (now, [now - timedelta(minutes=50), now], 429, "2 submissions per hour; the next one in 10 minutes"),
    ):
        with pytest.raises(Refusal, match=sentence) as refused:
            check_window(rules, at, mine)
        assert refused.value.status == status


def test_what_was_predicted_is_data_in_the_judge_s_cell_and_every_prediction_is_in_it() -> None:
    hostile = "a'\"{x}\\\n\u2028''' \"\"\"); export(labels, 'x')"
    rules = read_rules({"name": "Cup", **SPECIES_RULES, "rows": 3, "label": {**LABEL, "categories": [hostile, "b"]}})
    source = cell_of(Competition(rules=rules, scored=[0, 2]), [hostile, "b", hostile])
    (read,) = [
        node for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "json.loads"
    ]  # fmt: skip
    task = json.loads(ast.literal_eval(read.args[0]))
    assert (task["predicted"], task["board"]) == ([hostile, "b", hostile], [True, False, True])
    harmless = cell_of(Competition(rules=rules, scored=[1]), ["b"] * 3)
    assert len(ast.parse(source).body) == len(ast.parse(harmless).body)


@pytest.mark.parametrize(
    ("label", "good", "bad"),
    [
        ({"type": "int", "categories": [0, 1]}, [0, 1], [2, True, 1.0, "1", None]),
        ({"type": "bool"}, [True, False], [1, "true", None]),
        ({"type": "str", "categories": ["a"]}, ["a"], ["b", 1, None]),
        ({"type": "float", "categories": [0.5]}, [0.5, 1, -1e300], [float("inf"), "1", True, None]),
    ],
    ids=str,
)
def test_each_prediction_is_of_the_label_s_kind(label: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    rules = read_rules({"name": "Cup", **SPECIES_RULES, "rows": 2, "label": {"column": "label", **label}})
    for value in good:
        assert checked(rules, [value, good[0]]) == [value, good[0]]
    for value in bad:
        with pytest.raises(Refusal, match="Prediction 1 is"):
            checked(rules, [good[0], value])


def test_equal_scores_rank_by_who_was_first_and_errors_from_the_least() -> None:
    rules = read_rules({"name": "Cup", **SPECIES_RULES})
    at = datetime(2026, 5, 1, tzinfo=UTC)
    scores = [("ann", 0.5), ("bob", 0.9), ("ann", 0.9), ("cy", 0.1)]
    submitted = [
        Submission(number=number, analyst=who, at=at, score=score, half_width=0.1)
        for number, (who, score) in enumerate(scores)
    ]
    assert [(row["rank"], row["analyst"], row["submissions"]) for row in board(rules, submitted)] == [
        (1, "bob", 1), (2, "ann", 2), (3, "cy", 1),
    ]  # fmt: skip
    errors = read_rules({"name": "Cup", **SIZE_RULES})
    assert [row["analyst"] for row in board(errors, submitted)] == ["cy", "ann", "bob"]


def test_the_final_board_ranks_the_board_s_submissions_by_their_other_rows() -> None:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    scores = [("ann", 0.5, 0.9), ("ann", 0.9, 0.4), ("bob", 0.8, 0.7), ("cy", 0.95, None)]
    submitted = [
        Submission(
            number=number, analyst=who, at=at, score=score, half_width=0.1, final=final,
            final_half_width=None if final is None else 0.2,
        )
        for number, (who, score, final) in enumerate(scores)
    ]  # fmt: skip
    rules = read_rules({"name": "Cup", **SPECIES_RULES})
    found = [(row["rank"], row["analyst"], row["score"], row["board_score"]) for row in final_board(rules, submitted)]
    assert found == [(1, "bob", 0.7, 0.8), (2, "ann", 0.4, 0.9)], "cy's was not scored on both"
    unsplit = [replace(each, final=None) for each in submitted]
    assert [row["analyst"] for row in final_board(rules, unsplit)] == ["cy", "ann", "bob"]


def test_files_that_are_no_rules_are_one_sentence(register: Register, tmp_path: Path) -> None:
    assert "can't be kept: rows" in register("Too Many", {**SPECIES_RULES, "rows": 0}, LABELS).stderr
    assert (
        "There is no data set 'Nothing'" in register("Unknown", {**SPECIES_RULES, "dataset": "Nothing"}, LABELS).stderr
    )
