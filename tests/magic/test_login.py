"""Logging in: every form of the call, one clear error each, and no secret anywhere it could be read."""

import pickle
import time

import pytest

import antigranular as ag
from antigranular.bearer import MARGIN_SECONDS, Token
from antigranular.config import DEFAULT_URL, Credentials, find_credentials, find_target
from antigranular.login import login
from antigranular.transport import Request
from tests.magic.fake_enclave import FakeEnclave


def test_login_prints_the_keys_the_session_and_its_idle_timeout(capsys) -> None:
    session = login("ada", "s3cret", dataset="Breast Cancer", transport=FakeEnclave())
    said = capsys.readouterr().out
    for word in ("breast_cancer", "train_x", "PrivateDataFrame", "PrivateSeries", "DataFrame (public)", "25 minutes"):
        assert word in said
    assert session.session_id in said
    assert isinstance(session.session_id, str)


def test_the_five_positional_arguments_of_the_earliest_notebook_work_with_a_warning() -> None:
    enclave = FakeEnclave()
    with pytest.warns(UserWarning, match="temporary user and password"):
        session = login("ada", "s3cret", "Breast Cancer", "user", "password", transport=enclave)
    assert enclave.sessions[session.session_id] == {"dataset": "Breast Cancer"}
    assert not any(b"password" in (request.body or b"") for request in enclave.requests)


def test_the_third_of_five_arguments_may_be_a_competition() -> None:
    with (
        pytest.warns(UserWarning, match="temporary"),
        pytest.raises(ag.RequestRefused, match=r"competition.*Harvest.*Breast Cancer"),
    ):
        login("ada", "s3cret", "Harvest", "user", "password", transport=FakeEnclave())


def test_a_decision_is_told_at_login_and_marked_as_seen(capsys) -> None:
    enclave = FakeEnclave()
    words = dict.fromkeys(("analyst", "reason", "asked_at", "decided_by"), "x")
    decided = {"request_id": "r1", "dataset": "D", "epsilon": "2", "granted": "1", "state": "accepted", "answer": ""}
    enclave.decisions = [{**words, **decided}]
    login("ada", "s3cret", dataset="Breast Cancer", transport=enclave)
    assert "Your request for ε 2 more on D was accepted with ε 1." in capsys.readouterr().err
    assert [request.body for request in enclave.requests if request.path.endswith("/seen")] == [b'{"requests": ["r1"]}']


def test_decisions_that_can_not_be_read_are_no_reason_to_have_no_session() -> None:
    enclave = FakeEnclave()
    enclave.decisions = [{"request_id": "r1"}]
    assert login("ada", "s3cret", dataset="Breast Cancer", transport=enclave).session_id


def test_an_unknown_data_set_is_refused_with_what_there_is() -> None:
    with pytest.raises(ag.RequestRefused, match="there are: Breast Cancer") as caught:
        login("ada", "s3cret", dataset="Nowhere", transport=FakeEnclave())
    assert caught.value.status == 404


@pytest.mark.parametrize("wanted", [{}, {"competition": "a", "dataset": "b"}], ids=["neither", "both"])
def test_exactly_one_of_data_set_and_competition_is_needed(wanted) -> None:
    enclave = FakeEnclave()
    with pytest.raises(ag.LoginError, match="exactly one"):
        login("ada", "s3cret", **wanted, transport=enclave)
    assert enclave.requests == [], "it should not have asked anybody"


def test_params_are_refused_rather_than_ignored() -> None:
    with pytest.raises(ag.NotAvailable, match="chunk"):
        login("ada", "s3cret", dataset="Breast Cancer", params={"chunk": 1}, transport=FakeEnclave())


def test_a_wrong_secret_is_a_login_error() -> None:
    with pytest.raises(ag.LoginError, match="unknown user or wrong secret"):
        login("ada", "wrong", dataset="Breast Cancer", transport=FakeEnclave())


def test_missing_credentials_are_a_login_error_that_names_the_variables() -> None:
    with pytest.raises(ag.LoginError, match="AG_USER_ID"):
        login(dataset="Breast Cancer", transport=FakeEnclave())


def test_credentials_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AG_USER_ID", "ada")
    monkeypatch.setenv("AG_USER_SECRET", "s3cret")
    assert login(dataset="Breast Cancer", transport=FakeEnclave()).dataset == "Breast Cancer"


