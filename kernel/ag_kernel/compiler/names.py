"""What a cell may call things and reach by a dot: tables of names, each with why it is there.

It must not know syntax trees; ``policy`` asks it. Names are hygiene and clear errors: the wall is the jail and the vault.
"""

from __future__ import annotations

from typing import Final

from RestrictedPython.transformer import INSPECT_ATTRIBUTES

from ag_kernel.compiler.verdict import Deny


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DENIED_NAMES: Final[dict[str, Deny]] = {
    name: Deny(why=why, instead=instead)
    for names, why, instead in (
        ("exec eval compile", "`{}` would run text as code, which nothing could check beforehand.", "write the code itself in a cell"),
        ("__import__", "`{}` would import around the list of modules.", "use an `import` statement"),
        ("globals locals", "`{}` reaches the notebook's variables by text.", "name the variable, or keep values in a dict of your own"),
        ("open", "There are no files inside the enclave.", "send public data with `session.private_import(...)`, take results out with `export(value, name)`"),
        ("input", "A cell can't ask for input while it runs.", "assign the value in the cell"),
        ("breakpoint", "There is no debugger inside the enclave.", "print what you want to see"),
        ("exit quit", "A cell can't end the session.", "call `session.terminate_session()` in your own notebook"),
        ("memoryview", "`{}` looks into raw memory.", "use `bytes`, a list or a numpy array"),
        ("get_ipython", "IPython doesn't run inside the enclave.", "use plain Python"),
        ("reload", "`{}` would replace a module.", "restart the session"),
    )
    for name in names.split()
}  # fmt: skip

# Read by everybody, bound by nobody: tests of types name types that a function of the cell's own would be handed.
KEPT_NAMES: Final[dict[str, Deny]] = {
    name: Deny(why=f"`{name}` is what asks for the type of a value, and stays so.", instead="choose another name")
    for name in ("isinstance", "issubclass")
}

# Frames, code objects, generators and classes lead from a value to the program around it.
_FRAMES: Final = INSPECT_ATTRIBUTES | _words(
    "tb_frame tb_next tb_lasti tb_lineno with_traceback "
    "f_back f_builtins f_code f_globals f_locals f_trace f_lasti f_lineno f_generator f_trace_lines f_trace_opcodes "
    "gi_frame gi_code gi_yieldfrom gi_suspended cr_frame cr_code cr_await cr_origin ag_frame ag_code ag_await "
    "co_code co_consts co_names co_varnames co_freevars co_cellvars co_filename co_linetable co_lnotab "
    "mro func_globals func_code func_closure func_defaults im_func im_self im_class"
)
_FILES: Final = "to_pickle to_hdf to_feather to_parquet to_orc to_stata to_sql to_excel to_clipboard to_gbq to_iceberg tofile memmap fromfile"
_PICTURE_FILES: Final = (
    "savefig imsave imread print_figure print_png print_jpg print_jpeg print_tif print_tiff print_webp print_gif print_svg print_svgz print_pdf "
    "print_ps print_eps print_pgf print_raw print_rgba write_png switch_backend switch_backends"
)

DENIED_ATTRIBUTES: Final[dict[str, Deny]] = {
    **{
        name: Deny(
            why=f"`.{name}` leads from a value into the running program.",
            instead="work with the value itself; an error's text is `str(error)`",
        )
        for name in sorted(_FRAMES)
    },
    **{
        name: Deny(
            why=f"`.{name}` works with files, and there are none inside the enclave.",
            instead="take the result out with `export(value, name)` and save it in your own notebook",
        )
        for name in _FILES.split()
    },
    **{
        name: Deny(why=f"`.{name}` reaches raw memory.", instead="work with the array itself")
        for name in ("ctypes", "ctypeslib")
    },
    **{
        name: Deny(
            why=f"`.{name}` works with files or windows, and there are none inside the enclave.",
            instead="`plt.show()` shows the plot in your notebook, where it can be saved",
        )
        for name in _PICTURE_FILES.split()
    },
}

# Refused of the objects of libraries only: other things have good attributes of these names.
LIBRARY_ATTRIBUTES: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("env", "loader", "template_html", "template_html_table", "template_html_style", "template_latex", "from_custom_template"),
        "it runs templates, which are code",
    ),
    **dict.fromkeys(("dump", "dumps"), "it pickles; take the result out with `export(value, name)`"),
    **dict.fromkeys(("capsule", "cffi"), "it reaches raw memory"),
    "resize": "it moves memory that others may still look at; use `np.resize(array, shape)`, which makes a new array",
}  # fmt: skip

# Dunder attributes that only describe, and those a class calls on its base.
READABLE_DUNDERS: Final = frozenset({"__name__", "__qualname__", "__doc__", "__version__", "__init__", "__post_init__"})
NAMES_OF_TYPES: Final = frozenset({"__name__", "__qualname__"})
READABLE_NAMES: Final = frozenset({"__name__", "_", "__", "___"})

# Public in spite of their underscore: the documented methods of a named tuple.
NAMED_TUPLE: Final = frozenset({"_asdict", "_replace", "_fields", "_make", "_field_defaults"})

