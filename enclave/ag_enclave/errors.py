"""What can be wrong in the gateway.

EnclaveError
├── Unusable            the operator must act: one sentence, printed by the command line, exit status 1
│   ├── BadConfig       a setting is unknown, of the wrong type or out of range
│   ├── BadState        the state directory can't be used
│   ├── BadAddress      the address or port can't be listened on
│   ├── BadData         a data set can't be registered
│   ├── Unfit           what was asked for isn't well formed (400)
│   ├── Missing         what was asked for isn't there (404)
│   └── Conflict        what was asked for can't be done as things are (409)
├── Refusal             the caller's request is refused: an HTTP status and one sentence
├── MalformedMessage    bytes on a websocket or a session channel are not a kernel message
└── SessionLost         a session's processes could not be started, or are gone
"""


class EnclaveError(Exception):
    """Base of everything this room raises."""


class Unusable(EnclaveError):
    """The operator must act. The text is one sentence that says what is wrong and what to do."""


class BadConfig(Unusable):
    """A setting is unknown, of the wrong type or out of range."""


class BadState(Unusable):
    """The state directory can't be used: unwritable, full, or in use by another enclave."""


class BadAddress(Unusable):
    """The address or port can't be listened on."""


class BadData(Unusable):
    """A data set can't be registered. Says why without quoting a row."""


class Unfit(Unusable):
    """What was asked for isn't well formed. The text may be shown to whoever asked, as those of the next two."""


class Missing(Unusable):
    """What was asked for isn't there."""


class Conflict(Unusable):
    """What was asked for can't be done as things are."""


class Refusal(EnclaveError):
    """The caller's request is refused with this HTTP status and sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class MalformedMessage(EnclaveError):
    """The bytes are not a kernel message in the agreed layout. Carries no part of the bytes."""


class SessionLost(EnclaveError):
    """A session's processes could not be started, or are gone."""
