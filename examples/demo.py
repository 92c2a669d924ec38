"""``make demo`` and ``make lab``: a whole enclave on this machine, and the quickstart notebook run against it.

``demo.py`` runs the notebook and prints each answer beside the truth, which only a demo may know. ``demo.py --lab`` opens it in
JupyterLab and keeps the enclave until Ctrl-C. ``demo.py --write`` runs the notebooks of this folder and keeps their outputs in them.
"""

import argparse
import contextlib
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat

EXAMPLES = Path(__file__).resolve().parent
STATE = EXAMPLES.parent / ".state" / "demo"
"""Where the enclave of a demo lives, unless --state says otherwise. Each demo begins afresh."""

NOTEBOOKS = (
    "quickstart.ipynb",
    "exploring.ipynb",
    "patients.ipynb",
    "budget.ipynb",
    "refused.ipynb",
    "competition.ipynb",
    "antigranular_sample.ipynb",
)
"""In the order in which somebody would read them; the first is the demo's."""

READY_SECONDS = 120
CELL_SECONDS = 120
STOP_SECONDS = 15
LARGE_RADIUS = 15
"""Where the quickstart draws the line between small and large tumours."""

MEASURES = ("mean_radius", "mean_texture")

COLLECT = """
import json
json.dumps({
    "described": described.to_dict(), "described_widths": described.ag.half_widths.to_dict(),
    "group_means": group_means.to_dict(), "group_means_widths": group_means.ag.half_widths.to_dict(),
    "large_counts": large_counts.iloc[:, 0].to_dict(), "large_counts_widths": large_counts.ag.half_widths.iloc[:, 0].to_dict(),
    "histogram": [part.tolist() for part in radius_histogram], "odometer": session.privacy_odometer(),
})
"""
"""Put before the notebook's last cell, which ends the session: what the report is made of."""


class DemoFailed(Exception):
    """What went wrong, in one sentence for the person who typed ``make demo``."""


class Progress:
    """One line that says what is being done; on a terminal it is overwritten by the next."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._live = sys.stdout.isatty()

    def say(self, text: str) -> None:
        """What is being done now."""
        line = f"[{self.seconds:5.1f} s] {text}"
        print(f"\r\x1b[K{line}" if self._live else line, end="" if self._live else "\n", flush=True)

    def done(self) -> None:
        """Leave the line."""
        if self._live:
            print("\r\x1b[K", end="", flush=True)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began


@contextlib.contextmanager
def running_enclave(state: Path, progress: Progress) -> Iterator[dict[str, Any]]:
    """A fresh enclave with the demo data on a free port of this machine: what its ready file says. Stopped at the end."""
    ready, log = state / "ready.json", state / "serve.log"
    if state.exists() and any(state.iterdir()) and not log.exists():
        raise DemoFailed(f"{state} holds something that is not a demo's; name another folder with --state")
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True, mode=0o700)
    command = [sys.executable, "-m", "ag_enclave", "serve", "--demo", "--state", str(state / "enclave"), "--port", "0"]
    with log.open("wb") as output:
        # In a process group of its own: Ctrl-C is for us, and we stop the enclave in good order.
        process = subprocess.Popen(
            [*command, "--ready-file", str(ready)], stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield wait_until_ready(process, ready, log, progress)
        finally:
            stop(process)


def wait_until_ready(process: "subprocess.Popen[bytes]", ready: Path, log: Path, progress: Progress) -> dict[str, Any]:
    """The content of the ready file, once it is there."""
    told = -1
    while not ready.exists():
        if process.poll() is not None:
            lines = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
            raise DemoFailed(f"the enclave did not start: {lines[-1]}")
        if progress.seconds > READY_SECONDS:
            raise DemoFailed(f"the enclave was not ready after {READY_SECONDS} s; see {log}")
        if int(progress.seconds) > told:
            told = int(progress.seconds) + 1
            progress.say("starting an enclave and loading the demo data …")
        time.sleep(0.05)
    content: dict[str, Any] = json.loads(ready.read_text())
    return content


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask the enclave to end, and insist after a while."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def prepare_environment(ready: dict[str, Any], state: Path) -> None:
    """What the notebooks read: where the enclave is, whom to trust, who they are."""
    analyst = ready["accounts"]["analyst"]
    os.environ.update(
        AG_ENCLAVE_URL=ready["url"],
        AG_ENCLAVE_CA=ready["ca"],
        AG_USER_ID=analyst["user_id"],
        AG_USER_SECRET=analyst["user_secret"],
        # The person's own IPython profile has no part in the demo.
        IPYTHONDIR=str(state / "ipython"),
        # A local kernel must not start the debugger's second Python, which takes longer than some cells.
        PYDEVD_DISABLE_FILE_VALIDATION="1",
    )


def execute(
    name: str, state: Path, progress: Progress, collect: str = ""
) -> tuple[nbformat.NotebookNode, dict[str, Any]]:
    """Run a notebook of this folder; the notebook with its outputs, and what the ``collect`` cell before its last one evaluates to."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = nbformat.read(EXAMPLES / name, as_version=4)
    total = len(notebook.cells)
    if collect:
        notebook.cells.insert(total - 1, nbformat.v4.new_code_cell(collect))

    def tell(cell: nbformat.NotebookNode, cell_index: int) -> None:  # noqa: ARG001 (nbclient names both)
        progress.say(f"{name}: cell {min(cell_index + 1, total)} of {total} …")

    client = NotebookClient(
        notebook, timeout=CELL_SECONDS, kernel_name="python3", record_timing=False, on_cell_start=tell,
        resources={"metadata": {"path": str(state)}},
    )  # fmt: skip
    try:
        with (state / "kernel.log").open("wb") as log:
            client.execute(stderr=log)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as problem:
        raise DemoFailed(f"{name} did not run to its end: {last_line(problem)}") from None
    collected = notebook.cells.pop(total - 1) if collect else None
    return notebook, collected_values(collected) if collected is not None else {}