@pytest.mark.parametrize(("wire", "who"), [(0, "upgrade the enclave"), (2, "upgrade the client")])
def test_another_version_of_the_wire_is_refused_before_the_secret_is_sent(wire, who) -> None:
    enclave = FakeEnclave()
    enclave.wire = wire
    with pytest.raises(ag.IncompatibleEnclave, match=who):
        login("ada", "s3cret", dataset="Breast Cancer", transport=enclave)
    assert not any(request.body for request in enclave.requests)


def test_no_repr_and_no_error_holds_the_secret_or_the_token() -> None:
    enclave = FakeEnclave()
    session = login("ada", "s3cret", dataset="Breast Cancer", transport=enclave)
    token = Token(Credentials(user_id="ada", user_secret="s3cret"), enclave, time.monotonic)
    shown = [
        repr(session),
        session._repr_html_(),
        str(session.describe()),
        repr(token),
        repr(Credentials(user_id="ada", user_secret="s3cret")),
    ]
    shown += [repr(request) for request in enclave.requests]
    for text in shown:
        assert "s3cret" not in text
        assert not any(value in text for value in enclave.tokens)


def test_a_session_with_its_token_can_t_be_pickled() -> None:
    session = login("ada", "s3cret", dataset="Breast Cancer", transport=FakeEnclave())
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps(session)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_token_is_renewed_shortly_before_it_expires() -> None:
    enclave, clock = FakeEnclave(), Clock()
    token = Token(Credentials(user_id="ada", user_secret="s3cret"), enclave, clock)
    first = token.value()
    clock.now = 600 - MARGIN_SECONDS - 1
    assert token.value() == first
    clock.now = 600 - MARGIN_SECONDS
    assert token.value() != first


def test_a_very_short_lived_token_is_used_for_half_its_life() -> None:
    enclave, clock = FakeEnclave(), Clock()
    enclave.lifetime = 4
    token = Token(Credentials(user_id="ada", user_secret="s3cret"), enclave, clock)
    first = token.value()
    clock.now = 1.9
    assert token.value() == first
    clock.now = 2.0
    assert token.value() != first


def test_a_token_that_the_enclave_forgot_is_renewed_once_for_requests_and_channels() -> None:
    enclave = FakeEnclave({"a": lambda _: None})
    session = login("ada", "s3cret", dataset="Breast Cancer", transport=enclave)
    enclave.tokens.append("another, after a restart of the gateway")
    assert session.privacy_odometer()["total_epsilon_used"] == 0.5
    enclave.tokens.append("and another")
    session.execute("a")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8443", "127.0.0.1:8443", "https://", "ftp://host", "https://host/path", "https://host:notaport"],
)
def test_an_address_that_is_not_https_is_refused(url) -> None:
    with pytest.raises(ag.AgError, match="not the address of an enclave"):
        find_target(url, None, {})


def test_a_missing_authority_file_is_named() -> None:
    with pytest.raises(ag.AgError, match=r"no certificate authority file '/no/such\.pem'"):
        find_target(None, None, {"AG_ENCLAVE_CA": "/no/such.pem"})


def test_arguments_come_before_the_environment_and_that_before_the_defaults(tmp_path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("")
    environment = {
        "AG_ENCLAVE_URL": "https://there:1",
        "AG_ENCLAVE_CA": str(ca),
        "AG_USER_ID": "eve",
        "AG_USER_SECRET": "x",
    }
    assert find_target("https://[::1]:2", None, environment).url == "https://[::1]:2"
    assert find_target(None, None, environment).url == "https://there:1"
    assert find_target(None, None, environment).ca == str(ca)
    assert find_target(None, None, {}).url == DEFAULT_URL
    assert find_credentials("ada", "s3cret", environment).user_id == "ada"
    assert find_credentials(None, None, environment).user_id == "eve"


def test_requests_hold_no_secret_in_the_path() -> None:
    enclave = FakeEnclave({"a": lambda _: None})
    login("ada", "s3cret", dataset="Breast Cancer", transport=enclave).execute("a")
    assert all(isinstance(request, Request) and "s3cret" not in request.path for request in enclave.requests)
    assert not any(value in request.path for request in enclave.requests for value in enclave.tokens)
