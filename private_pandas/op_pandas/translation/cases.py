"""The patterns of ``match``: constants, alternatives, names and ``_``. Must not know what a case does."""

import ast
from collections.abc import Mapping
from functools import reduce

from ag_plan.expressions import Expression
from op_pandas.translation.expressions import Evaluation
from op_pandas.translation.truth import compare, identical, truth
from op_pandas.translation.values import Known, Value
from op_pandas.translation.words import TRUE


def matched(at: Evaluation, pattern: ast.pattern, subject: Value) -> tuple[Expression, Mapping[str, Value]]:
    """Whether the subject matches, and the names it is bound to then."""
    scene = at.scene
    if isinstance(pattern, ast.MatchValue):
        return truth(scene, compare(scene, "eq", subject, at.value(pattern.value))), {}
    if isinstance(pattern, ast.MatchSingleton):
        return truth(scene, identical(scene, subject, Known(pattern.value))), {}
    if isinstance(pattern, ast.MatchOr):
        found = [matched(at, each, subject) for each in pattern.patterns]
        if any(names for _, names in found):
            scene.refuse("names in alternatives of a case", "write one case each")
        return reduce(scene.words.either, [test for test, _ in found]), {}
    if isinstance(pattern, ast.MatchAs):
        test, names = (TRUE, {}) if pattern.pattern is None else matched(at, pattern.pattern, subject)
        return test, names if pattern.name is None else {**names, pattern.name: subject}
    scene.refuse("this kind of case", "match constants, or use if and elif")
