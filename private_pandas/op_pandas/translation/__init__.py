"""Functions of one value or one row, as column expressions: their text is read and interpreted with the column as argument.

Nothing is ever called with a private value, so that nothing a function does besides giving a value can happen.
"""

from op_pandas.translation.translate import translated

__all__ = ["translated"]