# What a class may define; the ones left out intercept attribute access, construction, pickling or memory.
DEFINABLE: Final = frozenset(
    f"__{name}__"
    for name in _words(
        "init post_init repr str eq ne lt le gt ge hash bool len length_hint iter next reversed contains getitem setitem delitem missing "
        "call enter exit add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor "
        "radd rsub rmul rmatmul rtruediv rfloordiv rmod rdivmod rpow rlshift rrshift rand ror rxor "
        "iadd isub imul imatmul itruediv ifloordiv imod ipow ilshift irshift iand ior ixor "
        "neg pos abs invert int float complex index round trunc floor ceil format bytes copy deepcopy init_subclass class_getitem set_name"
    )
)
ENUM_HOOKS: Final = frozenset({"_missing_", "_generate_next_value_"})
CLASS_VARIABLES: Final = frozenset({"__slots__", "__hash__", "__doc__"})

# Return a text, or write it to a file where they are given one.
TEXT_WRITERS: Final = _words("to_csv to_json to_html to_string to_latex to_markdown to_xml")

# Reached through `_attribute_(value, name)`, because what they do is decided by a text given at run time.
GUARDED_ATTRIBUTES: Final = (
    _words("format format_map query eval agg aggregate apply transform pipe pivot_table crosstab")
    | LIBRARY_ATTRIBUTES.keys()
    | TEXT_WRITERS
)

# Keywords of methods that name a module to import, or a program to run.
DENIED_KEYWORDS: Final[dict[str, Deny]] = {
    "backend": Deny(
        why="`backend=` would import a module by its name.", instead="leave it out: plots are drawn with matplotlib"
    ),
    "usetex": Deny(
        why="`usetex=` would run a program, and there are none inside the enclave.",
        instead="write `$...$`, which matplotlib sets by itself",
    ),
}

# Metaclasses that may be named, and only as one: called, they make classes that the policy never saw.
METACLASSES: Final = frozenset({"ABCMeta"})

# Types that may be asked about and not be called: with other arguments they make arrays of whatever lies in memory.
NOT_CALLED: Final[dict[str, Deny]] = {
    "ndarray": Deny(
        why="`ndarray(...)` makes an array over raw memory.", instead="use `np.array`, `np.zeros` or `np.empty`"
    )
}

# What a pattern's keyword may not read: patterns ask no guard.
NOT_MATCHED: Final = GUARDED_ATTRIBUTES | METACLASSES | NOT_CALLED.keys()


_DEFINED_INSTEAD: Final = {
    "__new__": "make the object in `__init__`, or in a method under `@classmethod`",
    "__del__": "end what was begun in `__exit__`, and use the object in a `with` block",
    **dict.fromkeys(("__getattr__", "__getattribute__"), "write a method, a `@property` or `__getitem__`"),
    **dict.fromkeys(("__setattr__", "__delattr__"), "write a `@property` with a setter, or `@dataclass(frozen=True)`"),
}
_READ_INSTEAD: Final = {
    "__dict__": "use `vars(x)`, which gives a copy",
    "__annotations__": "`help(x)` shows how it is called",
    **dict.fromkeys(("__bases__", "__mro__", "__base__"), "ask with `issubclass(A, B)` or `isinstance(x, B)`"),
    **{
        f"__{name}__": f"use `{name}(x)`"
        for name in _words("next iter len str repr hash abs bool int float round reversed")
    },
    **{
        f"__{name}__": f"use `{sign}`"
        for name, sign in {
            "add": "x + y",
            "sub": "x - y",
            "mul": "x * y",
            "truediv": "x / y",
            "eq": "x == y",
            "lt": "x < y",
            "getitem": "x[key]",
            "setitem": "x[key] = value",
            "contains": "key in x",
            "call": "x(…)",
        }.items()
    },
}


def name_problem(name: str) -> Deny | None:
    """Why a name can't be bound or, but for the kept ones, read; None where it can."""
    if name in DENIED_NAMES:
        return DENIED_NAMES[name].about(name)
    if name in KEPT_NAMES:
        return KEPT_NAMES[name]
    if not name.startswith("_") or name in READABLE_NAMES:
        return None
    if name.startswith("_") and not name.startswith("__") and name.endswith("_"):
        return Deny(
            why=f"`{name}`: names that begin and end with an underscore are the session's and the libraries'.",
            instead="choose another name; what is shown of an object is what its `__repr__` gives, or what `display(…)` is given",
        )
    if name.startswith("__"):
        return Deny(
            why=f"`{name}`: names with double underscores belong to Python itself.",
            instead=_DEFINED_INSTEAD.get(name, "choose another name"),
        )
    return None


def attribute_problem(name: str) -> Deny | None:
    """Why nothing of this name can be reached by a dot; None where it can. A single leading underscore is `policy`'s to judge."""
    if name in DENIED_ATTRIBUTES:
        return DENIED_ATTRIBUTES[name]
    if name in READABLE_DUNDERS or name in NAMED_TUPLE or not name.startswith("_"):
        return None
    if name == "__class__":
        return Deny(why="`.__class__` leads from a value into the running program.", instead="use `type(value)`")
    if name.startswith("__"):
        return Deny(
            why=f"`.{name}`: attributes with double underscores belong to Python itself.",
            instead=_READ_INSTEAD.get(
                name,
                "use the public operation, e.g. `len(x)` for `x.__len__()`, or one underscore for attributes of your own classes",
            ),
        )
    return None
