"""An upload from an owner's client to the loaded data set: how long, and how much memory gateway, client and loader take, for files of 100 MB to 1 GB.

``python -m tests.bench.uploads`` prints these alone: some minutes, and 4 GB of disk.
"""

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

import antigranular as ag
from antigranular.holdings import Datasets
from tests.enclave_server import COMMAND, Enclave, running_enclave

SIZES = 100, 300, 1000
"""In millions of bytes."""
CONFIG = "[uploads]\nbytes_per_upload = 4000000000\nbytes_per_owner = 8000000000\n"
COLUMNS = {
    "age": {"type": "int", "lower": 0, "upper": 120},
    "height": {"type": "float", "lower": 0, "upper": 100},
    "sex": {"type": "str", "categories": ["f", "m"]},
    "income": {"type": "int", "lower": 0, "upper": 10_000_000},
    "town": {"type": "str"},
}
_PEOPLE = """COPY (SELECT hash(i) % 120 age, hash(i + 1) % 1000000007 / 1e7 height, CASE WHEN hash(i + 2) % 2 = 0 THEN 'f' ELSE 'm' END sex,
hash(i * 3) % 10000000 income, 'town' || (hash(i + 4) % 10000000)::text || '-' || left(md5(i::text), 12) town FROM range({rows}) t(i)) TO '{file}' ({form})"""
_BYTES_OF_A_ROW = {".csv": 50, ".parquet": 33}
_LOOK_SECONDS = 0.05


class Stages:
    """Seconds from the start to each stage of an upload."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self.at_stage: dict[str, float] = {}

    def at(self, what: str, _done: float, _whole: float) -> None:
        """Note when a stage begins."""
        self.at_stage.setdefault(what.partition(":")[0], time.perf_counter() - self._began)

    def over(self) -> None:
        """Note the end."""
        self.at_stage["over"] = time.perf_counter() - self._began


def uploads(enclave: Enclave) -> str:
    """A line per file: memory at its highest, which must not grow with the file."""
    who = enclave.accounts["owner"]
    owner = ag.connect(enclave.url, who["user_id"], who["user_secret"], ca=enclave.ca)
    lines = ["uploads of an owner's files, to the loaded data set; memory at most"]
    with tempfile.TemporaryDirectory(prefix="ag-bench-upload-") as folder:
        for form, units in (("csv", False), ("parquet", False), ("csv", True)):
            for size in SIZES:
                file = _written(Path(folder) / f"people.{form}", size * 10**6)
                lines.append(_one(enclave, owner, file, f"Bench {form}{' ids' if units else ''} {size}", units=units))
                file.unlink()
    return "\n".join(lines)


def _one(enclave: Enclave, owner: ag.Owner, file: Path, name: str, *, units: bool) -> str:
    stages, peaks, over = Stages(), {"client": 0, "gateway": 0, "loader": 0}, threading.Event()
    watcher = threading.Thread(target=_watch, args=(enclave.process.pid, peaks, over), daemon=True)
    watcher.start()
    unit = {"unit": {"id": ["town"], "space": "towns", "max_rows": 3}} if units else {}
    columns = {key: column for key, column in COLUMNS.items() if not (units and key == "town")}
    asset = ag.Asset("people", file, metadata={"columns": columns, **unit})
    Datasets(owner._enclave, bar=lambda: stages).upload(ag.Dataset(name, assets=[asset], budget={"epsilon": 1}))
    over.set()
    watcher.join()
    at = stages.at_stage
    sent, loaded = at["loading"] - at["sending"], at["over"] - at["loading"]
    memory = ", ".join(f"{role} {peak >> 20} MiB" for role, peak in peaks.items())
    what = f"{file.suffix[1:]}{' of ids' if units else ''}"
    return (
        f"  {what:<10} {file.stat().st_size / 1e6:6.0f} MB  sent in {sent:5.1f} s, loaded in {loaded:6.1f} s; {memory}"
    )


def _watch(gateway: int, peaks: dict[str, int], over: threading.Event) -> None:
    while not over.wait(_LOOK_SECONDS):
        try:
            process = psutil.Process(gateway)
            found = {"client": psutil.Process().memory_info().rss, "gateway": process.memory_info().rss}
            loaders = (each for each in process.children() if "ag_vault.load" in each.cmdline())
            found["loader"] = max((each.memory_info().rss for each in loaders), default=0)
        except psutil.Error:
            continue
        peaks.update({role: max(peaks[role], rss) for role, rss in found.items()})


def _written(file: Path, size: int) -> Path:
    """Made-up people, by a process of its own: this one's memory is looked at."""
    form = "FORMAT PARQUET" if file.suffix == ".parquet" else "FORMAT CSV, HEADER"
    rows = size // (_BYTES_OF_A_ROW[file.suffix])
    program = f"import duckdb; duckdb.connect(config={{'memory_limit': '1GB'}}).execute({_PEOPLE.format(rows=rows, file=file, form=form)!r})"
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)  # the engine's bar
    return file


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory(prefix="ag-bench-") as state,
        running_enclave(Path(state), command=COMMAND, demo=True, config=CONFIG) as served,
    ):
        print(uploads(served))
