"""Texts that a database can't keep are refused as such by either, wherever they come from, and are no failure of the enclave."""

import contextlib
import secrets
import traceback
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import StatementError

from ag_enclave.accounts import Accounts
from ag_enclave.database import Database
from ag_enclave.errors import BadState, Missing, Unfit
from ag_enclave.projects import Projects
from ag_enclave.requests import Requests
from ag_enclave.reviews import Reviews

DEEDS: list[Callable[[Database], object]] = [
    lambda database: Accounts(database).find("a\0b"),
    lambda database: Requests(database).find("a\0b", None),
    lambda database: Requests(database).mark_seen("ann", ["a\0b"]),
    lambda database: Reviews(database).find("a\0b", None),
    lambda database: Reviews(database).run_of("a", "b\0"),
    lambda database: Reviews(database).head_of("a\0", "", 9),
    lambda database: Projects(database).make("ann", "n", "", ["x\0"]),
]


@pytest.mark.parametrize("deed", DEEDS, ids=range(len(DEEDS)))
def test_a_text_with_a_zero_is_somebody_s_mistake_and_not_the_enclave_s(
    database: Database, deed: Callable[[Database], object]
) -> None:
    with contextlib.suppress(Missing, Unfit):
        assert not deed(database)


def test_what_is_logged_of_a_statement_that_failed_has_no_value_of_it(database: Database) -> None:
    value = secrets.token_hex(8)
    with pytest.raises((StatementError, BadState)) as caught, database.transaction() as connection:
        connection.execute(sa.text("SELECT 1 FROM nowhere WHERE a = :value"), {"value": value})
    assert value not in "".join(traceback.format_exception(caught.value))
