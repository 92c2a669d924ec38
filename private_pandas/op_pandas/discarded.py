"""Whether a call's result is thrown away, as in a line that is only ``frame.drop("x")``.

Notebooks written for Antigranular drop in place by such a line; pandas notebooks assign the result. Reading which of the two the
line is serves both. Must not know frames.
"""

import dis
import sys

_THROWN = "POP_TOP"
_MODULE = "<module>"


def result_is_discarded() -> bool:
    """Whether the caller of the calling method drops its result, or only displays it as a cell's last line."""
    frame = sys._getframe(2)  # noqa: SLF001 - the documented way to look at a caller
    following = (i for i in dis.get_instructions(frame.f_code) if i.offset > frame.f_lasti and i.opname != "CACHE")
    instruction = next(following, None)
    if instruction is None:
        return False
    return instruction.opname == _THROWN or (instruction.opname == "RETURN_VALUE" and frame.f_code.co_name == _MODULE)
