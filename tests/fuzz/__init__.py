"""Hostile bytes at every door that reads some: targets, seeds, mutations; ``make fuzz`` for millions, ``make test`` for thousands."""
