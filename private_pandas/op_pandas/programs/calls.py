"""Calls as words of a program: of functions that there are words for, of the notebook's own, of methods. Must not know other syntax."""

import ast
import string
from collections.abc import Sequence
from typing import Any

from ag_plan.expressions import Code
from ag_plan.programs import Apply, Call, Key, Literally, Method, Shown, Single
from op_pandas.originals import original_of
from op_pandas.programs import known
from op_pandas.programs.loops import decided
from op_pandas.programs.matching import of_module, of_pattern
from op_pandas.programs.meaning import public, value
from op_pandas.programs.writing import NOTHING, Row, Scene

NONE = Literally(value=None)
_MOST_PARTS = 64


def called(scene: Scene, node: ast.Call) -> Code:
    """A call. Untranslatable where what is called has no word."""
    function = public(scene, node.func)
    if any(isinstance(each, ast.Starred) for each in node.args) or any(each.arg is None for each in node.keywords):
        scene.refuse("`*` in a call", "write the arguments out")
    if function is not NOTHING and not isinstance(node.func, ast.Constant):
        return _of_function(scene, node, function)
    if not isinstance(node.func, ast.Attribute):
        scene.refuse("calling this", "call functions of the notebook, of Python or of math")
    return _of_method(scene, node, node.func)


def _of_function(scene: Scene, node: ast.Call, function: Any) -> Code:  # noqa: PLR0911 - one per kind
    function = original_of(function)
    own = known.is_function(function)
    if own is not None:
        return _of_own(scene, node, own)
    if id(function) in known.PRESENT:
        return Single(operator="not", operand=Call(function="isna", arguments=(value(scene, node.args[0]),)))
    moment = _moment(scene, node, function)
    if moment is not None:
        return moment
    matching = of_module(scene, node, function)
    if matching is not None:
        return matching
    name = "isna" if id(function) in known.MISSING else known.FUNCTIONS.get(id(function))
    if function is isinstance:
        return _isinstance(scene, node)
    method = getattr(function, "__name__", "")
    if name is None and method in known.METHODS and getattr(str, method, None) is function and node.args:
        arguments = tuple(value(scene, each) for each in node.args[1:])
        return Method(name=method, owner=value(scene, node.args[0]), arguments=arguments)
    if name is None:
        scene.refuse(
            f"{getattr(function, '__name__', 'this')}()", "a function has values, texts, lists and `math` only"
        )
    if name in ("any", "all") and len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
        generators = node.args[0].generators
        if len(generators) == 1:
            return decided(scene, node.args[0], wanted=name == "any")
    return Call(function=name, arguments=_arguments(scene, node, name))


def _moment(scene: Scene, node: ast.Call, function: Any) -> Code | None:
    """``pd.to_datetime("2024-01-01")`` and its like of public things alone, made here and now; None for any other call."""
    if not any(function is each for each in known.MOMENTS):
        return None
    given = [public(scene, each) for each in node.args]
    named = {str(each.arg): public(scene, each.value) for each in node.keywords}
    if any(each is NOTHING for each in (*given, *named.values())):
        scene.refuse(
            f"{function.__name__}() of a private value", "make the column one of dates first: op_pandas.to_datetime"
        )
    try:
        return known.public(function(*given, **named))
    except (TypeError, ValueError):
        scene.refuse(f"{function.__name__}() of what is no date", "correct it")


def _arguments(scene: Scene, node: ast.Call, name: str) -> tuple[Code, ...]:
    given = [value(scene, each) for each in node.args]
    named = {str(each.arg): each.value for each in node.keywords}
    by = named.pop("key", None) if name in ("sorted", "min", "max") else None
    if name == "sorted" and "reverse" in named:
        given.append(value(scene, named.pop("reverse")))
    order = known.KEYWORDS.get(name, ())
    for place, keyword in enumerate(order):
        if place >= len(given) and any(later in named for later in order[place:]):
            given.append(value(scene, named.pop(keyword)) if keyword in named else Literally(value=0))
    if named:
        scene.refuse(f"{next(iter(named))}= of {name}", "leave it out")
    if by is not None:
        given.append(_key(scene, by))
    return tuple(given)


