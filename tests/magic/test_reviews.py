"""The review lane against a whole enclave: code is submitted, read, run on mock and on data in a jail, and what leaves is what an owner deposits."""
# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code="no-untyped-call"

import contextlib
import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import antigranular as ag
from ag_enclave.migrate import open_accounts
from ag_enclave.notices import ACTIONS
from ag_enclave.review import Ended, Input, Submission
from ag_enclave.reviews import Reviews
from antigranular.code_requests import CodeRequest
from antigranular.parcel import pack
from antigranular.policies import Draft
from tests import warm
from tests.enclave.conftest import exchanged
from tests.enclave.people import add_user
from tests.enclave.post import Postbox, postbox
from tests.enclave.processes import children, eventually
from tests.enclave.raw_client import RawClient
from tests.enclave.test_console import Browser
from tests.enclave.test_notices import as_toml, settings
from tests.enclave_server import Enclave, running_enclave
from tests.magic.test_owner import connect

ROWS = 60
SECRET = "Wilhelmine Planted"
CONFIG = """
[review]
seconds = 3
memory_bytes = 268435456
result_bytes = 100000
printed_bytes = 1000
open_per_analyst = 40
per_day = 200
"""
METADATA = """
description: Sixty people of a village
budget: {epsilon: 10, delta: 1.0e-6, per_analyst: {epsilon: 10}, per_call: {epsilon: 5}}
tables:
  people:
    columns:
      name: {type: str}
      age: {type: int, lower: 0, upper: 120}
      pay: {type: float, lower: 0, upper: 10000}
      village: {type: str, categories: [north, south]}
"""


def villagers() -> pd.DataFrame:
    names = [SECRET, *(f"villager {n}" for n in range(1, ROWS))]
    ages, pays = [20 + n for n in range(ROWS)], [1000.5 + 7 * n for n in range(ROWS)]
    return pd.DataFrame({"name": names, "age": ages, "pay": pays, "village": ["north"] * 57 + ["south"] * 3})


@pytest.fixture(scope="module")
def box() -> Iterator[Postbox]:
    """Where the enclave's notices arrive."""
    with postbox() as found:
        yield found


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory, box: Postbox) -> Iterator[Enclave]:
    state = tmp_path_factory.mktemp("village")
    notify = as_toml(settings(box, tmp_path_factory.mktemp("hook")))
    villagers().to_csv(state / "people.csv", index=False)
    (state / "village.yaml").write_text(METADATA)
    table = ["--metadata", str(state / "village.yaml"), "--table", f"people={state / 'people.csv'}"]
    warm.run("dataset", "add", "Village", *table, "--state", state, check=True)
    with running_enclave(state, config=CONFIG + notify) as enclave:
        roles = {"analyst": "analyst", "other": "analyst", "owner": "owner", "auditor": "auditor"}
        accounts = {"operator": exchanged(enclave)}
        operator = ag.connect(enclave.url, **accounts["operator"], ca=enclave.ca)
        for name, role in roles.items():
            accounts[name] = {"user_id": name, "user_secret": operator.users.add(name, role)}
        yield Enclave(
            url=enclave.url,
            ca=enclave.ca,
            accounts=accounts,
            datasets=("Village",),
            state=state,
            process=enclave.process,
        )


class Analyst:
    """As much of a session as submitting needs: the same routes, without a kernel."""

    def __init__(self, enclave: Enclave, name: str) -> None:
        self.enclave = connect(enclave, name)._enclave

    def submit(self, draft: Draft) -> CodeRequest:
        return ag.code_requests.submit(self.enclave, draft, None)


@pytest.fixture
def analyst(village: Enclave) -> Analyst:
    return Analyst(village, "analyst")


@pytest.fixture
def owner(village: Enclave) -> ag.Owner:
    return connect(village, "owner")


def on_people(function: Any, runs: int = 1, reader: str | None = None) -> Draft:
    policy = ag.ExactMatch(data="Village/people")
    return ag.code_request(input_policy=policy, output_policy=ag.Executions(runs, reader))(function)


def of_owner(owner: ag.Owner, submitted: CodeRequest) -> CodeRequest:
    return next(each for each in owner.reviews if each.id == submitted.id)


def mean_pay(data):
    return {"kind": type(data).__name__, "mean": float(data["pay"].mean())}


