"""How much one session may print, show and send: numbers from the session's settings, with defaults.

It must not know where settings come from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes per cell and per import; the deepest syntax; how many cells' texts are kept; the memory of the process (0: nobody said); two patiences.

    ``check_seconds`` with the checker, ``again_seconds`` with a cell that caught its interrupt.
    """

    output_bytes: int = 4 << 20
    export_bytes: int = 100 << 20
    import_bytes: int = 100 << 20
    cell_bytes: int = 1 << 20
    cell_depth: int = 150
    history_cells: int = 1000
    memory_bytes: int = 0
    check_seconds: float = 20.0
    again_seconds: float = 5.0

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Limits":
        """The limits named in the settings. ValueError for one that is not a positive number; others' settings are passed over."""
        wanted = {one.name: settings[one.name] for one in fields(cls) if one.name in settings}
        for name, value in wanted.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
                raise ValueError(f"the limit {name} must be a positive number")
        return cls(**wanted)
