"""Runs a cell's compiled code: the one file of the house that executes code made from text.

It must not know where the code comes from or what its value is for.
"""

from collections.abc import Callable
from types import CodeType
from typing import Any


def execute(body: CodeType, last: CodeType | None, namespace: dict[str, Any], show: Callable[[Any], None]) -> None:
    """Run the statements, then hand the value of the last expression to ``show``; raises what the analyst's code raises."""
    exec(body, namespace)  # noqa: S102 - this is what the process is for; policy and types have seen the code, the jail holds it
    if last is not None:
        show(eval(last, namespace))  # noqa: S307 - see above