def test_code_is_submitted_read_run_deposited_and_fetched(
    village: Enclave, analyst: Analyst, owner: ag.Owner, box: Postbox
) -> None:
    submitted = analyst.submit(on_people(mean_pay))
    assert (submitted.state, submitted.runs_used, [run.on for run in submitted.runs]) == ("open", 0, ["mock"])
    with pytest.raises(ag.RequestRefused, match="no result: the request is open"):
        submitted.result()
    listed = RawClient(village, "owner").login().ask("GET", "/ag/v1/reviews").json
    assert {each["source"] for each in listed} == {None}, "however long it is, a list has room for everybody's"
    found = of_owner(owner, submitted)
    assert found.show().startswith("# data = Village/people\ndef mean_pay(data):")
    mock, data = found.run("mock"), found.run("data")
    assert (mock.outcome, data.outcome, data.warnings) == ("result", "result", []), data
    assert data.value() == {"kind": "DataFrame", "mean": villagers()["pay"].mean()}
    assert mock.value()["mean"] != data.value()["mean"]
    value = data.value()
    with pytest.raises(ag.RequestRefused, match="may run on data once, and has"):
        found.run("data")
    assert [run.on for run in submitted.runs] == ["mock", "mock"]
    found.approve(data, reason="fine")
    assert submitted.refresh().state == "approved"
    assert submitted.result() == value
    found.approve(data, reason="fine")
    with pytest.raises(ag.RequestRefused, match="approved already"):
        found.deny("no")
    with pytest.raises(ag.RequestRefused, match="approved already"):
        found.approve(value=3.0)
    auditor = connect(village, "auditor")
    wanted = {"review.submit", "review.run", "review.ran", "review.approve", "review.fetch"}

    def entries() -> list[Any]:
        return [each for each in auditor.log.entries(100) if submitted.id in str(each)]

    assert eventually(lambda: wanted <= {each["action"] for each in entries()})
    assert repr(value["mean"]) not in str(entries())
    (approved,) = (each for each in entries() if each["action"] == "review.approve")
    ran = {each["details"]["run"]: each["details"]["digest"] for each in entries() if each["action"] == "review.ran"}
    assert approved["details"]["digest"] == ran[data.id] != ran[mock.id]
    assert [each.verify(ran[data.id]) for each in (submitted, found)] == [True, True]
    assert not submitted.verify(ran[mock.id])
    assert mock.verify(ran[mock.id])
    assert found.result() == value
    for deed in ("review.submit", "review.approve"):
        was_told(box, deed, submitted, never=repr(value["mean"]))


def yes(data):
    return len(data) > 0


def was_told(box: Postbox, deed: str, submitted: CodeRequest, never: str) -> None:
    """The webhook and the mailbox hear of it, and not of the result."""

    def posted() -> list[Any]:
        told = [json.loads(body) for _, body in box.posts]
        return [each for each in told if (each["event"], each["details"]["request"]) == (deed, submitted.id)]

    assert eventually(lambda: len(posted()) == 1)
    assert eventually(lambda: any(submitted.id in text and ACTIONS[deed] in text for _, _, text in box.mails))
    assert never not in "".join(str(body) for _, body in box.posts) + "".join(text for _, _, text in box.mails)


def test_nobody_finds_a_small_result_by_trying_what_the_log_says(
    village: Enclave, analyst: Analyst, owner: ag.Owner
) -> None:
    submitted = analyst.submit(on_people(yes, runs=2))
    found = of_owner(owner, submitted)
    given = [found.run(on) for on in ("mock", "data", "data")]
    found.approve(given[1])
    auditor = connect(village, "auditor")

    def logged() -> list[str]:
        return [str(each) for each in auditor.log.entries(100) if submitted.id in str(each)]

    assert eventually(lambda: any("review.approve" in each for each in logged()))
    guesses = [b"".join(pack({"value": {"t": "bool", "v": guess}}, [])) for guess in (True, False)]
    assert found._deposited() in guesses
    digests = {hashlib.sha256(guess).hexdigest() for guess in guesses}
    assert len({run.digest for run in given}) == 3  # equal results don't show as such
    assert not any(digest in text for digest in digests for text in logged())
    salts = {str(run._salt.hex()) for run in given} - {""}
    assert len(salts) == 3
    assert not any(salt in text for salt in salts for text in logged())


