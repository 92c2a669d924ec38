"""What a vault says to the ledger's database: words that are written once and go straight to the driver, as many as possible in one go.

Knows statements and transactions, no tables. SQLAlchemy's way to the driver takes several times as long as SQLite itself; a server is
waited for once for everything that is said before an answer is needed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Protocol, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ag_vault.ledger.modes import begins

_ELSEWHERE = "ledger_elsewhere"
_COMMIT: tuple[str, Any] = ("COMMIT", ())
Values = Mapping[str, Any]
Row = Sequence[Any]
Question = tuple[sa.Executable, Values]
"""A statement that is made once, when its module is loaded, and the values in it by name."""


class Speaker(Protocol):
    """Whatever a statement can be said to within a transaction: a wire, or SQLAlchemy's own connection. Rows are read by position."""

    def execute(self, statement: Any, parameters: Any = None, /) -> Iterable[Row]:
        """The rows that the statement gives."""


class Wire:
    """One connection to the ledger's database, held from its first use until ``close``; one transaction at a time.

    ``with wire.transaction(purpose)``: at its end everything has been said, and is committed; or nothing is. Raises SQLAlchemy's errors.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._error = engine.dialect.loaded_dbapi.Error
        self._begins = begins(engine)
        self._known = _known.setdefault(engine.dialect.name, {})
        self._held: Any = None
        self._said: list[tuple[str, Any]] = []

    def transaction(self, purpose: str | None) -> Self:
        """For a purpose of ``modes``."""
        try:
            self._held = self._held or self._engine.raw_connection()
        except self._error as problem:
            raise sa.exc.DBAPIError(None, None, problem) from problem
        self._said = [(words, ()) for words in self._begins[purpose]]
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        if problem is not None:
            self._give_up(problem)
            return
        try:
            self._say(_COMMIT)
        except BaseException as failed:
            self._give_up(failed)
            raise

    def execute(self, statement: sa.Executable, values: Values | None = None) -> list[Row]:
        """The rows that a statement gives. One that gives none may be said later: with the next question, or with the commit."""
        words, gives_rows = self._words(statement, values or {})
        if gives_rows:
            return self._say(words)[0]
        self._said.append(words)
        return []

    def ask(self, *questions: Question) -> list[list[Row]]:
        """The rows of each of these, asked in one go."""
        return self._say(*[self._words(statement, values)[0] for statement, values in questions])

    def close(self) -> None:
        """Let go of the connection, and of the engine's others."""
        held, self._held = self._held, None
        if held is not None:
            held.close()
        self._engine.dispose()

    def _words(self, statement: sa.Executable, values: Values) -> tuple[tuple[str, Any], bool]:
        """What the driver is told, and whether it gives rows."""
        written = self._known.get(id(statement))
        if written is None:
            written = self._known[id(statement)] = _written(statement, self._engine.dialect, values)
        return (written.text, written.values(values)), written.asks

    def _say(self, *words: tuple[str, Any]) -> list[list[Row]]:
        """Say what was left to say and these words; the rows of these."""
        before, self._said = self._said, []
        driver = self._held.driver_connection
        say = _in_one_go if hasattr(driver, "pipeline") else _in_turn
        return say(driver, [*before, *words])[len(before) :]

    def _give_up(self, problem: BaseException) -> None:
        """End the transaction, or let go of the connection where that can't be done: what was said is not committed either way. As SQLAlchemy tells it."""
        self._said = []
        try:
            self._held.driver_connection.rollback()
        except self._error:
            lost, self._held = self._held, None
            lost.invalidate()  # or the pool would try to roll it back once more, and tell the operator at length
            self._engine.dispose()
        if isinstance(problem, self._error):
            raise sa.exc.DBAPIError(None, None, problem) from problem


def _in_turn(driver: Any, words: Iterable[tuple[str, Any]]) -> list[list[Row]]:
    cursor = driver.cursor()
    return [cursor.execute(text, values).fetchall() for text, values in words]


def _in_one_go(driver: Any, words: Sequence[tuple[str, Any]]) -> list[list[Row]]:
    """Where one fails, the server does nothing more of them, and what failed is raised. What it doesn't commit is no commit: it says so, and raises nothing."""
    with driver.pipeline():
        cursors = [driver.execute(text, values or None) for text, values in words]
    if words[-1] is _COMMIT and cursors[-1].statusmessage != "COMMIT":
        raise driver.Error("the server ended the transaction, and committed nothing")
    return [cursor.fetchall() if cursor.description else [] for cursor in cursors]


def upserting(
    table: sa.Table, *, on: Sequence[str] = (), sums: Sequence[str] = (), adding: Sequence[str] = ()
) -> sa.Insert:
    """An insertion of rows, which replaces these columns of a row that is there already, or adds to them; without any, it stays as it is. For a wire."""

    def of(insert: Callable[[sa.Table], Any]) -> Any:
        statement = insert(table)
        if not sums and not adding:
            return statement.on_conflict_do_nothing()
        replaced = {name: statement.excluded[name] for name in sums}
        added = {name: table.c[name] + statement.excluded[name] for name in adding}
        return statement.on_conflict_do_update(index_elements=list(on), set_=replaced | added)

    statement: sa.Insert = of(sqlite.insert)
    return statement.execution_options(**{_ELSEWHERE: {"postgresql": of(postgresql.insert)}})


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement's text for one kind of database, what it does with the values by name, and whether it gives rows."""

    statement: Any
    text: str
    values: Callable[[Values], Any]
    asks: bool


_known: dict[str, dict[int, _Written]] = {}
"""By the kind of database, and by identity, which stays theirs as they are held here."""


def _written(statement: Any, dialect: Any, values: Values) -> _Written:
    meant = statement.get_execution_options().get(_ELSEWHERE, {}).get(dialect.name, statement)
    compiled = meant.compile(dialect=dialect, column_keys=list(values) or None)
    return _Written(
        statement,
        str(compiled),
        _in_order(compiled.positiontup) if compiled.positional else dict,
        hasattr(statement, "selected_columns"),
    )


def _in_order(names: Sequence[str]) -> Callable[[Values], Any]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]
