"""Each peer in a venv of its own under `.venv-peers`: made once, and again when what it needs changes. Knows no question."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
HOME = ROOT / ".venv-peers"
JAVA = "openjdk-17-jre-headless"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A library: its script (None of ``needs``: it runs in our own venv), what pip must install, and what its guarantee lacks.

    ``slow``: what small data is asked for as many copies at once, each a group that gets the whole ε. ``most``: rows it is asked for.
    ``own_file``: it reads a file of its own format, made beforehand, and not the Parquet file.
    """

    title: str
    script: str
    needs: tuple[str, ...] = ()
    weaker: str = ""
    java: bool = False
    slow: bool = False
    most: int = 10**8
    own_file: bool = False


PEERS = {
    "ours": Peer(title="ours", script="ask_ours.py"),
    "diffprivlib": Peer(
        title="diffprivlib",
        script="ask_diffprivlib.py",
        needs=("diffprivlib==0.6.6", "scikit-learn>=1.5,<1.8", "pandas", "pyarrow"),
        weaker="n is public, noise is added to doubles",
    ),
    "opendp": Peer(
        title="OpenDP Polars",
        script="ask_opendp.py",
        needs=("opendp[polars]==0.16.0", "pyarrow"),
        weaker="a bound on n is public; no ledger",
        slow=True,
    ),
    "tumult": Peer(
        title="Tumult",
        script="ask_tumult.py",
        needs=("tmlt.analytics==0.21.0", "pandas==1.5.3", "numpy==1.26.4", "pyarrow"),
        weaker="no ledger",
        java=True,
        slow=True,
    ),
    "smartnoise": Peer(
        title="SmartNoise SQL",
        script="ask_smartnoise.py",
        needs=("smartnoise-sql==1.0.10", "pyarrow"),
        weaker="sums of doubles; no ledger",
        slow=True,
        most=10**6,
    ),
    "pipelinedp": Peer(
        title="PipelineDP",
        script="ask_pipelinedp.py",
        needs=("pipeline-dp==0.3.1", "pyarrow", "pandas"),
        weaker="sums of doubles; no ledger",
        slow=True,
        most=10**6,
    ),
    "plain": Peer(title="plain DuckDB", script="ask_plain.py", weaker="no privacy"),
    "native": Peer(title="plain DuckDB, own file", script="ask_plain.py", weaker="no privacy", own_file=True),
    "pandas": Peer(
        title="plain pandas", script="ask_pandas.py", needs=("pandas==3.0.*", "pyarrow"), weaker="no privacy"
    ),
}


def python_of(name: str, peer: Peer) -> Path | str:
    """The Python that runs the peer, installed if need be; else one sentence that says why it is left out."""
    if not peer.needs:
        return Path(sys.executable)
    venv = HOME / name
    python, mark = venv / "bin" / "python", venv / ".installed"
    wanted = "\n".join(peer.needs)
    if peer.java and (problem := _java()) is not None:
        return f"{peer.title} is left out: {problem}"
    if mark.exists() and mark.read_text() == wanted:
        return python
    shutil.rmtree(venv, ignore_errors=True)
    done = _run(sys.executable, "-m", "venv", str(venv))
    if done.returncode == 0:
        done = _run(str(python), "-m", "pip", "install", "--quiet", *peer.needs)
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason given"]
        return f"{peer.title} is left out: it can't be installed ({last[0][:200]})."
    mark.write_text(wanted)
    return python


def _java() -> str | None:
    """Why there is no Java for Spark; None where there is, after installing Debian's where that may be done."""
    if shutil.which("java") is None and shutil.which("apt-get") is not None:
        _run("apt-get", "-qq", "update")
        _run("apt-get", "-qq", "install", "--yes", JAVA)
    return None if shutil.which("java") is not None else f"it needs Java 17; on Debian, as root: apt-get install {JAVA}"


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False)