def test_approve_says_what_it_takes(analyst: Analyst, owner: ag.Owner) -> None:
    found = of_owner(owner, analyst.submit(on_people(mean_pay)))
    attempts: list[Any] = [lambda: found.approve("looks fine"), found.approve, lambda: found.approve(7)]  # type: ignore[arg-type]
    run = found.run("mock")
    for attempt in (*attempts, lambda: found.approve(run, value=7)):
        with pytest.raises(ag.AgError, match=r"approve\(run\) deposits what a run gave"):
            attempt()
    assert found.refresh().state == "open"


def test_a_denial_has_its_reason_and_no_result(analyst: Analyst, owner: ag.Owner, box: Postbox) -> None:
    submitted = analyst.submit(on_people(mean_pay))
    found = of_owner(owner, submitted)
    run = found.run("data")
    found.deny("too little is gained")
    assert (submitted.refresh().state, submitted.answer) == ("denied", "too little is gained")
    was_told(box, "review.deny", submitted, never=repr(villagers()["pay"].mean()))
    for attempt in (submitted.result, run.value, lambda: found.run("data"), lambda: found.approve(run)):
        with pytest.raises(ag.RequestRefused):
            attempt()


def test_others_requests_do_not_exist_and_owners_routes_are_closed(village: Enclave, analyst: Analyst) -> None:
    submitted = analyst.submit(on_people(mean_pay))
    path = f"/ag/v1/reviews/{submitted.id}"
    other = RawClient(village, "other").login()
    asked = [("GET", path, None), ("GET", f"{path}/result", None), ("POST", f"{path}/withdraw", {})]
    assert [other.ask(*each).status for each in asked] == [404] * 3
    assert submitted.id not in {each["request_id"] for each in other.ask("GET", "/ag/v1/reviews").json}
    mine = RawClient(village, "analyst").login()
    deeds = (("runs", {"on": "data"}), ("approve", {"value": ""}), ("deny", {"reason": "no"}))
    assert [mine.ask("POST", f"{path}/{step}", body).status for step, body in deeds] == [403] * 3
    (run,) = submitted.runs
    assert mine.ask("GET", f"{path}/runs/{run.id}").status == 403
    assert RawClient(village, "auditor").login().ask("GET", path).status == 403
    assert submitted.refresh().state == "open"


def test_a_result_may_be_for_another_reader_only(village: Enclave, analyst: Analyst, owner: ag.Owner) -> None:
    with pytest.raises(ag.RequestRefused, match="no project together"):
        analyst.submit(on_people(mean_pay, reader="other"))
    ag.projects.join(
        Analyst(village, "other").enclave, ag.projects.make(analyst.enclave, ag.Project("Both", members=["other"]))
    )
    submitted = analyst.submit(on_people(mean_pay, reader="other"))
    of_owner(owner, submitted).approve(value=7)
    with pytest.raises(ag.RequestRefused, match="somebody else"):
        submitted.result()
    path = f"/ag/v1/reviews/{submitted.id}"
    known = {name: RawClient(village, name).login().ask("GET", path).json for name in ("analyst", "other")}
    for secret in ("result_digest", "result_salt"):
        assert (known["analyst"][secret], len(known["other"][secret])) == ("", 64)
    assert "salt" not in known["analyst"]["runs"][0]
    (theirs,) = ag.code_requests.reviews_of(Analyst(village, "other").enclave)
    assert theirs.result() == 7


@pytest.mark.parametrize("hidden", ["\r", "\x1b[8m", "\x08", "\u202e", "\u200b", "\x0c"])
def test_code_that_looks_like_other_code_is_not_submitted(village: Enclave, hidden: str) -> None:
    source = f"def mean_pay(data):\n    # {hidden} nothing else\n    return 1\n"
    asked = {"function": "mean_pay", "source": source, "inputs": [{"argument": "data", "dataset": "Village"}]}
    answer = RawClient(village, "analyst").login().ask("POST", "/ag/v1/reviews", asked)
    assert (answer.status, "plain text" in answer.text) == (400, True)


def opens_a_file(data):
    return open("/etc/passwd").read()  # noqa: PTH123


def climbs(data):
    return data.__class__.__mro__


def imports_os(data):
    import os

    return os.getpid()


def fails_here(data):
    return data["no such column"].sum()


def returns_a_function(data):
    return lambda: data


def floods(data):
    return "x" * 1_000_000


