"""The cell policy: walks a cell's syntax tree by the table in ``nodes`` and notes every problem; emits the one guard.

It must not run, import or know the values of anything; what the guard does at run time is ``guarded``'s.
"""

from __future__ import annotations

import ast
import contextlib
from typing import TYPE_CHECKING, Final

from RestrictedPython.transformer import RestrictingNodeTransformer

from ag_kernel.compiler import names
from ag_kernel.compiler.constants import GROWING, too_large
from ag_kernel.compiler.modules import import_problem, name_problem, star_problem
from ag_kernel.compiler.nodes import NODES, UNLISTED
from ag_kernel.compiler.problem import Kind, Problem
from ag_kernel.compiler.verdict import Check, Deny, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

GUARD: Final = "_attribute_"
WRITE_GUARD: Final = "_owner_"
_TESTS: Final = {"isinstance": 2, "issubclass": 2}
_CALL_WITH_ONE: Final = {
    "map": 2,
    "apply": 1,
    "applymap": 1,
}  # what calls a function handed to it, and its most arguments
MAX_DEPTH: Final = 150  # three interpreter frames each, well inside Python's own limit
_TYPE: Final = Deny(
    why="`type` makes classes when it is called with three arguments, so it is only offered as `type(value)`.",
    instead="write a `class`, or `type(value)`",
)
_METACLASS: Final = Deny(
    why="A metaclass would decide what attribute access means.", instead="use an ordinary base class"
)
_RENAMED: Final = Deny(why="`{}` can't be given another name.", instead="import it as it is called")
_RELATIVE: Final = Deny(
    why="A cell is in no package, so there is nothing to import relatively.", instead="name the module"
)
_GLOBAL: Final = Deny(
    why="`{}`: a function can't change the variables outside it, so that a cell's effects are its own assignments.",
    instead="return the value and assign it: `x = f(...)`, or change an item of a dict or list",
)
_INJECTED: Final = Deny(why="`{}` was put there by the session and can't be deleted.", instead="just don't use it")
_LARGE: Final = Deny(
    why="This number or text is too large to be written out.", instead="work with its logarithm, or with a float"
)
_METACLASS_NAME: Final = Deny(
    why="`{}` makes classes when it is called, so it is only offered as `metaclass={}`.", instead="use `abc.ABC`"
)
_MATCHED: Final = Deny(
    why="`.{}` is not read by a pattern: what it does is decided by a text it is given later.",
    instead="match the object, and call `x.{}(...)` in the case's body",
)
_UNDERSCORE: Final = Deny(
    why="`.{}`: attributes with an underscore are private to the object.",
    instead="use a public name; methods of your own classes may use `self.{}`",
)


class _TooDeep(Exception):
    """The tree is nested beyond `MAX_DEPTH`."""