def collected_values(cell: nbformat.NotebookNode) -> dict[str, Any]:
    """The JSON text that the collecting cell evaluated to."""
    import ast

    values: dict[str, Any] = json.loads(ast.literal_eval(cell.outputs[-1]["data"]["text/plain"]))
    return values


def last_line(problem: Exception) -> str:
    """The last line of an error that says anything, without its colours."""
    lines = [line for line in re.sub(r"\x1b\[[\d;]*m", "", str(problem)).splitlines() if line.strip()]
    return lines[-1] if lines else type(problem).__name__


def comparison(values: dict[str, Any]) -> Iterator[tuple[str, float, float, float]]:
    """Each answer of the quickstart: what it is, the answer, the truth, and the half-width of its 95 % interval."""
    from ag_enclave.demo.breast_cancer import frames

    private = frames().tables["train"]
    true_described = private[list(MEASURES)].describe()
    for column in MEASURES:
        for row in ("count", "mean", "std", "50%"):
            answer, width = (values[key][column][row] for key in ("described", "described_widths"))
            yield f"describe: {row} of {column}", answer, true_described.loc[row, column], width
    true_means = private.groupby("diagnosis")[list(MEASURES)].mean()
    for column in MEASURES:
        for group, answer in values["group_means"][column].items():
            width = values["group_means_widths"][column][group]
            yield f"mean of {column}, {group}", answer, true_means.loc[group, column], width
    true_counts = private[private["mean_radius"] > LARGE_RADIUS].groupby("diagnosis")["mean_radius"].count()
    for group, answer in values["large_counts"].items():
        yield (
            f"count where mean_radius > {LARGE_RADIUS}, {group}",
            answer,
            true_counts.get(group, 0),
            values["large_counts_widths"][group],
        )
    yield from histogram_comparison(values["histogram"], private["mean_radius"])


def histogram_comparison(histogram: list[list[float]], column: Any) -> Iterator[tuple[str, float, float, float]]:
    """The histogram's three fullest bins."""
    import numpy as np

    counts, edges = histogram
    true_counts, _ = np.histogram(column, bins=edges)
    for at in sorted(np.argsort(true_counts)[-3:]):
        yield f"tumours with radius in [{edges[at]:g}, {edges[at + 1]:g})", counts[at], true_counts[at], float("nan")


