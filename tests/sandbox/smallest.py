"""The smallest session of an enclave: one data set, one analyst, one cell, one charged answer. Says on stdout what walls it had."""

import json
import subprocess
import sys
from pathlib import Path

from tests.enclave.people import add_user
from tests.enclave.processes import children
from tests.enclave.raw_client import RawClient, only
from tests.enclave_server import COMMAND, running_enclave

METADATA = """
description: People.
budget: {epsilon: 10, delta: 1.0e-6, per_analyst: {epsilon: 10}, per_call: {epsilon: 10}}
tables: {train: {unit: row, columns: {age: {type: int, lower: 0, upper: 120}}}}
"""
CELL = 'people["age"].count(eps=1)'


def main(folder: Path) -> None:
    """Run it in a folder."""
    (folder / "m.yaml").write_text(METADATA)
    (folder / "people.csv").write_text("age\n" + "7\n" * 1000)
    add = ["dataset", "add", "People", "--metadata", "m.yaml", "--table", "train=people.csv", "--state", "state"]
    subprocess.run([*COMMAND, *add], cwd=folder, check=True, capture_output=True)
    with running_enclave(folder / "state", command=COMMAND) as enclave:
        analyst = RawClient(enclave, account=add_user(enclave.state, "ann", "analyst")).login()
        with analyst.session("People") as channels:
            result = only(channels.execute(CELL), "execute_result")["content"]["data"]["text/plain"]
            users = [child.uids().real for role in ("kernel", "vault", "checker") for child in children(enclave, role)]
    log = (enclave.state / "logs" / "gateway.log").read_text().splitlines()
    missing = sorted({line["wall"] for line in map(json.loads, log) if line["event"] == "a wall is missing"})
    print(json.dumps({"answer": result, "users": users, "missing": missing}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