class CellPolicy(RestrictingNodeTransformer):
    """One walk over one cell: `problems` fill up, the tree is changed only where the guard goes in."""

    def __init__(self, lines: Sequence[str], injected: AbstractSet[str], depth: int = MAX_DEPTH) -> None:
        super().__init__()
        self.problems: list[Problem] = []
        self._lines = lines
        self._injected = injected
        self._depth = depth
        self._path: list[ast.AST] = []

    # The walk ----------------------------------------------------------------------------------------------

    def visit(self, node: ast.AST) -> ast.AST:
        """Judge one node by the table, then its parts."""
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            return handler(self, node)
        verdict = NODES.get(type(node).__name__, UNLISTED)
        if isinstance(verdict, Deny):
            self.refuse(node, verdict)
            return node
        if isinstance(verdict, Check):
            checked: ast.AST = getattr(self, verdict.method)(node)
            return checked
        return self.parts(node)

    def parts(self, node: ast.AST) -> ast.AST:
        """Judge what a node is made of."""
        if len(self._path) >= self._depth:
            why = f"This is nested more than {self._depth} levels deep."
            self.refuse(node, Deny(why=why, instead="use steps and names"))
            raise _TooDeep
        self._path.append(node)
        for field in node._fields:
            value = getattr(node, field, None)
            if value.__class__ is list:
                value[:] = [self.visit(part) if isinstance(part, ast.AST) else part for part in value]
            elif isinstance(value, ast.AST):
                setattr(node, field, self.visit(value))
        self._path.pop()
        return node

    def refuse(self, node: ast.AST, verdict: Deny, name: str = "", *, kind: Kind = "policy") -> None:
        """Note a problem at a node; at the attribute's own name where it is one. Where it is of syntax, types are not asked for."""
        line, start = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        end_line, end = getattr(node, "end_lineno", line), getattr(node, "end_col_offset", start + 1)
        if isinstance(node, ast.Attribute):
            line, start = end_line, end - len(node.attr.encode())
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            end = start + len(self._lines[line - 1].encode()[start:].split(b"(")[0].split(b":")[0])
        elif end_line != line:
            end = len(self._lines[line - 1].encode())
        told = verdict.about(name) if name else verdict
        self.problems.append(
            Problem(
                line=line,
                column=self._characters(line, start),
                end_column=self._characters(line, end),
                message=told.why,
                instead=told.instead,
                kind=kind,
            )
        )

    def _characters(self, line: int, offset: int) -> int:
        """Python counts columns in UTF-8 bytes, people in characters."""
        if not 1 <= line <= len(self._lines):
            return offset
        return len(self._lines[line - 1].encode()[:offset].decode(errors="replace"))

    # Names -------------------------------------------------------------------------------------------------

    def _bind(self, node: ast.AST, name: str | None) -> None:
        problem = names.name_problem(name) if name else None
        if problem is not None:
            self.refuse(node, problem)

    def check_name_use(self, node: ast.Name) -> ast.AST:
        """Types that must not be called; denied built-ins; double underscores."""
        self._check_made_by_calling(node, node.id)
        kept = node.id in names.KEPT_NAMES and not isinstance(node.ctx, ast.Load)
        if kept or node.id.startswith("_") or node.id in names.DENIED_NAMES:
            storable = isinstance(node.ctx, ast.Load) or node.id != "__name__"
            in_class = bool(self._path) and isinstance(self._path[-2 if len(self._path) > 1 else -1], ast.ClassDef)
            if not (in_class and (node.id in names.CLASS_VARIABLES or self._of_its_class(node.id))) or not storable:
                self._bind(node, node.id)
        return node

    def _is_asked_about(self, node: ast.expr) -> bool:
        """Whether a type stands where types are compared or named, is called, or is handed to what calls it with one value."""
        parent = self._path[-1] if self._path else None
        calls = {**_TESTS, **_CALL_WITH_ONE}
        if isinstance(parent, ast.Tuple) and len(self._path) > 1:
            parent, calls = self._path[-2], _TESTS
        if isinstance(parent, ast.Call):
            if parent.func is node:
                return True
            if _called(parent) in _TESTS and not isinstance(parent.func, ast.Name):
                return False
            most = calls.get(_called(parent), 0)
            return len(parent.args) <= most and not parent.keywords
        return isinstance(parent, ast.Subscript | ast.AnnAssign | ast.arg | ast.Compare | ast.FunctionDef) or (
            isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.BitOr)
        )

    def _is_handed_on(self, node: ast.expr) -> bool:
        """Whether a value is called here, by the cell or by what it is handed to."""
        parent = self._path[-1] if self._path else None
        return isinstance(parent, ast.Call) and (parent.func is node or _called(parent) in _CALL_WITH_ONE)

    def _check_made_by_calling(self, node: ast.expr, name: str) -> None:
        """Metaclasses, and types that must not be called."""
        if name in names.METACLASSES and not (self._path and isinstance(self._path[-1], ast.keyword)):
            self.refuse(node, _METACLASS_NAME, name)
        elif name in names.NOT_CALLED and (not self._is_asked_about(node) or self._is_handed_on(node)):
            self.refuse(node, names.NOT_CALLED[name])

    def check_named(self, node: ast.AST) -> ast.AST:
        """Handlers, patterns and type parameters bind a name given as text."""
        self._bind(node, getattr(node, "name", None))
        return self.parts(node)

    def check_arg(self, node: ast.arg) -> ast.AST:
        """A parameter binds a name."""
        self._bind(node, node.arg)
        return self.parts(node)

    def check_keyword(self, node: ast.keyword) -> ast.AST:
        """Keyword arguments may not name Python's own."""
        if node.arg is not None and node.arg.startswith("__"):
            self._bind(node, node.arg)
        call = self._path[-1] if self._path else None
        if node.arg in names.DENIED_KEYWORDS and isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            self.refuse(node, names.DENIED_KEYWORDS[node.arg])
        return self.parts(node)

    def check_match_mapping(self, node: ast.MatchMapping) -> ast.AST:
        """`**rest` binds a name."""
        self._bind(node, node.rest)
        return self.parts(node)

    def check_match_class(self, node: ast.MatchClass) -> ast.AST:
        """`case Point(x=0)` reads the attribute x."""
        for name in node.kwd_attrs:
            problem = names.attribute_problem(name) or (_UNDERSCORE.about(name) if name.startswith("_") else None)
            if problem is not None:
                self.refuse(node, problem)
            elif name in names.NOT_MATCHED:
                self.refuse(node, _MATCHED, name)
        return self.parts(node)

    # Attributes and calls ----------------------------------------------------------------------------------

    def check_attribute(self, node: ast.Attribute) -> ast.AST:
        """Refuse what leads into the program; send what a text decides through the guard."""
        name = self._mangled(node.attr)
        self._check_made_by_calling(node, name)
        problem = names.attribute_problem(name)
        if name == "__class__" and isinstance(node.ctx, ast.Load) and self._asks_for_type(node):
            self.parts(node)
            return _guarded(node, name)
        if problem is not None and not (name in names.DEFINABLE and _is_super(node.value)):
            self.refuse(node, problem)
        elif name.startswith("_") and not self._own(node) and problem is None and name not in names.READABLE_DUNDERS:
            self.refuse(node, _UNDERSCORE, name)
        self.parts(node)
        asked = name in names.GUARDED_ATTRIBUTES or (
            name.startswith("_") and not name.startswith("__") and name not in names.NAMED_TUPLE
        )
        if asked and isinstance(node.ctx, ast.Load):
            return _guarded(node, name)
        if asked and name.startswith("_"):
            node.value = _asking(WRITE_GUARD, node, name)
        return node

    def _asks_for_type(self, node: ast.Attribute) -> bool:
        """Whether `.__class__` is another way to write `type(value)`: of a method's own object, or to read what a type is called."""
        parent = self._path[-1] if self._path else None
        named = isinstance(parent, ast.Attribute) and parent.attr in names.NAMES_OF_TYPES
        return named or (self._own(node) and not self._starts_a_chain(parent))

    def _starts_a_chain(self, parent: ast.AST | None) -> bool:
        return isinstance(parent, ast.Attribute) and parent.attr.startswith("__")

    def _own(self, node: ast.Attribute) -> bool:
        """Whether this is a named tuple's method, or an underscored attribute of a method's `self`, `cls`, `other` or class.

        That these are what they are called is asked at run time, by the guard.
        """
        if node.attr in names.NAMED_TUPLE:
            return True
        if not isinstance(node.value, ast.Name) or not any(isinstance(outer, ast.ClassDef) for outer in self._path):
            return False
        functions = [outer for outer in self._path if isinstance(outer, ast.FunctionDef)]
        firsts = {
            (one.args.posonlyargs + one.args.args)[0].arg for one in functions if one.args.posonlyargs or one.args.args
        }
        classes = {outer.name for outer in self._path if isinstance(outer, ast.ClassDef)}
        return node.value.id in firsts | classes | {"other"}

    def check_call(self, node: ast.Call) -> ast.AST:
        """`type(value)` asks, `type(name, bases, members)` makes."""
        if isinstance(node.func, ast.Name) and node.func.id == "type":
            starred = any(isinstance(one, ast.Starred) for one in node.args)
            if len(node.args) != 1 or node.keywords or starred:
                self.refuse(node.func, _TYPE)
        return self.parts(node)

    def check_arithmetic(self, node: ast.BinOp) -> ast.AST:
        """Constants that grow beyond any use; one problem for the whole of it."""
        if isinstance(node.op, GROWING) and too_large(node):
            self.refuse(node, _LARGE, kind="syntax")  # the type checker would work it out
            return node
        return self.parts(node)

    def check_comprehension(self, node: ast.comprehension) -> ast.AST:
        """`async for` has no loop to run in."""
        if node.is_async:
            self.refuse(node.target, UNLISTED if isinstance(NODES["AsyncFor"], Check) else _denied(NODES["AsyncFor"]))
        return self.parts(node)

    # Statements --------------------------------------------------------------------------------------------

    def check_function(self, node: ast.FunctionDef) -> ast.AST:
        """A method may have a listed special name."""
        in_class = bool(self._path) and isinstance(self._path[-1], ast.ClassDef)
        if not (in_class and self._of_its_class(node.name)):
            self._bind(node, node.name)
        return self.parts(node)

    def _of_its_class(self, name: str) -> bool:
        """Whether a class may call something so in its body: a listed special name, or one that Python makes the class's own."""
        return name in names.DEFINABLE | names.ENUM_HOOKS or self._mangled(name) != name

    def _mangled(self, name: str) -> str:
        """What Python makes of `__name` inside a class."""
        inner = next((outer.name for outer in reversed(self._path) if isinstance(outer, ast.ClassDef)), "").lstrip("_")
        return f"_{inner}{name}" if inner and name.startswith("__") and not name.endswith("__") else name

    def check_class(self, node: ast.ClassDef) -> ast.AST:
        """No metaclass but the one of abstract classes."""
        self._bind(node, node.name)
        for keyword in node.keywords:
            if keyword.arg == "metaclass" and ast.unparse(keyword.value) not in {"ABCMeta", "abc.ABCMeta"}:
                self.refuse(keyword, _METACLASS)
        return self.parts(node)

    def check_global(self, node: ast.Global | ast.Nonlocal) -> ast.AST:
        """`global` and `nonlocal` exist to write outside the function."""
        word = "global" if isinstance(node, ast.Global) else "nonlocal"
        self.refuse(node, _GLOBAL, f"{word} {', '.join(node.names)}")
        return node

    def check_delete(self, node: ast.Delete) -> ast.AST:
        """Names of the session stay at the top level."""
        inside = any(isinstance(outer, ast.FunctionDef | ast.ClassDef) for outer in self._path)
        for target in node.targets:
            parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
            for part in parts:
                if not inside and isinstance(part, ast.Name) and part.id in self._injected:
                    self.refuse(part, _INJECTED, part.id)
        return self.parts(node)

    def _tried(self, node: ast.stmt) -> bool:
        """Whether a `try` waits for the ImportError, which the importer raises by the same table."""
        return any(
            isinstance(outer, ast.Try)
            and outer.handlers
            and outer.body[0].lineno <= node.lineno <= (outer.body[-1].end_lineno or 0)
            for outer in self._path
        )

    def check_import(self, node: ast.Import) -> ast.AST:
        """Only listed modules."""
        for alias in node.names:
            problem = import_problem(alias.name)
            if problem is not None and not self._tried(node):
                self.refuse(alias, problem)
            self._bind(alias, alias.asname)
        return node

    def check_import_from(self, node: ast.ImportFrom) -> ast.AST:
        """Only listed modules; no star; nothing relative."""
        if node.level:
            self.refuse(node, _RELATIVE)
            return node
        problem = import_problem(node.module or "")
        if problem is not None:
            if not self._tried(node):
                self.refuse(node, problem)
            return node
        for alias in node.names:
            if alias.name == "*":
                self.refuse(alias, star_problem(node.module or ""))
            elif (missing := name_problem(node.module or "", alias.name)) and not self._tried(node):
                self.refuse(alias, missing)
            elif alias.asname and alias.name in names.METACLASSES | names.NOT_CALLED.keys():
                self.refuse(alias, _RENAMED, alias.name)
            elif alias.name.startswith("_") and node.module != "__future__":
                self.refuse(alias, _UNDERSCORE, alias.name)
            self._bind(alias, alias.asname)
        return node


