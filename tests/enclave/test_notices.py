"""Notices of requests and decisions: real mails and posts, sent again until they arrive, signed, and without a secret."""

import email
import email.policy
import hashlib
import hmac
import json
from pathlib import Path

import pytest

from ag_enclave import deeds
from ag_enclave.channels import channels_of
from ag_enclave.config import Notify
from ag_enclave.database import Database
from ag_enclave.errors import BadConfig
from ag_enclave.notices import Notice, Notices
from tests.enclave.conftest import ODD_COMMAND, ODD_ENVIRONMENT, put_catalogue
from tests.enclave.people import add_user
from tests.enclave.post import Postbox, postbox
from tests.enclave.processes import eventually
from tests.enclave.raw_client import RawClient
from tests.enclave_server import running_enclave

SECRET = "0123456789abcdef-of-the-hook"


def settings(box: Postbox, folder: Path, **changes: str) -> Notify:
    (folder / "hook.secret").write_text(f"{SECRET}\n")
    full = {
        "smtp_host": "127.0.0.1",
        "smtp_port": box.ports["smtp"],
        "smtp_security": "none",
        "mail_from": "enclave@example.org",
        "mail_to": "one@example.org, two@example.org",
        "webhook_url": f"http://127.0.0.1:{box.ports['http']}/hook?x=1",
        "webhook_secret_file": str(folder / "hook.secret"),
        "retry_seconds": 1,
    }
    return Notify(**(full | changes))  # type: ignore[arg-type]  # settings of several types in one dict


def as_toml(notify: Notify) -> str:
    names = [name for name in Notify.__dataclass_fields__ if getattr(notify, name) not in ("", None)]
    return "[notify]\n" + "".join(f"{name} = {json.dumps(getattr(notify, name))}\n" for name in names)


