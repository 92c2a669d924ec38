"""People that another issuer vouches for: OpenID Connect discovery, its keys kept and renewed, its tokens read. Blocks; call it off the event loop.

Knows the issuer's words, not our accounts. Believes nothing but signatures of the issuer's own keys, by a short list of algorithms.
"""

import contextlib
import http.client
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ag_enclave.channels import trusting
from ag_enclave.config import Oidc
from ag_enclave.errors import BadConfig

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,58}")
_LONGEST_TOKEN = 16 << 10
_LONGEST_DOCUMENT = 1 << 20
_SECONDS = 10.0
_LEEWAY = 30
_KEPT_SECONDS = 3600.0
_PAUSE_SECONDS = 30.0
"""Between two fetches of keys, so that made-up tokens can't keep us fetching."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom the issuer vouches for, in which role here, and until when (seconds since 1970)."""

    user_id: str
    role: str
    until: int


class Issuer:
    """Reads one issuer's tokens. ``clock``: the wall clock. BadConfig where the settings can't work."""

    def __init__(self, settings: Oidc, clock: Callable[[], float]) -> None:
        if not settings.audience:
            raise BadConfig("oidc.issuer needs oidc.audience: without it, tokens for others would be taken.")
        _check_address(settings.issuer, "oidc.issuer")
        self.name = settings.issuer
        self._settings = settings
        self._clock = clock
        self._context = trusting(settings.ca, "oidc.ca")
        self._keys: KeySet | None = None
        self._fetched = self._tried = float("-inf")
        self._lock = threading.Lock()
        self._roles = {
            value: role
            for role in ("analyst", "owner", "auditor", "operator")
            if (value := getattr(settings, f"{role}s"))
        }

    def read(self, token: str) -> Person | str:
        """The person of a genuine token that is for us; else one sentence that says what is wrong, and nothing of the token."""
        claims = self._claims(token)
        if claims is None:
            return "The issuer's token is not genuine, not for this enclave, or has expired."
        name = claims.get(self._settings.user_claim)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            return f"The token's claim {self._settings.user_claim} is no name of up to 59 letters, digits or the signs . _ @ -"
        said = _claim(claims, self._settings.role_claim)
        given = set(said if isinstance(said, list) else [said]) if _is_words(said) else set()
        role = next((role for value, role in reversed(self._roles.items()) if value in given), None)
        if role is None:
            return f"The token's claim {self._settings.role_claim} gives no role here."
        return Person(user_id=f"oidc:{name}", role=role, until=int(claims["exp"]))

    def _claims(self, token: str) -> dict[str, Any] | None:
        if len(token) > _LONGEST_TOKEN:
            return None
        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
            keys = self._current(kid if isinstance(kid, str) else None)
            if keys is None:
                return None
            claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
            self._rules().validate(claims)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            return None
        return dict(claims) if isinstance(claims.get("exp"), int) else None

    def _rules(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.audience},
            exp={"essential": True},
        )

    def _current(self, kid: str | None) -> KeySet | None:
        """The issuer's keys; fetched where they are old, or lack the one asked for. Those of before where that fails."""
        with self._lock:
            now = self._clock()
            known = self._keys is not None and (kid is None or any(key.kid == kid for key in self._keys.keys))
            fresh = now - self._fetched < _KEPT_SECONDS
            if not (known and fresh) and abs(now - self._tried) >= _PAUSE_SECONDS:
                self._tried = now
                try:
                    self._keys = self._fetch()
                    self._fetched = now
                except (OSError, http.client.HTTPException, JoseError, ValueError, TypeError, KeyError) as problem:
                    _log.warning("the issuer's keys could not be fetched", issuer=self.name, problem=str(problem)[:200])
            return self._keys

    def _fetch(self) -> KeySet:
        about = self._get(f"{self.name.rstrip('/')}/.well-known/openid-configuration")
        if about.get("issuer") != self.name:
            raise ValueError("what was discovered is another issuer's")
        address = str(about["jwks_uri"])
        _check_address(address, "the issuer's jwks_uri")
        found = self._get(address)
        signing = [
            key for key in found["keys"] if key.get("use", "sig") == "sig" and key.get("kty") in ("RSA", "EC", "OKP")
        ]
        return KeySet.import_key_set({"keys": signing})

    def _get(self, address: str) -> dict[str, Any]:
        """A JSON object over TLS: no redirect, no proxy, no more than a megabyte."""
        parts = urlsplit(address)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=_SECONDS, context=self._context
        )
        with contextlib.closing(connection):
            connection.request("GET", target, headers={"Accept": "application/json"})
            answer = connection.getresponse()
            body = answer.read(_LONGEST_DOCUMENT + 1)
        if answer.status != http.client.OK or len(body) > _LONGEST_DOCUMENT:
            raise ValueError(f"status {answer.status} and {len(body)} bytes")
        value = json.loads(body)
        if not isinstance(value, dict):
            raise ValueError("no JSON object")  # noqa: TRY004 - every kind of damage is alike here
        return value


def issuer_of(settings: Oidc, clock: Callable[[], float]) -> Issuer | None:
    """The issuer that the settings name; None where they name none."""
    return Issuer(settings, clock) if settings.issuer else None


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    """A claim, by its name or by the way to it; None where there is none."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _is_words(said: Any) -> bool:
    return isinstance(said, str) or (isinstance(said, list) and all(isinstance(each, str) for each in said))


def _check_address(address: str, what: str) -> None:
    try:
        parts = urlsplit(address)
        good = parts.scheme == "https" and parts.hostname and not parts.username and (parts.port or 443) > 0
    except ValueError:
        good = False
    if not good:
        raise BadConfig(f"{what} must be an https address without a user.")
