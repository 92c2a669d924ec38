"""One cell's life, in a real kernel with a real checker: what is shown, what stays, what is refused."""

import socket

import pytest

from tests.kernel.conftest import Start
from tests.kernel.notebook import Notebook


def test_a_printed_value_arrives(notebook: Notebook) -> None:
    ran = notebook.run("print(2)")
    assert (ran.text, ran.reply["status"], ran.plain) == ("2\n", "ok", None)


def test_every_answer_stands_between_busy_and_idle(notebook: Notebook) -> None:
    ran = notebook.run("print(1)\n3")
    said = [m.content.get("execution_state", m.kind) for m in ran.messages]
    assert said == ["busy", "execute_input", "stream", "execute_result", "execute_reply", "idle"]


def test_the_last_expression_is_shown(notebook: Notebook) -> None:
    assert notebook.run("x = 3\nx + 1").plain == "4"
    assert notebook.run("None").result is None
    assert notebook.run("x;").result is None
    assert notebook.run("x = 5").result is None


def test_variables_last_from_cell_to_cell(notebook: Notebook) -> None:
    notebook.run("def double(n: int) -> int:\n    return 2 * n\nfactor = 21")
    assert notebook.run("double(factor)").plain == "42"


def test_a_function_sees_a_global_as_it_is_now(notebook: Notebook) -> None:
    notebook.run("rate = 1\ndef get():\n    return rate")
    notebook.run("rate = 2")
    assert notebook.run("get()").plain == "2"


def test_a_frame_is_shown_as_html_too(notebook: Notebook) -> None:
    shown = notebook.run("import pandas as pd\npd.DataFrame({'a': [1, 2]})").result
    assert "<table" in shown["text/html"]
    assert shown["text/plain"].split() == ["a", "0", "1", "1", "2"]


def test_html_of_the_guests_own_classes_is_not_sent(notebook: Notebook) -> None:
    shown = notebook.run(
        "class C:\n    def html(self) -> str:\n        return '<b>'\n    _repr_html_ = html\nC()"
    ).result
    assert shown is None or set(shown) == {"text/plain"}


def test_all_that_is_wrong_is_said_at_once(notebook: Notebook) -> None:
    ran = notebook.run("x: int = 'a'\nimport os\ndef f():\n    global x\n    x = 2")
    assert ran.fault["ename"] == "CellRefused"
    assert "Incompatible types" in ran.trace
    assert "Restricted import: os is not allowed" in ran.trace
    assert "`global x`" in ran.trace
    assert ran.trace.count("Cell In[") == 3


def test_a_refused_cell_changes_nothing(notebook: Notebook) -> None:
    notebook.run("kept = 'old'")
    assert notebook.run("kept = 'new'\nimport os").fault["ename"] == "CellRefused"
    assert notebook.run("kept").plain == "'old'"
    assert notebook.run("kept = 1\nother: int = 'x'").fault["ename"] == "CellRefused"
    assert notebook.run("kept.upper()").plain == "'OLD'"


def test_a_cell_that_raises_midway_keeps_what_was_bound_before(notebook: Notebook) -> None:
    ran = notebook.run("before = 1\n1 / 0\nafter = 2")
    assert ran.fault["ename"] == "ZeroDivisionError"
    assert notebook.run("before").plain == "1"
    assert notebook.run("after").fault["ename"] == "NameError"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = = 1", "SyntaxError"),
        ("%run notebook", "magic"),
        ("exec('1')", "`exec`"),
        ("().__class__", "__class__"),
        ("x = 1  # type: ignore", "ignore"),
        ("async def f(): pass", "await"),
        ("print(undefined)", "undefined"),
    ],
)
def test_what_the_language_leaves_out_is_refused_with_its_line(notebook: Notebook, source: str, expected: str) -> None:
    ran = notebook.run(source)
    assert ran.fault["ename"] == "CellRefused"
    assert ", line 1" in ran.trace
    assert "^" in ran.trace
    assert ran.reply["status"] == "error"
    assert ran.text == ""
    assert expected in ran.trace or expected == "await"


@pytest.mark.parametrize(
    "source",
    [
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    a: int\n    b: float = 2.0\nassert P(1).b == 2.0",
        "with_items = {k: v for k, v in zip('ab', (1, 2))}\nassert with_items == {'a': 1, 'b': 2}",
        "def gen():\n    yield from range(3)\nassert list(gen()) == [0, 1, 2]",
        "try:\n    raise ValueError('x')\nexcept ValueError as e:\n    assert str(e) == 'x'",
        "match (1, 2):\n    case (a, b):\n        assert a < b",
        "assert '{:.2f} {}'.format(1.5, 'x') == '1.50 x'\nassert f'{3:>4}' == '   3'",
        "import functools\n@functools.lru_cache\ndef fib(n: int) -> int:\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nassert fib(30) == 832040",
        "import re, json, math, random, statistics, itertools, collections, datetime, typing\nassert json.loads('[1]') == [1]",
        "import numpy as np\nassert np.linalg.det(np.eye(2)) == 1.0\nassert np.random.default_rng(0).normal(size=3).shape == (3,)",
        "import pandas as pd\nd = pd.DataFrame({'a': [1, 2, 2], 'b': [1., 2., 3.]})\nassert d.groupby('a').agg({'b': 'mean'}).shape == (2, 1)\nassert len(d.query('a > 1')) == 2",
        "from datetime import datetime\nfrom dateutil.relativedelta import relativedelta\nassert datetime(2026, 1, 31) + relativedelta(months=1) == datetime(2026, 2, 28)",
        "class Base:\n    def __init__(self) -> None:\n        self.n = 1\nclass Child(Base):\n    def __init__(self) -> None:\n        super().__init__()\n        self.n += 1\nassert Child().n == 2",
        "total = 0\nfor i in range(10):\n    if i % 2:\n        continue\n    total += i\nassert total == 20",
    ],
    ids=range(13),
)
def test_ordinary_code_runs(notebook: Notebook, source: str) -> None:
    assert notebook.run(source).trace == ""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import numpy as np\nnp.load('x')", "numpy.load is not available inside the enclave"),
        ("from numpy import save", "Restricted import: numpy.save"),
        ("import pandas as pd\npd.read_csv('/etc/passwd')", "pandas.read_csv is not available inside the enclave"),
        ("from pandas import io", "Restricted import: pandas.io"),
        ("import op_pandas\nop_pandas.bind", "op_pandas.bind is not available"),
        ("import op_tensorflow", "comes with a later release"),
        ("getattr(1, '__class__')", "__class__"),
        ("'{0.__class__}'.format(1)", "__class__"),
        ("open('/etc/passwd')", "no files"),
    ],
)
def test_what_is_not_offered_is_refused_in_one_sentence(notebook: Notebook, source: str, expected: str) -> None:
    assert expected in notebook.run(source).trace


