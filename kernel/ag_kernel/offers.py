"""What a cell sees of each public module it may import: the names left out, and why.

It must import none of them: the table is read by processes that have no use for numpy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ag_kernel import offered_names, offered_plots

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A module as a cell sees it: its public names (``__all__`` where it has one) but ``without``, or ``only`` these; ``why``.

    Where a row has both, ``without`` are the names that people ask for and that are left out on purpose.
    Modules inside it are reached only where the table has a row of their own. A row that is ``later`` refuses with a sentence.
    ``ours``: names for which something of ours stands in, and its name in ``stand_ins``.
    ``real``: the module it is made of, where a library itself calls it otherwise.
    """

    without: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    why: str = ""
    later: str = ""
    ours: Mapping[str, str] = field(default_factory=dict)
    real: str = ""
    stand_ins: str = "ag_kernel.stand_ins"

    def leaves_out(self, name: str) -> bool:
        """Whether a name is left out on purpose, and not just unknown."""
        if name in self.without:
            return True
        return self.only is not None and not self.without and name not in self.only


def _list(only: frozenset[str], without: str, why: str, ours: str = "", stand_ins: str = "") -> Offer:
    """Listed names, of which those that are ``ours`` stand under the same names in ``stand_ins``."""
    named = {name: name for name in ours.split()}
    return Offer(only=only, without=frozenset(without.split()), why=why, ours=named, stand_ins=stand_ins)


def _without(names: str, why: str) -> Offer:
    return Offer(without=frozenset(names.split()), why=why)


def _plots(only: frozenset[str], without: str = "", **ours: str) -> Offer:
    return Offer(
        only=only, without=frozenset(without.split()), why=_NO_SCREEN, ours=ours, stand_ins=offered_plots.FOR_CELLS
    )


def _only(names: str, why: str) -> Offer:
    return Offer(only=frozenset(names.split()), why=why)


_FILES: Final = "it reads or writes files, and there are none inside the enclave"
_NO_SCREEN: Final = "it works with files, windows or backends; plots are drawn in memory and shown in your notebook"
_LATER: Final = Offer(
    later="it comes with a later release; statistics of private frames are there now, e.g. frame.mean(eps=0.5)"
)
_TYPES: Final = "it evaluates text, or leads from a type to what makes types"
_WHOLE: Final = Offer()
_BAR: Final = Offer(
    real="ag_utils.progress", only=frozenset({"tqdm", "trange"}), why="only its bars for loops are there, of our own"
)

