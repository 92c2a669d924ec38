"""Numbers of users that nobody on the host has, one per child, and the group of those that share a ledger. Knows no names.

A number is given again only when the process that had it is gone.
"""

from weakref import WeakValueDictionary

from ag_sandbox.nursery import Child


class Users:
    """The configured range: its first number is the vaults' group, the rest are users."""

    def __init__(self, first: int, count: int) -> None:
        self.group = first
        self._first, self._count = first + 1, count - 1
        self._next = 0
        self._held: WeakValueDictionary[int, Child] = WeakValueDictionary()

    @property
    def last(self) -> int:
        """The highest of them, to be tried."""
        return self._first + self._count - 1

    def take(self) -> int:
        """One that no living child has. OverflowError where there is none."""
        for _ in range(self._count):
            number = self._first + self._next
            self._next = (self._next + 1) % self._count
            child = self._held.get(number)
            if child is None or not child.alive():
                return number
        raise OverflowError("every user of the configured range has a living child")

    def give(self, number: int, child: Child) -> None:
        """Remember which child has it now."""
        self._held[number] = child
