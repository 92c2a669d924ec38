"""Plots, in a real kernel in its jail: figures arrive as pictures, once, in the order they were made; nothing is read, written or chosen."""

import base64
import io
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from tests.kernel.conftest import Start
from tests.kernel.notebook import House, Notebook, Ran

PLT = "import matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd\n"


def pictures(ran: Ran, mime: str = "image/png") -> list[str]:
    shown = [m.content["data"] for m in ran.messages if m.kind in {"display_data", "execute_result"}]
    return [data[mime] for data in shown if mime in data]


def pixels(ran: Ran) -> np.ndarray:
    (png,) = pictures(ran)
    return matplotlib.image.imread(io.BytesIO(base64.b64decode(png)))


def test_a_plot_is_shown_at_the_end_of_its_cell(notebook: Notebook) -> None:
    ran = notebook.run(PLT + "plt.plot([1, 2, 3], color='red', linewidth=5);")
    seen = pixels(ran)
    height, width, _ = seen.shape
    red = (seen[:, :, 0] > 0.9) & (seen[:, :, 1] < 0.1) & (seen[:, :, 2] < 0.1)
    rows, columns = np.nonzero(red)
    assert ran.fault is None
    assert height > 300
    assert width > 400
    assert np.corrcoef(rows, columns)[0, 1] < -0.9, "the line rises to the right"


@pytest.mark.parametrize(
    "call",
    [
        "plt.bar(['a', 'b'], [1, 2])",
        "plt.barh(['a', 'b'], [1, 2])",
        "plt.hist([1, 2, 2, 3], bins=3)",
        "plt.errorbar([1, 2], [3, 4], yerr=[0.1, 0.2], fmt='o', capsize=3)",
        "plt.imshow(np.eye(4), cmap='viridis'); plt.colorbar()",
        "plt.scatter([1, 2], [3, 4], c=[0, 1], s=50)",
        "plt.pie([1, 2], labels=['a', 'b'], autopct='%1.0f%%')",
        "plt.boxplot([[1, 2, 3], [2, 3, 4]])",
        "plt.fill_between([1, 2], [1, 2], [2, 3], alpha=0.3)",
        "fig, axes = plt.subplots(2, 2, figsize=(8, 6)); axes[0, 0].plot([1]); fig.tight_layout()",
        "plt.figure(figsize=(4, 3)); plt.title(r'$\\alpha^2$ und Größe'); plt.xlabel('x'); plt.step([1, 2], [3, 4])",
        "fig = plt.figure(); ax = fig.add_subplot(projection='3d'); ax.scatter([1], [2], [3])",
        "plt.contourf(np.arange(9).reshape(3, 3)); plt.xscale('log')",
        "pd.DataFrame({'a': [1, 2], 'b': [3, 4]}).plot(kind='bar')",
        "pd.Series([1, 2, 3], name='s').plot.hist(title='t')",
        "pd.DataFrame({'a': [1, 2], 'b': [3, 4]}).boxplot()",
        "pd.Series([1, 2], index=pd.date_range('2024-01-01', periods=2)).plot()",
        "import matplotlib.dates as md; ax = plt.gca(); ax.plot(pd.date_range('2024', periods=3), [1, 2, 3]); ax.xaxis.set_major_formatter(md.DateFormatter('%b'))",
        "from matplotlib.ticker import StrMethodFormatter, PercentFormatter\nplt.plot([1000, 2000]); plt.gca().yaxis.set_major_formatter(StrMethodFormatter('{x:,.0f}'))",
        "plt.style.use('ggplot'); plt.rcParams['figure.figsize'] = (5, 4); plt.plot([1, 2]); plt.style.use('default')",
        "with plt.rc_context({'axes.grid': True}), plt.style.context('seaborn-v0_8'): plt.plot([1, 2]); plt.show()",
        "pd.plotting.scatter_matrix(pd.DataFrame({'a': [1, 2, 5], 'b': [3, 4, 1]}))",
        "import matplotlib\nmatplotlib.use('Agg')\nmatplotlib.rc('lines', lw=3)\nplt.plot([1, 2])\nmatplotlib.rcdefaults()",
    ],
)
def test_what_analysts_draw_is_drawn_once(notebook: Notebook, call: str) -> None:
    ran = notebook.run(f"{PLT}{call}")
    assert ran.fault is None, ran.trace
    assert ran.errors == ""
    assert len(pictures(ran)) == 1


def test_released_values_are_drawn_by_helpers(notebook: Notebook) -> None:
    ran = notebook.run(
        PLT + "from op_pandas import plots\nplots.histogram((np.array([3, 4]), np.array([0.0, 1.0, 2.0])))"
    )
    assert ran.fault is None, ran.trace
    assert len(pictures(ran)) == 1


