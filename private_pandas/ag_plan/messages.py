"""What travels on the plan socket: requests of the guest, replies of the vault. Frames are in ``frames.py``.

Every request has an ``id`` chosen by the guest; its one reply repeats it. Relations and releases travel
inside as bytes made by ``codec``, so that a message decodes flat.
"""

from msgspec import Struct

from ag_plan.expressions import Scalar


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of requests and replies."""

    id: int


# Requests -------------------------------------------------------------------------------------------------


class AskCatalog(Message, frozen=True, kw_only=True, tag="ask_catalog"):
    """What data sets this session may use. Free."""


class AskSchema(Message, frozen=True, kw_only=True, tag="ask_schema"):
    """The public schema of a relation. Free."""

    relation: bytes


class AskPublic(Message, frozen=True, kw_only=True, tag="ask_public"):
    """The values of a public table, e.g. ``test_x``, or, with ``mock``, the made-up rows of a private table's mock. Free."""

    dataset: str
    key: str
    mock: bool = False


class AskPreview(Message, frozen=True, kw_only=True, tag="ask_preview"):
    """The cost and expected error of a release. Free."""

    release: bytes


class AskRelease(Message, frozen=True, kw_only=True, tag="ask_release"):
    """A release, to be charged. ``library`` is the public label under which the odometer lists it.

    ``mock``: of the mocks in the private tables' place: free, and no word about any private row.
    """

    release: bytes
    library: str = "op_pandas"
    mock: bool = False


class AskOdometer(Message, frozen=True, kw_only=True, tag="ask_odometer"):
    """What this analyst has spent and has left. Free."""


class ColumnValues(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column of public values with its declared metadata. ``kind`` as in ``ColumnSchema``.

    Datetimes travel as integers: microseconds since 1970-01-01. Nulls are None.
    """

    name: str
    kind: str
    values: tuple[Scalar, ...]
    lower: int | float | None = None
    upper: int | float | None = None
    categories: tuple[Scalar, ...] | None = None


class AskIngest(Message, frozen=True, kw_only=True, tag="ask_ingest"):
    """Put a guest's public values into the session's scratch data set. Free; answered by ``Ingested``.

    ``unit``: the column, of texts or integers, that says whose each row is; none where each row is a unit of its own.
    """

    columns: tuple[ColumnValues, ...]
    unit: str | None = None


REQUESTS: tuple[type[Message], ...] = (
    AskCatalog, AskSchema, AskPublic, AskPreview, AskRelease, AskOdometer, AskIngest,
)  # fmt: skip


# Replies --------------------------------------------------------------------------------------------------


class ColumnSchema(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is public about a column.

    ``kind`` is one of float, int, bool, str, datetime. Bounds (datetimes in microseconds) and categories are None where undeclared.
    """

    name: str
    kind: str
    nullable: bool = True
    lower: int | float | None = None
    upper: int | float | None = None
    categories: tuple[Scalar, ...] | None = None


class View(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key of a data set. ``kind``: frame or series (private, over ``table`` with ``columns``), or public."""

    key: str
    kind: str
    table: str | None = None
    columns: tuple[str, ...] = ()


class DatasetSchema(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A data set of the session: ``tables`` are keys of ``Source``; ``views`` are what ``load_dataset`` shows."""

    name: str
    variable: str
    tables: tuple[str, ...]
    views: tuple[View, ...]


class Catalog(Message, frozen=True, kw_only=True, tag="catalog"):
    """The data sets of this session."""

    datasets: tuple[DatasetSchema, ...]


class Schema(Message, frozen=True, kw_only=True, tag="schema"):
    """The columns of a relation, in order."""

    columns: tuple[ColumnSchema, ...]


class PublicTable(Message, frozen=True, kw_only=True, tag="public_table"):
    """The values of a public table, in order of rows."""

    columns: tuple[ColumnValues, ...]


class Ingested(Message, frozen=True, kw_only=True, tag="ingested"):
    """The guest's values are the private table ``table`` (a key for ``Source``)."""

    table: str


class Cost(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a release costs: ε as an exact decimal or ratio in text, δ, and ρ where the accountant counts it."""

    epsilon: str
    delta: float = 0.0
    rho: float | None = None


class Released(Message, frozen=True, kw_only=True, tag="released"):
    """A release: a grid of ``index`` × ``columns``.

    ``index`` has one tuple per row: the group's key values, followed for Quantile and Describe by the probability
    or the statistic's name, for Histogram by the bin's number, for JointHistogram by the numbers of all bins, for Cov and Corr by
    the names of both columns; one empty tuple where none of these applies.
    ``values``, ``half_widths`` (95 %, None where unknown) and ``scales`` are rows of the same shape. A value is None (NaN to
    the analyst) where noise left nothing to divide by.
    """

    index: tuple[tuple[Scalar, ...], ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float | int | None, ...], ...]
    half_widths: tuple[tuple[float | None, ...], ...]
    mechanism: str
    measure: str
    scale: float
    cost: Cost
    repeated: bool = False
    mock: bool = False


class Preview(Message, frozen=True, kw_only=True, tag="preview"):
    """What a release would cost and how far off it is expected to be; nothing was charged.

    ``widths_of_a_row``: half-widths times how many rows there are, at worst, where ``half_widths`` are unknown for that alone;
    ``widths_of_a_root``: times the root of that number; ``ranks``: how many rows there are, at worst, between a quantile and what is told in its place. ``scale`` is in rows,
    or in a sum's unit.
    """

    index: tuple[tuple[Scalar, ...], ...]
    columns: tuple[str, ...]
    half_widths: tuple[tuple[float | None, ...], ...]
    mechanism: str
    scale: float
    cost: Cost
    widths_of_a_row: tuple[tuple[float | None, ...], ...] = ()
    widths_of_a_root: tuple[tuple[float | None, ...], ...] = ()
    ranks: tuple[tuple[float | None, ...], ...] = ()


class Window(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be spent within any span of so many seconds, by ``whose``: analyst, or everyone together. ``refreshes``: when it begins to give again, in UTC; empty: nothing is spent."""

    whose: str
    seconds: int
    span: str
    epsilon: float
    epsilon_left: float
    refreshes: str


class Balance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one analyst has spent on one data set, by library too, and what remains under every cap that applies."""

    dataset: str
    epsilon_spent: float
    delta_spent: float
    epsilon_left: float
    delta_left: float
    epsilon_per_call: float
    libraries: dict[str, float]
    windows: tuple[Window, ...] = ()


class Odometer(Message, frozen=True, kw_only=True, tag="odometer"):
    """All balances of this analyst over the session's data sets."""

    balances: tuple[Balance, ...]


class Refused(Message, frozen=True, kw_only=True, tag="refused"):
    """No. ``code`` is a stable word, ``why`` one sentence, ``instead`` what to do; nothing was charged.

    ``error`` names the built-in exception the guest raises: ValueError, KeyError, TypeError, AttributeError, PermissionError or
    RuntimeError.
    """

    code: str
    why: str
    instead: str = ""
    error: str = "ValueError"


REPLIES: tuple[type[Message], ...] = (
    Catalog, Schema, PublicTable, Ingested, Released, Preview, Odometer, Refused,
)  # fmt: skip
