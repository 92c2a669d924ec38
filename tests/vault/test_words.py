"""Every word of the plan has a rule in the vault; every contract's examples run."""

import doctest
import importlib
import pkgutil

import pytest

import ag_vault
from ag_plan.expressions import EXPRESSIONS, BinaryOperator, CastTarget, UnaryOperator
from ag_plan.relations import RELATIONS, Source
from ag_plan.releases import MEASURES
from ag_vault import expressions, ops
from ag_vault.expressions import binary, unary

MATHEMATICS = ("errors", "exact", "space", "noise", "parts", "price", "evaluate", "perturb", "answer")
FOLDERS = ("expressions", "ops", "mechanisms")


def modules() -> list[str]:
    found = [f"ag_vault.{name}" for name in MATHEMATICS]
    for folder in FOLDERS:
        package = importlib.import_module(f"ag_vault.{folder}")
        found += [
            f"ag_vault.{folder}",
            *(f"ag_vault.{folder}.{part.name}" for part in pkgutil.iter_modules(package.__path__)),
        ]
    return found


def test_every_word_of_the_plan_has_a_rule() -> None:
    assert set(expressions.RULES) == set(EXPRESSIONS)
    assert set(ops.RELATIONS) | {Source} == set(RELATIONS)
    assert set(ops.MEASURES) == set(MEASURES)


def test_every_operator_of_the_plan_has_a_rule() -> None:
    assert set(unary._OPERATORS) == set(UnaryOperator.__args__)
    assert set(binary._OPERATORS) == set(BinaryOperator.__args__)
    assert set(CastTarget.__args__) == {"float", "int", "bool", "str", "datetime"}


@pytest.mark.parametrize("name", modules())
def test_the_examples_in_the_contracts_run(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.failed == 0


def test_the_modules_under_test_exist() -> None:
    assert ag_vault.__path__
    assert len(modules()) > 30
