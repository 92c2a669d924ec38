"""The web console through a real server: who comes in, what a form must prove, what owners decide there, and that no text becomes markup."""

import csv
import html
import io
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import sqlalchemy as sa

from ag_enclave.console.chart import drawing, spending_of
from ag_enclave.console.listing import listing
from ag_enclave.console.log import table_of
from ag_enclave.console.page import part as part_of
from ag_enclave.console.pages import PAGES
from ag_enclave.migrate import open_accounts
from ag_enclave.place import accounts_at
from ag_enclave.requests import requests
from ag_enclave.review import Submission
from ag_enclave.reviews import reviews
from ag_enclave.state import open_state
from ag_enclave.tokens import CONSOLE, Tokens
from tests.enclave.processes import eventually
from tests.enclave.raw_client import Answer, RawClient
from tests.enclave_server import Enclave

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
STRANGER = "00000000-0000-0000-0000-000000000000"


class Browser:
    """As much of one as a page without scripts needs: a cookie, forms, redirects that are looked at."""

    def __init__(self, enclave: Enclave) -> None:
        self.client = RawClient(enclave)
        self.origin = f"https://127.0.0.1:{enclave.port}"
        self.cookie = ""

    def get(self, path: str) -> Answer:
        return self.client.send("GET", path, None, {"Cookie": self.cookie})

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> Answer:
        said = {"Cookie": self.cookie, "Origin": self.origin, **FORM, **(headers or {})}
        return self.client.send("POST", path, urlencode(fields), said)

    def login(self, account: dict[str, str], path: str = "/console/login") -> Answer:
        answer = self.post(path, **account)
        set_cookie = answer.headers["Set-Cookie"]
        if set_cookie:
            self.cookie = set_cookie.partition(";")[0]
        return answer

    def token_of(self, page: Answer) -> str:
        found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page.text)
        assert found, page.text
        return found[1]


def tokens_of(enclave: Enclave, later: float = 0) -> Tokens:
    """The enclave's own, as they would be so many seconds later."""
    key = (enclave.state / "keys" / "tokens.key").read_bytes()
    return Tokens(key=key, seconds=600, longest=600, clock=lambda: time.time() + later)


def page_token(enclave: Enclave, role: str, issuer: Tokens | None = None) -> str:
    """A cookie's token as nobody of this role is given one: of somebody who had another role before."""
    claims = tokens_of(enclave).read(RawClient(enclave, role).login().token)
    assert claims is not None
    return (issuer or tokens_of(enclave)).issue(claims.user_id, claims.generation, opens=CONSOLE)


@pytest.fixture
def browser(odd_enclave: Enclave) -> Callable[[str], Browser]:
    def opened(role: str) -> Browser:
        made = Browser(odd_enclave)
        assert made.login(odd_enclave.accounts[role]).status == 303
        return made

    return opened


@pytest.fixture(scope="session")
def asker(odd_enclave: Enclave) -> RawClient:
    """An analyst whom no other test asks about."""
    operator = RawClient(odd_enclave, "operator").login()
    made = operator.ask("POST", "/ag/v1/users", {"user_id": "asker", "role": "analyst"}).json
    return RawClient(odd_enclave, account={"user_id": "asker", "user_secret": made["user_secret"]}).login()


@pytest.fixture
def asked(asker: RawClient) -> Iterator[Any]:
    reason = "<script>alert(1)</script> & a cohort"
    made = asker.ask("POST", "/ag/v1/requests", {"dataset": "Odd Data", "epsilon": "3", "reason": reason}).json
    yield made
    asker.ask("POST", f"/ag/v1/requests/{made['request_id']}/withdraw", {})


def test_the_cookie_is_for_this_host_over_tls_and_for_no_script(odd_enclave: Enclave) -> None:
    answer = Browser(odd_enclave).login(odd_enclave.accounts["owner"])
    words = {word.strip().lower() for word in answer.headers["Set-Cookie"].split(";")[1:]}
    assert answer.headers["Set-Cookie"].startswith("__Host-ag-console=")
    assert {"httponly", "secure", "samesite=strict", "path=/", "max-age=14400"} <= words


