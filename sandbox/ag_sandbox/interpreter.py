"""Where public code lives: the directories a child may read to import on first use. Knows no profile.

Only the interpreter's own library and what stands on its path: never the directory the gateway happens to run in.
"""

import sys
import sysconfig
from pathlib import Path


def public_code() -> tuple[str, ...]:
    """Existing directories of the standard library, of installed packages, and of packages installed for development."""
    candidates = [
        path for name, path in sysconfig.get_paths().items() if name in {"stdlib", "platstdlib", "purelib", "platlib"}
    ]
    candidates += sys.path
    found = (str(Path(path).resolve()) for path in candidates if path and Path(path).is_dir())
    return tuple(path for path in dict.fromkeys(found) if path != "/")
