"""The marker of everything private, and what no private object can do: be counted, walked, tested or shown.

Must not know plans or the vault; ``export`` and ``ag_print`` know private objects by this class alone.
"""

from typing import TYPE_CHECKING, Any, NoReturn


class Private:
    """A handle to rows that only the vault holds.

    Truth, length, iteration and conversion to arrays don't exist for type checkers (so that ``if series:`` is an error before
    the cell runs), and raise a TypeError that names the way out when reached all the same.
    """

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]
    __pandas_priority__ = 10_000
    """Above pandas' own objects, so that ``public + private`` asks the private side."""

    _walk_instead = "release a statistic of it"

    if not TYPE_CHECKING:

        def __bool__(self) -> NoReturn:
            name = type(self).__name__
            raise TypeError(
                f"{name} has no truth value: its rows are private; combine conditions with & | ~ and keep rows with where(condition)"
            )

        def __len__(self) -> NoReturn:
            raise TypeError(
                f"{type(self).__name__} has no len(): the number of rows is private; use count(eps), "
                "and op_pandas' own functions (cut, get_dummies, merge, concat, to_datetime) in place of pandas'"
            )

        def __iter__(self) -> NoReturn:
            raise TypeError(f"{type(self).__name__} can't be iterated: its rows are private; {self._walk_instead}")

        def __array__(self, *_: Any, **__: Any) -> NoReturn:
            raise TypeError(
                f"{type(self).__name__} can't become an array: its rows are private; release a statistic of it, "
                "or use op_pandas' own functions (cut, get_dummies, merge, concat, to_datetime)"
            )

        def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
            del types
            from op_pandas.numpy_calls import called

            return called(func, args, kwargs)

        def __float__(self) -> NoReturn:
            raise TypeError(f"{type(self).__name__} is not one number: release a statistic of it, e.g. mean(eps)")

        __int__ = __index__ = __complex__ = __float__

        def __reduce_ex__(self, _: Any) -> NoReturn:
            raise TypeError(f"{type(self).__name__} can't be pickled: it exists only in its session")