def test_only_owners_and_auditors_come_in(odd_enclave: Enclave) -> None:
    for role in ("analyst", "operator"):
        answer = Browser(odd_enclave).login(odd_enclave.accounts[role])
        assert (answer.status, answer.headers["Set-Cookie"]) == (401, None)
        assert f"role is {role}" in answer.text
    wrong = Browser(odd_enclave).login({"user_id": "owner", "user_secret": "guessed"})
    assert (wrong.status, "is wrong" in wrong.text) == (401, True)


def test_every_page_leads_strangers_to_the_door_and_refuses_other_roles(
    odd_enclave: Enclave, browser: Callable[[str], Browser]
) -> None:
    visitors = {role: browser(role) for role in ("owner", "auditor")}
    analyst = Browser(odd_enclave)
    analyst.cookie = f"__Host-ag-console={page_token(odd_enclave, 'analyst')}"
    for row in PAGES:
        path = row.path.format(name="Odd Data", request_id=STRANGER).replace(" ", "%20")
        stranger = Browser(odd_enclave)
        sent = stranger.get(path) if row.method == "GET" else stranger.post(path)
        assert sent.status == 303, path
        assert sent.headers["Location"].startswith("/console/login?next=/console")
        refused = analyst.get(path) if row.method == "GET" else analyst.post(path)
        assert refused.status == 403, path
        for role, visitor in visitors.items():
            answer = visitor.get(path) if row.method == "GET" else visitor.post(path)
            # A form without its token is refused to everybody; a page is shown to those who may see it.
            shown = 404 if STRANGER in path else 200
            assert answer.status == (shown if row.method == "GET" and role in row.roles else 403), (role, path)


def test_pages_let_nothing_else_in_and_are_kept_by_nobody(browser: Callable[[str], Browser]) -> None:
    answer = browser("auditor").get("/console")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert not re.search(r"<script|\son\w+=|style=", answer.text)


def test_the_login_leads_only_to_pages_of_the_console(odd_enclave: Enclave) -> None:
    for wanted, led in {
        "/console/log": "/console/log",
        "https://evil.example/console": "/console",
        "//evil.example/console": "/console",
        "/console/../api/kernels": "/console",
        "/console\\@evil.example": "/console",
        "/elsewhere": "/console",
    }.items():
        path = f"/console/login?{urlencode({'next': wanted})}"
        answer = Browser(odd_enclave).login(odd_enclave.accounts["auditor"], path)
        assert (answer.status, answer.headers["Location"]) == (303, led), wanted


def test_an_owner_decides_and_texts_of_others_stay_texts(
    browser: Callable[[str], Browser], asked: Any, asker: RawClient
) -> None:
    owner = browser("owner")
    page = owner.get("/console/requests")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; a cohort" in page.text
    assert "<script" not in page.text
    path, token = f"/console/requests/{asked['request_id']}", owner.token_of(page)
    unexplained = owner.post(path, form_token=token, decision="deny", reason="")
    assert (unexplained.status, "This doesn&#39;t fit" in unexplained.text) == (400, True)
    assert owner.post(path, form_token=token, decision="accept", epsilon="0.25", reason="in parts").status == 303
    assert owner.post(path, form_token=token, decision="deny", reason="no").status == 409
    told = asker.ask("GET", f"/ag/v1/requests/{asked['request_id']}").json
    assert (told["state"], told["granted"], told["decided_by"]) == ("accepted", "0.25", "owner")
    log = browser("auditor")
    assert eventually(lambda: "in parts" in log.get("/console/log?action=request.accept").text)


def test_auditors_see_no_form_but_the_way_out(browser: Callable[[str], Browser], asked: Any) -> None:
    auditor = browser("auditor")
    for path in ("/console/requests", "/console/datasets/Odd%20Data", "/console"):
        assert re.findall(r'method="post" action="([^"]*)"', auditor.get(path).text) == ["/console/logout"]