def test_figures_come_in_the_order_they_were_made_and_are_then_closed(notebook: Notebook) -> None:
    ran = notebook.run(PLT + "for n in range(3):\n    plt.figure(figsize=(1 + n, 1))\n    plt.plot([n])\nprint('done')")
    widths = [matplotlib.image.imread(io.BytesIO(base64.b64decode(one))).shape[1] for one in pictures(ran)]
    assert widths == sorted(widths)
    assert len(widths) == 3
    assert notebook.run("plt.get_fignums()").plain == "[]"


def test_a_figure_as_the_last_expression_or_displayed_is_shown_once(notebook: Notebook) -> None:
    assert len(pictures(notebook.run(PLT + "fig, ax = plt.subplots(); ax.plot([1])\nfig"))) == 1
    assert "image/png" in notebook.run("fig").result
    assert len(pictures(notebook.run("plt.plot([1]); plt.show(); print(1)"))) == 1
    assert len(pictures(notebook.run("display(fig)"))) == 1


def test_a_cell_that_fails_leaves_no_figure_behind(notebook: Notebook) -> None:
    assert pictures(notebook.run(PLT + "plt.plot([1])\n1 / 0")) == []
    assert pictures(notebook.run("2")) == []


def test_what_can_not_be_drawn_says_so_and_the_next_plot_is(notebook: Notebook) -> None:
    assert notebook.run(PLT + "plt.title('$\\\\nonsense$')\nplt.plot([1])").fault["ename"] == "ValueError"
    assert len(pictures(notebook.run("plt.plot([1])"))) == 1


def test_svg_where_the_session_asks_for_it(notebook: Notebook) -> None:
    ran = notebook.run(PLT + "plt.rcParams['savefig.format'] = 'svg'\nplt.plot([1, 2])\nplt.title('<b>')\nplt.show()")
    notebook.run("plt.rcParams['savefig.format'] = 'png'")
    (svg,) = pictures(ran, "image/svg+xml")
    assert "<svg" in svg
    assert "<script" not in svg
    assert pictures(ran) == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("plt.savefig('x.png')", "plt.show()"),
        ("plt.gcf().canvas.print_png('x.png')", "works with files or windows"),
        ("plt.imread('/etc/passwd')", "works with files or windows"),
        ("plt.switch_backend('TkAgg')", "works with files or windows"),
        ("import matplotlib; matplotlib.use('TkAgg')", "there is no backend"),
        ("plt.style.use('/etc/passwd')", "none of the styles"),
        ("plt.style.use({'text.usetex': True})", "not available inside the enclave"),
        ("plt.rcParams['text.usetex'] = True", "not available inside the enclave"),
        ("plt.rcParams['figure.hooks'] = ['os:system']", "not available inside the enclave"),
        ("plt.rcParams['backend']", "not available inside the enclave"),
        ("plt.rc('savefig', directory='/tmp')", "not available inside the enclave"),
        ("with plt.rc_context(fname='/etc/matplotlibrc'): pass", "there are no files"),
        ("import matplotlib; matplotlib.rc_file('x')", "works with files, windows or backends"),
        ("from matplotlib import font_manager", "font_manager"),
        ("import matplotlib.animation", "Restricted import"),
        ("import matplotlib.image", "Restricted import"),
        ("pd.DataFrame({'a': [1]}).plot(backend='os')", "backend"),
        ("pd.Series([1]).hist(backend='antigravity')", "backend"),
    ],
)
def test_files_backends_and_programs_are_refused(notebook: Notebook, call: str, words: str) -> None:
    ran = notebook.run(f"{PLT}{call}")
    assert ran.fault is not None
    assert words in ran.trace
    notebook.run("plt.close('all')")


def test_private_values_are_not_drawn(notebook: Notebook) -> None:
    for call in ("plt.plot(wine)", "plt.hist(wine['alcohol'])", "plt.bar([1], wine['alcohol'])", "plt.title(wine)"):
        ran = notebook.run(PLT + call)
        assert ran.fault is not None, call
        assert pictures(ran) == []


def test_a_drawing_that_never_ends_is_interrupted(notebook: Notebook) -> None:
    number = notebook.send(
        "execute_request", {"code": PLT + "plt.plot(np.random.default_rng(0).normal(size=10**7), 'o')\nprint('now')"}
    )
    while notebook.receive().content.get("text") != "now\n":
        pass
    notebook.interrupt()
    assert notebook.collect(number).fault["ename"] == "KeyboardInterrupt"
    assert len(pictures(notebook.run("plt.plot([1])"))) == 1


def test_pictures_count_as_output(opened: Start) -> None:
    with opened(limits={"output_bytes": 60_000}) as small:
        ran = small.run(PLT + "for _ in range(8):\n    plt.figure(); plt.plot([1, 2])")
        assert 0 < len(pictures(ran)) < 8
        assert "a cell may show 60,000 bytes" in ran.errors


def test_the_nursery_has_one_thread_and_holds_no_font_open(house: House) -> None:
    home = Path(f"/proc/{house.kernels.pid}")
    assert len(list((home / "task").iterdir())) == 1
    held = [str(one.readlink()) for one in (home / "fd").iterdir()]
    assert [one for one in held if "mpl-data" in one or "ag-plots" in one] == []
