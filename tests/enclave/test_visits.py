"""The console as people meet it: back to the page that they wanted, refusals that show the way on, forms that keep what was filled in."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest

from ag_enclave.logbook import named
from tests.enclave.raw_client import RawClient
from tests.enclave.test_console import STRANGER, Browser
from tests.enclave_server import Enclave

if TYPE_CHECKING:
    from ag_enclave.catalog import Catalog

ODD = "/console/datasets/Odd%20Data"


@pytest.fixture
def owner(odd_enclave: Enclave) -> Browser:
    made = Browser(odd_enclave)
    assert made.login(odd_enclave.accounts["owner"]).status == 303
    return made


@pytest.fixture
def stranger(odd_enclave: Enclave) -> Callable[[], Browser]:
    return lambda: Browser(odd_enclave)


@pytest.fixture
def waiting(odd_enclave: Enclave) -> Iterator[Any]:
    """A request of somebody whom no other test asks about."""
    operator = RawClient(odd_enclave, "operator").login()
    made = operator.ask("POST", "/ag/v1/users", {"user_id": "visits-asker", "role": "analyst"}).json
    asker = RawClient(odd_enclave, account={"user_id": "visits-asker", "user_secret": made["user_secret"]}).login()
    asked = asker.ask("POST", "/ag/v1/requests", {"dataset": "Odd Data", "epsilon": "3", "reason": "by season"}).json
    yield asked
    asker.ask("POST", f"/ag/v1/requests/{asked['request_id']}/withdraw", {})
    operator.ask("POST", "/ag/v1/users/visits-asker/disable")


def door_of(visitor: Browser, answer: Any) -> str:
    """Where the form to log in sends what is filled in, once a page has led there."""
    assert answer.status == 303
    found = re.search(r'action="(/console/login[^"]*)"', visitor.get(answer.headers["Location"]).text)
    assert found
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize(
    "wanted",
    [
        "/console",
        "/console/log?action=release&subject=Odd+Data",
        f"{ODD}?epsilon=5&rows=2000",
        "/console/log?actor=a%26b",
    ],
)
def test_who_logs_in_sees_what_was_wanted_filters_and_all(
    odd_enclave: Enclave, stranger: Callable[[], Browser], wanted: str
) -> None:
    visitor = stranger()
    led = visitor.login(odd_enclave.accounts["auditor"], door_of(visitor, visitor.get(wanted)))
    assert (led.status, led.headers["Location"]) == (303, wanted)
    assert visitor.get(wanted).status == 200


def test_a_form_of_an_ended_visit_says_that_it_was_not_sent_and_leads_back_to_its_page(
    odd_enclave: Enclave, owner: Browser
) -> None:
    owner.cookie = owner.cookie[:-4] + "AAAA"
    page = f"{owner.origin}{ODD}?epsilon=5"
    answer = owner.post(f"{ODD}/cap", {"Referer": page, "Host": owner.origin.removeprefix("https://")}, what="set")
    assert "was not sent" in owner.get(answer.headers["Location"]).text
    led = owner.login(odd_enclave.accounts["owner"], door_of(owner, answer))
    assert led.headers["Location"] == f"{ODD}?epsilon=5"


@pytest.mark.parametrize("said", ["https://evil.example/console/log", "https://[", "", "/elsewhere", "https://{}/api"])
def test_no_other_page_is_led_to_after_a_form(odd_enclave: Enclave, stranger: Callable[[], Browser], said: str) -> None:
    visitor = stranger()
    host = visitor.origin.removeprefix("https://")
    answer = visitor.post(f"{ODD}/cap", {"Referer": said.format(host), "Host": host}, what="set")
    led = visitor.login(odd_enclave.accounts["owner"], door_of(visitor, answer))
    assert led.headers["Location"] == "/console"


def test_a_wrong_secret_leaves_the_name_where_it_was(stranger: Callable[[], Browser]) -> None:
    shown = stranger().login({"user_id": '"><b>nobody', "user_secret": "wrong"}).text
    assert 'name="user_id" autocomplete="username" required maxlength="256" value="&#34;&gt;&lt;b&gt;nobody"' in shown
    assert "wrong" not in re.sub("or the secret is wrong", "", shown)


@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("/console/nowhere", 404, "Not found"),
        ("/console/datasets/none", 404, "Not found"),
        (f"/console/reviews/{STRANGER}", 404, "Not found"),
        ("/console/log?before=x", 400, "This can&#39;t be done"),
    ],
)
def test_a_refusal_names_its_kind_and_shows_the_way_on(
    owner: Browser, stranger: Callable[[], Browser], path: str, status: int, heading: str
) -> None:
    answer = owner.get(path)
    assert (answer.status, f"<h1>{heading}</h1>" in answer.text) == (status, True)
    assert '<nav aria-label="Main">' in answer.text
    if path == "/console/nowhere":
        assert '<nav aria-label="Main">' not in stranger().get(path).text


def test_a_request_stands_beside_what_its_analyst_has_spent_and_keeps_what_was_filled_in(
    owner: Browser, waiting: Any
) -> None:
    page = owner.get("/console/requests")
    assert re.search(r"ε 0 <span[^>]*>of 0: closed</span></span>\s*<span[^>]*>by visits-asker so far", page.text)
    path, token = f"/console/requests/{waiting['request_id']}", owner.token_of(page)
    answer = owner.post(path, form_token=token, decision="accept", epsilon="plenty", reason="a kind word")
    assert (answer.status, "epsilon must be a number, as 5 or 0.25" in answer.text) == (400, True)
    assert 'value="plenty"' in answer.text
    assert 'value="a kind word"' in answer.text


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"epsilon": "-1"}, "epsilon must be a number, as 5 or 0.25"),
        ({"delta": "small"}, "delta must be a number, as 5 or 0.25"),
        ({"reason": ""}, "reason is needed"),
        ({"reason": "x" * 1001}, "reason may have 1000 characters at most"),
    ],
)
def test_what_doesn_t_fit_is_told_in_words(owner: Browser, fields: dict[str, str], told: str) -> None:
    good = {"what": "set", "kind": "analyst", "who": "visits-nobody", "epsilon": "1", "reason": "a try"}
    answer = owner.post(f"{ODD}/cap", form_token=owner.token_of(owner.get(ODD)), **good | fields)
    assert (answer.status, told in answer.text) == (400, True), answer.text
    assert "regex" not in answer.text


def test_the_icon_is_ours_and_asked_for_by_every_page(stranger: Callable[[], Browser]) -> None:
    visitor = stranger()
    assert 'href="/console/icon.svg"' in visitor.get("/console/login").text
    icon = visitor.get("/console/icon.svg")
    assert (icon.status, icon.headers["Content-Type"], icon.text[:4]) == (200, "image/svg+xml", "<svg")


def test_an_entry_about_an_account_that_data_sets_share_names_them() -> None:
    @dataclasses.dataclass
    class Held:
        name: str
        account: str

    class Shelf:
        def everything(self, *, retired: bool = False) -> list[Held]:
            assert retired
            return [Held("Visits", "space:people"), Held("Beds", "Beds"), Held("Pay", "space:people")]

    entries = [{"subject": subject, "n": n} for n, subject in enumerate(("space:people", "Beds", "ann", "space:gone"))]
    shown = named(entries, cast("Catalog", Shelf()))
    assert [each["subject"] for each in shown] == ["Pay, Visits (space:people)", "Beds", "ann", "space:gone"]
    assert [each["n"] for each in shown] == [0, 1, 2, 3]
    assert entries[0]["subject"] == "space:people"
