"""The engine is started before the first fork: without a thread, and nothing of it is shared but what it is made of."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ag_vault import data
from ag_vault.catalog import Catalog
from ag_vault.data import Rows, open_rows, prepare

_FORKED = """
import os, sys
import ag_vault.absent
from ag_vault.catalog import Catalog
from ag_vault.data import open_rows, prepare

threads = lambda: len(os.listdir("/proc/self/task"))
before = threads()
prepare()
print(threads() - before, flush=True)
for number in (1, 2):
    if (child := os.fork()) == 0:
        rows = open_rows(Catalog(), threads=3, memory_bytes=1 << 28)
        rows.rows(f"CREATE TABLE t AS SELECT range + {number} AS x FROM range(300000)")
        ((total,),) = rows.rows("SELECT CAST(sum(x) AS BIGINT) FROM t")
        print(total, len(rows.rows("SELECT * FROM duckdb_tables()")), threads(), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def opened(spill: Path | None = None) -> Rows:
    return open_rows(Catalog(), threads=2, memory_bytes=1 << 28, spill=spill)


def settings(rows: Rows) -> dict[str, str]:
    return dict(rows._engine.execute("SELECT name, value FROM duckdb_settings()").fetchall())


def test_an_engine_has_no_thread_before_the_fork_and_its_own_thereafter() -> None:
    done = subprocess.run([sys.executable, "-c", _FORKED], capture_output=True, text=True, check=True, timeout=60)
    totals = [300_000 * 299_999 // 2 + number * 300_000 for number in (1, 2)]
    assert done.stdout.splitlines() == ["0", *(f"{total} 1 3" for total in totals)]


def test_a_session_cannot_tell_which_engine_it_has_and_both_are_locked(tmp_path: Path) -> None:
    prepare()
    warm, cold = opened(tmp_path), opened(tmp_path)
    assert settings(warm) == settings(cold)
    assert settings(warm)["threads"] == "2"
    for rows in (warm, cold):
        with pytest.raises(duckdb.Error, match="locked"):
            rows._engine.execute("SET threads=1")
        with pytest.raises(duckdb.Error):
            rows._engine.execute(f"COPY (SELECT 1) TO '{tmp_path.parent}/out.csv'")
        assert rows._engine.execute("SELECT table_name FROM duckdb_tables()").fetchall() == []
        rows.close()


def test_an_engine_is_taken_over_once() -> None:
    prepare()
    (engine,) = data._warm
    one, other = opened(), opened()
    assert one._engine is engine
    assert other._engine is not engine
    one.rows("CREATE TABLE mine AS SELECT 1 AS x")
    assert other.rows("SELECT table_name FROM duckdb_tables()") == []
    one.close()
    other.close()
