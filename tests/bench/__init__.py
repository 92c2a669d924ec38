"""Benchmarks: ratios against peers in one run, printed, never asserted. `make bench` runs them all."""
