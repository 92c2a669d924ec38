"""On enclaves that tests share, each test adds people of its own: in one run two tests meet on the same enclave, in the next they don't."""

import ast
from collections import defaultdict

from tests.house.tree import nodes, sources

SHARED = {"odd_enclave", "demo_enclave", "at_demo"}


def test_no_two_tests_add_somebody_of_the_same_name_to_a_shared_enclave() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in (each for each in sources("tests") if "add_user" in each.read_text(encoding="utf-8")):
        for call in nodes(path):
            match call:
                case ast.Call(
                    func=ast.Name(id="add_user"),
                    args=[ast.Attribute(value=ast.Name(id=enclave)), ast.Constant(value=str(name)), *_],
                ) if enclave in SHARED:
                    places[name].append(f"{path.name}:{call.lineno}")
    assert len(places) > 5, "what is looked for is written otherwise by now"
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
