"""The client against a whole enclave: gateway, kernel, checker and vault as they run for analysts."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator

import pandas as pd
import pytest

import antigranular as ag
from antigranular.view import PlainView
from tests.enclave_server import Enclave


@pytest.fixture
def session(at_demo: Enclave) -> Iterator[ag.Session]:
    with ag.login(dataset="Breast Cancer") as started:
        yield started


class Arrivals(PlainView):
    """When which text arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[float, str]] = []
        self.some = threading.Event()

    def stream(self, name: str, text: str) -> None:
        self.heard.append((time.monotonic(), text))
        self.some.set()

    def notice(self, text: str) -> None:
        pass

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.heard)


ENDLESS = "print('on its way')\nwhile True:\n    pass"


def then(act: Callable[[], object]) -> Arrivals:
    """Acts, in a thread of its own, once the cell has said something."""
    view = Arrivals()
    threading.Thread(target=lambda: view.some.wait(60) and act()).start()
    return view


def test_a_private_mean_comes_back_with_its_cost_and_interval(session: ag.Session) -> None:
    result = session.execute('export(breast_cancer.groupby("diagnosis")["mean_radius"].mean(eps=1), "means")')
    means = result.exports["means"]
    assert set(means.index) == {"malignant", "benign"}
    # Not means.ag: the kernel's own encoder, imported by a neighbouring test, has an accessor of the same name.
    assert means.attrs["ag"]["cost"]["epsilon"] == "1"
    assert all(width > 0 for row in means.attrs["ag"]["half_widths"] for width in row)
    assert result.budget[0]["dataset"] == "Breast Cancer"


def test_any_front_end_is_told_the_session_s_id_with_the_language(session: ag.Session) -> None:
    told = session.language()
    assert told["name"] == "python"
    assert told["antigranular"] == {"version": 1, "session_id": session.session_id}


def test_the_odometer_counts_what_was_spent(session: ag.Session) -> None:
    before = session.privacy_odometer()["total_epsilon_used"]
    session.execute('export(breast_cancer["mean_texture"].mean(eps=0.25), "m")')
    odometer = session.privacy_odometer()
    assert odometer["total_epsilon_used"] == pytest.approx(before + 0.25)
    assert set(odometer["dataset_costs"]["Breast Cancer"]) == {"eps", "delta"}
    assert odometer["remaining"]["Breast Cancer"]["eps"] < 20


def test_exports_survive_with_their_types(session: ag.Session) -> None:
    source = """
        import numpy as np
        import pandas as pd
        frame = pd.DataFrame({"i": np.array([1, 2], "int8"), "f": [1.5, None], "s": ["ä", None]}, index=["x", "y"])
        frame["c"] = pd.Categorical(["u", "v"])
        frame["t"] = pd.to_datetime(["2024-01-01", None])
        export(frame, "frame")
        export({"nested": [frame, (1, 2.0, None, b"b")], 3: {True}}, "nested")
        export(np.arange(6, dtype="uint16").reshape(2, 3), "array")
    """
    exports = session.execute(textwrap.dedent(source)).exports
    assert exports["frame"].dtypes.astype(str).to_dict() == {
        **exports["frame"].dtypes.astype(str).to_dict(),
        "i": "int8",
        "f": "float64",
        "c": "category",
    }
    assert exports["frame"].loc["x", "t"] == pd.Timestamp("2024-01-01")
    pd.testing.assert_frame_equal(exports["nested"]["nested"][0], exports["frame"])
    assert exports["nested"]["nested"][1] == (1, 2.0, None, b"b")
    assert exports["array"].dtype == "uint16"
    assert exports["array"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_large_export_arrives_whole(session: ag.Session) -> None:
    source = 'import numpy as np\nexport(np.arange(1_000_000, dtype="float64"), "large")'
    assert session.execute(source).exports["large"].sum() == 499_999_500_000.0


def test_output_arrives_while_the_cell_runs(session: ag.Session) -> None:
    view = Arrivals()
    source = """
        import time
        for at in range(4):
            print(at)
            time.sleep(0.25)
    """
    session.execute(textwrap.dedent(source) if _may_sleep(session) else _counting(), view=view)
    lines = [when for when, text in view.heard if text.strip()]
    assert len(lines) >= 2, "it came in one piece"
    assert lines[-1] - lines[0] > 0.1, "it came at the end"


def _may_sleep(session: ag.Session) -> bool:
    try:
        session.execute("import time")
    except ag.CellRefused:
        return False
    return True


def _counting() -> str:
    """Prints now and then while it computes."""
    return (
        "for at in range(4):\n    print(at)\n    total = 0\n    for i in range(3_000_000):\n        total = total + i\n"
    )


def test_a_failing_cell_raises_with_the_analyst_s_line_and_state_stays(session: ag.Session) -> None:
    session.execute("kept = 1")
    with pytest.raises(ag.CellError) as caught:
        session.execute("x = 1\ny = x / 0")
    assert caught.value.ename == "ZeroDivisionError"
    assert any("line 2" in line for line in caught.value.traceback)
    with pytest.raises(ag.CellRefused) as refused:
        session.execute("kept = 2\nimport os")
    assert "os" in str(refused.value)
    assert session.execute("export(kept, 'kept')").exports["kept"] == 1


def test_private_values_can_t_be_exported(session: ag.Session) -> None:
    for source in ('export(breast_cancer, "x")', 'export([breast_cancer["mean_radius"]], "x")'):
        with pytest.raises(ag.CellError, match="non-private type"):
            session.execute(source)


def test_ctrl_c_stops_an_endless_cell_and_the_session_goes_on(session: ag.Session) -> None:
    session.execute("kept = 7")
    with pytest.raises(ag.CellInterrupted):
        session.execute(ENDLESS, view=then(lambda: os.kill(os.getpid(), signal.SIGINT)))
    assert session.execute("export(kept, 'kept')").exports["kept"] == 7


def test_interrupt_kernel_stops_a_cell_from_another_thread(session: ag.Session) -> None:
    with pytest.raises(ag.CellError, match="KeyboardInterrupt"):
        session.execute(ENDLESS, view=then(session.interrupt_kernel))


def test_a_connection_cut_mid_cell_loses_nothing(session: ag.Session) -> None:
    class Cutting(Arrivals):
        def stream(self, name: str, text: str) -> None:
            super().stream(name, text)
            if len(self.heard) in {2, 4}:
                session._channel._line._socket.socket.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]

    view = Cutting()
    session.execute("export(1, 'warm')")
    session.execute(_counting().replace("range(4)", "range(6)"), view=view)
    assert view.text.split() == [str(at) for at in range(6)]
    assert session.execute("export(at, 'at')").exports["at"] == 5