def judge(
    tree: ast.Module, lines: Sequence[str], injected: AbstractSet[str], depth: int = MAX_DEPTH
) -> tuple[Problem, ...]:
    """All policy problems of a parsed cell; the tree is made ready to compile."""
    policy = CellPolicy(lines, injected, depth)
    with contextlib.suppress(_TooDeep):
        policy.visit(tree)
    return tuple(policy.problems)


def _denied(verdict: Verdict) -> Deny:
    return verdict if isinstance(verdict, Deny) else UNLISTED


def _called(call: ast.Call) -> str:
    """The last name of what is called."""
    called = call.func
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _guarded(node: ast.Attribute, name: str) -> ast.AST:
    """`value.query` becomes `_attribute_(value, "query")`, in the same place; `value._x = 1` becomes `_owner_(value, "_x")._x = 1`."""
    return _asking(GUARD, node, name)


def _asking(guard: str, node: ast.Attribute, name: str) -> ast.Call:
    call = ast.Call(
        func=ast.copy_location(ast.Name(id=guard, ctx=ast.Load()), node),
        args=[node.value, ast.copy_location(ast.Constant(value=name), node)],
        keywords=[],
    )
    return ast.copy_location(call, node)


def _handlers() -> dict[type[ast.AST], Callable[[CellPolicy, ast.AST], ast.AST]]:
    """The table by class, made once: allowed leaves are returned as they are, which is most of a tree."""
    leaves = {name for name, verdict in NODES.items() if not isinstance(verdict, Check | Deny)}
    found: dict[type[ast.AST], Callable[[CellPolicy, ast.AST], ast.AST]] = {}
    for name in leaves:
        kind = getattr(ast, name, None)
        if isinstance(kind, type) and issubclass(kind, ast.AST) and not kind._fields:
            found[kind] = lambda _policy, node: node
    return found


_HANDLERS: Final = _handlers()