def test_an_owner_changes_a_cap_and_mistakes_change_nothing(browser: Callable[[str], Browser]) -> None:
    owner, path = browser("owner"), "/console/datasets/Odd%20Data/cap"
    token = owner.token_of(owner.get("/console/datasets/Odd%20Data"))
    good = {"form_token": token, "what": "set", "kind": "analyst", "who": "ann", "epsilon": "7.5", "reason": "a grant"}
    for mistake in ({"epsilon": "many"}, {"reason": ""}, {"days": "-1"}, {"kind": "all"}, {"extra": "1"}):
        answer = owner.post(path, **{**good, **mistake})
        assert (answer.status, 'role="alert"' in answer.text) == (400, True), mistake
    assert "7.5" not in owner.get("/console/datasets/Odd%20Data").text
    assert owner.post(path, **good).status == 303
    assert "7.5" in owner.get("/console/datasets/Odd%20Data").text
    assert owner.post(path, **{**good, "what": "drop", "epsilon": ""}).status == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(
    browser: Callable[[str], Browser], headers: dict[str, str], odd_enclave: Enclave
) -> None:
    owner = browser("owner")
    token = owner.token_of(owner.get("/console/datasets/Odd%20Data"))
    fields = {"form_token": token, "what": "set", "kind": "analyst", "epsilon": "99", "reason": "a trick"}
    assert owner.post("/console/datasets/Odd%20Data/cap", headers, **fields).status == 403
    assert Browser(odd_enclave).post("/console/login", headers, **odd_enclave.accounts["owner"]).status == 403


def test_a_form_of_another_visit_is_refused(browser: Callable[[str], Browser]) -> None:
    owner, other = browser("owner"), browser("owner")
    fields = {"what": "set", "kind": "analyst", "epsilon": "99", "reason": "a trick"}
    token = other.token_of(other.get("/console/datasets/Odd%20Data"))
    for wrong in (token, "", "0" * 64):
        assert owner.post("/console/datasets/Odd%20Data/cap", form_token=wrong, **fields).status == 403


def test_who_logs_out_or_brings_a_broken_cookie_is_led_to_the_door(browser: Callable[[str], Browser]) -> None:
    owner = browser("owner")
    answer = owner.post("/console/logout", form_token=owner.token_of(owner.get("/console")))
    assert (answer.status, 'ag-console=""' in answer.headers["Set-Cookie"]) == (303, True)
    owner.cookie = owner.cookie[:-4] + "AAAA"
    led = owner.get("/console/log")
    assert (led.status, led.headers["Location"]) == (303, "/console/login?next=/console/log&expired=1")
    assert "Your visit has ended" in owner.get("/console/login?expired=1").text


def test_a_replaced_secret_ends_every_visit(odd_enclave: Enclave) -> None:
    operator = RawClient(odd_enclave, "operator").login()
    made = operator.ask("POST", "/ag/v1/users", {"user_id": "briefly", "role": "auditor"}).json
    visit = Browser(odd_enclave)
    assert visit.login({"user_id": "briefly", "user_secret": made["user_secret"]}).status == 303
    assert visit.get("/console").status == 200
    operator.ask("POST", "/ag/v1/users/briefly/secret")
    assert visit.get("/console").status == 303


def test_unknown_pages_of_data_sets_say_so(browser: Callable[[str], Browser]) -> None:
    answer = browser("owner").get("/console/datasets/%3Cb%3Enone")
    assert (answer.status, "&lt;b&gt;none" in answer.text, "<b>none" in answer.text) == (404, True, False)
    assert browser("owner").get("/console/log?before=x").status == 400


def test_the_drawing_rises_by_what_was_charged_each_day_and_escapes_names() -> None:
    now, day = datetime(2026, 5, 20, 15, tzinfo=UTC), 86_400 * 10**9
    today = int(datetime(2026, 5, 20, tzinfo=UTC).timestamp()) * 10**9
    course = {"before": 4.0, "days": [[today - 2 * day, 5.5], [today, 7.5]]}
    spending = spending_of(course, now=now, cap=10.0)
    assert spending.sums[-4:] == (4.0, 5.5, 5.5, 7.5)
    assert len(spending.days) == 30
    drawn = str(drawing(spending, "<b>"))
    assert "&lt;b&gt;: ε 7.5 spent by today, of at most 10" in drawn
    assert 'class="cap"' in drawn
    assert "<b>" not in drawn
    assert drawing(spending_of({"before": 0.0, "days": []}, now=now, cap=10.0), "x") == ""
    assert spending_of({"before": 1.0, "days": [[today, None]]}, now=now, cap=None).sums[-1] == 1.0
    for spent, highest in ((11.0, "20"), (0.0013, "0.002"), (7.0, "8"), (1e6, "2e+06")):
        assert f">{highest}</text>" in drawing(spending_of({"before": spent, "days": []}, now=now, cap=None), "x")