def test_owners_are_told_of_a_request_and_its_decision_by_mail_and_webhook(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with postbox() as box:
        box.refusing = 2  # the first try is refused, whichever it is
        put_catalogue(state, "odd_data", "Odd Data")
        config = as_toml(settings(box, tmp_path))
        with running_enclave(state, config=config, command=ODD_COMMAND, environment=ODD_ENVIRONMENT) as enclave:
            people = {role: add_user(state, role, role) for role in ("analyst", "owner")}
            analyst, owner = (RawClient(enclave, account=people[role]).login() for role in ("analyst", "owner"))
            asked = {"dataset": "Odd Data", "epsilon": "2", "reason": "for Bob's trial"}
            made = analyst.ask("POST", "/ag/v1/requests", asked).json
            assert eventually(lambda: len(box.mails) == len(box.posts) == 1)
            owner.ask("POST", f"/ag/v1/requests/{made['request_id']}/deny", {"reason": "ask in spring"})
            assert eventually(lambda: len(box.mails) == len(box.posts) == 2)
            log = (state / "logs" / "gateway.log").read_text()
    for _, receivers, _ in box.mails:
        assert receivers == ["one@example.org", "two@example.org"]
    first, second = (email.message_from_string(text, policy=email.policy.default) for _, _, text in box.mails)
    assert first["Subject"] == "ag-enclave: analyst asks for budget: Odd Data"
    assert "reason: for Bob's trial" in first.get_content()
    assert "reason: ask in spring" in second.get_content()
    for headers, body in box.posts:
        signed = hmac.new(SECRET.encode(), headers["X-AG-Timestamp"].encode() + b"." + body, hashlib.sha256)
        assert headers["X-AG-Signature"] == f"sha256={signed.hexdigest()}"
    told = [json.loads(body) for _, body in box.posts]
    assert [each["event"] for each in told] == ["request.ask", "request.deny"]
    assert told[0]["details"] == {"request": made["request_id"], "epsilon": "2", "reason": "for Bob's trial"}
    everything = json.dumps(told) + "".join(text for _, _, text in box.mails) + log
    secrets = [SECRET, *(account["user_secret"] for account in people.values()), analyst.token]
    assert [secret for secret in secrets if secret in everything] == []


def note(database: Database, action: str = "request.ask", **details: str) -> None:
    with database.transaction() as connection:
        deeds.note(connection, "ann", action, "D", details)


def outbox(database: Database, notify: Notify, now: list[float]) -> Notices:
    return Notices(database, channels_of(notify), patience=10, clock=lambda: now[0])


def test_what_does_not_arrive_is_tried_again_ever_later_and_survives_a_restart(
    database: Database, tmp_path: Path
) -> None:
    now = [0.0]
    with postbox() as box:
        notify = settings(box, tmp_path, smtp_host="")
        box.status = 500
        note(database)
        tried = []
        for second in (0, 5, 9, 10, 11, 29, 30, 31, 69, 70, 71, 149, 150, 151, 199):
            now[0] = float(second)
            before = box.status
            notices = outbox(database, notify, now)  # as after a restart
            with database.transaction() as connection:
                had = connection.exec_driver_sql("SELECT COALESCE(SUM(tries), 0) FROM notices").scalar_one()
            notices.look()
            with database.transaction() as connection:
                has = connection.exec_driver_sql("SELECT SUM(tries) FROM notices").scalar_one()
            if has > had:
                tried.append(second)
            assert before == box.status
        assert tried == [0, 10, 30, 70, 150]
        box.status = 204
        now[0] = 1000.0
        outbox(database, notify, now).look()
        assert len(box.posts) == 1
        outbox(database, notify, now).look()
        assert (len(box.posts), outbox(database, notify, now).waiting()) == (1, 0)


def test_a_notice_is_given_up_in_the_end(database: Database, tmp_path: Path) -> None:
    now = [0.0]
    with postbox() as box:
        box.status = 500
        note(database)
        notices = outbox(database, settings(box, tmp_path, smtp_host=""), now)
        for _ in range(20):
            notices.look()
            now[0] += 4000
        assert notices.waiting() == 0


def test_redirects_are_not_followed(database: Database, tmp_path: Path) -> None:
    with postbox() as box:
        box.status = 302
        note(database)
        notices = outbox(database, settings(box, tmp_path, smtp_host=""), [0.0])
        notices.look()
        assert (box.posts, notices.waiting()) == ([], 1)


def test_nobody_is_told_of_what_is_no_request_nor_of_what_was_before(database: Database, tmp_path: Path) -> None:
    now = [0.0]
    with postbox() as box:
        note(database)
        Notices(database, {}, patience=1, clock=lambda: now[0]).look()
        notify = settings(box, tmp_path)
        note(database, "user.add")
        outbox(database, notify, now).look()
        assert (box.mails, box.posts) == ([], [])


@pytest.mark.parametrize(
    "name",
    [
        "D\nX-Evil: 1",
        "=?utf-8?q?D=0D=0AX-Evil:_1?=",
        "=?utf-8?b?RA0KWC1FdmlsOiAx?=",
        "==??utf-8?q?D=0AX-Evil:_1?=",
        "=?utf-8?q?=ED=A0=80=00?=",
        "\N{LINE SEPARATOR}X-Evil: 1",
    ],
)
def test_words_of_an_analyst_become_no_header(database: Database, tmp_path: Path, name: str) -> None:
    with postbox() as box:
        with database.transaction() as connection:
            deeds.note(
                connection, "ann\r\nBcc: x@y", "request.ask", name, {"reason": "a\r\n.\r\nMAIL FROM:<x>", "why": name}
            )
        outbox(database, settings(box, tmp_path, webhook_url=""), [0.0]).look()
    ((_, _, text),) = box.mails
    mail = email.message_from_string(text, policy=email.policy.default)
    assert set(mail.keys()) == {
        "From", "To", "Subject", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip


def test_a_notice_that_can_t_be_written_keeps_no_other_from_going_out(database: Database, tmp_path: Path) -> None:
    sent, now = [], [0.0]

    def send(notice: Notice) -> None:
        if notice.subject == "unwritable":
            raise ValueError(notice.subject)
        sent.append(notice.subject)

    box = Notices(database, {"mail": send}, patience=1, clock=lambda: now[0])
    for subject in ("unwritable", "Clinic"):
        with database.transaction() as connection:
            deeds.note(connection, "ann", "request.ask", subject, {})
    for now[0] in (0.0, 2.0):
        box.look()
    assert sent == ["Clinic"]
    assert box.waiting() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook_url": "http://10.0.0.1/hook"},
        {"webhook_url": "ftp://example.org"},
        {"webhook_url": "https://user:pass@example.org"},
        {"webhook_url": "https://[::1"},
        {"webhook_secret_file": "/nowhere"},
        {"mail_to": ""},
        {"smtp_host": "mail.example.org"},
        {"ca": "/nowhere"},
    ],
)
def test_settings_that_are_not_safe_are_refused(tmp_path: Path, changes: dict[str, str]) -> None:
    box = Postbox()
    box.ports = {"smtp": 25, "http": 80}
    with pytest.raises(BadConfig):
        channels_of(settings(box, tmp_path, **changes))


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("short")
    with pytest.raises(BadConfig, match="16 characters"):
        channels_of(Notify(webhook_url="https://example.org", webhook_secret_file=str(tmp_path / "short")))
