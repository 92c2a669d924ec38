"""What notebooks show of our objects: it fits, it is escaped, and it says what it should."""

from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from antigranular import intervals, table
from antigranular.catalogue import Catalogue
from antigranular.listing import Listing
from antigranular.odometer import Odometer
from antigranular.provenance import Provenance, _of_pandas, attach
from tests.magic.conftest import Start

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\u202e&amp;'
TAGS = {"div", "span", "b", "code", "table", "thead", "tbody", "tr", "th", "td"}
"""What JupyterLab, VS Code and Colab keep in notebooks that nobody trusts."""


class Elements(HTMLParser):
    """Every tag opened, every attribute, and whether all are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.styles: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.open.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.styles += [value or "" for name, value in attrs if name == "style"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def catalogue(name: str) -> Catalogue:
    views = [{"key": name, "kind": "frame"}, {"key": "test_x", "kind": name}]
    return Catalogue([{"name": name, "variable": name, "description": f"{name} " * 30, "views": views}])


def odometer(name: str, left: object = "19/2") -> Odometer:
    balance = {"dataset": name, "epsilon_spent": 1, "delta_spent": 0, "epsilon_left": left, "delta_left": 0}
    return Odometer.from_balances({"balances": [balance]})


def released(name: str) -> Provenance:
    frame = pd.DataFrame({name: [1.234, 5.0], "b": [2.0, np.nan]}, index=[name, "y"])
    widths = pd.DataFrame({name: [0.1, 0.5], "b": [0.01, np.nan]}, index=[name, "y"])
    facts = {"cost": {"epsilon": "1/2", "delta": 0.0}, "mechanism": name, "scale": 0.5, "half_widths": widths}
    return of(attach(frame, facts))


def of(value: Any) -> Provenance:
    """``value.ag``; pandas' accessor may be the guest's, where its tests run in the same process."""
    return _of_pandas(value) if hasattr(value, "attrs") else value.ag


SHOWN = {
    "a catalogue": catalogue,
    "an odometer": odometer,
    "a released frame's provenance": released,
    "chips": lambda name: Catalogue([{"name": "x", "views": [{"key": name, "kind": "frame"}] * 40}]),
}


@pytest.mark.parametrize("make", SHOWN.values(), ids=SHOWN)
def test_a_name_of_anybody_s_choice_is_text_in_html_and_harmless_on_a_terminal(make) -> None:
    html, text = make(HOSTILE)._repr_html_(), str(make(HOSTILE))
    elements = Elements(html)
    assert elements.tags <= TAGS
    assert elements.attributes <= {"style"}
    assert elements.open == []
    assert "&lt;script&gt;" in html
    assert all(each.isprintable() or each == "\n" for each in html + text)


@pytest.mark.parametrize("make", SHOWN.values(), ids=SHOWN)
def test_text_fits_a_hundred_columns(make) -> None:
    for name in ("short", "long name " * 30):
        assert max(map(len, str(make(name)).splitlines())) <= 100


@pytest.mark.parametrize("make", SHOWN.values(), ids=SHOWN)
def test_html_needs_no_style_sheet_and_no_variable_of_one_front_end(make) -> None:
    html = make("Iris")._repr_html_()
    assert "var(" not in html
    assert "class=" not in html
    assert not any("color:#0" in style or "color:#f" in style for style in Elements(html).styles)


def test_many_columns_of_text_follow_below_one_another_and_each_block_names_its_rows() -> None:
    headers = ["name", *(f"column {at}" for at in range(40))]
    text = table.as_text(headers, [["first", *(str(at) for at in range(40))]], right=range(1, 41))
    assert max(map(len, text.splitlines())) <= 100
    assert all(header in text for header in headers)
    assert text.count("first") == text.count("name") > 1


def test_rows_beyond_those_shown_are_counted() -> None:
    rows = [[str(at)] for at in range(1_100)]
    assert table.as_text(["at"], rows).endswith("… and 1,040 more")
    assert "… and 1,040 more" in table.as_html(["at"], rows)
    assert "1099" in table.as_text(["at"], rows, most=None)


@pytest.mark.parametrize(
    ("value", "half_width", "shown"),
    [
        (13.694, 0.4071, "13.69 ± 0.41"),
        (417, 3.2, "417 ± 4"),
        (123456, 1234.0, "123,456 ± 1,234"),
        (0.000012, 0.0000034, "0.0000120 ± 0.0000034"),
        (1e-20, 1e-21, "1e-20 ± 1e-21"),
        (5, 0, "5 ± 0"),
        (5, None, "5"),
        (2.5, float("nan"), "2.5"),
        (float("nan"), 1.0, "nan"),
        (12345.678, None, "12,345.7"),
        ("Ulm", None, "Ulm"),
        (True, 1.0, "True"),
    ],
)
def test_a_number_has_no_more_digits_than_its_interval_bears(value, half_width, shown: str) -> None:
    assert intervals.estimate(value, half_width) == shown


def test_a_released_number_series_frame_and_histogram_say_their_intervals_and_cost() -> None:
    cost = {"epsilon": None, "rho": 0.125, "delta": 1e-9}
    facts = {"cost": cost, "mechanism": "gaussian", "scale": 2.0}
    number = attach(3.25, {**facts, "half_widths": 0.5}).ag
    series = of(attach(pd.Series([1.0], index=["age"]), {**facts, "half_widths": pd.Series([0.25], index=["age"])}))
    counts = attach((np.array([7, 9]), np.array([0, 1, 2])), {**facts, "half_widths": np.array([1.5, 1.5])}).ag
    for known, shown in ((number, "3.25 ± 0.50"), (series, "1.00 ± 0.25"), (counts, "9 ± 2")):
        for picture in (repr(known), known._repr_html_()):
            assert shown in picture
            assert "ρ 0.125 and δ 1e-09" in picture
            assert "gaussian" in picture


def test_an_odometer_without_an_end_has_no_bar() -> None:
    assert "░" in str(odometer("Iris"))
    assert "░" not in str(odometer("Iris", float("inf")))


def test_a_session_shows_its_data_set_and_where_it_waits(start: Start) -> None:
    session, _ = start({})
    for picture in session.describe()["text/plain"], session._repr_html_():
        assert "in the session as breast_cancer" in picture
        assert "PrivateDataFrame" in picture
        assert session.session_id in picture
    assert session._repr_html_().count("<table") == 1


def test_a_catalogue_shows_the_summary_where_an_owner_wrote_one() -> None:
    found = Catalogue([{"name": "Town", "variable": "town", "summary": "All in brief.", "description": "At length."}])
    assert "All in brief." in str(found)
    assert "At length." not in str(found)


def test_a_catalogue_says_how_many_rows_there_are_where_an_owner_made_it_public() -> None:
    one = {"name": "Town", "variable": "town", "tables": {"people": {"rows": 1234}, "cats": {"rows": None}}}
    other = {"name": "Hamlet", "variable": "hamlet", "tables": {"people": {"rows": None}}}
    for picture in (str(Catalogue([one, other])), Catalogue([one, other])._repr_html_()):
        assert "people: 1,234" in picture
        assert "cats: " not in picture
        assert picture.count("not public") == 1
    assert "rows" not in str(Catalogue([other]))


def test_an_empty_list_says_that_it_is_one() -> None:
    empty: Listing[Any] = Listing([], ("a", "b"), tuple, "Requests <b>")
    assert repr(empty) == "Requests <b>: none"
    assert "Requests &lt;b&gt;" in empty._repr_html_()
    assert "<table" not in empty._repr_html_()
    one = Listing(["x"], ("a",), lambda each: (each,), "Requests")
    assert (one[0], one[-1], list(one[:5]), "x" in repr(one)) == ("x", "x", ["x"], True)
    for at in (1, -2):
        with pytest.raises(IndexError, match=f"there is no number {at} in Requests, which has 1"):
            _ = one[at]
