"""The ways that notices go out, made of the settings once, at the start. BadConfig with one sentence for what can't work or isn't safe."""

import ipaddress
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from ag_enclave.config import Notify
from ag_enclave.errors import BadConfig
from ag_enclave.mail import mail_channel
from ag_enclave.notices import Channel
from ag_enclave.webhook import webhook_channel

_LEAST_SECRET = 16


def channels_of(settings: Notify) -> dict[str, Channel]:
    """By name; none where nothing is set."""
    context = trusting(settings.ca, "notify.ca")
    channels: dict[str, Channel] = {}
    if settings.smtp_host:
        _check_mail(settings)
        password = _secret(settings.smtp_password_file, "notify.smtp_password_file") if settings.smtp_user else ""
        channels["mail"] = mail_channel(settings, password, context)
    if settings.webhook_url:
        _check_address(settings.webhook_url)
        secret = _secret(settings.webhook_secret_file, "notify.webhook_secret_file")
        if len(secret) < _LEAST_SECRET:
            raise BadConfig(f"The secret in notify.webhook_secret_file needs at least {_LEAST_SECRET} characters.")
        channels["webhook"] = webhook_channel(settings.webhook_url, secret.encode(), context)
    return channels


def trusting(ca: str, setting: str) -> ssl.SSLContext:
    """Who is believed: the authority in this file, else the system's."""
    try:
        return ssl.create_default_context(cafile=ca or None)
    except OSError as problem:
        raise BadConfig(f"The file {ca} of {setting} is not a PEM file of an authority.") from problem


def _check_mail(settings: Notify) -> None:
    if not settings.mail_from or not settings.mail_to:
        raise BadConfig("notify.smtp_host needs notify.mail_from and notify.mail_to.")
    if settings.smtp_security == "none" and not _is_loopback(settings.smtp_host):
        raise BadConfig('notify.smtp_security = "none" is for a mail server on this host only.')


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as problem:
        raise BadConfig("notify.webhook_url is not an address.") from problem
    if not host or parts.username or parts.scheme not in ("https", "http"):
        raise BadConfig("notify.webhook_url must be an https address without a user.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise BadConfig("notify.webhook_url may be http on this host only.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _secret(path: str, setting: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise BadConfig(f"The file {path!r} of {setting} can't be read.") from problem
