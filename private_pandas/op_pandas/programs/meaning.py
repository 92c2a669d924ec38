"""What an expression means: a public thing from outside of the function, or a word of the program. Must not know which words there are."""

import ast
import re
from types import ModuleType
from typing import Any

from ag_plan.expressions import Code
from ag_plan.programs import Automaton
from op_pandas.programs import known, patterns
from op_pandas.programs.writing import NOTHING, Scene


def value(scene: Scene, node: ast.expr) -> Code:
    """The word for an expression. Untranslatable where there is none."""
    before, scene.node = scene.node, node
    constant = public(scene, node)
    if isinstance(constant, re.Pattern):
        scene.node = before
        return pattern(scene, constant)
    if constant is not NOTHING:
        found = known.public(constant)
        if found is None:
            scene.refuse(
                f"a {type(constant).__name__} as a value", "use numbers, texts, dates, and lists or dicts of them"
            )
        scene.node = before
        return found
    write = scene.program.table.get(type(node))
    if write is None:
        scene.refuse(spoken(node), "write it in simpler steps")
    made: Code = write(scene, node)
    scene.node = before
    return made


def pattern(scene: Scene, found: Any, flags: int = 0) -> Automaton:
    """A public pattern. Untranslatable where it has no automaton."""
    try:
        return patterns.automaton(found, flags)
    except patterns.Unwritable as part:
        scene.refuse(f"{part} in a pattern", "use simpler patterns: characters, classes, groups, | and counts")


def spoken(node: ast.AST) -> str:
    """What a piece of syntax is called in a refusal."""
    return f"`{type(node).__name__.lower()}`"


def public(scene: Scene, node: ast.expr) -> Any:
    """What an expression means outside of the function: a constant, a global, an attribute of a module; NOTHING else."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id not in scene.names:
        return scene.outside(node.id)
    if isinstance(node, ast.Attribute):
        owner = public(scene, node.value)
        if isinstance(owner, ModuleType) or (isinstance(owner, type) and owner is not NOTHING):
            return getattr(owner, node.attr, NOTHING)
    return NOTHING