TRICKY = ("\n ", '"\\', "'''a\\", '"""', "#", "\\", "f'{", "é ", "0x_", "def <b>")


def test_no_code_keeps_the_console_busy_and_all_of_it_is_shown_as_it_is() -> None:
    """Pygments' lexer takes minutes over blank lines with a space in each; the limit here is a hundred times what is needed."""
    begin = time.process_time()
    for text in TRICKY:
        source = text * (50_000 // len(text))
        shown = str(listing(source))
        bare = re.sub(r'<span class="number">[^<]*</span>|<[^>]*>', "", shown)
        assert html.unescape(bare) == source.rstrip("\n"), text
    assert time.process_time() - begin < 60


def test_code_is_told_apart_by_classes() -> None:
    shown = str(listing('def mean(x):\n    """Two\n    lines."""\n    return 10 < x  # <b>\n'))
    for part in ('class="k">def<', 'class="d">mean<', 'class="m">10<', "&lt; x", 'class="c"># &lt;b&gt;<'):
        assert part in shown
    assert shown.count('class="s"') == 2
    assert shown.count('class="number"') == 4


def test_what_is_not_there_or_can_t_be_is_a_page_of_one_sentence(browser: Callable[[str], Browser]) -> None:
    owner = browser("owner")
    odd = "/console/datasets/Odd%20Data"
    for path, status in {
        "/console/nowhere": 404,
        "/console/datasets/none": 404,
        "/console/reviews/../x": 404,
        "/console/requests?from=x": 400,
        "/console/reviews?from=-1": 400,
        "/console/log?before=1e9": 400,
    }.items():
        answer = owner.get(path)
        assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8"), path
        assert 'role="alert"' in answer.text
        assert "Content-Security-Policy" in answer.headers
    for path in (f"{odd}?epsilon=many", f"{odd}?epsilon=5&rows=0", f"{odd}?epsilon=5&rows=x"):
        answer = owner.get(path)
        assert (answer.status, 'role="alert"' in answer.text) == (200, True), path


def test_an_owner_sees_what_a_cap_would_allow_and_who_has_spent_what(browser: Callable[[str], Browser]) -> None:
    owner, odd = browser("owner"), "/console/datasets/Odd%20Data"
    shown = owner.get(f"{odd}?epsilon=5&rows=2000").text
    assert re.search(r"<td class=\"number\"[^>]*>1</td><td class=\"number\"[^>]*>5</td><td[^>]*>± ", shown)
    assert "over 2,000 rows" in shown
    fields = {"what": "set", "kind": "analyst", "who": "<b>eve", "epsilon": "3", "reason": "a grant"}
    assert owner.post(f"{odd}/cap", form_token=owner.token_of(owner.get(odd)), **fields).status == 303
    page = browser("auditor").get("/console/analysts").text
    assert re.search(r"&lt;b&gt;eve</th>\s*<td[^>]*><a href=\"/console/datasets/Odd%20Data\">", page)
    assert "<b>eve" not in page
    dropped = fields | {"what": "drop", "epsilon": ""}
    assert owner.post(f"{odd}/cap", form_token=owner.token_of(owner.get(odd)), **dropped).status == 303


def test_a_form_that_can_t_be_done_keeps_what_was_filled_in(browser: Callable[[str], Browser]) -> None:
    owner, odd = browser("owner"), "/console/datasets/Odd%20Data"
    fields = {"what": "set", "kind": "call", "who": "", "epsilon": "many", "reason": 'say "why"'}
    shown = owner.post(f"{odd}/cap", form_token=owner.token_of(owner.get(odd)), **fields).text
    assert 'value="many"' in shown
    assert 'value="say &#34;why&#34;"' in shown
    assert '<option value="call" selected>' in shown


def test_a_visit_ends_by_itself_after_its_hours(odd_enclave: Enclave, browser: Callable[[str], Browser]) -> None:
    owner, lasts = browser("owner"), 14400
    given = owner.cookie.partition("=")[2]
    known = [tokens_of(odd_enclave, later).read(given, opens=CONSOLE) for later in (lasts - 60, lasts + 1)]
    assert [each is not None for each in known] == [True, False]
    expired = Browser(odd_enclave)
    expired.cookie = f"__Host-ag-console={page_token(odd_enclave, 'owner', tokens_of(odd_enclave, -601))}"
    led = expired.get("/console/log?actor=ann")
    assert (led.status, "expired=1" in led.headers["Location"]) == (303, True)
    token = owner.token_of(owner.get("/console/datasets/Odd%20Data"))
    fields = {"form_token": token, "what": "set", "kind": "analyst", "epsilon": "99", "reason": "too late"}
    assert expired.post("/console/datasets/Odd%20Data/cap", **fields).status == 303
    assert "too late" not in owner.get("/console/log").text


def test_who_logs_out_takes_every_copy_of_the_token_along(browser: Callable[[str], Browser]) -> None:
    owner, copy = browser("owner"), browser("owner")
    stolen = Browser(owner.client.enclave)
    stolen.cookie = owner.cookie
    assert stolen.get("/console").status == 200
    assert owner.post("/console/logout", form_token=owner.token_of(owner.get("/console"))).status == 303
    assert stolen.get("/console").status == 303
    assert copy.get("/console").status == 200  # another visit of the same owner


def test_a_cookie_is_no_token_for_programs_and_their_tokens_are_no_cookies(browser: Callable[[str], Browser]) -> None:
    owner = browser("owner")
    cookie, token = owner.cookie.partition("=")[2], RawClient(owner.client.enclave, "owner").login().token
    for word, status in ((cookie, 401), (token, 200)):
        bearer = {"Authorization": f"Bearer {word}"}
        assert owner.client.send("GET", "/ag/v1/me", None, bearer).status == status
        assert owner.client.send("GET", f"/ag/v1/me?token={word}", None, {}).status == status
    owner.cookie = f"__Host-ag-console={token}"
    assert owner.get("/console").headers["Location"].startswith("/console/login")


def test_a_cookie_that_somebody_planted_is_not_the_visit_s(odd_enclave: Enclave) -> None:
    planted = RawClient(odd_enclave, "auditor").login().token
    victim = Browser(odd_enclave)
    victim.cookie = f"__Host-ag-console={planted}"
    assert victim.login(odd_enclave.accounts["owner"]).status == 303
    assert planted not in victim.cookie
    assert "owner · owner" in victim.get("/console").text


def test_no_page_can_be_framed_sniffed_or_kept(odd_enclave: Enclave, browser: Callable[[str], Browser]) -> None:
    owner, stranger = browser("owner"), Browser(odd_enclave)
    pages = [row.path.format(name="Odd%20Data", request_id=STRANGER) for row in PAGES if row.method == "GET"]
    for visitor in (owner, stranger):
        for path in (*pages, "/", "/console/login", "/console/nowhere", "/console/console.css", "/console/icon.svg"):
            headers = visitor.get(path).headers
            assert headers["X-Frame-Options"] == "DENY", path
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
            assert headers["X-Content-Type-Options"] == "nosniff", path
            assert headers["Referrer-Policy"] == "same-origin", path
            assert headers["Cache-Control"] == ("max-age=300" if path.endswith((".css", ".svg")) else "no-store"), path


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@sum(a1)",
        "\t=1",
        " =1",
        "|cmd",
        "%0",
        "\r=1",
        "'=1",
        "a\x1b[2J",
        'say "x",y',
        "＝1+1",
        " ＠x",
    ],
)
def test_no_cell_of_the_log_s_table_is_a_formula_nor_steers_a_terminal(text: str) -> None:
    entry = {"sequence": 1, "at": 0, "actor": text, "action": text, "subject": text, "details": {"reason": text}}
    whole = table_of([entry])
    (_, row) = csv.reader(io.StringIO(whole))
    assert len(row) == 6
    for cell in row[2:5]:
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "|", "%", "＝", "＠")), cell
        assert cell.isprintable()
    assert json.loads(row[5])["reason"] == text


