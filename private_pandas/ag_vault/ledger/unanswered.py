"""Answers that were charged for and not kept: lost, or just being made. How many of an analyst's an account may have before no other one is begun.

Knows accounts and analysts, not why an answer is missing: a vault that is killed counts as one that fails. The count rises in the charge's own
transaction, so none is missed; it falls with the answer that is kept, which may be forgotten by a crash, so it is never too small.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from ag_vault.errors import Refusal
from ag_vault.ledger.schema import UNANSWERED
from ag_vault.ledger.wire import Question, Row, Speaker, upserting

Key = dict[str, str]
"""``account``, and ``who`` of its analysts."""
_WHY = (
    "{} answers of yours about this data set were lost after they were charged for, or are being made just now, "
    "and there may be no more than that: what may depend on rows is to be seen a bounded number of times."
)
_INSTEAD = "Wait for what you asked elsewhere; else tell the data set's owner. Answers that you were given once are still given, for nothing."


def question(key: Key) -> Question:
    """What to ask of the database in the transaction of the charge, for ``count``."""
    return _OF, key


def count(answer: Iterable[Row]) -> int:
    """How many there are of this analyst's."""
    return sum(row[0] for row in answer)


def refusal(count: int, most: int) -> Refusal | None:
    """Why this analyst is given no other answer from the account; None where one may be begun."""
    if count < most:
        return None
    return Refusal(code="lost", why=_WHY.format(most), instead=_INSTEAD, error="RuntimeError")


def begin(connection: Speaker, key: Key) -> None:
    """One more is charged for: in the transaction of the charge."""
    connection.execute(_ONE_MORE, {"dataset": key["account"], "analyst": key["who"], "count": 1})


def end(connection: Speaker, key: Key) -> None:
    """One was kept: in the transaction that keeps it."""
    connection.execute(_ONE_LESS, key)


def counts(connection: sa.Connection) -> list[list[Any]]:
    """Account, analyst and count, where there are any."""
    return [list(row) for row in connection.execute(_ALL)]


def raise_to(connection: sa.Connection, least: Iterable[tuple[str, str, int]]) -> None:
    """No count is below these: for a ledger that is brought forward, in its transaction."""
    for account, analyst, wanted in least:
        key = {"account": account, "who": analyst}
        if wanted > count(connection.execute(_OF, key)):
            connection.execute(sa.delete(UNANSWERED).where(*_MINE), key)
            connection.execute(sa.insert(UNANSWERED), {"dataset": account, "analyst": analyst, "count": wanted})


_MINE = UNANSWERED.c.dataset == sa.bindparam("account"), UNANSWERED.c.analyst == sa.bindparam("who")
_OF = sa.select(UNANSWERED.c.count).where(*_MINE)
_ONE_MORE = upserting(UNANSWERED, on=("dataset", "analyst"), adding=("count",))
_NONE: sa.ColumnElement[int] = sa.literal_column("0")
_ONE: sa.ColumnElement[int] = sa.literal_column("1")
_ONE_LESS = sa.update(UNANSWERED).where(*_MINE, UNANSWERED.c.count > _NONE).values(count=UNANSWERED.c.count - _ONE)
_ALL = sa.select(UNANSWERED).where(UNANSWERED.c.count > 0).order_by(UNANSWERED.c.dataset, UNANSWERED.c.analyst)
