"""A value of the notebook becomes a variable of the session, through a whole enclave; and comes back as it was."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import antigranular as ag
from antigranular.config import find_target
from antigranular.transport import TlsTransport
from tests.enclave_server import Enclave
from tests.magic.bad_network import bad_network
from tests.magic.test_tagging import SERIES, Regression, onnx_model

MIB = 1 << 20


@pytest.fixture
def session(at_demo: Enclave) -> Iterator[ag.Session]:
    with ag.login(dataset="Breast Cancer") as started:
        yield started


def test_every_kind_of_column_goes_in_and_comes_back_exactly(session: ag.Session) -> None:
    frame = pd.concat([series.reset_index(drop=True).reindex(range(2)) for series in SERIES[:36]], axis=1)
    frame.columns = [f"c{place}" for place in range(frame.shape[1])]
    frame.index = pd.MultiIndex.from_tuples([("a", 1), ("b", None)], names=["g", "h"])
    session.private_import(frame, "mine")
    back = session.execute("export(mine, 'back')\nexport([str(t) for t in mine.dtypes], 'types')").exports
    pd.testing.assert_frame_equal(back["back"], frame)
    assert back["types"] == [str(dtype) for dtype in frame.dtypes]


def test_plain_values_estimators_and_onnx_files_become_variables(session: ag.Session, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(onnx_model())
    session.private_import(data={"a": [1, (2.0, None)], "b": b"x"}, name="values")
    session.private_import(Regression(0.5).fit(), "model")
    session.private_import(name="net", path=path)
    source = """
total = values["a"][1][0] + model.coef_[0] + net.weights["W"].sum()
export({"total": total, "alpha": model.params["alpha"], "op": net.nodes[0]["op"]}, "found")
export(model, "model")
"""
    found = session.execute(source).exports
    assert found["found"] == {"total": 2.0 + 1.5 + 6.0, "alpha": 0.5, "op": "Gemm"}
    assert found["model"].coef_.tolist() == [1.5, -2.0]


def test_a_private_import_is_private_and_its_type_is_known(session: ag.Session) -> None:
    frame = pd.DataFrame({"age": [20, 30, 40] * 400, "kind": ["x", "y", "x"] * 400})
    session.private_import(
        frame, "people", is_private=True, metadata={"age": (0, 100)}, categorical_metadata={"kind": ["x", "y", "z"]}
    )
    session.private_import(frame["age"], "ages", is_private=True, metadata=(0, 100))
    found = session.execute("""
export(people.metadata, "bounds")
export(people["age"].mean(eps=5), "mean")
export(ages.mean(eps=5), "again")
""").exports
    assert found["bounds"]["age"] == (0, 100)
    assert abs(found["mean"] - 30) < 3 > abs(found["again"] - 30)
    with pytest.raises(ag.CellRefused):
        session.execute("export(people, 'rows')")
    with pytest.raises(ag.CellRefused):
        session.execute("if ages: pass")


OFFERED = ["export", "imported", "breast_cancer", "print", "pandas", "op_pandas"]
CRAFTED: list[Any] = ["x = 1; export(1, 'y')", "x\nexport(1, 'y')", "ｅxport", "class", None]


def test_names_that_are_taken_or_crafted_are_refused_and_never_code(session: ag.Session) -> None:
    for name in OFFERED:
        with pytest.raises(ag.NotImportable, match="the session offers"):
            session.private_import([1], name)
    for name in CRAFTED:
        with pytest.raises(ag.NotImportable, match="name of a variable"):
            session.private_import([1], name)
    with pytest.raises(ag.CellError, match="not defined"):
        session.execute("y")


def test_metadata_that_do_not_fit_fail_and_leave_no_variable(session: ag.Session) -> None:
    with pytest.raises(ag.CellError):
        session.private_import(pd.DataFrame({"a": [1]}), "people", is_private=True, metadata={"nobody": (0, 1)})
    with pytest.raises(ag.CellError, match="nothing was imported as 'people'"):
        session.execute('imported("people")')


def test_an_import_over_the_limit_does_not_travel(session: ag.Session) -> None:
    with pytest.raises(ag.NotImportable, match="may take 104,857,600"):
        session.private_import(np.zeros(101 * MIB, dtype="uint8"), "big")


def test_a_connection_cut_while_a_large_value_travels_loses_nothing(at_demo: Enclave) -> None:
    value = np.arange(4_000_000)
    with bad_network(at_demo.port) as network:
        transport = TlsTransport(find_target(f"https://127.0.0.1:{network.port}", at_demo.ca), pulse=1.0)
        with ag.login(dataset="Breast Cancer", transport=transport) as session:
            session.execute("pass")
            before = network.connections
            for seconds in (0.02, 0.08, 0.2):
                cutter = threading.Timer(seconds, network.cut)
                cutter.start()
                session.private_import(value, "large")
                cutter.join()
            cutter = threading.Timer(0.15, network.cut)
            cutter.start()
            np.testing.assert_array_equal(session.execute("export(large, 'back')").exports["back"], value)
            cutter.join()
            assert network.connections >= before + 3, "it was cut while values travelled"


@pytest.mark.slow
def test_a_hundred_megabytes_go_in_and_come_back_in_bounded_memory(session: ag.Session, at_demo: Enclave) -> None:
    value = np.arange(100 * MIB // 8 - 100)
    peak = _peak(at_demo)
    started = time.monotonic()
    session.private_import(value, "large")
    back = session.execute("export(large, 'back')").exports["back"]
    assert time.monotonic() - started < 300
    np.testing.assert_array_equal(back, value)
    assert _peak(at_demo) - peak < 300 * MIB, "the gateway holds pieces, not values"


def _peak(enclave: Enclave) -> int:
    """The gateway's largest resident size so far, in bytes."""
    status = Path(f"/proc/{enclave.process.pid}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))
