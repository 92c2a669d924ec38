"""An upload from an owner's client to the loaded data set: how long, and how much memory gateway, client and loader take for a small file and a large one."""

import tempfile
import threading
import time
from pathlib import Path

import psutil

import antigranular as ag
from antigranular.holdings import Datasets
from tests.enclave_server import Enclave

SIZES = (32 << 20, 256 << 20)
COLUMNS = {
    "age": {"type": "int", "lower": 0, "upper": 120},
    "height": {"type": "float", "lower": 0, "upper": 100},
    "sex": {"type": "str", "categories": ["f", "m"]},
}
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
    """A line per size: the memory at its highest, which must not grow with the file."""
    who = enclave.accounts["owner"]
    owner = ag.connect(enclave.url, who["user_id"], who["user_secret"], ca=enclave.ca)
    lines = ["upload of a CSV file by an owner, to the loaded data set"]
    with tempfile.TemporaryDirectory(prefix="ag-bench-upload-") as folder:
        for size in SIZES:
            file = _written(Path(folder) / "people.csv", size)
            lines.append(_one(enclave, owner, file, f"Bench {size >> 20}"))
    return "\n".join(lines)


def _one(enclave: Enclave, owner: ag.Owner, file: Path, name: str) -> str:
    stages, peaks, over = Stages(), {"gateway": 0, "client": 0, "loader": 0}, threading.Event()
    watcher = threading.Thread(target=_watch, args=(enclave.process.pid, peaks, over), daemon=True)
    watcher.start()
    asset = ag.Asset("people", file, metadata={"columns": COLUMNS})
    Datasets(owner._enclave, bar=lambda: stages).upload(ag.Dataset(name, assets=[asset], budget={"epsilon": 1}))
    over.set()
    watcher.join()
    at = stages.at_stage
    sent, loaded = at["loading"] - at["sending"], at["over"] - at["loading"]
    memory = ", ".join(f"{role} {peak >> 20} MiB" for role, peak in peaks.items())
    return f"  {file.stat().st_size >> 20:5} MiB  sent in {sent:5.1f} s, loaded in {loaded:5.1f} s; at most: {memory}"


def _watch(gateway: int, peaks: dict[str, int], over: threading.Event) -> None:
    while not over.wait(_LOOK_SECONDS):
        try:
            process = psutil.Process(gateway)
            found = {"gateway": process.memory_info().rss, "client": psutil.Process().memory_info().rss}
            loaders = (each for each in process.children() if "ag_vault.load" in each.cmdline())
            found["loader"] = max((each.memory_info().rss for each in loaders), default=0)
        except psutil.Error:
            continue
        peaks.update({role: max(peaks[role], rss) for role, rss in found.items()})


def _written(file: Path, size: int) -> Path:
    block = b"".join(b"%d,%d.%d,m\n" % (number % 120, number % 97, number % 10) for number in range(100_000))
    with file.open("wb") as stream:
        stream.write(b"age,height,sex\n")
        while stream.tell() < size:
            stream.write(block)
    return file
