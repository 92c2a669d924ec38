"""What can go wrong in the vault, in two families: verdicts, which are values, and bugs, which are exceptions.

Knows nothing of rows, plans or connections: a refusal is written from public things only.

VaultError
├── EngineFailed       the engine refused a query that pricing had admitted: a hole in totality
├── MapperFailed       a mapper broke down, or said what is no result
├── NoNoise            randomness was asked for with a scale that gives no privacy
├── BadCatalog         a data set's folder was not made by the loader, or is damaged
├── BadLedger          the ledger on disk is damaged, locked, full or not ours; no charge can be made
└── BadData            a file or its metadata doesn't fit; the loader's one sentence for the owner
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """No, as a value: ``code`` is a stable word, ``why`` one sentence, ``instead`` what to do.

    ``error`` names the built-in exception that the guest raises. Nothing was charged and no row was read.
    """

    code: str
    why: str
    instead: str = ""
    error: str = "ValueError"


class VaultError(Exception):
    """Base of the vault's bugs. Its text never carries a value of a row."""


class EngineFailed(VaultError):
    """The engine refused a query that pricing had admitted."""


class MapperFailed(VaultError):
    """A mapper broke down."""


class NoNoise(VaultError):
    """A scale or a range that would release rows as they are."""


class BadCatalog(VaultError):
    """A data set's folder can't be used."""


class BadLedger(VaultError):
    """The ledger can't be used."""


class BadData(VaultError):
    """What an owner brought doesn't fit. The text is for the owner, whose data it is; it never reaches an analyst."""
