"""What can go wrong in the kernel's own machinery; the analyst's own errors are Python's.

KernelError
├── MalformedMessage    bytes on the session channel that are not a message
└── CellRefused         a cell that was not run: syntax, policy, types or size; carries what to show
RuntimeError
└── NotSubmitted        predictions that were not scored; says why
ValueError
├── NotExportable       a value, or a name, that can't leave as data; says what can
└── NotImportable       a value, or a name, that a client sent and that can't become a variable
"""


class KernelError(Exception):
    """Base of what the kernel's machinery raises."""


class MalformedMessage(KernelError):
    """The bytes are not a message; says why, carries no part of them."""


class CellRefused(KernelError):
    """A cell was not run and nothing changed; ``shown`` is the traceback, ready to be read."""

    def __init__(self, why: str, *shown: str) -> None:
        super().__init__(why)
        self.shown = shown or (why,)


class NotSubmitted(RuntimeError):
    """Predictions were not scored; says why."""


class NotExportable(ValueError):
    """The value or the name can't be exported; says in one sentence what can."""


class NotImportable(ValueError):
    """What a client sent can't become a variable; says why."""
