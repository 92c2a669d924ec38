"""Plots: matplotlib drawn in memory, figures as pictures, and what a cell gets instead of the parts that touch files or screens."""
