"""Reviewed code: one function, run once on rows that an owner lends it, and what leaves of it."""
