"""Types from cell to cell, as people use notebooks."""

from tests.kernel.compiler.conftest import Session


def texts(problems) -> list[str]:
    return [one.message for one in problems]


def test_a_name_keeps_its_type_in_later_cells(session: Session):
    session.run("x = 1\nname = 'a'")
    assert session.run("name.upper() + str(x)") == ()
    assert texts(session.check("name.uper()")) == ['"str" has no attribute "uper"']


def test_a_name_may_be_rebound_to_another_type(session: Session):
    session.run("x = 1")
    assert session.run("x = str(x)") == ()
    assert session.run("x = x.upper()\nx = [x]") == ()
    assert session.run("x[0]\nx = {'k': x}") == ()
    assert session.run("x['k']") == ()


def test_an_annotated_name_may_be_rebound_in_a_later_cell(session: Session):
    session.run("x: int = 1")
    assert session.run("x: str = 'a'") == ()
    assert session.run("x = 3.5") == ()
    assert session.run("x.is_integer()") == ()


def test_the_type_after_a_cell_is_the_last_one(session: Session):
    session.run("x = 1\nx = 'a'\nfor y in [1, 2]:\n    y = str(y)")
    assert session.run("x.upper()\ny.upper()") == ()


def test_a_cell_may_be_run_again_and_again(session: Session):
    for _ in range(5):
        assert (
            session.run("class Point:\n    def __init__(self, x): self.x = x\np = Point(3)\ndef f(a): return a.x") == ()
        )
        assert session.run("q = Point(2)\nf(q) + f(p) + p.x") == ()


def test_functions_may_be_redefined(session: Session):
    session.run("def f(x): return x")
    assert session.run("f(1)") == ()
    assert session.run("def f(x, y): return x + y") == ()
    assert session.run("f(1, 2)") == ()
    assert texts(session.check("f(1)")) == ['Missing positional argument "y" in call to "f"']


def test_a_function_may_become_a_variable_and_back(session: Session):
    session.run("def f(): return 1")
    assert session.run("f = f()") == ()
    assert session.run("f + 1") == ()
    assert session.run("import math as f") == ()
    assert session.run("f.sqrt(2)") == ()


def test_a_class_may_become_a_variable_that_is_read_in_the_same_cell(session: Session):
    session.run("class x: pass\ndef y(): pass")
    assert session.run("x = [1]; x += [2]; x *= 2\ny = 1\ny += 1") == ()
    assert session.run("x.append(1)\ny.bit_length()") == ()


def test_functions_may_use_names_that_come_later(session: Session):
    assert session.run("def f():\n    return OFFSET + g()") == ()
    assert session.run("OFFSET = 1\ndef g(): return 2") == ()
    assert session.run("f()") == ()


def test_a_refused_cell_leaves_no_trace(session: Session):
    session.run("x = 'a'")
    assert session.run("x = 1\nimport os")
    assert session.run("x = 1\nlen(age)")
    assert session.run("x.upper()") == ()


def test_a_cell_that_was_never_run_leaves_no_trace(session: Session):
    session.run("x = 'a'")
    assert session.check("x = 1\ny = 2") == ()
    assert session.run("x.upper()") == ()
    assert texts(session.check("y")) == ["NameError: name 'y' is not defined"]


def test_after_a_cell_that_stopped_half_way_its_names_may_be_anything(session: Session):
    session.run("x = 'a'")
    session.run("1 / 0\nx = 1\ny = 2", completed=False)
    assert session.run("x.upper()\nx + 1\ny.anything") == ()


def test_imports_and_aliases_last(session: Session):
    session.run(
        "import numpy as np\nfrom collections import Counter as C\nVector = list[float]\nfrom typing import TypeVar\nT = TypeVar('T')"
    )
    assert (
        session.run("def f(x: Vector, y: T) -> T:\n    return y\nnp.zeros(3)\nC('ab').most_common(1)\nf([1.0], 2) + 1")
        == ()
    )
    assert "numpy.load" in texts(session.check("np.load('x')"))[0]


def test_classes_can_be_extended_in_later_cells(session: Session):
    session.run("class A:\n    def __init__(self): self.x = 1\n    def f(self): return self.x")
    assert session.run("class A(A):\n    def g(self): return self.f()") == ()
    assert session.run("class B(A):\n    pass\nB().g() + B().x") == ()
    assert session.run("A.h = lambda self: 3") == ()
    assert session.run("B().h()") == ()


def test_private_types_go_from_cell_to_cell(session: Session):
    session.run("old = patients[age > 60]\nmean = old.mean(eps=1)")
    assert session.run("export(mean, 'm')") == ()
    assert texts(session.check("export(old, 'o')")) == [
        "Please ensure export function is called on a non-private type."
    ]


def test_an_epsilon_that_is_no_number_is_said_in_words_of_ours(session: Session):
    assert texts(session.check("age.mean(eps='1')")) == ["TypeError: eps is a number, and not a str"]
    (problem,) = session.check("patients.mean(eps='1')")
    assert (problem.message, problem.instead) == (
        'TypeError: this statistic takes no arguments of the types "str"',
        "eps is a number, e.g. `eps=0.5`",
    )


def test_names_of_the_session_can_be_rebound(session: Session):
    assert session.run("patients = patients.dropna()") == ()
    assert texts(session.check("len(patients)")) == ["PrivateDataFrame has no len(): the number of rows is private"]
    assert session.run("patients = 3") == ()
    assert session.run("patients + 1") == ()


def test_augmented_assignment_across_cells(session: Session):
    session.run("n = 0\nrows = []\ntext = ''")
    assert session.run("n += 1.5\nrows += [1, 'a']\ntext += 'b'") == ()
    assert session.run("n *= 2\nrows.append(None)\ntext.upper()") == ()


def test_names_bound_in_every_way_are_known(session: Session):
    source = (
        "import math as m\nwith_ = 1\nfor i, (a, b) in enumerate([(1, 2)]): pass\nif (w := 3): pass\n"
        "try:\n    t = 1\nexcept ValueError as e:\n    t = 2\nmatch [1, 2]:\n    case [first, *rest]: pass\nx, *y = 1, 2\nz: int = 3\n"
    )
    assert session.run(source) == ()
    assert session.run("print(m.pi, i, a, b, w, t, first, rest, x, y, z)") == ()


def test_strict_mode_wants_annotations(session: Session):
    session.start(strict=True)
    assert session.run("def f(x: int) -> int:\n    return x + 1\nf(2)") == ()
    assert texts(session.check("def g(x):\n    return x"))[0].startswith("Function is missing a type annotation")
    session.start()
    assert session.run("def g(x):\n    return x") == ()


def test_the_modes_names_start_anew_with_each_session(session: Session):
    session.run("x = 1")
    session.start()
    assert texts(session.check("x")) == ["NameError: name 'x' is not defined"]
