"""Libraries that come later say so in one sentence when they are imported, and offer nothing that doesn't work."""

import importlib

import pytest


@pytest.mark.parametrize(
    "name", ["op_diffprivlib", "op_diffprivlib.models", "op_diffprivlib.tools", "op_snsql", "op_snsql.reader"]
)
def test_importing_a_later_library_is_one_sentence(name: str) -> None:
    with pytest.raises(ImportError, match=r"comes in a later version; .* available now"):
        importlib.import_module(name)
