"""Access tokens: short-lived signed claims (JWS). Knows the signing key and the clock, not the accounts."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from ag_enclave.errors import BadState
from ag_enclave.state import write_private

_ISSUER = "ag-enclave"
API, CONSOLE = "api", "console"
"""What a token opens: a browser's cookie is good for pages alone, a token that programs carry for everything else."""
_ALGORITHM = "HS256"
_KEY_BYTES = 32
_LONGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Whose token it is. The account must still have this generation."""

    user_id: str
    generation: int


class Tokens:
    """Issues and reads tokens with one key. ``seconds`` is their life, ``longest`` what one may ask for, ``clock`` the wall time in seconds."""

    def __init__(self, *, key: bytes, seconds: int, longest: int, clock: Callable[[], float]) -> None:
        self._key = OctKey.import_key(key)
        self._clock = clock
        self.seconds = seconds
        self.longest = max(seconds, longest)

    def issue(self, user_id: str, generation: int, seconds: int | None = None, *, opens: str = API) -> str:
        """A token for this account, valid from now, where it ``opens`` something."""
        now = int(self._clock())
        claims = {
            "iss": _ISSUER,
            "aud": opens,
            "sub": user_id,
            "gen": generation,
            "iat": now,
            "exp": now + min(seconds or self.seconds, self.longest),
            "jti": secrets.token_hex(8),
        }
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key)

    def read(self, token: str, *, opens: str = API) -> Claims | None:
        """The claims of a genuine token that ``opens`` this and hasn't expired; None for anything else."""
        if len(token) > _LONGEST:
            return None
        try:
            claims = jwt.decode(token, self._key, algorithms=[_ALGORITHM]).claims
            self._rules(opens).validate(claims)
        except (JoseError, ValueError):
            return None
        if not isinstance(claims["gen"], int) or not isinstance(claims["sub"], str):
            return None
        return Claims(user_id=claims["sub"], generation=claims["gen"])

    def mark(self, token: str) -> str:
        """What proves that a form was made for whoever holds this token, and tells nothing of it."""
        return hmac.new(self._key.raw_value, f"form {token}".encode(), "sha256").hexdigest()

    def _rules(self, opens: str) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            iss={"essential": True, "value": _ISSUER},
            aud={"essential": True, "value": opens},
            sub={"essential": True},
            gen={"essential": True},
            exp={"essential": True},
        )


def signing_key(folder: Path) -> bytes:
    """The enclave's signing key, made at random where there is none."""
    path = folder / "tokens.key"
    if not path.exists():
        write_private(path, secrets.token_bytes(_KEY_BYTES))
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise BadState(f"The signing key {path} is damaged; remove it and start again (open tokens become void).")
    return key