def _key(scene: Scene, node: ast.expr) -> Code:
    """What sorted, min and max compare by: a lambda, or a known function or method of one thing."""
    place = scene.fresh()
    if isinstance(node, ast.Lambda) and len(node.args.args) == 1:
        before = dict(scene.names)
        scene.names[node.args.args[0].arg] = place
        wanted = value(scene, node.body)
        scene.names.clear()
        scene.names.update(before)
        return Key(index=place, value=wanted)
    scene.names[hidden := f" {place}"] = place
    call = ast.Call(func=node, args=[ast.Name(id=hidden, ctx=ast.Load())], keywords=[])
    ast.fix_missing_locations(ast.copy_location(call, node))
    return Key(index=place, value=value(scene, call))


def _isinstance(scene: Scene, node: ast.Call) -> Code:
    kinds = node.args[1].elts if isinstance(node.args[1], ast.Tuple) else [node.args[1]]
    names: list[str] = []
    for each in kinds:
        kind = public(scene, each)
        if kind is NOTHING or not isinstance(kind, type) or kind not in known.TYPES:
            scene.refuse("isinstance with these types", "name plain types: int, float, str, bool, list, dict")
        names += known.TYPES[kind]
    return Call(
        function="isinstance", arguments=(value(scene, node.args[0]), *(Literally(value=name) for name in names))
    )


def _of_own(scene: Scene, node: ast.Call, function: Any) -> Code:
    """A function of the notebook: a function of the program, and its arguments in order."""
    number, parameters, defaults = scene.program.function(function)
    given: dict[str, Code] = dict(zip(parameters, (value(scene, each) for each in node.args), strict=False))
    for keyword in node.keywords:
        given[str(keyword.arg)] = value(scene, keyword.value)
    for name in parameters:
        if name not in given and name in defaults:
            constant = known.public(defaults[name])
            if constant is not None:
                given[name] = constant
    if len(node.args) > len(parameters) or set(given) != set(parameters):
        scene.refuse(f"calling {function.__name__} with these arguments", "give each argument once")
    return Apply(function=number, arguments=tuple(given[name] for name in parameters))


def _of_method(scene: Scene, node: ast.Call, function: ast.Attribute) -> Code:
    name, owner = function.attr, function.value
    if isinstance(owner, ast.Name) and isinstance(scene.names.get(owner.id), Row):
        if name == "get" and node.args:
            return value(scene, ast.copy_location(ast.Subscript(value=owner, slice=node.args[0], ctx=ast.Load()), node))
        scene.refuse(f"row.{name}()", "read the row by row['name']")
    layout = public(scene, owner)
    if name == "format" and isinstance(layout, str):
        return _formatted(scene, node, layout)
    if name not in known.METHODS:
        scene.refuse(f"`.{name}()`", "use methods of texts, lists, dicts, sets and dates")
    if name == "sub" and node.args and not node.keywords:
        return of_pattern(scene, name, value(scene, owner), node.args)
    given = [value(scene, each) for each in node.args]
    named = {str(each.arg): each.value for each in node.keywords}
    for keyword in known.METHOD_KEYWORDS.get(name, ())[len(given) :]:
        if keyword in named:
            given.append(value(scene, named.pop(keyword)))
        elif named and name in ("split", "rsplit"):
            given.append(NONE)
    if named:
        scene.refuse(f"{next(iter(named))}= of .{name}()", "leave it out, or give it by its place")
    return Method(name=name, owner=value(scene, owner), arguments=tuple(given))


def _formatted(scene: Scene, node: ast.Call, layout: str) -> Code:
    """``"{} of {:.2f}".format(a, b)``, with fields by place."""
    parts: list[Code] = []
    place = 0
    for before, name, spec, conversion in string.Formatter().parse(layout):
        if before:
            parts.append(Literally(value=before))
        if name is None:
            continue
        number = int(name) if name.isdigit() else place
        if (name and not name.isdigit()) or conversion or number >= len(node.args) or "{" in (spec or ""):
            scene.refuse("this layout", "write an f-string")
        place += 1
        parts.append(Shown(value=value(scene, node.args[number]), layout=spec or ""))
    return together(scene, parts)


def together(scene: Scene, parts: Sequence[Code]) -> Code:
    """Texts, one after the other."""
    if len(parts) > _MOST_PARTS:
        scene.refuse("a text of so many parts", "make it in several steps")
    return Call(function="join", arguments=tuple(parts))
