"""The verdict on every kind of syntax of CPython 3.11 to 3.13; what isn't listed is refused.

It must not know how a verdict is carried out: the checks are methods of ``policy.CellPolicy``.
"""

from __future__ import annotations

from typing import Final

from ag_kernel.compiler.verdict import Allow, Check, Deny, Verdict

_PLAIN: Final = Allow()
_NO_LOOP: Final = Deny(
    why="A cell runs by itself, without an event loop, so there is nothing to wait for.",
    instead="use plain `def`, `for` and `with`",
)
_GONE: Final = Deny(why="Python itself no longer produces this.")
_NOT_A_CELL: Final = Deny(why="A cell is a module.")

# Statements ------------------------------------------------------------------------------------------------
_STATEMENTS: Final[dict[str, Verdict]] = {
    "Module": Allow(why="A cell is one."),
    "Expr": _PLAIN,
    "Assign": _PLAIN,
    "AnnAssign": Allow(why="Typed code wants it; RestrictedPython's own policy forbids it."),
    "AugAssign": Allow(why="Writes are not guarded: what a guest can reach, it may change."),
    "Delete": Check(method="check_delete", why="Names the session put there can't be deleted."),
    "Assert": _PLAIN,
    "Raise": _PLAIN,
    "Pass": _PLAIN,
    "Break": _PLAIN,
    "Continue": _PLAIN,
    "Return": _PLAIN,
    "If": _PLAIN,
    "For": _PLAIN,
    "While": Allow(why="An endless loop ends at the time limit."),
    "Try": _PLAIN,
    "TryStar": Deny(
        why="`except*` is left out: matching exception groups has let code out of Python subsets before.",
        instead="use `except`",
    ),
    "ExceptHandler": Check(method="check_named", why="It binds a name."),
    "With": _PLAIN,
    "Match": _PLAIN,
    "match_case": _PLAIN,
    "FunctionDef": Check(method="check_function", why="It binds a name; as a method, only listed special names."),
    "ClassDef": Check(
        method="check_class", why="It binds a name, and a metaclass would decide what attribute access means."
    ),
    "Global": Check(
        method="check_global", why="A function that changes the notebook's variables is refused, with its names."
    ),
    "Nonlocal": Check(method="check_global", why="The same for an enclosing function's variables."),
    "Import": Check(method="check_import", why="Only listed modules."),
    "ImportFrom": Check(method="check_import_from", why="Only listed modules, no star, nothing relative."),
    "TypeAlias": _PLAIN,
    "AsyncFunctionDef": _NO_LOOP,
    "AsyncFor": _NO_LOOP,
    "AsyncWith": _NO_LOOP,
}

# Expressions -----------------------------------------------------------------------------------------------
_EXPRESSIONS: Final[dict[str, Verdict]] = {
    "Name": Check(method="check_name_use", why="Names with double underscores and a table of built-ins are refused."),
    "Attribute": Check(
        method="check_attribute", why="Underscored, frame and file attributes are refused, a few are guarded."
    ),
    "Call": Check(method="check_call", why="`type` with three arguments would make classes that the policy never saw."),
    "Constant": _PLAIN,
    "JoinedStr": Allow(why="An f-string's parts are syntax and are judged as such."),
    "FormattedValue": _PLAIN,
    "BoolOp": _PLAIN,
    "BinOp": Check(method="check_arithmetic", why="Arithmetic of constants is worked out before anything runs."),
    "UnaryOp": _PLAIN,
    "Compare": _PLAIN,
    "IfExp": _PLAIN,
    "Lambda": _PLAIN,
    "NamedExpr": _PLAIN,
    "Dict": _PLAIN,
    "Set": _PLAIN,
    "List": _PLAIN,
    "Tuple": _PLAIN,
    "Subscript": Allow(why="Items are not guarded: what a guest can index holds nothing secret."),
    "Slice": _PLAIN,
    "Starred": _PLAIN,
    "ListComp": _PLAIN,
    "SetComp": _PLAIN,
    "DictComp": _PLAIN,
    "GeneratorExp": _PLAIN,
    "Yield": _PLAIN,
    "YieldFrom": _PLAIN,
    "Await": _NO_LOOP,
}

# Parts -----------------------------------------------------------------------------------------------------
_PARTS: Final[dict[str, Verdict]] = {
    "arguments": _PLAIN,
    "arg": Check(method="check_arg", why="It binds a name."),
    "keyword": Check(method="check_keyword", why="`f(__x=1)` names something of Python's own."),
    "alias": Allow(why="Judged by the import it belongs to."),
    "withitem": _PLAIN,
    "comprehension": Check(method="check_comprehension", why="`async for` inside is refused."),
    "MatchValue": _PLAIN,
    "MatchSingleton": _PLAIN,
    "MatchSequence": _PLAIN,
    "MatchOr": _PLAIN,
    "MatchMapping": Check(method="check_match_mapping", why="`**rest` binds a name."),
    "MatchClass": Check(method="check_match_class", why="Its keywords read attributes."),
    "MatchStar": Check(method="check_named", why="It binds a name."),
    "MatchAs": Check(method="check_named", why="It binds a name."),
    "TypeVar": Check(method="check_named", why="It binds a name."),
    "ParamSpec": Check(method="check_named", why="It binds a name."),
    "TypeVarTuple": Check(method="check_named", why="It binds a name."),
}

_OPERATORS: Final = (
    "Load Store Del And Or Add BitAnd BitOr BitXor Div FloorDiv LShift Mod Mult MatMult Pow RShift Sub Invert Not UAdd USub "
    "Eq Gt GtE In Is IsNot Lt LtE NotEq NotIn"
)
_NEVER_IN_A_CELL: Final = "Expression FunctionType Interactive"
_DEPRECATED: Final = "AugLoad AugStore Bytes Ellipsis ExtSlice Index NameConstant Num Param Str Suite TypeIgnore slice"
_ABSTRACT: Final = (
    "boolop cmpop excepthandler expr expr_context mod operator pattern stmt type_ignore unaryop type_param"
)

NODES: Final[dict[str, Verdict]] = {
    **_STATEMENTS,
    **_EXPRESSIONS,
    **_PARTS,
    **dict.fromkeys(_OPERATORS.split(), _PLAIN),
    **dict.fromkeys(_NEVER_IN_A_CELL.split(), _NOT_A_CELL),
    **dict.fromkeys(_DEPRECATED.split(), _GONE),
    **dict.fromkeys(_ABSTRACT.split(), _GONE),
}
UNLISTED: Final = Deny(why="This syntax isn't on the list of what a cell may use.", instead="write it in another way")