def test_an_error_is_cut_to_the_analysts_own_lines(notebook: Notebook) -> None:
    notebook.run(
        "import pandas as pd\ndef deep(n):\n    return pd.DataFrame({'a': [1]})['b'] if n == 0 else deep(n - 1)"
    )
    ran = notebook.run("y = 1\ndeep(1)")
    at = ran.reply["execution_count"]
    assert ran.fault["traceback"] == [
        f"Cell In[{at}], line 2",
        "    deep(1)",
        f"Cell In[{at - 1}], line 3, in deep",
        "    return pd.DataFrame({'a': [1]})['b'] if n == 0 else deep(n - 1)",
        "                                                        ^^^^^^^^^^^",
        f"Cell In[{at - 1}], line 3, in deep",
        "    return pd.DataFrame({'a': [1]})['b'] if n == 0 else deep(n - 1)",
        "           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        "KeyError: 'b'",
    ]


def test_the_cause_of_an_error_is_shown_first(notebook: Notebook) -> None:
    ran = notebook.run("try:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('bad') from e")
    assert ran.trace.index("KeyError: 'k'") < ran.trace.index("was the cause") < ran.trace.index("ValueError: bad")


@pytest.mark.parametrize(
    "source",
    [
        "'x' * 10**12",
        "[0] * 10**11",
        "raise SystemExit",
        "def f(n: int) -> int:\n    return f(n + 1)\nf(0)",
        "class E(Exception):\n    def __str__(self) -> str:\n        raise ValueError\nraise E()",
        "class R:\n    def __repr__(self) -> str:\n        raise ValueError('no repr')\nR()",
        "raise KeyboardInterrupt",
        "raise GeneratorExit",
        "e = ValueError('a')\ne.__cause__",
    ],
    ids=range(9),
)
def test_nothing_a_cell_raises_ends_the_session(notebook: Notebook, source: str) -> None:
    assert notebook.run(source).reply["status"] == "error"
    assert notebook.run("1").plain == "1"


def test_an_error_names_columns_after_letters_that_take_several_bytes(notebook: Notebook) -> None:
    ran = notebook.run("größe = 'é'; größe.index('ü') + 1")
    assert ran.fault["traceback"][1:3] == ["    größe = 'é'; größe.index('ü') + 1", "                 ^^^^^^^^^^^^^^^^"]


def test_data_sets_are_bound_to_their_variables(notebook: Notebook) -> None:
    assert "rows are private" in notebook.run("toy").plain
    assert notebook.run("list(toy.columns)").plain == "['age', 'income', 'sex']"
    assert notebook.run("load_dataset('Toy')['train'].columns[0]").plain == "'age'"


def test_a_release_is_charged_and_the_budget_line_says_so(opened: Start) -> None:
    with opened() as notebook:
        ran = notebook.run("a = toy['age'].mean(eps=1)\nb = toy['age'].mean(eps=0.5)\na + b")
        assert ran.plain == "84.0"
        (line,) = ran.budget
        assert line["text/plain"] == "spent ε 1.5 on Toy; 8.50 left"
        assert line["application/vnd.antigranular.budget+json"]["cell"] == ran.reply["execution_count"]
        assert notebook.run("1").budget == []


def test_what_a_failing_cell_spent_is_said_all_the_same(opened: Start) -> None:
    with opened() as notebook:
        ran = notebook.run("toy['age'].mean(eps=1)\n1 / 0")
        assert ran.fault["ename"] == "ZeroDivisionError"
        assert len(ran.budget) == 1


def test_a_cell_over_the_limit_is_refused_unread(opened: Start) -> None:
    with opened(limits={"cell_bytes": 1000}) as notebook:
        assert "1,000" in notebook.run("x = 1\n" * 1000).trace
        assert notebook.run("x = 1\nx").plain == "1"


def test_without_a_checker_nothing_runs(opened: Start) -> None:
    ours, theirs = socket.socketpair()
    with opened(checker=theirs) as notebook:
        ours.close()
        ran = notebook.run("print(1)")
        assert ran.fault["ename"] == "CellRefused"
        assert "checker has stopped" in ran.trace
        assert ran.text == ""


def test_a_checker_that_does_not_answer_refuses_the_cell(opened: Start) -> None:
    ours, theirs = socket.socketpair()
    with ours, opened(checker=theirs, limits={"check_seconds": 0.2}) as notebook:
        ran = notebook.run("print(1)")
        assert "couldn't be checked in 0.2 seconds" in ran.trace
        assert ran.text == ""
