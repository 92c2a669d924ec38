"""The vault in its real jail: it makes and migrates the ledger, reads its data, spills, and can do nothing else."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ag_plan.codec import decode_message, encode_message
from ag_plan.frames import receive_frame, send_frame
from ag_plan.messages import REPLIES, AskIngest, AskOdometer, AskPublic, AskRelease, ColumnValues, Message, Released
from ag_plan.releases import Describe, GroupKey, Mean, Quantile, Sum
from ag_sandbox.nursery import Grants, Nursery
from tests.vault.doors import released
from tests.vault.owners import clinic


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Nursery, Path]]:
    log = tmp_path_factory.mktemp("nursery") / "vault.log"
    opened = Nursery.start(
        profile="vault", entry="ag_vault.serve:main", preload=("ag_vault.serve",), warm="ag_vault.serve:warm", log=log
    )
    yield opened, log
    opened.close()


def test_a_jailed_vault_answers_everything_it_is_for(nursery: tuple[Nursery, Path], tmp_path: Path) -> None:
    dataset = clinic(tmp_path)
    ledger, scratch = tmp_path / "ledger", tmp_path / "scratch"
    ledger.mkdir()
    scratch.mkdir()
    (plan, plan_end), (control, control_end) = socket.socketpair(), socket.socketpair()
    child = nursery[0].spawn(
        sockets={"plan": plan_end, "control": control_end},
        settings={
            "session": "s",
            "analyst": "ann",
            "datasets": [{"name": "Clinic", "path": str(dataset)}],
            "ledger": str(ledger / "ledger.sqlite"),
            "scratch": str(scratch),
            "memory_bytes": 1 << 30,
            "threads": 2,
        },
        grants=Grants(
            read=(dataset,),
            write=(ledger, scratch),
            memory_bytes=1 << 30,
            processes=64,
            cpu_seconds=None,
            file_bytes=1 << 30,
        ),
    )
    plan_end.close()
    control_end.close()
    plan.settimeout(30)

    def ask(message: Message) -> Message:
        send_frame(plan, encode_message(message))
        frame = receive_frame(plan)
        assert frame is not None, nursery[1].read_text()
        return decode_message(frame, REPLIES)

    assert ask(AskPublic(id=1, dataset="Clinic", key="test_x")).id == 1
    brought = ColumnValues(name="x", kind="float", values=(0.5,) * 1000, lower=0, upper=1)
    ask(AskIngest(id=2, columns=(brought,)))
    questions = (
        released(Mean(columns=("age", "height"))),
        released(Describe(columns=("height",))),
        released(Quantile(columns=("age",), probabilities=(0.5,)), by=(GroupKey(column="sex"),)),
        released(Sum(columns=("x",)), table="scratch/1"),
    )
    for question in questions:
        assert isinstance(ask(AskRelease(id=3, release=question)), Released), nursery[1].read_text()
    assert ask(AskOdometer(id=4)).balances[0].epsilon_spent == 3  # type: ignore[attr-defined]
    control.close()
    assert child.wait(10) == 0
    plan.close()
    assert "ERROR" not in nursery[1].read_text()
