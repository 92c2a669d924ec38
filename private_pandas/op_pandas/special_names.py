"""Python's special names that pandas' frames and series have: there, or refused. Must not know the classes.

One row per name. ``HERE`` also where Python's own object gives it. In place forms (``+=``) fall back on the operator.
"""

from op_pandas.verdicts import HERE, Refused, Verdict, shows_rows

_FALLS_BACK = Refused("Python uses the operator itself instead")
_MATRIX = Refused("private rows have no order to multiply matrices by", "multiply columns and use sum(eps)")
_PAIR = Refused("it gives two columns", "use // and %")
_INTERNAL = Refused("it is pandas' own business")

SPECIAL: dict[str, Verdict] = {
    "__abs__": HERE,
    "__add__": HERE,
    "__and__": HERE,
    "__annotations__": HERE,
    "__array__": HERE,  # raises: it must be there to be refused with a sentence
    "__array_priority__": Refused("numpy asks __array_ufunc__"),
    "__array_ufunc__": HERE,
    "__arrow_c_stream__": shows_rows("release a statistic and export it"),
    "__bool__": HERE,  # raises
    "__class__": HERE,
    "__contains__": HERE,
    "__copy__": HERE,
    "__dataframe__": shows_rows("release a statistic and export it"),
    "__deepcopy__": HERE,
    "__delattr__": HERE,
    "__delitem__": Refused("only frames have columns to delete"),
    "__dict__": Refused("private objects have slots"),
    "__dir__": HERE,
    "__divmod__": _PAIR,
    "__doc__": HERE,
    "__eq__": HERE,
    "__finalize__": _INTERNAL,
    "__floordiv__": HERE,
    "__format__": HERE,
    "__ge__": HERE,
    "__getattr__": HERE,
    "__getattribute__": HERE,
    "__getitem__": HERE,
    "__getstate__": HERE,
    "__gt__": HERE,
    "__hash__": HERE,
    "__iadd__": _FALLS_BACK,
    "__iand__": _FALLS_BACK,
    "__ifloordiv__": _FALLS_BACK,
    "__imod__": _FALLS_BACK,
    "__imul__": _FALLS_BACK,
    "__init__": HERE,
    "__init_subclass__": HERE,
    "__invert__": HERE,
    "__ior__": _FALLS_BACK,
    "__ipow__": _FALLS_BACK,
    "__isub__": _FALLS_BACK,
    "__iter__": HERE,  # raises
    "__itruediv__": _FALLS_BACK,
    "__ixor__": _FALLS_BACK,
    "__le__": HERE,
    "__len__": HERE,  # raises
    "__lt__": HERE,
    "__matmul__": _MATRIX,
    "__mod__": HERE,
    "__module__": HERE,
    "__mul__": HERE,
    "__ne__": HERE,
    "__neg__": HERE,
    "__new__": HERE,
    "__or__": HERE,
    "__pandas_priority__": HERE,
    "__pos__": HERE,
    "__pow__": HERE,
    "__radd__": HERE,
    "__rand__": HERE,
    "__rdivmod__": _PAIR,
    "__reduce__": HERE,
    "__reduce_ex__": HERE,  # raises
    "__repr__": HERE,
    "__rfloordiv__": HERE,
    "__rmatmul__": _MATRIX,
    "__rmod__": HERE,
    "__rmul__": HERE,
    "__ror__": HERE,
    "__round__": HERE,
    "__rpow__": HERE,
    "__rsub__": HERE,
    "__rtruediv__": HERE,
    "__rxor__": HERE,
    "__setattr__": HERE,
    "__setitem__": Refused("only frames have columns to set", "use where(condition, other)"),
    "__setstate__": _INTERNAL,
    "__sizeof__": HERE,
    "__str__": HERE,
    "__sub__": HERE,
    "__subclasshook__": HERE,
    "__truediv__": HERE,
    "__weakref__": Refused("private objects have slots"),
    "__xor__": HERE,
}
