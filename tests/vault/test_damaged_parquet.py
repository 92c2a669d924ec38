"""Parquet files with bytes changed, cut out or put in: the loader has a data set or one sentence for each, or dies in its jail, and never leaves half of one."""

import json
import random
import subprocess
import sys
from pathlib import Path

import duckdb

from tests.vault.owners import metadata, write_metadata

TRIES = 24
_PROGRAM = """
import json, os, sys
from pathlib import Path
from ag_vault.errors import BadData
from ag_vault.loading.build import Order, build
from ag_vault.loading.metadata import Metadata

folder = Path(sys.argv[1])
described = Metadata.read(folder / "metadata.yaml")
for file in sorted(folder.glob("*.parquet")):
    child = os.fork()  # before the engine has a thread in this process
    if not child:
        try:
            order = Order(name="Clinic", metadata=described, tables={"train": file})
            build(order, file.with_suffix(".out"), lambda line: None)
        except BadData as problem:
            os._exit(3 if len(str(problem).splitlines()) == 1 else 4)
        except BaseException as problem:
            print(type(problem), problem, file=sys.stderr, flush=True)
            os._exit(5)
        os._exit(0)
    print(json.dumps([file.stem, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]), flush=True)
"""


def damaged(content: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, some cut out, or some put in; half of the time near the end, where the file's own description is."""
    start = len(content) - 600 if chance.random() < 0.5 else 4
    place = chance.randrange(start, len(content) - 8)
    length = chance.choice([1, 1, 2, 4, 64])
    kind = chance.randrange(3)
    new = b"" if kind == 0 else chance.randbytes(length)
    return content[:place] + new + content[place + (0 if kind == 1 else length) :]


def test_a_damaged_parquet_file_is_a_data_set_or_one_sentence_and_nothing_is_left(tmp_path: Path) -> None:
    write_metadata(tmp_path, metadata({"a": {"type": "int"}, "s": {"type": "str"}, "x": {"type": "float"}}))
    good = tmp_path / "good.pq"
    rows = "SELECT i AS a, 'text ' || i % 7 AS s, i / 3 AS x FROM range(3000) t(i)"
    duckdb.execute(f"COPY ({rows}) TO '{good}' (FORMAT PARQUET, COMPRESSION ZSTD)")
    chance = random.Random(5)
    for number in range(TRIES):
        (tmp_path / f"{number:03}.parquet").write_bytes(damaged(good.read_bytes(), chance))
    done = subprocess.run([sys.executable, "-c", _PROGRAM, str(tmp_path)], capture_output=True, text=True, check=False)
    ended = dict(json.loads(line) for line in done.stdout.splitlines())
    assert len(ended) == TRIES
    assert [each for each in ended.values() if each > 3] == [], done.stderr
    assert sum(each == 3 for each in ended.values()) > TRIES // 4
    whole = {name for name, each in ended.items() if each == 0}
    assert {path.stem for path in tmp_path.glob("*.out")} == whole
