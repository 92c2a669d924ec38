"""pandas.DataFrame's names on a private frame: one row per name, with ``shared_names``. Must not know the class."""

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
_LOAD = "build public frames with pandas, then PrivateDataFrame(df)"
_NAMES = "use frame['name'] = series"

FRAME: dict[str, Verdict] = SHARED | {
    "add_prefix": HERE,
    "add_suffix": HERE,
    "filter": HERE,
    "idxmax": HERE,
    "iloc": HERE,
    "idxmin": HERE,
    "assign": HERE,
    "boxplot": shows_rows("plot what describe(eps) releases"),
    "columns": HERE,
    "corrwith": Refused(
        "it would pair every column with another frame's",
        "use frame['a'].corr(frame['b'], eps), or corr(eps) of one frame that has them all",
    ),
    "eval": Refused("text is not run as code", "write the expression with operators"),
    "from_dict": Refused("private frames are made by their constructor", _LOAD),
    "from_records": Refused("private frames are made by their constructor", _LOAD),
    "insert": Refused("the order of columns can't be set", _NAMES),
    "isetitem": Refused("columns are set by name", _NAMES),
    "iterrows": shows_rows(),
    "itertuples": shows_rows(),
    "join": HERE,
    "melt": Refused("columns can't become rows: each row counts once", "release each column by itself"),
    "merge": HERE,
    "pivot": shows_rows("use groupby with a list of keys"),
    "pivot_table": Refused(
        "its cells are statistics of groups", "use groupby with a list of keys, and unstack what it releases"
    ),
    "query": Refused("text is not run as code", "use frame[(frame['a'] > 1) & (frame['b'] == 'x')]"),
    "select": Refused("it is deprecated in pandas", "select columns with frame[['a', 'b']]"),
    "select_dtypes": HERE,
    "set_index": has_no_index("keep it as a column, and merge or join with on='name'"),
    "stack": Refused("columns can't become rows: each row counts once"),
    "style": shows_rows("style what is released"),
    "to_feather": shows_rows(_FILE),
    "to_html": shows_rows(_FILE),
    "to_iceberg": shows_rows(_FILE),
    "to_orc": shows_rows(_FILE),
    "to_parquet": shows_rows(_FILE),
    "to_records": shows_rows(_FILE),
    "to_stata": shows_rows(_FILE),
    "to_xml": shows_rows(_FILE),
    "applymap": HERE,
    "unique": depends_on_rows("see categorical_metadata, or use frame['name'].unique(eps)"),
    "cumcount": needs_order(),
    "percentile": HERE,
    "mode": HERE,
    "hist2d": HERE,
}