OFFERS: Final[dict[str, Offer]] = {
    "IPython": Offer(real="ag_utils", only=frozenset(), why="only its `display`"),
    "IPython.display": Offer(
        real="ag_utils.showing",
        only=frozenset({"DisplayHandle", "clear_output", "display", "update_display"}),
        why="the rest shows scripts, widgets or files",
    ),
    "__future__": _only("annotations", "the others change nothing on this Python"),
    "abc": _only("ABC ABCMeta abstractmethod", "the rest works on classes from outside"),
    "base64": _WHOLE,
    "bisect": _WHOLE,
    "calendar": _WHOLE,
    "collections": Offer(
        without=frozenset({"UserString"}),
        why="it fills texts in a way of its own; `str` does the same",
        ours={"namedtuple": "namedtuple"},
    ),
    "collections.abc": _WHOLE,
    "contextlib": _only(
        "AbstractContextManager ContextDecorator ExitStack closing contextmanager nullcontext suppress",
        "the rest changes what belongs to the process, or waits for others",
    ),
    "copy": _only("copy deepcopy replace", "the rest is machinery"),
    "csv": _WHOLE,
    "dataclasses": Offer(
        without=frozenset({"make_dataclass", "Field"}),
        why="it makes classes from text, or fields of any name",
        ours={"dataclass": "dataclass", "field": "field", "fields": "fields"},
    ),
    "datetime": _WHOLE,
    "dateutil": _only("", "only its modules"),
    "dateutil.easter": _WHOLE,
    "dateutil.parser": _WHOLE,
    "dateutil.relativedelta": _WHOLE,
    "dateutil.rrule": _WHOLE,
    "dateutil.tz": Offer(
        only=frozenset(
            {"UTC", "tzutc", "tzoffset", "resolve_imaginary", "datetime_exists", "datetime_ambiguous", "gettz"}
        ),
        why=_FILES,
        ours={"gettz": "gettz"},
    ),
    "decimal": _WHOLE,
    "enum": Offer(
        only=frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "auto", "unique", "member", "nonmember"}),
        why="the rest is machinery",
        ours={name: name for name in ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag")},
    ),
    "fractions": _WHOLE,
    "functools": Offer(
        without=frozenset({"update_wrapper"}),
        why="it writes any attribute of any object; `wraps` is there",
        ours={"wraps": "wraps", "cached_property": "cached_property"},
    ),
    "hashlib": _without("file_digest", _FILES),
    "heapq": _WHOLE,
    "itertools": _WHOLE,
    "json": _without("load dump", _FILES),
    "math": _WHOLE,
    "numbers": _WHOLE,
    "operator": Offer(ours={"attrgetter": "attrgetter", "methodcaller": "methodcaller"}),
    "pprint": _only("pformat pp pprint saferepr", "the rest is machinery"),
    "random": _without("SystemRandom", "it reads from the operating system"),
    "re": _without("template", "it is undocumented"),
    "statistics": _WHOLE,
    "string": _without("Formatter", "it reaches attributes by text"),
    "textwrap": _WHOLE,
    # Clocks are no gift to those who time the vault: a loop that counts is one, and datetime another. Replies leave on a schedule instead.
    "time": _only(
        "time sleep perf_counter monotonic strftime strptime gmtime localtime", "the rest sets the process's own clock"
    ),
    "typing": Offer(
        without=frozenset({"get_type_hints", "ForwardRef", "get_origin"}), why=_TYPES, ours={"NamedTuple": "NamedTuple"}
    ),
    "typing_extensions": Offer(
        without=frozenset(
            {
                *("get_type_hints", "ForwardRef", "evaluate_forward_ref", "deprecated"),
                *("get_origin", "get_annotations", "get_original_bases"),
            }
        ),
        why=_TYPES,
        ours={"NamedTuple": "NamedTuple"},
    ),
    "unicodedata": _WHOLE,
    "uuid": _only(
        "UUID uuid3 uuid4 uuid5 NAMESPACE_DNS NAMESPACE_OID NAMESPACE_URL NAMESPACE_X500",
        "the rest asks the machine for its address",
    ),
    "tqdm": _BAR,
    "tqdm.auto": _BAR,
    "tqdm.notebook": _BAR,
    "warnings": _only("warn filterwarnings simplefilter catch_warnings", "the rest is machinery"),
    "zoneinfo": _only("ZoneInfo ZoneInfoNotFoundError", "the rest lists files"),
    "numpy": _list(
        offered_names.NUMPY,
        "load save savez savez_compressed loadtxt savetxt genfromtxt fromregex fromfile memmap DataSource test info "
        "show_config show_runtime get_include source lookfor core f2py testing distutils ctypeslib "
        "bmat from_dlpack nested_iters recarray record rec seterrcall setbufsize",
        "it works with files, raw memory or the installation, and none of these exist inside the enclave",
    ),
    "numpy.linalg": _WHOLE,
    "numpy.fft": _WHOLE,
    "numpy.random": _without("get_bit_generator set_bit_generator BitGenerator", "it is machinery"),
    "numpy.polynomial": _WHOLE,
    "numpy.polynomial.polynomial": _without("polyvalnd", "only newer releases of numpy have it"),
    "numpy.lib": _only("", "only its `stride_tricks`"),
    "numpy.lib.stride_tricks": _only("sliding_window_view", "it lays arrays over raw memory"),
    "numpy.ma": _without("core extras testutils mvoid", "it is machinery"),
    "numpy.typing": _only("ArrayLike DTypeLike NDArray NBitBase", "the rest is machinery"),
    "pandas": _list(
        offered_names.PANDAS,
        "read_clipboard read_csv read_excel read_feather read_fwf read_gbq read_hdf read_html read_iceberg read_json read_orc read_parquet "
        "read_pickle read_sas read_spss read_sql read_sql_query read_sql_table read_stata read_table read_xml to_pickle "
        "ExcelFile ExcelWriter HDFStore eval test show_versions core io util testing compat",
        "it works with files, text as code or the installation, and none of these exist inside the enclave",
        # On private objects they are op_pandas' or say what to use, on public ones pandas'.
        "concat crosstab cut factorize get_dummies isna isnull lreshape melt merge merge_asof merge_ordered notna notnull pivot pivot_table "
        "qcut to_datetime to_numeric to_timedelta unique wide_to_long",
        "op_pandas.pandas_calls",
    ),
    "pandas.api": _only("", "only its `types`"),
    "pandas.api.types": _only(
        "CategoricalDtype DatetimeTZDtype IntervalDtype PeriodDtype infer_dtype union_categoricals is_any_real_numeric_dtype is_array_like is_bool "
        "is_bool_dtype is_categorical_dtype is_complex is_complex_dtype is_datetime64_any_dtype is_datetime64_dtype is_datetime64_ns_dtype "
        "is_datetime64tz_dtype is_dict_like is_dtype_equal is_extension_array_dtype is_float is_float_dtype is_hashable is_int64_dtype is_integer "
        "is_integer_dtype is_interval_dtype is_iterator is_list_like is_named_tuple is_number is_numeric_dtype is_object_dtype is_period_dtype is_re "
        "is_scalar is_signed_integer_dtype is_sparse is_string_dtype is_timedelta64_dtype is_timedelta64_ns_dtype is_unsigned_integer_dtype pandas_dtype",
        "it is machinery",
    ),
    "pandas.arrays": _WHOLE,
    "pandas.errors": _WHOLE,
    "pandas.offsets": Offer(real="pandas.tseries.offsets"),
    "pandas.plotting": _plots(offered_plots.PANDAS_PLOTTING),
    "pandas.tseries": _only("", "only its `offsets`"),
    "pandas.tseries.offsets": _WHOLE,
    "ag_utils": _without("bound desk", "the session writes it once"),
    "op_pandas": _without("bind bound ask", "the session writes it once"),
    "op_pandas.plots": _WHOLE,
    "op_diffprivlib": _LATER,
    "op_diffprivlib.models": _LATER,
    "op_diffprivlib.tools": _LATER,
    "op_snsql": _LATER,
    "op_snsynth": _LATER,
    "op_recordlinkage": _LATER,
    "op_tensorflow": _LATER,
    "op_opacus": _LATER,
    "op_splink": _LATER,
    "op_opendp": _LATER,
    "onnxruntime": _LATER,
    "matplotlib": _plots(
        frozenset({"colormaps", "rc", "rcParams", "rc_context", "rcdefaults", "use"}),
        "rc_file rc_file_defaults rc_params rc_params_from_file rcParamsDefault get_backend get_configdir get_cachedir get_data_path matplotlib_fname",
        rc="rc",
        rcParams="rcParams",
        rc_context="rc_context",
        rcdefaults="rcdefaults",
        use="use",
    ),
    "matplotlib.axes": _plots(frozenset({"Axes"})),
    "matplotlib.cm": _plots(frozenset({"ScalarMappable", *offered_plots.COLOR_MAPS})),
    "matplotlib.collections": _plots(offered_plots.COLLECTIONS),
    "matplotlib.colors": _plots(offered_plots.COLORS),
    "matplotlib.dates": _plots(offered_plots.DATES),
    "matplotlib.figure": _plots(frozenset({"Figure", "figaspect"})),
    "matplotlib.gridspec": _plots(frozenset({"GridSpec", "GridSpecFromSubplotSpec"})),
    "matplotlib.lines": _plots(frozenset({"Line2D"})),
    "matplotlib.patches": _plots(offered_plots.PATCHES),
    "matplotlib.patheffects": _plots(offered_plots.PATH_EFFECTS),
    "matplotlib.pyplot": _plots(
        offered_plots.PYPLOT,
        offered_plots.PYPLOT_LEFT_OUT,
        rc="rc",
        rcParams="rcParams",
        rc_context="rc_context",
        rcdefaults="rcdefaults",
        show="show",
        style="style",
    ),
    "matplotlib.style": _plots(
        frozenset({"use", "context", "available"}),
        "library reload_library",
        use="use_style",
        context="style_context",
        available="available",
    ),
    "matplotlib.ticker": _plots(offered_plots.TICKER, StrMethodFormatter="str_method_formatter"),
    "matplotlib.transforms": _plots(offered_plots.TRANSFORMS),
}


def refusal(name: str) -> str | None:
    """Why this module can't be imported, as the text of the ImportError; None where it can."""
    offer = OFFERS.get(name)
    if offer is None:
        return f"Restricted import: {name} is not allowed"
    return f"Restricted import: {name} is not available, {offer.later}" if offer.later else None
