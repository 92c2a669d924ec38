"""Displays that are updated in their place, cleared output and bars for loops, in a real kernel in its jail."""

from typing import Any

import pytest

from tests.kernel.notebook import Notebook, Ran


def shown(ran: Ran) -> list[tuple[str, str, Any]]:
    """Kind, text and display id of everything shown, in order."""
    return [
        (message.kind, message.content["data"]["text/plain"], message.content["transient"].get("display_id"))
        for message in ran.messages
        if message.kind in {"display_data", "update_display_data"}
    ]


def test_a_display_with_an_id_is_updated_in_its_place(notebook: Notebook) -> None:
    ran = notebook.run("h = display('a', display_id=True)\nh.update('b')\nprint(h.display_id)")
    name = ran.text.strip()
    assert shown(ran) == [("display_data", "'a'", name), ("update_display_data", "'b'", name)]
    assert shown(notebook.run("h.update('c')")) == [("update_display_data", "'c'", name)], "also from a later cell"


def test_the_names_that_notebooks_import_are_there(notebook: Notebook) -> None:
    source = """
    from IPython.display import clear_output, display, update_display
    display(1, display_id='mine')
    update_display(2, display_id='mine')
    clear_output(wait=True)
    """
    ran = notebook.run("\n".join(line.strip() for line in source.splitlines()))
    assert shown(ran) == [("display_data", "1", "mine"), ("update_display_data", "2", "mine")]
    assert [m.content for m in ran.messages if m.kind == "clear_output"] == [{"wait": True}]


def test_what_would_run_in_the_browser_is_not_offered(notebook: Notebook) -> None:
    ran = notebook.run("from IPython.display import Javascript")
    assert "IPython.display.Javascript" in ran.trace or "Javascript" in ran.trace
    assert ran.fault["ename"] == "CellRefused"


@pytest.mark.parametrize("wrong", ["''", "'x' * 200", "3"])
def test_an_id_is_a_short_text(notebook: Notebook, wrong: str) -> None:
    ran = notebook.run(f"from typing import Any\nname: Any = {wrong}\ndisplay(1, display_id=name)")
    assert ran.fault["ename"] == "ValueError"
    assert shown(ran) == []


@pytest.mark.parametrize("module", ["tqdm", "tqdm.auto", "tqdm.notebook"])
def test_a_bar_counts_a_loop_in_one_place(notebook: Notebook, module: str) -> None:
    ran = notebook.run(f"from {module} import tqdm\nprint(sum(tqdm(range(50000), desc='adding', ncols=80)))")
    assert ran.text == f"{sum(range(50000))}\n"
    first, *others = shown(ran)
    assert first[0] == "display_data"
    assert first[1].startswith("adding:   0%|")
    assert {kind for kind, _, _ in others} == {"update_display_data"}
    assert {name for *_, name in others} == {first[2]}
    assert "100%|████████████████████| 50000/50000 [00:0" in others[-1][1]
    assert len(others) < 100, "ten times a second at most"


def test_bars_without_a_length_by_hand_and_without_a_trace(notebook: Notebook) -> None:
    by_hand = "from tqdm import tqdm\nwith tqdm(total=10, unit='B') as bar:\n    bar.update(4)\n    bar.set_postfix(loss=0.12345)"
    assert "4/10" in shown(notebook.run(by_hand))[-1][1]
    assert "loss=0.123" in shown(notebook.run(by_hand))[-1][1]
    assert "3it [" in shown(notebook.run("for x in tqdm(iter('abc')):\n    pass"))[-1][1]
    assert shown(notebook.run("from tqdm import trange\nfor i in trange(3, leave=False):\n    pass"))[-1][1] == ""
    assert shown(notebook.run("for i in tqdm([1], disable=True):\n    pass")) == []


def test_a_loop_that_fails_leaves_its_bar_where_it_was(notebook: Notebook) -> None:
    ran = notebook.run("for i in tqdm([2, 1, 0]):\n    1 / i")
    assert ran.fault["ename"] == "ZeroDivisionError"
    assert "2/3" in shown(ran)[-1][1]
    assert "progress.py" not in ran.trace


def test_private_rows_are_counted_by_no_bar(notebook: Notebook) -> None:
    ran = notebook.run("from typing import Any\nrows: Any = toy['age']\nlist(tqdm(rows))")
    assert "private" in ran.trace
    assert shown(ran) == []
