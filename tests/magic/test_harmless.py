"""What an enclave shows in a notebook looks as it did and does nothing: no script, no request to anywhere, however broken the markup."""

import io
import time
import xml.dom.minidom
from typing import Any

import pandas as pd
import pytest

import antigranular as ag
from antigranular import harmless, table
from antigranular.rich_view import showable
from antigranular.view import Shown
from tests.magic.conftest import Start

ATTACKS = {
    "<script>alert(1)</script>ok": "ok",
    "<ScRiPt >alert(1)": "",
    "<scr<script></script>ipt>alert(1)": "&lt;script&gt;alert(1)",
    "<img src=x onerror=alert(1)>a": "a",
    "<div onclick='x' style='color:red'>a": '<div style="color:red">a</div>',
    "<b/onclick=alert(1)>a": "<b>a</b>",
    '<b title="&quot; onmouseover=alert(1)">a</b>': '<b title="&quot; onmouseover=alert(1)">a</b>',
    '<a href="javascript:alert(1)">a</a>': "<a>a</a>",
    '<a href="jav&#x61;script:alert(1)">a</a>': "<a>a</a>",
    '<a href="data:text/html,x">a</a>': "<a>a</a>",
    "<a href=https://x.y>a</a>": '<a href="https://x.y" rel="noopener noreferrer">a</a>',
    '<p style="background:url(https://x.y)">a': "<p>a</p>",
    '<p style="background:u\\72l(https://x.y)">a': "<p>a</p>",
    '<p style="position:fixed;top:0">a': "<p>a</p>",
    "<style>@import 'x'</style><link rel=stylesheet href=x><meta http-equiv=refresh content=0><base href=x>a": "a",
    '<iframe srcdoc="&lt;b&gt;x"></iframe>a': "a",
    '<iframe srcdoc="<b onclick=x>x"></iframe>a': '&lt;iframe srcdoc="<b>x"&gt;a</b>',
    "<form action=https://x.y><input name=a><button>b</button></form>": "b",
    "<svg onload=alert(1)><script>1</script></svg>a": "a",
    "<math><mtext><img src onerror=alert(1)></mtext></math>a": "a",
    "</div></div></body>a": "a",
    "<table><tr><td>1": "<table><tr><td>1</td></tr></table>",
    "<<b>b": "&lt;<b>b</b>",
    "a < b & c &amp;lt;script&amp;gt;": "a &lt; b &amp; c &amp;lt;script&amp;gt;",
}  # fmt: skip


@pytest.mark.parametrize("given", ATTACKS)
def test_whatever_acts_goes_and_what_is_read_stays(given: str) -> None:
    assert harmless.html(given) == ATTACKS[given]
    assert harmless.html(ATTACKS[given]) in (
        ATTACKS[given],
        ATTACKS[given].replace(' rel="noopener noreferrer"', "", 1),
    )


def test_tables_look_as_they_did(start: Start) -> None:
    session, _ = start({})
    drawn = table.as_html(
        ("a", "<b>"),
        [("1", table.bar(0.3)), (table.code("x"), "&")],
        above=table.heading("t", "n").html,
        below="c",
        right=[1],
    )
    shown = [drawn, session._repr_html_(), session.privacy_odometer()._repr_html_(), ag.__name__]
    for each in shown:
        assert harmless.html(each) == each
    frame = pd.DataFrame({"a": [1], "<b>": ["<script>"]})._repr_html_()
    found = harmless.html(frame)
    assert found is not None
    assert frame.endswith(found[found.index("<table") :])


def test_a_plot_is_the_drawing_it_was_and_names_no_other_place() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure, axes = pyplot.subplots()
    axes.plot([1, 2, 3], label="<&>")
    axes.legend()
    written = io.StringIO()
    figure.savefig(written, format="svg")
    pyplot.close(figure)
    given, found = written.getvalue(), harmless.svg(written.getvalue())
    assert found is not None
    was, now = (xml.dom.minidom.parseString(each) for each in (given, found))
    for name in ("path", "use", "g", "clipPath", "defs", "text"):
        assert len(now.getElementsByTagName(name)) == len(was.getElementsByTagName(name)), name
    assert "stroke-linejoin" in found[:200]
    assert "purl.org" not in found


def test_a_drawing_that_acts_or_asks_elsewhere_does_not() -> None:
    drawn = (
        '<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg" onload="x()"><script>x()</script><a xlink:href="javascript:x()"><rect/></a>'
        '<use href="https://x.y/#z"/><image href="https://x.y"/><foreignObject><b onclick="x()">b</b></foreignObject><set attributeName="href" to="x"/>'
        '<path d="M0" style="fill:url(https://x.y)" fill="url(https://x.y)"/><g fill="url(#own)"/></svg>'
    )
    assert harmless.svg(drawn) == (
        '<svg xmlns="http://www.w3.org/2000/svg"><rect/><use/><path d="M0"/><g fill="url(#own)"/></svg>'
    )


@pytest.mark.parametrize(
    "part",
    [
        "<",
        "<a ",
        "<a" + " x" * 9,
        "<a x=",
        '<a x="',
        "<style>",
        "<div>",
        "</div>",
        "<div></b>",
        "&",
        "&#",
        "<a/",
        "<!--",
    ],
)
def test_no_markup_keeps_a_notebook_waiting(part: str) -> None:
    began = time.process_time()
    for rewrite in (harmless.html, harmless.svg):
        rewrite((part * harmless.LONGEST)[: harmless.LONGEST // 32])
        assert rewrite(" " * (harmless.LONGEST + 1)) is None
    assert time.process_time() - began < 2


def test_only_texts_are_shown_as_texts() -> None:
    data: dict[str, Any] = {
        "text/plain": "p",
        "text/html": ["<script>"],
        "image/svg+xml": {},
        "text/markdown": "<script>",
        "image/png": "AA",
    }
    assert showable(Shown(data=data, metadata={}))[0] == {"text/plain": "p", "image/png": "AA"}
