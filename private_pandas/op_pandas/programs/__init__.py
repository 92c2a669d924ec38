"""A function's text as a program of the plan, for a mapper to run, where no column expression says it."""

from op_pandas.programs.program import programmed

__all__ = ["programmed"]
