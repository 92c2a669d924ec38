"""What the analyst's side and the guest's show looks alike, though they share no code."""

import ast

import pytest

from tests.house.tree import ROOT


def test_predictions_are_read_alike_in_the_notebook_and_in_a_cell() -> None:
    client, guest = ((ROOT / room / "predictions.py").read_text() for room in ("magic/antigranular", "kernel/ag_utils"))
    assert client == guest


@pytest.mark.parametrize("name", ["pack", "pieces"])
def test_large_values_are_cut_alike_on_both_sides(name: str) -> None:
    client, guest = (
        ast.parse((ROOT / room / "parcel.py").read_text()) for room in ("magic/antigranular", "kernel/ag_kernel")
    )
    of_client, of_guest = (
        next(ast.dump(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name)
        for tree in (client, guest)
    )
    assert of_client == of_guest


@pytest.mark.parametrize("name", ["table.py", "intervals.py", "plots.py"])
def test_the_client_and_the_guest_draw_tables_by_the_same_text(name: str) -> None:
    client, guest = ((ROOT / room / name).read_text() for room in ("magic/antigranular", "private_pandas/op_pandas"))
    assert client == guest