def test_a_connection_cut_between_cells_is_not_noticed(session: ag.Session) -> None:
    session.execute("kept = 1")
    session._channel._line._socket.socket.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
    assert session.execute("export(kept, 'kept')").exports["kept"] == 1


def test_a_client_that_vanishes_mid_cell_disturbs_nobody(session: ag.Session) -> None:
    source = "import antigranular as ag\ns = ag.login(dataset='Iris')\nprint('running', flush=True)\ns.execute('while True:\\n    pass')"
    client = subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert client.stdout is not None
    said: list[str] = []
    for line in client.stdout:
        said.append(line)
        if "running" in line:
            break
    assert said, "the client said nothing"
    assert "running" in said[-1], "".join(said)
    time.sleep(0.3)
    client.kill()
    client.wait()
    client.stdout.close()
    assert session.execute("export(1 + 1, 'two')").exports["two"] == 2


def test_two_sessions_do_not_see_each_other_s_variables(session: ag.Session) -> None:
    session.execute("mine = 1")
    with ag.login(dataset="Breast Cancer") as other, pytest.raises(ag.CellError, match="mine"):
        other.execute("export(mine, 'mine')")


def test_a_cell_over_the_limit_is_refused_and_the_session_goes_on(session: ag.Session) -> None:
    with pytest.raises(ag.CellRefused, match="longer than"):
        session.execute("x = '" + "a" * 100_000_000 + "'")
    assert session.execute("export(1, 'one')").exports["one"] == 1


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"user_secret": "wrong"}, ag.LoginError, "did not accept"),
        ({"user_id": "nobody"}, ag.LoginError, "did not accept"),
        ({"dataset": "Nowhere"}, ag.RequestRefused, "Breast Cancer"),
        ({"dataset": None, "competition": "Harvest"}, ag.RequestRefused, "Harvest"),
        ({"url": "https://127.0.0.1:1"}, ag.EnclaveUnreachable, "no enclave answers"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_login_that_can_t_work_is_one_clear_error(at_demo: Enclave, change: dict, error: type, says: str) -> None:
    with pytest.raises(error, match=says) as caught:
        ag.login(**{"dataset": "Breast Cancer", **change})
    assert "\n" not in str(caught.value)


def test_the_system_s_authorities_don_t_vouch_for_the_demo(at_demo: Enclave, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AG_ENCLAVE_CA")
    with pytest.raises(ag.UntrustedEnclave, match="AG_ENCLAVE_CA"):
        ag.login(dataset="Breast Cancer")


def test_a_session_ended_by_its_owner_elsewhere_says_so(at_demo: Enclave) -> None:
    session = ag.login(dataset="Iris")
    session.execute("1")
    session._enclave.stop(session.session_id)
    with pytest.raises(ag.SessionError):
        session.execute("1")
    session.terminate_session()


def test_a_line_can_be_opened_and_refused_many_times_without_hanging(session: ag.Session) -> None:
    # Reading and writing one TLS connection from two threads unguarded hung about one time in twenty.
    began = time.monotonic()
    for _ in range(40):
        session._enclave.open_channel(session.session_id, "again", 0).close()
        with pytest.raises(ag.SessionError):
            session._enclave.open_channel("11111111-1111-4111-8111-111111111111", "again", 0)
    assert time.monotonic() - began < 120


def test_importing_the_client_loads_neither_pandas_nor_a_socket_library() -> None:
    source = "import sys, antigranular; print([n for n in ('pandas', 'numpy', 'websockets', 'IPython', 'asyncio') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rho_accuracy_and_previews_work_in_a_cell_and_travel(session: ag.Session) -> None:
    source = """
        preview = breast_cancer.mean.preview(eps=1)
        print(preview.cost["epsilon"], breast_cancer["mean_radius"].count.preview(accuracy=30).epsilon)
        export(breast_cancer["mean_radius"].count(rho=0.01), "by_rho")
        export(breast_cancer["mean_radius"].count(accuracy=30), "by_accuracy")
        train, test = op_pandas.train_test_split(breast_cancer["train_x"], random_state=1)
        scaler = op_pandas.MinMaxScaler().fit(train)
        scaler.transform(breast_cancer["test_x"])
        breast_cancer["diagnosis"].str.upper()
    """
    result = session.execute("import op_pandas\n" + textwrap.dedent(source))
    by_rho, by_accuracy = result.exports["by_rho"], result.exports["by_accuracy"]
    assert by_rho.ag.cost == {"epsilon": None, "delta": 0.0, "rho": 0.01}
    assert by_rho.ag.mechanism == "discrete Gaussian"
    assert by_accuracy.ag.half_widths <= 30
    assert result.budget[0]["rho"] == pytest.approx(0.01)
    assert result.budget[0]["spent"] == pytest.approx(0.0999, abs=1e-3)
