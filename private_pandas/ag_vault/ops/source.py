"""The word ``Source``: a table of the catalogue. Knows its public columns, never where its rows are."""

from functools import lru_cache

from sqlglot import exp

from ag_plan.relations import Source
from ag_vault.catalog import ORDER_COLUMN, UNIT_COLUMN, Catalog, Table, place_of
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Stored, Term, identifier
from ag_vault.ops.rows import UNIT_ID, Rows, Stage, Unit, called
from ag_vault.space import ColumnSpace

_ORDER = identifier("o")
_HIDDEN = {UNIT_COLUMN: UNIT_ID.name, ORDER_COLUMN: _ORDER.name}


def rule(node: Source, catalog: Catalog) -> Rows | Refusal:
    """Takes: a table's key. Gives: its columns, the unit's id among them. Stability: the unit's cap on rows; 1 where a unit is a row.

    Why: the loader kept at most so many rows of each unit, chosen by that unit's rows alone. Fails: by the key alone.
    """
    table = catalog.tables.get(node.table)
    if table is None:
        return Refusal(code="no_such_table", why="this session has no such table", error="KeyError")
    return _rows(_Same(table))


class _Same:
    """A table, which is never changed, by its identity: to compare its columns would take as long as to make the relation anew."""

    __slots__ = ("table",)

    def __init__(self, table: Table) -> None:
        self.table = table

    def __hash__(self) -> int:
        return id(self.table)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.table is self.table


@lru_cache(maxsize=64)
def _rows(same: _Same) -> Rows:
    """The relation of a table. Its expressions end up in many queries, as those of any relation do: nothing changes them."""
    table = same.table
    plain = {name: f"c{number}" for number, name in enumerate(table.columns) if table.columns[name].kind != "id"}
    placed = {name: f"p{number}" for number, name in enumerate(table.columns) if name in table.placed}
    stored = {place_of(name): short for name, short in placed.items()}
    shorts = plain | stored | ({} if table.unit is None else _HIDDEN)
    columns = tuple(called(short, identifier(name)) for name, short in shorts.items())
    terms = {
        name: Term(
            space=space,
            sql=identifier(plain.get(name, _HIDDEN[UNIT_COLUMN])),
            stored=_stored(placed[name], space) if name in placed else None,
        )
        for name, space in table.columns.items()
    }
    return Rows(
        account=table.account,
        stages=(Stage(columns=columns or (exp.Star(),), source=table.key),),
        columns=terms,
        stability=1 if table.unit is None else table.unit.max_rows,
        taken=0,
        text=sum(space.characters for space in table.columns.values()),
        own=table.unit is None,
        unit=None if table.unit is None else Unit(space=table.unit.space, column=UNIT_ID, order=(_ORDER,)),
    )


def _stored(short: str, space: ColumnSpace) -> Stored | None:
    """The places of a column that has bounds, as all that are placed have."""
    bounds = space.bounds
    return None if bounds is None else Stored(sql=identifier(short), lower=float(bounds[0]), upper=float(bounds[1]))
