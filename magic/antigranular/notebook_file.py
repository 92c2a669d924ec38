"""The session that a notebook file names: read from its outputs or its metadata, and written there. Must not know the wire; no secret is ever in a notebook."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from antigranular.errors import AgError
from antigranular.session import SESSION

KEY = "antigranular"
"""What is ours in a notebook's metadata, and in its kernel's ``language_info``."""


def sessions_of(notebook: dict[str, Any]) -> list[dict[str, str]]:
    """The session records of a notebook, the latest last: those shown in its outputs, its kernel's own, then what it was stamped with."""
    metadata = notebook.get("metadata") or {}
    shown = [(output.get("data") or {}).get(SESSION) for output in _outputs(notebook)]
    noted = [(metadata.get("language_info") or {}).get(KEY), metadata.get(KEY)]
    return [record for each in (*shown, *noted) if (record := _record(each))]


def dataset_of(notebook: dict[str, Any]) -> str | None:
    """The data set that a notebook's own metadata asks for: ``{"antigranular": {"dataset": name}}``."""
    own = (notebook.get("metadata") or {}).get(KEY)
    name = own.get("dataset") if isinstance(own, dict) else None
    return name if isinstance(name, str) else None


def stamp(notebook: dict[str, Any], session_id: str | None) -> dict[str, str]:
    """Write a session into the notebook's own metadata: the one named, else the last that its outputs show. Raises AgError where there is none."""
    shown = sessions_of(notebook)
    if session_id is not None:
        record = next((each for each in shown if each["session_id"] == session_id), {"session_id": session_id})
    elif shown:
        record = shown[-1]
    else:
        raise AgError("no output of this notebook shows a session; name one with --session ID")
    notebook.setdefault("metadata", {})[KEY] = {"version": 1, **record}
    return record


def read(path: Path) -> dict[str, Any]:
    """A notebook file. Raises AgError where it is none."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise AgError(f"{path} can't be read: {problem.strerror}") from None
    except ValueError:
        raise AgError(f"{path} is not a notebook: it is not JSON") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise AgError(f"{path} is not a notebook of format 4: it has no cells")
    return notebook


def write(path: Path, notebook: dict[str, Any]) -> None:
    """Replace a notebook file in one step, as Jupyter lays it out."""
    text = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(beside).chmod(path.stat().st_mode & 0o777)
        Path(beside).replace(path)
    except OSError as problem:
        with contextlib.suppress(OSError):
            Path(beside).unlink()
        raise AgError(f"{path} can't be written: {problem.strerror}") from None


def _outputs(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for cell in notebook["cells"]:
        if isinstance(cell, dict):
            yield from (output for output in cell.get("outputs") or () if isinstance(output, dict))


def _record(value: Any) -> dict[str, str] | None:
    if not isinstance(value, dict) or not isinstance(value.get("session_id"), str):
        return None
    return {name: value[name] for name in ("session_id", "dataset") if isinstance(value.get(name), str)}