def test_names_that_are_formulae_are_none_in_the_log_s_table(
    odd_enclave: Enclave, browser: Callable[[str], Browser]
) -> None:
    owner = RawClient(odd_enclave, "owner").login()
    who, reason = "=cmd|' /C calc'!A0", "@SUM(1+1)*cmd"
    for change in ({"epsilon": "1"}, {"drop": True}):
        body = {"kind": "analyst", "who": who, "reason": reason, **change}
        assert owner.ask("PUT", "/ag/v1/budgets/Odd%20Data", body).status == 200
    whole = browser("auditor").get("/console/log.csv?action=cap").text
    rows = [row for row in csv.reader(io.StringIO(whole)) if who in row[5]]
    assert len(rows) == 2
    for row in rows:
        assert json.loads(row[5])["reason"] == reason
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_what_waits_is_shown_however_much_was_decided_since(
    odd_enclave: Enclave, browser: Callable[[str], Browser], asked: Any
) -> None:
    state = open_state(odd_enclave.state)
    source = Submission(
        analyst="asker", project="", function="waits", source="pass", inputs=(), runs_allowed=1, reader="asker"
    ).row()
    later = {"analyst": "crowd", "asked_at": "2999-01-01T00:00:00+00:00", "state": "denied"}
    crowd = [{**later, "request_id": f"crowd-{number}"} for number in range(501)]
    filled = {
        "dataset": "Odd Data",
        "epsilon": "1",
        "reason": "many",
        "decided_by": "owner",
        "decided_at": "2999",
        "granted": "",
        "cap": "",
        "answer": "",
        "seen": True,
    }
    database = open_accounts(accounts_at(state)).database
    with database.transaction() as connection:
        connection.execute(sa.insert(reviews).values(source))
        connection.execute(sa.insert(reviews), [{**source, **each} for each in crowd])
        connection.execute(sa.insert(requests), [{**filled, **each} for each in crowd])
    try:
        owner = browser("owner")
        assert source["request_id"] in owner.get("/console/reviews").text
        assert asked["request_id"] in owner.get("/console/requests").text
    finally:
        with database.transaction() as connection:
            connection.execute(sa.delete(reviews).where(reviews.c.function == "waits"))
            connection.execute(sa.delete(requests).where(requests.c.analyst == "crowd"))
        database.close()