def misspells_where_mocks_don_t_go(data):
    text = "none"
    if len(data) == 60:
        text = text.uper()
    return text


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (opens_a_file, "open"),
        (misspells_where_mocks_don_t_go, "has no attribute"),
        (climbs, "__class__"),
        (imports_os, "os"),
        (fails_here, "failed on mock data"),
        (returns_a_function, "can't be exported"),
        (floods, "may have 100,000"),
    ],
)
def test_what_may_not_run_or_fails_on_mock_data_is_told_at_once(analyst: Analyst, function: Any, why: str) -> None:
    with pytest.raises(ag.RequestRefused, match=why):
        analyst.submit(on_people(function))


def forever(data):
    while len(data) == 60:
        pass
    return 1


def eats(data):
    held = [0]
    while len(data) == 60:
        held = held + held
    return 1


def prints_rows(data):
    print(data["name"].tolist())
    return 1


def raises_rows(data):
    if len(data) == 60:
        raise ValueError(", ".join(data["name"].tolist()))
    return 1


def check_jailed(enclave: Enclave) -> None:
    """The process that runs the code: more filters of system calls than here, no way to more rights, and no file of the enclave's open."""

    def filters(facts: str) -> int:
        (found,) = re.findall(r"^Seccomp_filters:\t(\d+)$", facts, re.MULTILINE)
        return int(found)

    def locked() -> bool:
        for process in children(enclave, "reviewer"):
            with contextlib.suppress(FileNotFoundError):
                facts = Path(f"/proc/{process.pid}/status").read_text()
                held = [str(each.readlink()) for each in Path(f"/proc/{process.pid}/fd").iterdir()]
                if filters(facts) > filters(Path("/proc/self/status").read_text()):
                    return "NoNewPrivs:\t1" in facts and not [each for each in held if str(enclave.state) in each]
        return False

    assert eventually(locked)


@pytest.mark.parametrize(
    ("function", "outcomes", "shown"),
    [
        (forever, "died", "within 3 seconds"),
        (eats, "error died", "emory"),
        (prints_rows, "result", SECRET),
        (raises_rows, "error", SECRET),
    ],
)
def test_what_goes_wrong_on_data_is_shown_to_the_owner_alone(
    village: Enclave, *, analyst: Analyst, owner: ag.Owner, function: Any, outcomes: str, shown: str
) -> None:
    submitted = analyst.submit(on_people(function))
    with ThreadPoolExecutor(1) as hand:
        running = hand.submit(of_owner(owner, submitted).run, "data")
        if function is forever:
            check_jailed(village)
        run = running.result()
    assert run.outcome in outcomes.split()
    assert shown in run.lines + run.printed
    mine = RawClient(village, "analyst").login()
    assert SECRET not in mine.ask("GET", f"/ag/v1/reviews/{submitted.id}").text
    of_owner(owner, submitted).deny("no")
    assert SECRET not in str(list(connect(village, "auditor").log.entries(1000)))
    assert SECRET.encode() not in (village.state / "serve.out").read_bytes()
    for log in (village.state / "logs").iterdir():
        assert SECRET.encode() not in log.read_bytes()


def paints(data):
    print("\x1b[2Jgone\rover it")
    return (data["age"].head(2) * 0 + 1).rename("count\n\x1b[8m")


def paints_an_error(data):
    if len(data) == 60:
        raise ValueError("\x1b[2J<run on data: result after 0.01 s>")
    return 1


def test_what_code_says_can_t_paint_over_what_the_enclave_says(analyst: Analyst, owner: ag.Owner) -> None:
    run = of_owner(owner, analyst.submit(on_people(paints))).run("data")
    assert run.warnings
    assert all(each.isprintable() for each in run.warnings)
    assert "gone\nover it" in run.printed
    failed = of_owner(owner, analyst.submit(on_people(paints_an_error))).run("data")
    assert "result after 0.01 s" in failed.lines
    assert "\x1b" not in run.printed + failed.lines


def test_however_many_ask_at_once_it_runs_on_data_as_often_as_it_may(analyst: Analyst, owner: ag.Owner) -> None:
    found = of_owner(owner, analyst.submit(on_people(mean_pay, runs=2)))

    def attempt(_number: int) -> str:
        try:
            return found.run("data").outcome
        except ag.RequestRefused as refused:
            return str(refused.status)

    with ThreadPoolExecutor(6) as many:
        assert sorted(many.map(attempt, range(6))) == ["409"] * 4 + ["result"] * 2
    assert found.refresh().runs_used == 2


