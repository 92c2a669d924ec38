"""Honest work passes: what each kind of child is for, done by the real libraries under the real jail."""

import socket
from pathlib import Path

import pytest

from ag_kernel.compiler.checker_client import CheckerClient
from ag_sandbox.nursery import Grants, Nursery
from tests.sandbox.conftest import Nurseries

KERNEL_WORK = {
    "frames": "import pandas; answer = int(pandas.DataFrame({'a': [1, 2], 'b': ['x', 'y']}).groupby('b').sum()['a'].sum())",
    "merges": "import pandas; f = pandas.DataFrame({'k': [1, 2], 'v': [3, 4]}); answer = len(f.merge(f, on='k')) + 1",
    "linear algebra": "import numpy; answer = int(round(numpy.linalg.inv(numpy.eye(50) * 2).sum() / 25 * 3))",
    "decompositions": "import numpy; answer = len(numpy.linalg.svd(numpy.ones((200, 3)), full_matrices=False)[1])",
    "fourier": "import numpy; answer = len(numpy.fft.fft([1, 2, 3]))",
    "random numbers": "import numpy; answer = len(numpy.random.default_rng(0).normal(size=3))",
    "dates and zones": (
        "import datetime, zoneinfo; z = zoneinfo.ZoneInfo('Europe/Zurich')\n"
        "answer = 2 + (datetime.datetime(2026, 1, 1, tzinfo=z).utcoffset() == datetime.timedelta(hours=1))"
    ),
    "time series": "import pandas; answer = len(pandas.date_range('2026-01-01', periods=3, tz='Europe/Zurich'))",
    "text": "import re, json, unicodedata; answer = len(re.findall('a', 'banana')) * len(json.loads('[1]'))",
    "lazily imported modules": "import statistics, decimal, fractions, sqlite3, xml.etree.ElementTree; answer = statistics.median([1, 3, 5])",
    "timers": "import time; signal.setitimer(signal.ITIMER_REAL, 0); time.sleep(0.001); answer = 3",
    "styles and html": "import pandas; answer = pandas.DataFrame({'a': [1]})._repr_html_().count('<tr') + 1",
    "waiting for a socket": "import selectors; s = selectors.DefaultSelector(); s.register(sockets['channel'], 1); answer = len(s.select(0)) + 3",
    "plots": (
        "import io, matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as p\n"
        "p.plot([1, 2]); b = io.BytesIO(); p.savefig(b, format='png'); answer = 3 if b.getvalue()[:4] == b'\\x89PNG' else 0"
    ),
    "vector plots": (
        "import io, matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as p\n"
        "p.hist([1, 2]); b = io.StringIO(); p.savefig(b, format='svg'); answer = 3 if '<svg' in b.getvalue() else 0"
    ),
}


@pytest.mark.parametrize("work", sorted(KERNEL_WORK))
def test_a_kernel_can_do(nurseries: Nurseries, work: str) -> None:
    assert nurseries.guest(memory_bytes=2 << 30).run(KERNEL_WORK[work]) == "3"


def test_a_vault_queries_parquet_with_threads(nurseries: Nurseries, tmp_path: Path) -> None:
    guest = nurseries.guest("vault", write=(tmp_path,), memory_bytes=2 << 30, processes=16, file_bytes=1 << 30)
    code = (
        "import duckdb\n"
        "c = duckdb.connect(config={'threads': 4, 'memory_limit': '500MB', 'temp_directory': %r})\n"
        "c.execute(\"copy (select i as a, 'x' || (i %% 7) as s from range(1000000) t(i)) to '%s/x.parquet' (format parquet)\")\n"
        "answer = c.execute(\"select sum(a) from '%s/x.parquet' where s = 'x0'\").fetchone()"
    )
    assert guest.run(code % (str(tmp_path / "spill"), tmp_path, tmp_path)) == "(71428928571,)"


def test_a_vault_spills_to_its_scratch(nurseries: Nurseries, tmp_path: Path) -> None:
    guest = nurseries.guest("vault", write=(tmp_path,), memory_bytes=2 << 30, processes=16, file_bytes=1 << 30)
    code = (
        "import duckdb\n"
        "c = duckdb.connect(config={'threads': 2, 'memory_limit': '60MB', 'temp_directory': %r, 'preserve_insertion_order': False})\n"
        "c.execute('create table t as select i, hash(i) as h from range(6000000) t(i)')\n"
        "answer = c.execute('select count(*), sum(i) from (select * from t order by h)').fetchone()"
    )
    assert guest.run(code % str(tmp_path / "spill"), timeout=60) == f"(6000000, {6000000 * 5999999 // 2})"


def test_a_vault_charges_durably(nurseries: Nurseries, tmp_path: Path) -> None:
    guest = nurseries.guest("vault", write=(tmp_path,), file_bytes=1 << 30)
    code = (
        "import sqlite3\n"
        "d = sqlite3.connect(%r, isolation_level=None)\n"
        "d.execute('pragma journal_mode=wal'); d.execute('pragma synchronous=full'); d.execute('create table if not exists t(a)')\n"
        "d.execute('begin immediate'); d.execute('insert into t values (1)'); d.execute('commit')\n"
        "answer = d.execute('pragma journal_mode').fetchone()[0], d.execute('select count(*) from t').fetchone()[0]"
    )
    assert guest.run(code % str(tmp_path / "ledger.sqlite")) == "('wal', 1)"
    other = nurseries.guest("vault", write=(tmp_path,), file_bytes=1 << 30)
    assert other.run(code % str(tmp_path / "ledger.sqlite")) == "('wal', 2)"


def test_a_vault_draws_noise(nurseries: Nurseries) -> None:
    code = (
        "import opendp.prelude as dp; dp.enable_features('contrib')\n"
        "m = dp.m.make_gaussian(dp.vector_domain(dp.atom_domain(T=int)), dp.l2_distance(T=float), scale=10.)\n"
        "answer = len(m([0] * 100))"
    )
    assert nurseries.guest("vault", processes=8).run(code) == "100"


def test_a_checker_types_a_cell_in_memory() -> None:
    """The real one: mypy starts threads to parse many files, so it analyses them before the first birth and reads none after."""
    checker = "ag_kernel.compiler.checker"
    ours, theirs = socket.socketpair()
    with Nursery.start(profile="checker", entry=f"{checker}:main", warm=f"{checker}:warm") as nursery, ours:
        with theirs:
            child = nursery.spawn(sockets={"checker": theirs}, settings={}, grants=Grants(memory_bytes=1 << 30))
        client = CheckerClient(ours)
        client.start({})
        (problem,) = client.check(1, "x: int = 'a'")
        assert "Incompatible types in assignment" in problem.message
        client.accept(completed=True)
        assert client.check(2, "import pandas\nframe = pandas.DataFrame({'a': [1]})") == ()
        ours.close()
        assert child.wait(10) == 0
        child.close()