def test_a_long_list_comes_in_pages_that_lead_to_each_other() -> None:
    rows, seen, path = list(range(120)), [], "/console/analysts"
    while path:
        visit = SimpleNamespace(request=SimpleNamespace(query_params=dict(parse_qsl(path.partition("?")[2]))))
        shown, before, path = part_of(visit, "/console/analysts", rows)  # type: ignore[arg-type]  # as much of a visit as is asked
        seen += list(shown)
        assert len(shown) <= 50
        assert bool(before) is (shown[0] > 0)
    assert seen == rows


def test_no_page_shows_everybody_at_once(odd_enclave: Enclave, browser: Callable[[str], Browser]) -> None:
    owner = browser("owner")
    for number in range(60):
        fields = {"kind": "analyst", "epsilon": "1", "reason": "many", "who": f"zz-{number:02}"}
        RawClient(odd_enclave, "owner").login().ask("PUT", "/ag/v1/budgets/Odd%20Data", fields)
    first = owner.get("/console/analysts")
    assert "zz-00" in first.text
    assert "zz-59" not in first.text
    after = re.search(r'href="(/console/analysts\?from=50)" rel="next">After', first.text)
    assert after
    second = owner.get(after[1])
    assert "zz-59" in second.text
    assert 'rel="prev">Before' in second.text
    caps = owner.get("/console/datasets/Odd%20Data")
    assert "zz-59" not in caps.text
    (after,) = re.findall(r'href="(/console/datasets/Odd%20Data\?caps=50)" rel="next">After', caps.text)
    assert "zz-59" in owner.get(after).text


def test_the_log_s_table_keeps_the_page_s_filters(browser: Callable[[str], Browser]) -> None:
    auditor = browser("auditor")
    page = auditor.get("/console/log?action=user.add")
    (link,) = re.findall(r'href="(/console/log\.csv[^"]*)"', page.text)
    answer = auditor.get(html.unescape(link))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    _, *rows = csv.reader(io.StringIO(answer.text))
    assert {row[3] for row in rows} == {"user.add"}
