"""The classes of syntax of each Python this runs on, as `dir(ast)` of its release names them: so that one Python's tests speak for all three."""

_EVERYWHERE = (
    "AST Add And AnnAssign Assert Assign AsyncFor AsyncFunctionDef AsyncWith Attribute AugAssign AugLoad AugStore Await BinOp BitAnd "
    "BitOr BitXor BoolOp Break Call ClassDef Compare Constant Continue Del Delete Dict DictComp Div Eq ExceptHandler Expr Expression "
    "ExtSlice FloorDiv For FormattedValue FunctionDef FunctionType GeneratorExp Global Gt GtE If IfExp Import ImportFrom In Index "
    "Interactive Invert Is IsNot JoinedStr LShift Lambda List ListComp Load Lt LtE MatMult Match MatchAs MatchClass MatchMapping "
    "MatchOr MatchSequence MatchSingleton MatchStar MatchValue Mod Module Mult Name NamedExpr Nonlocal Not NotEq NotIn Or Param Pass "
    "Pow RShift Raise Return Set SetComp Slice Starred Store Sub Subscript Suite Try TryStar Tuple TypeIgnore UAdd USub UnaryOp While "
    "With Yield YieldFrom alias arg arguments boolop cmpop comprehension excepthandler expr expr_context keyword match_case mod "
    "operator pattern slice stmt type_ignore unaryop withitem "
).split()
_UNTIL_3_11 = "Bytes Ellipsis NameConstant Num Str".split()
_SINCE_3_12 = "ParamSpec TypeAlias TypeVar TypeVarTuple type_param".split()

NODES_OF: dict[tuple[int, int], frozenset[str]] = {
    (3, 11): frozenset([*_EVERYWHERE, *_UNTIL_3_11]),
    (3, 12): frozenset([*_EVERYWHERE, *_SINCE_3_12]),
    (3, 13): frozenset([*_EVERYWHERE, *_SINCE_3_12]),
}
