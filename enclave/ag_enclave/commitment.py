"""A digest of a value that says nothing of it: keyed with a salt of its own, so that whoever reads the log can't find a small result by trying.

Whoever holds salt and value proves with them that the value is the one. Knows bytes only.
"""

import hmac
import secrets

_SALT_BYTES = 32


def new_salt() -> str:
    """A random salt, in hexadecimal digits. One for each value: under a shared one, equal values show."""
    return secrets.token_hex(_SALT_BYTES)


def commitment(salt: str, value: bytes) -> str:
    """HMAC-SHA256 of the value under the salt (hides and binds: RFC 2104, HMAC as a pseudo-random function with a collision-resistant hash)."""
    return hmac.digest(bytes.fromhex(salt), value, "sha256").hex()


def keeps(salt: str, digest: str, value: bytes) -> bool:
    """Whether the digest is of this value; never where there is no salt."""
    return bool(salt) and hmac.compare_digest(commitment(salt, value), digest)
