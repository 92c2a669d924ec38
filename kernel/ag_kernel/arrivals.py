"""What a client sends to become a variable: its pieces put together, decoded and laid on the desk, where a cell takes it.

It must not know what a cell is. The name is checked here: it will stand in a cell's text, and a name that is no name would be code.
"""

import keyword
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from ag_kernel.decode import decode
from ag_kernel.errors import MalformedMessage, NotImportable
from ag_kernel.parcel import unpack
from ag_kernel.wire import Buffer
from ag_utils.desk import Imported

_VERSION: Final = 1
_LONGEST_NAME: Final = 200


class Arrivals:
    """One session's imports, one at a time; at most ``limit`` bytes each. ``lay`` puts a finished one on the desk."""

    def __init__(self, lay: Callable[[str, Imported], None], *, limit: int, taken: Collection[str]) -> None:
        self._lay = lay
        self._limit = limit
        self._taken = taken
        self._number = ""
        self._run = bytearray()
        self._next = 0

    def take(self, content: Mapping[str, Any], buffers: Sequence[Buffer]) -> int:
        """One piece; how many there are now. One that comes again, or before its turn, is passed over. NotImportable where it can't be one."""
        name = check_name(content.get("name"), self._taken)
        number, size = content.get("import_id"), content.get("size")
        piece, pieces = content.get("piece"), content.get("pieces")
        if (
            type(number) is not str
            or not number
            or type(size) is not int
            or type(piece) is not int
            or len(buffers) != 1
        ):
            raise NotImportable("this is not a piece of an import")
        if size > self._limit:
            raise NotImportable(f"{name} takes {size:,} bytes, and an import may take {self._limit:,}")
        if piece == 0 and number != self._number:
            self._number, self._run, self._next = number, bytearray(), 0
        if number != self._number:  # its beginning is not here yet, or no longer: whoever sends knows which
            return 0
        if piece == self._next:
            self._append(buffers[0], size)
            if self._next == pieces:
                self._finish(name, size)
        return self._next

    def _append(self, piece: Buffer, size: int) -> None:
        if len(self._run) + len(piece) > size:
            raise self._broken()
        self._run += piece
        self._next += 1

    def _finish(self, name: str, size: int) -> None:
        run, self._run = self._run, bytearray()
        if len(run) != size:
            raise self._broken()
        try:
            head, parts = unpack(run)
        except MalformedMessage as problem:
            raise NotImportable(str(problem)) from None
        if head.get("version") != _VERSION:
            raise NotImportable("this enclave doesn't know this version of imports; upgrade it")
        value, metadata, categories = (decode(head.get(part), parts) for part in ("value", "metadata", "categories"))
        self._lay(name, Imported(value=value, metadata=metadata, categories=categories))

    def _broken(self) -> NotImportable:
        self._number = ""
        return NotImportable("the pieces of this import don't have the size that was announced; send it again")


def check_name(name: object, taken: Collection[str]) -> str:
    """The name, if a cell can bind it to what was imported. NotImportable otherwise."""
    if type(name) is not str or len(name) > _LONGEST_NAME:
        raise NotImportable("the name of an import must be a text that a variable can be called by")
    # Python reads names in this form: a look-alike of another name would be that name.
    plain = unicodedata.normalize("NFKC", name) == name
    if not plain or not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise NotImportable(f"{name[:80]!r} can't be the name of a variable; choose letters, digits and underscores")
    if name in taken:
        raise NotImportable(f"{name} is the name of something that the session offers; choose another one")
    return name
