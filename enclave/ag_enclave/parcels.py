"""What passes between two enclaves as one signed file: requests for review one way, decisions and results the other.

Knows bytes, signatures and forms; no database. Nothing in a file is compressed, so that it is never larger than it looks.
"""

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ag_enclave.errors import BadData, BadState
from ag_enclave.state import write_private

LONGEST = 256 << 20
MOST = 1000
"""Requests, and decisions, that one file may carry."""
_MAGIC = b"ag-enclave sync 1\n"
_SIGNATURE = 64
_LAST = (1 << 31) - 1
"""What a database's integer holds."""
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f-]{36}\Z")]
Who = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Long = Annotated[str, msgspec.Meta(max_length=1 << 20)]


class BoundTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An argument and the table's name; the version is each side's own."""

    argument: Short
    dataset: Short
    table: Short


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request for review on its way to who has the data. What its texts may be, the receiver judges of each request by itself."""

    request_id: Id
    analyst: Who
    reader: Who
    project: Short
    function: Short
    source: Long
    inputs: Annotated[tuple[BoundTable, ...], msgspec.Meta(min_length=1, max_length=8)]
    runs: Annotated[int, msgspec.Meta(ge=1, le=100)]


class Decided(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision on its way back. ``result``: what was deposited."""

    request_id: Id
    state: Annotated[str, msgspec.Meta(pattern=r"^(approved|denied)\Z")]
    answer: Annotated[str, msgspec.Meta(max_length=1000)]
    result: Annotated[bytes, msgspec.Meta(max_length=32 << 20)] | None = None


class Parcel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file: for whom (a fingerprint), its number, which only grows, and what it brings.

    ``whole``: these are all requests that are open between the two, so that any other is decided and heard of, or withdrawn.
    """

    to: Annotated[str, msgspec.Meta(max_length=64)]
    number: Annotated[int, msgspec.Meta(ge=1, le=_LAST)]
    asked: Annotated[tuple[Asked, ...], msgspec.Meta(max_length=MOST)] = ()
    decided: Annotated[tuple[Decided, ...], msgspec.Meta(max_length=MOST)] = ()
    whole: bool = False


def own_key(folder: Path) -> Ed25519PrivateKey:
    """The key for parcels of this enclave, made where there is none. BadState where it is damaged."""
    path = folder / "sync.pem"
    if not path.exists():
        made = Ed25519PrivateKey.generate()
        write_private(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as problem:
        raise BadState(
            f"The key {path} is damaged; remove it, and register the next one with the other side."
        ) from problem
    if not isinstance(key, Ed25519PrivateKey):
        raise BadState(f"The key {path} is of another kind.")
    return key


def public_text(key: Ed25519PrivateKey) -> str:
    """The public half, as the other side registers it."""
    return canonical(key.public_key())


def public_key(text: str) -> Ed25519PublicKey:
    """A registered key. BadData where it is none."""
    try:
        key = load_pem_public_key(text.encode())
    except ValueError as problem:
        raise BadData("This is no public key; `ag-enclave sync key` prints one.") from problem
    if not isinstance(key, Ed25519PublicKey):
        raise BadData("This is a public key of another kind; `ag-enclave sync key` prints one.")
    return key


def canonical(key: Ed25519PublicKey) -> str:
    """A public key's one text."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of a public key."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def sealed(parcel: Parcel, key: Ed25519PrivateKey) -> bytes:
    """The file."""
    body = msgspec.msgpack.encode(parcel)
    return _MAGIC + key.sign(_MAGIC + body) + body


def opened(path: Path, sender: Ed25519PublicKey, receiver: Ed25519PublicKey) -> Parcel:
    """What a file brings. BadData where it is too long, isn't signed by the sender, or is for somebody else."""
    try:
        with path.open("rb") as stream:
            content = stream.read(LONGEST + 1)
    except OSError as problem:
        raise BadData(f"The file {path} can't be read: {problem.strerror}.") from problem
    if len(content) > LONGEST or not content.startswith(_MAGIC):
        raise BadData("This is no file of `ag-enclave sync export`, or a longer one than any.")
    signature, body = content[len(_MAGIC) : len(_MAGIC) + _SIGNATURE], content[len(_MAGIC) + _SIGNATURE :]
    try:
        sender.verify(signature, _MAGIC + body)
    except InvalidSignature as problem:
        raise BadData("This file isn't signed by that side, or was changed since.") from problem
    try:
        parcel = msgspec.msgpack.decode(body, type=Parcel)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise BadData("This file's content doesn't fit; is the other side of another release?") from problem
    if parcel.to != fingerprint(receiver):
        raise BadData("This file is for another enclave.")
    return parcel