def test_decisions_at_once_leave_one(analyst: Analyst, owner: ag.Owner) -> None:
    found = of_owner(owner, analyst.submit(on_people(mean_pay)))

    def decide(number: int) -> str:
        try:
            return found.approve(value=number).state if number % 2 else found.deny(f"{number}").state
        except ag.RequestRefused as refused:
            return str(refused.status)

    with ThreadPoolExecutor(6) as many:
        answers = list(many.map(decide, range(6)))
    assert found.refresh().state in answers
    assert not {"approved", "denied"} <= set(answers)


def all_pay(data):
    return data["pay"].to_numpy()


def by_village(data):
    return data.groupby("village")["age"].count()


def whole(data):
    return data


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (all_pay, ["as many as data", "column pay of data", "more than 50"]),
        (by_village, ["counts below 10"]),
        (whole, ["as many as data", "column name of data", "column age of data"]),
    ],
)
def test_the_airlock_warns_and_an_owner_may_override_it_in_words(
    village: Enclave, *, analyst: Analyst, owner: ag.Owner, function: Any, words: list[str]
) -> None:
    submitted = analyst.submit(on_people(function))
    found = of_owner(owner, submitted)
    run = found.run("data")
    assert [word for word in words if word not in " ".join(run.warnings)] == []
    with pytest.raises(ag.RequestRefused, match="Look at this"):
        found.approve(run)
    assert found.refresh().state == "open"
    found.approve(run, override="it is published anyway")
    assert type(submitted.result()).__name__ in {"ndarray", "Series", "DataFrame"}
    auditor = connect(village, "auditor")
    assert eventually(lambda: "it is published anyway" in str(list(auditor.log.entries(20))))


def test_a_value_of_the_owner_s_own_passes_the_airlock_too(analyst: Analyst, owner: ag.Owner) -> None:
    submitted = analyst.submit(on_people(mean_pay))
    found = of_owner(owner, submitted)
    with pytest.raises(ag.NotImportable):
        found.approve(value=object())
    with pytest.raises(ag.RequestRefused, match="column pay"):
        found.approve(value=villagers()["pay"])
    frame = pd.DataFrame({"village": ["north", "south"], "mean": [1.5, 2.5]})
    found.approve(value=frame, reason="rounded")
    pd.testing.assert_frame_equal(submitted.result(), frame)


@pytest.mark.parametrize("value", ["", "AAAA", "not base64!", "9" * 400])
def test_what_is_no_value_is_not_deposited(village: Enclave, analyst: Analyst, value: str) -> None:
    path = f"/ag/v1/reviews/{analyst.submit(on_people(mean_pay)).id}"
    owner = RawClient(village, "owner").login()
    assert owner.ask("POST", f"{path}/approve", {"value": value}).status == 400
    assert owner.ask("GET", path).json["state"] == "open"


def test_code_is_bound_to_the_version_it_was_submitted_for(village: Enclave, analyst: Analyst, owner: ag.Owner) -> None:
    found = of_owner(owner, analyst.submit(on_people(mean_pay)))
    catalogue = max((village.state / "datasets" / "village").iterdir()) / "catalog.json"
    text = catalogue.read_text()
    catalogue.write_text(text + " ")
    try:
        with pytest.raises(ag.RequestRefused, match="another version"):
            found.run("data")
    finally:
        catalogue.write_text(text)
    assert found.run("data").outcome == "result"


def test_a_project_is_those_who_join_it(village: Enclave, analyst: Analyst, owner: ag.Owner) -> None:
    other = Analyst(village, "other").enclave
    made = ag.projects.make(analyst.enclave, ag.Project("Survey", "Who earns what", ["other"]))
    assert (made.members, made.invited) == (("analyst",), ("other",))
    with pytest.raises(ag.RequestRefused, match="already"):
        ag.projects.make(analyst.enclave, ag.Project("Survey"))
    with pytest.raises(ag.RequestRefused, match="no project"):
        ag.code_requests.submit(other, on_people(mean_pay), "Survey")
    assert ag.projects.join(other, "Survey").members == ("analyst", "other")
    submitted = ag.code_requests.submit(other, on_people(mean_pay), "Survey")
    assert (submitted.project, [each.name for each in owner.projects]) == ("Survey", ["Survey"])
    for name in ("Other", "Survey"):
        ag.projects.make(other, ag.Project(name))  # of the same name as another's: theirs comes first, for themselves
        with pytest.raises(ag.RequestRefused, match="no project"):
            ag.code_requests.submit(analyst.enclave, on_people(mean_pay), "Other")
    assert [each.made_by for each in owner.projects] == ["analyst"]  # nobody else's of that name
    with pytest.raises(ag.AgError, match="2 of your projects"):
        ag.projects.leave(other, "Survey")
    ag.projects.leave(other, made)
    mine = {each.project_id: each for each in ag.projects.projects_of(analyst.enclave)}
    assert (mine[made.project_id].members, mine[made.project_id].invited) == (("analyst",), ())
    with pytest.raises(ag.RequestRefused, match="no project"):
        ag.projects.join(other, made)
    with pytest.raises(ag.RequestRefused, match="takes part in it"):
        ag.projects.leave(analyst.enclave, "Survey")


