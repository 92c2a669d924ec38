"""An owner's data as a file that can be sent: the file itself, or a data frame written to one. Must not know where it goes.

Frames become Parquet where pyarrow is installed, which keeps every type; else CSV, with floats to their last digit and times in ISO 8601, which the
enclave reads as the metadata says.
"""

import hashlib
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from antigranular.errors import AgError
from antigranular.tensor import AnnotatedTensor

_FORMS = {".csv": "csv", ".parquet": "parquet", ".pq": "parquet"}
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """A file with its role in the data set; ``size`` in bytes."""

    key: str
    role: str
    path: Path = field(repr=False)
    form: str
    size: int
    sha256: str

    def announced(self) -> dict[str, Any]:
        """As the enclave wants to hear of it."""
        return {"key": self.key, "role": self.role, "form": self.form, "bytes": self.size, "sha256": self.sha256}

    def piece(self, offset: int, most: int) -> bytes:
        """Bytes from ``offset`` on."""
        with self.path.open("rb") as stream:
            stream.seek(offset)
            return stream.read(most)


def data_file(key: str, role: str, data: Any, folder: Path) -> DataFile:
    """The file for ``data``, in ``folder`` where one has to be written. AgError for what is neither a file nor a frame nor an annotated array."""
    if isinstance(data, AnnotatedTensor):
        path, form = folder / f"{role}-{key}.csv", "csv"
        data.write_table(path)
    else:
        path, form = _on_disk(data) if isinstance(data, str | os.PathLike) else _written(key, role, data, folder)
    digest, size = hashlib.sha256(), 0
    for block in _blocks(path):
        digest.update(block)
        size += len(block)
    if not size:
        raise AgError(f"the file for {key} is empty")
    return DataFile(key=key, role=role, path=path, form=form, size=size, sha256=digest.hexdigest())


def _on_disk(data: "str | os.PathLike[str]") -> tuple[Path, str]:
    path = Path(data)
    form = _FORMS.get(path.suffix.lower())
    if form is None:
        raise AgError(f"{path} must end in .parquet or .csv")
    if not path.is_file():
        raise AgError(f"there is no file {path}")
    return path, form


def _written(key: str, role: str, data: Any, folder: Path) -> tuple[Path, str]:
    if not hasattr(data, "to_csv") or not hasattr(data, "columns"):
        raise AgError(f"data of the asset {key} must be the path of a file or a data frame, not {type(data).__name__}")
    frame = data.reset_index() if any(name is not None for name in data.index.names) else data
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if importlib.util.find_spec("pyarrow") is not None:
        path = folder / f"{role}-{key}.parquet"
        try:
            frame.to_parquet(path, engine="pyarrow", index=False)
        except (ValueError, TypeError, ArithmeticError):  # columns of mixed kinds, which CSV has room for
            path.unlink(missing_ok=True)
        else:
            return path, "parquet"
    path = folder / f"{role}-{key}.csv"
    frame.to_csv(path, index=False, encoding="utf-8", date_format="%Y-%m-%dT%H:%M:%S.%f%z")
    return path, "csv"


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK):
            yield block
