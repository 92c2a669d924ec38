"""pandas.Series' names on a private series: one row per name, with ``shared_names``. Must not know the class."""

from op_pandas.shared_names import SHARED
from op_pandas.verdicts import (
    HERE,
    Refused,
    Verdict,
    depends_on_rows,
    has_no_index,
    needs_order,
    shows_rows,
)

_FILE = "release a statistic and export it"

SERIES: dict[str, Verdict] = SHARED | {
    "argmax": has_no_index("use max(eps)"),
    "argmin": has_no_index("use min(eps)"),
    "argsort": needs_order("use quantile"),
    "array": shows_rows(_FILE),
    "autocorr": needs_order(),
    "between": HERE,
    "case_when": HERE,
    "cat": Refused(
        "categories are public, not part of the rows", "see categorical_metadata, or OrdinalEncoder for their codes"
    ),
    "divmod": Refused("it gives two columns", "use // and %"),
    "drop": has_no_index("keep rows with series[condition]"),
    "dt": HERE,
    "dtype": HERE,
    "factorize": depends_on_rows("see categorical_metadata"),
    "get": shows_rows(),
    "hasnans": depends_on_rows("use isna() and sum(eps)"),
    "is_monotonic_decreasing": needs_order(),
    "is_monotonic_increasing": needs_order(),
    "is_unique": depends_on_rows("use value_counts(eps)"),
    "item": shows_rows(),
    "items": shows_rows(),
    "keys": has_no_index(),
    "list": Refused("private values are single values, not lists"),
    "make_series_non_categorical": HERE,
    "name": HERE,
    "nbytes": depends_on_rows("use count(eps)"),
    "percentile": HERE,
    "pop": shows_rows(),
    "ravel": shows_rows(_FILE),
    "rdivmod": Refused("it gives two columns", "use // and %"),
    "repeat": Refused("each row counts once"),
    "searchsorted": needs_order("compare, and use count(eps)"),
    "str": HERE,
    "struct": Refused("private values are single values, not structures"),
    "to_frame": HERE,
    "to_list": shows_rows(_FILE),
    "tolist": shows_rows(_FILE),
    "mode": HERE,
    "unique": HERE,
    "view": shows_rows(_FILE),
}
