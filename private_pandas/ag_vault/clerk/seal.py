"""A signed head of the log, kept outside of the database: where the log ended, what was spent by then, which caps were in force.

Ed25519 over the canonical JSON of the head. Knows bytes and one folder; what belongs into a head is the keeper's.
"""

import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ag_vault.errors import BadLedger

HEAD_FILE = "head.json"
KEY_FILE = "audit.pub"
KEY_BYTES = 32


class Seal:
    """The key, and the folder where the head lies beside the public key. BadLedger for a key that is none."""

    def __init__(self, key: bytes, folder: Path) -> None:
        if len(key) != KEY_BYTES:
            raise BadLedger("the audit key is damaged")
        self._key = Ed25519PrivateKey.from_private_bytes(key)
        self._folder = folder

    @property
    def public(self) -> str:
        """The public key as PEM: what a third party verifies with."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def signed(self, head: dict[str, Any]) -> dict[str, Any]:
        """The head with its signature."""
        return head | {"signature": self._key.sign(canonical(head)).hex()}

    def check(self, head: Any) -> dict[str, Any]:
        """A signed head, as it was signed. BadLedger where it is none of this key's."""
        try:
            unsigned = {name: value for name, value in head.items() if name != "signature"}
            self._key.public_key().verify(bytes.fromhex(head["signature"]), canonical(unsigned))
        except (InvalidSignature, ValueError, KeyError, AttributeError, TypeError) as problem:
            raise BadLedger("the signed head of the log was altered, or signed by another key") from problem
        return unsigned

    def read(self) -> dict[str, Any] | None:
        """The head in its folder, checked; None where there is none. BadLedger where it is not ours."""
        try:
            content = (self._folder / HEAD_FILE).read_bytes()
        except FileNotFoundError:
            return None
        try:
            return self.check(json.loads(content))
        except (ValueError, RecursionError) as problem:
            raise BadLedger("the signed head of the log can't be read") from problem

    def write(self, head: dict[str, Any]) -> None:
        """Put a head in the place of the last one, signed, durably, and whole at every moment. Raises OSError."""
        _replace(self._folder / KEY_FILE, self.public.encode())
        _replace(self._folder / HEAD_FILE, json.dumps(self.signed(head)).encode())


def canonical(head: dict[str, Any]) -> bytes:
    """What is signed: JSON with sorted names and no blanks, in ASCII."""
    return json.dumps(head, sort_keys=True, separators=(",", ":")).encode()


def _replace(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name, too, survives a loss of power
    finally:
        os.close(folder)
