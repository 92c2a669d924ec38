"""Answers of an enclave, read: what is in them is its word, and one sentence says where that is none. Must not know what is read."""

import contextlib
from collections.abc import Iterator

from antigranular.errors import AgError, WireError


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """Take an answer apart inside of this block, or in a function that it decorates. Raises WireError where that can't be done."""
    try:
        yield
    except AgError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError) as problem:
        raise WireError(f"the enclave's {what} can't be read: {problem!r}"[:300]) from None
