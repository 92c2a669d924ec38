"""What a text decides at run time obeys the rules for attributes."""

import numpy as np
import pandas as pd
import pytest

from ag_kernel.compiler.guarded import GUARDS

attribute, getattr_, hasattr_, setattr_ = (GUARDS[name] for name in ("_attribute_", "getattr", "hasattr", "setattr"))
frame = pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]})


def test_formatting_works_as_it_should():
    assert attribute("{0:>4}|{name!r}|{d[k]}|{x.real}", "format")(1, name="n", d={"k": 2}, x=3) == "   1|'n'|2|3"
    assert attribute("{} {}", "format")(1, 2) == "1 2"
    assert attribute("{a}", "format_map")({"a": 1}) == "1"
    assert attribute(str, "format")("{:.1f}", 2.55) == f"{2.55:.1f}"
    assert attribute("{{}}", "format")() == "{}"


@pytest.mark.parametrize(
    "text",
    [
        "{0.__class__}",
        "{0.__init__.__globals__}",
        "{0[x].__class__}",
        "{x.f_globals}",
        "{x:{x.__class__}}",
        "{0._private}",
    ],
)
def test_formatting_does_not_lead_out(text: str):
    for call in (attribute(text, "format"), lambda *a, **k: attribute(str, "format")(text, *a, **k)):
        with pytest.raises((AttributeError, KeyError, IndexError)):
            call({"x": 1}, x=1)
    with pytest.raises((AttributeError, KeyError, ValueError, IndexError)):
        attribute(text, "format_map")({"x": 1})


def test_a_subclass_of_str_formats_by_the_same_rules():
    class Text(str):
        __slots__ = ()

    with pytest.raises(AttributeError):
        attribute(Text("{0.__class__}"), "format")(1)


def test_pandas_texts_work_as_they_should():
    assert len(attribute(frame, "query")("a > 1 and b < 6")) == 1
    assert attribute(frame, "agg")({"a": ["mean", "max"]}).shape == (2, 1)
    assert attribute(frame.groupby("a"), "agg")("sum").shape == (3, 1)
    assert attribute(frame, "apply")(lambda row: row["a"], axis=1).tolist() == [1, 2, 3]
    assert attribute(frame["a"], "apply")(str).tolist() == ["1", "2", "3"]


@pytest.mark.parametrize(
    "call",
    [
        lambda: attribute(frame, "query")("@pd.io.common.os.getcwd()"),
        lambda: attribute(frame, "query")("a.__class__"),
        lambda: attribute(frame, "eval")("@f(1)"),
        lambda: attribute(frame["a"], "agg")("__getattribute__", 0, "x"),
        lambda: attribute(frame, "agg")({"a": ["mean", "__reduce__"]}),
        lambda: attribute(frame, "transform")("_mgr"),
        lambda: attribute(frame, "pivot_table")(values="a", aggfunc="__class__"),
    ],
)
def test_pandas_texts_do_not_lead_out(call):
    with pytest.raises(ValueError, match="takes no text"):
        call()


def test_getattr_and_its_kin_obey_the_same_rules():
    class Thing:
        size = 3

    assert getattr_(Thing, "size") == 3
    assert getattr_(Thing, "colour", None) is None
    assert hasattr_(Thing(), "size")
    assert not hasattr_(Thing(), "colour")
    setattr_(Thing, "colour", "red")
    assert Thing.colour == "red"
    for name in ("__class__", "__globals__", "gi_frame", "_x", "f_back", "mro"):
        with pytest.raises(AttributeError):
            getattr_(Thing, name)
        with pytest.raises(AttributeError):
            getattr_(Thing, name, None)
        with pytest.raises(AttributeError):
            hasattr_(Thing, name)
        with pytest.raises(AttributeError):
            setattr_(Thing, name, 1)


def test_an_attribute_name_is_a_plain_text():
    class Sly(str):
        __slots__ = ()

        def startswith(self, *_):
            return False

    with pytest.raises(TypeError):
        getattr_(object(), Sly("__class__"))


def test_getattr_gives_no_way_around_the_guard():
    with pytest.raises(AttributeError):
        getattr_("{0.__class__}", "format")(1)


def test_a_formatter_reached_through_a_class_obeys_the_same_rules():
    class Text(str):
        __slots__ = ()

        def parent(self):
            return super()

    for home in (Text, str, Text("{0.__class__}").parent()):
        method = attribute(home, "format")
        with pytest.raises(AttributeError):
            method("{0.__class__}", 1) if isinstance(home, type) else method(1)


def test_pandas_methods_reached_through_a_class_obey_the_same_rules():
    class Table(pd.DataFrame):
        pass

    for home in (pd.DataFrame, Table):
        with pytest.raises(ValueError, match="takes no text"):
            attribute(home, "query")(frame, "a.__class__")
    with pytest.raises(ValueError, match="takes no text"):
        attribute(frame, "agg")(pd.Index(["__class__"]))


def test_underscored_attributes_are_those_of_classes_written_in_cells():
    own = type("Own", (), {"__module__": "__main__", "_x": 1})
    assert attribute(own, "_x") == attribute(own(), "_x") == 1
    for other in (pd, frame, pd.DataFrame, "text", print):
        with pytest.raises(AttributeError, match="private to the object"):
            attribute(other, "_libs")


@pytest.mark.parametrize("name", ["env", "loader", "from_custom_template"])
def test_templates_are_out_of_reach_on_pandas_objects_only(name: str):
    with pytest.raises(AttributeError, match="templates"):
        attribute(frame.style, name)
    assert attribute(type("Mine", (), {name: 5}), name) == 5


@pytest.mark.parametrize("name", ["to_csv", "to_json", "to_html", "to_string"])
def test_frames_become_text_and_never_files(name: str):
    assert isinstance(attribute(frame, name)(), str)
    for call in (lambda: attribute(frame, name)("x"), lambda: attribute(pd.DataFrame, name)(frame, "x")):
        with pytest.raises(ValueError, match="no files"):
            call()


@pytest.mark.parametrize("name", ["query", "to_pickle", "to_csv", "pipe", "eval"])
def test_a_method_that_takes_instructions_is_not_called_by_name(name: str):
    with pytest.raises(ValueError, match="takes no text"):
        attribute(frame, "agg")(name, 0, "a > 1")


def test_type_asks_and_never_makes_classes():
    asked = GUARDS["type"]
    assert (asked(1), asked("a"), asked(frame)) == (int, str, pd.DataFrame)
    for kind in (int, type, pd.DataFrame, asked):
        with pytest.raises(TypeError, match="is a type itself"):
            asked(kind)
    assert (isinstance(int, asked), isinstance(1, asked), issubclass(int, asked), issubclass(type, asked)) == (
        True,
        False,
        False,
        True,
    )
    assert isinstance("a", int | asked) is False
    with pytest.raises(TypeError, match="no base class"):
        asked.__class__("T", (asked,), {})


def test_pickles_and_raw_memory_of_arrays_are_out_of_reach():
    for value, name in ((np.zeros(1), "dumps"), (np.zeros(1), "dump"), (np.random.PCG64(), "capsule")):
        with pytest.raises(AttributeError, match="not available"):
            attribute(value, name)
