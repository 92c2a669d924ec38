"""An exported audit log, verified by whoever has it and the public key: every link, and the signature over the last.

Knows the format of the export and nothing of an enclave: a third party may run it anywhere, or write it anew from this page.
"""

import hashlib
import json
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ag_enclave.errors import BadData

FIELDS = ("sequence", "at", "actor", "action", "subject", "details", "event", "event_hash", "previous")
"""What an entry's hash is over: SHA-256 of the JSON list of these, in ASCII without blanks."""
_WHOLE = {*FIELDS, "hash"}
GENESIS = "0" * 64


def verify(lines: Iterable[str], public_key: bytes) -> int:
    """The number of entries of a whole export: entries in order, then their signed head. BadData with one sentence where it is not whole and true."""
    count, previous = 0, GENESIS
    ends: list[str] = []
    for line in lines:
        if ends:
            raise BadData("The export goes on after its signed head.")
        content = _object(line)
        if "signature" in content:
            _check_head(content, count, previous, public_key)
            ends.append(line)
            continue
        if content.keys() != _WHOLE:
            raise BadData(f"The export's entry {count + 1} has fields that no hash is over, or lacks some.")
        if [content.get("sequence"), content.get("previous")] != [count + 1, previous] or _hash(content) != content.get(
            "hash"
        ):
            raise BadData(f"The export's chain breaks at entry {count + 1}.")
        count, previous = count + 1, str(content["hash"])
    if not ends:
        raise BadData("The export has no signed head at its end.")
    return count


def _object(line: str) -> dict[str, object]:
    try:
        content = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError) as problem:
        raise BadData("The export has a line that is not JSON.") from problem
    if not isinstance(content, dict):
        raise BadData("The export has a line that is not an object.")
    return content


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object each of whose names stands once: of two, others might read the one that no hash is over."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _hash(entry: dict[str, object]) -> str:
    fields = [entry.get(name) for name in FIELDS]
    return hashlib.sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()


def _check_head(head: dict[str, object], count: int, previous: str, public_key: bytes) -> None:
    if (head.get("sequence"), head.get("hash")) != (count, previous):
        raise BadData("The signed head does not name the export's last entry.")
    try:
        key = load_pem_public_key(public_key)
        if not isinstance(key, Ed25519PublicKey):
            raise BadData("The public key is not one of Ed25519.")
        unsigned = {name: value for name, value in head.items() if name != "signature"}
        signed = json.dumps(unsigned, sort_keys=True, separators=(",", ":")).encode()
        key.verify(bytes.fromhex(str(head["signature"])), signed)
    except (InvalidSignature, ValueError) as problem:
        raise BadData("The signature is not this key's over this head.") from problem
