"""Planted bugs, each of which the suite must catch: ``make mutants``."""
