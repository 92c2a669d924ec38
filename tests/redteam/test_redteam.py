"""A part of the campaign with everything else that is tested: every class, some of its attacks; and ordinary cells, which must pass.

The whole campaign is `make redteam`.
"""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.enclave_server import Enclave
from tests.kernel.compiler.conftest import cells
from tests.redteam.campaign import Class, classes
from tests.redteam.enclaves import add_analyst, battlefield, lead_all
from tests.redteam.front import front
from tests.redteam.planted import Secrets

CLASSES = classes()
SLOW = {"18_bombs": ("a power", "endless loop in C", "memory by doubling", "output without end")}
EVERY = 16
"""Of each class every so many-th attack; of the slow ones those named."""
_OTHER_DATA = re.compile(
    r"\b(breast_cancer|load_dataset|op_pandas|submit_predictions|load_mock|patients|age|hospital|clinic)\b"
)
ORDINARY = [cell for cell in cells("ordinary.txt") if not _OTHER_DATA.search(cell.source)]
ORDINARY += cells("ordinary.txt", Path(__file__).parent)


def sample(whole: Class) -> Class:
    named = SLOW.get(whole.name)
    quick = [one for one in whole.attacks if "never" not in one.name and "end" not in one.name.split()]
    picked = quick[::EVERY] if named is None else [one for one in whole.attacks if one.name in named]
    return replace(whole, attacks=tuple(picked))


def test_there_are_enough_attacks_of_enough_classes() -> None:
    assert len(CLASSES) >= 20
    assert sum(len(one.attacks) for one in CLASSES) >= 200
    assert [one.name for one in CLASSES if len({attack.name for attack in one.attacks}) != len(one.attacks)] == []
    mine = cells("ordinary.txt", Path(__file__).parent)
    print(f"{len(ORDINARY)} ordinary cells must pass, {len(mine)} of them on the planted data and on new features")
    assert len(ORDINARY) >= 150
    assert len(mine) >= 70


def reached(enclave: Enclave, secrets: Secrets, *, guarded: bool) -> list[str]:
    """What a sample of every class reached."""
    found: list[str] = []
    lead_all(enclave, secrets, [sample(one) for one in CLASSES], guarded=guarded, fronts=2, tell=found.append)
    return found


# One enclave takes seconds to start, so each of these tests does with it what can be done with it.


@pytest.mark.slow
def test_with_policy_a_sample_of_every_class_is_held_and_ordinary_cells_pass(tmp_path: Path) -> None:
    with battlefield(tmp_path, guarded=True) as (enclave, secrets):
        assert reached(enclave, secrets, guarded=True) == []
        account = add_analyst(enclave.state, "ordinary")
        with front(enclave, account, secrets, guarded=True) as ordinary:
            failed = {cell.title: error for cell in ORDINARY if (error := ordinary.error_of(cell.source))}
    assert failed == {}


@pytest.mark.slow
def test_without_policy_a_sample_of_every_class_is_held_and_breaches_are_noticed(tmp_path: Path) -> None:
    with battlefield(tmp_path, guarded=False) as (enclave, secrets):
        assert reached(enclave, secrets, guarded=False) == []
        account = add_analyst(enclave.state, "judge")
        with front(enclave, account, secrets, guarded=False) as honest:
            told = {name: honest.breach_of(cell) for name, (cell, _) in REACHED.items()}
    assert {name: told[name] for name, (_, words) in REACHED.items() if words not in told[name]} == {}


_ROW = "'planted-' + 'in-row-5'"
REACHED = {
    "a secret text": (f"print({_ROW})", "a secret"),
    "a secret number": ("print(3210 + 7)", "a secret: 3217"),
    "a secret in an export": (f"export({_ROW}, 'x')", "a secret"),
    "a secret in an error": (f"raise ValueError({_ROW})", "a secret"),
    "evidence": ("print('EVIDENCE')", "evidence"),
    "a charge": ("planted['real'].count(eps=0.001)", "charged 0.001 for what costs 0"),
}
"""Goals that are reached, and what the judge must say: were it blind, everything above would pass."""
