"""The closed set of what a kernel may show: mime types, and the shape of each one's data.

Scripts, widgets and whatever is not listed don't pass; the text fallback stays.
"""

from typing import Any

from ag_enclave.bridge.fields import MISSING, Fields, number, optional, rebuild
from ag_enclave.bridge.message import dump
from ag_enclave.config import Wire
from ag_enclave.errors import MalformedMessage

EXPORT = "application/vnd.antigranular.export+json"

# mime type -> type of its data in a message
MIMES: dict[str, type] = {
    "text/plain": str,
    "text/html": str,
    "text/markdown": str,
    "text/latex": str,
    "image/png": str,
    "image/jpeg": str,
    "image/svg+xml": str,
    "application/json": dict,
    "application/vnd.antigranular.budget+json": dict,
    "application/vnd.antigranular.session+json": dict,
    EXPORT: dict,
}

_MIME_METADATA: Fields = {"width": optional(number), "height": optional(number)}


def bundle(given: Any, limits: Wire) -> dict[str, Any]:
    """The listed mime types of a bundle; what is too large is left out, and the text says so."""
    if not isinstance(given, dict):
        raise MalformedMessage("shown data is not an object")
    kept: dict[str, Any] = {}
    for mime, kind in MIMES.items():
        if mime not in given:
            continue
        if not isinstance(given[mime], kind):
            raise MalformedMessage("shown data has the wrong type")
        if _size(given[mime]) <= (limits.export_bytes if mime == EXPORT else limits.output_bytes):
            kept[mime] = given[mime]
        else:
            kept["text/plain"] = f"[{mime} is larger than the enclave passes on]"
    return kept or {"text/plain": "[nothing that the enclave passes on]"}


def bundle_metadata(given: Any, limits: Wire) -> dict[str, Any]:
    """Width and height per listed mime type."""
    if given is MISSING or not isinstance(given, dict):
        return {}
    return {mime: rebuild(_MIME_METADATA, given[mime], limits) for mime in MIMES if isinstance(given.get(mime), dict)}


def _size(data: Any) -> int:
    return len(data) if isinstance(data, str) else len(dump(data))