def test_nobody_learns_by_a_project_or_a_submission_who_has_an_account_nor_of_others_projects(village: Enclave) -> None:
    mallory, path = RawClient(village, "other").login(), "/ag/v1/projects"
    connect(village, "operator").users.add("loner", "analyst")
    names = ["loner", "owner", "operator", "nobody", "oidc:nobody"]
    made = [mallory.ask("POST", path, {"name": f"With {name}", "members": [name]}) for name in names]
    assert [(each.status, each.json["members"], each.json["invited"]) for each in made] == [
        (201, ["other"], [name]) for name in names
    ]
    RawClient(village).login().ask("POST", path, {"name": "Of the analyst alone"})
    assert mallory.ask("POST", path, {"name": "Of the analyst alone"}).status == 201
    body = {
        "function": "f",
        "source": "def f(data):\n    return 1\n",
        "inputs": [{"argument": "data", "dataset": "Village"}],
    }
    said = [mallory.ask("POST", "/ag/v1/reviews", {**body, "reader": name}) for name in names]
    assert {(each.status, each.text.replace(name, "N")) for name, each in zip(names, said, strict=True)} == {
        (400, said[0].text.replace("loner", "N"))
    }


@dataclasses.dataclass
class Low:
    """A side that has the village's name and columns, and none of its people: how ann submits there, and fetches what was deposited."""

    state: Path
    submit: Callable[[], str]
    fetch: Callable[[str], bytes]


TORTURE = pytest.mark.skipif("AG_TORTURE_ROUNDS" not in os.environ, reason="one whole enclave more: make torture")


@pytest.fixture(params=["its files", pytest.param("served", marks=TORTURE)])
def low(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Low]:
    state = tmp_path / "state"
    if request.param == "its files":
        state.mkdir(mode=0o700)
        accounts = open_accounts(state / "accounts.sqlite")
        kept, bound = Reviews(accounts.database), Input(argument="data", dataset="Village", table="people", digest="")
        code = Submission(
            analyst="ann", project="", function="mean_pay", source=on_people(mean_pay).source, inputs=(bound,), runs_allowed=1, reader="ann"
        )  # fmt: skip
        tried = Ended(outcome="result", seconds=0.1, value=b"mock")
        yield Low(
            state,
            lambda: kept.submit(code, tried, most_open=9, most_daily=9).request_id,
            lambda number: kept.fetch(number, "ann"),
        )
        accounts.close()
        return
    villagers().assign(name="nobody", age=33, pay=1.0).to_csv(tmp_path / "made_up.csv", index=False)
    (tmp_path / "village.yaml").write_text(METADATA)
    words = ("Village", "--metadata", "village.yaml", "--table", "people=made_up.csv", "--state", "state")
    warm.run("dataset", "add", *words, cwd=tmp_path, check=True)
    ann = add_user(state, "ann", "analyst")
    with running_enclave(state) as enclave:
        there = Analyst(dataclasses.replace(enclave, accounts={"ann": ann}), "ann")
        yield Low(
            state,
            lambda: there.submit(on_people(mean_pay)).id,
            lambda number: there.enclave.fetch(f"/ag/v1/reviews/{number}/result"),
        )


