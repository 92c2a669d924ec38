"""Notices as mail: SMTP with the encryption that the operator chose, by default STARTTLS. Knows one notice at a time; blocks."""

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from email.message import EmailMessage

from ag_enclave.config import Notify
from ag_enclave.notices import Channel, Notice

_SECONDS = 20.0


def mail_channel(settings: Notify, password: str, context: ssl.SSLContext) -> Channel:
    """What sends a notice to all of the operator's addresses."""

    def send(notice: Notice) -> None:
        try:
            with _connected(settings, context) as server:
                if settings.smtp_user:
                    server.login(settings.smtp_user, password)
                server.send_message(letter(settings, notice))
        except smtplib.SMTPException as problem:
            raise OSError(type(problem).__name__) from problem

    return send


def letter(settings: Notify, notice: Notice) -> EmailMessage:
    """The mail: who did what, with the facts of the deed one per line. Line ends in them can't become headers."""
    message = EmailMessage()
    message["From"], message["To"] = settings.mail_from, settings.mail_to
    message["Subject"] = f"ag-enclave: {_line(notice.sentence)}"[:200]
    message["Message-ID"] = f"<deed-{notice.number}@ag-enclave.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    facts = [f"{name}: {_line(str(value))}" for name, value in notice.details.items()]
    message.set_content("\n".join([f"{_line(notice.sentence)}.", "", *facts, "", f"At {notice.at}."]) + "\n")
    return message


def _line(text: str) -> str:
    """On one line, and no encoded word (RFC 2047): the library decodes one that a header is given, line ends and all."""
    return "".join(each if each.isprintable() else " " for each in text).replace("=?", "= ?")


@contextlib.contextmanager
def _connected(settings: Notify, context: ssl.SSLContext) -> Iterator[smtplib.SMTP]:
    host, port = settings.smtp_host, settings.smtp_port
    if settings.smtp_security == "tls":
        with smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=context) as server:
            yield server
        return
    with smtplib.SMTP(host, port, timeout=_SECONDS) as server:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        yield server