def report(values: dict[str, Any], seconds: float, notebook: Path) -> None:
    """The table of answers and truths, the budget, the time."""
    print(f"\n{'what was asked':<48}{'answer':>10}{'truth':>10}{'error':>9}{'± 95 %':>9}")
    print("─" * 86)
    for what, answer, truth, width in comparison(values):
        shown = f"{width:9.3g}" if width is not None and not math.isnan(width) else f"{'':>9}"
        print(f"{what:<48}{answer:>10.2f}{truth:>10.2f}{answer - truth:>+9.2f}{shown}")
    print("─" * 86)
    for name, left in values["odometer"]["remaining"].items():
        spent = values["odometer"]["dataset_costs"][name]
        print(f"{name}: spent ε = {spent['eps']:g}, left ε = {left['eps']:g}")
    print(f"Done in {seconds:.1f} s. The notebook with its outputs: {os.path.relpath(notebook)}")
    print("To try it yourself in JupyterLab: make lab")


def run_demo(state: Path, progress: Progress) -> None:
    """Start, run, show."""
    with running_enclave(state, progress) as ready:
        prepare_environment(ready, state)
        notebook, values = execute(NOTEBOOKS[0], state, progress, COLLECT)
        progress.say("stopping the enclave …")
    progress.done()
    nbformat.write(notebook, state / NOTEBOOKS[0])
    report(values, progress.seconds, state / NOTEBOOKS[0])


def run_lab(state: Path, progress: Progress) -> None:
    """JupyterLab on copies of the notebooks, until it ends or Ctrl-C."""
    with running_enclave(state, progress) as ready:
        prepare_environment(ready, state)
        folder = state / "notebooks"
        folder.mkdir()
        for name in NOTEBOOKS:
            shutil.copy(EXAMPLES / name, folder)
        progress.done()
        print(f"The enclave is at {ready['url']}; JupyterLab opens {NOTEBOOKS[0]}. Ctrl-C ends both.", flush=True)
        root = ["--allow-root"] if os.geteuid() == 0 else []
        command = [sys.executable, "-m", "jupyterlab", "--ServerApp.answer_yes=True", *root, str(folder / NOTEBOOKS[0])]
        lab = subprocess.Popen([*command, f"--ServerApp.root_dir={folder}"])
        try:
            status = lab.wait()
        finally:
            stop(lab)
        if status not in {0, -signal.SIGTERM, -signal.SIGINT}:
            raise DemoFailed(f"JupyterLab ended with status {status}")


def run_write(state: Path, progress: Progress) -> None:
    """Every notebook of this folder, with the outputs of a real run and nothing of this machine."""
    with running_enclave(state, progress) as ready:
        prepare_environment(ready, state)
        for name in NOTEBOOKS:
            notebook, _ = execute(name, state, progress)
            nbformat.write(cleaned(notebook), EXAMPLES / name)
    progress.done()
    print(f"Wrote {', '.join(NOTEBOOKS)} with their outputs.")


def cleaned(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Without the names of temporary files, and without what only this run's Python version says."""
    text = nbformat.writes(notebook)
    text = re.sub(r"[^\s\"]*ipykernel_\d+/\d+\.py:\d+: ", "", text)
    clean = nbformat.reads(text, as_version=4)
    clean.metadata["language_info"] = {"name": "python"}
    return clean


def main() -> int:
    """The exit status; every failure is one line."""
    parser = argparse.ArgumentParser(
        description="A whole enclave on this machine, and the quickstart notebook run against it."
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--lab", action="store_true", help="open it in JupyterLab, until Ctrl-C")
    choice.add_argument("--write", action="store_true", help="run the notebooks here and keep their outputs in them")
    parser.add_argument(
        "--state", type=Path, default=STATE, help="the folder of the demo's enclave, made anew each time"
    )
    chosen = parser.parse_args()
    run: Callable[[Path, Progress], None] = run_lab if chosen.lab else run_write if chosen.write else run_demo
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    progress = Progress()
    try:
        run(chosen.state.resolve(), progress)
    except DemoFailed as problem:
        progress.done()
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress.done()
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