def test_code_written_where_only_mocks_are_runs_where_the_data_are_and_its_result_comes_back(
    village: Enclave, low: Low, owner: ag.Owner, tmp_path: Path
) -> None:
    def sync(side: Path, *words: object) -> str:
        return warm.run("sync", *words, "--state", side, check=True).stdout

    high = village.state
    for side, other, name in ((low.state, high, "high"), (high, low.state, "low")):
        (tmp_path / f"{name}.pub").write_text(sync(other, "key"))
        sync(side, "peer", name, tmp_path / f"{name}.pub")
    number = low.submit()
    assert sync(low.state, "export", "high", tmp_path / "up") == "Number 1: 1 requests, 0 decisions.\n"
    assert sync(high, "import", "low", tmp_path / "up") == "Number 1: 1 new requests, 0 decisions.\n"
    (came,) = (each for each in owner.reviews if each.id == number)
    assert (came.analyst, "def mean_pay(data):" in came.show()) == ("low/ann", True)
    run = came.run("data")
    assert run.value()["mean"] == villagers()["pay"].mean()
    came.approve(run, reason="a mean of sixty")
    sync(high, "export", "low", tmp_path / "down")
    assert ", 1 decisions.\n" in sync(low.state, "import", "high", tmp_path / "down")  # and what others ask over there
    assert low.fetch(number) == came._deposited()
    sync(high, "forget", "low")
    log = connect(village, "auditor").log
    assert eventually(lambda: number in str(list(log.entries(action="review.approve"))))


def two_tables(data, more):
    return len(data) + len(more)


@pytest.mark.parametrize("code", [len, max, "def f(data): ...", None])
def test_a_function_that_is_bound_to_nothing_is_refused_in_words(analyst: Analyst, code: Any) -> None:
    with pytest.raises(ag.AgError, match=r"a function made with @ag.code_request\(…\)"):
        analyst.submit(code)


def test_a_draft_that_can_t_work_is_refused_here(analyst: Analyst) -> None:
    with pytest.raises(ag.AgError, match="no argument people"):
        ag.code_request(input_policy=ag.ExactMatch(data="Village", people="Village"))(mean_pay)
    with pytest.raises(ag.AgError, match="nothing is bound"):
        ag.code_request(input_policy=ag.ExactMatch(data="Village"))(two_tables)
    with pytest.raises(ag.AgError, match="ordinary function"):
        on_people(lambda data: 1)
    with pytest.raises(ag.AgError):
        ag.ExactMatch()
    with pytest.raises(ag.AgError, match="an asset or its name"):
        ag.ExactMatch(data=3)
    held = ag.Dataset("Village", assets=[])
    assert ag.ExactMatch(data=held).inputs == ag.ExactMatch(data="Village").inputs
    assert on_people(mean_pay)(villagers())["kind"] == "DataFrame"


def says_markup(data):
    print("<script>alert('printed')</script>")
    return {"<b>bold</b>": len(data)}  # <script>alert('code')</script>


def test_the_console_runs_deposits_and_denies_and_no_text_becomes_markup(village: Enclave, analyst: Analyst) -> None:
    first, second = analyst.submit(on_people(says_markup)), analyst.submit(on_people(mean_pay))
    browser = Browser(village)
    browser.login(dict(village.accounts["owner"]))
    path = f"/console/reviews/{first.id}"
    shown = browser.get(path)
    assert (shown.status, 'class="d">says_markup' in shown.text, "style=" in shown.text) == (200, True, False)
    token = browser.token_of(shown)
    for on in ("mock", "data"):
        assert browser.post(path, form_token=token, decision=f"run-{on}").status == 303
    assert browser.post(path, form_token=token, decision="run-data").status == 409
    shown = browser.get(path)
    assert "<script" not in shown.text
    assert "<b>" not in shown.text
    assert "&#39;&lt;b&gt;bold&lt;/b&gt;&#39;: 60" in shown.text
    (run,) = set(re.findall(r'name="run" value="([0-9a-f-]{36})"', shown.text))
    assert browser.post(path, form_token="0" * 64, decision="deposit", run=run).status == 403
    assert browser.post(path, form_token=token, decision="deposit", run=run, reason="fine").status == 303
    assert first.result() == {"<b>bold</b>": ROWS}
    assert browser.post(f"/console/reviews/{second.id}", form_token=token, decision="deny", reason="no").status == 303
    assert second.refresh().state == "denied"
    assert "says_markup" in browser.get("/console/reviews").text
    assert browser.get("/console/reviews/00000000-0000-0000-0000-000000000000").status == 404
    auditor = Browser(village)
    auditor.login(dict(village.accounts["auditor"]))
    assert '<form class="fields"' not in auditor.get(path).text
