"""``ag-enclave budget``: caps from the command line, each with its reason in the log."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ag_enclave.cli import commands
from ag_enclave.errors import BadState, Unusable
from tests.enclave.test_dataset_command import METADATA, add


def ask(state: Path, *words: str) -> str:
    """What the command line says; Unusable as it is raised."""
    result = CliRunner().invoke(commands, ["budget", *words, "--state", str(state)])
    if isinstance(result.exception, Unusable):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_caps_are_set_shown_and_taken_back_with_their_reasons_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(METADATA)
    (tmp_path / "people.csv").write_text("age,sex\n30,f\n")
    assert add(tmp_path, "--table", "train=people.csv").returncode == 0
    state = tmp_path / "state"
    place = ("Our Village", "--who", "ann", "--within", "3600")
    ask(state, "set", "Our Village", "7.5", "--who", "ann", "--reason", "second wave")
    ask(state, "set", place[0], "2", *place[1:], "--reason", "slowly")
    shown = ask(state, "show", "Our Village")
    assert "metadata\tper_analyst\tε 5\t" in shown
    assert "owner\tann, over all time\tε 7.5\tδ 1e-06\n" in shown
    assert "owner\tann, within 3600 s\tε 2\t" in shown
    ask(state, "unset", *place, "--reason", "enough")
    assert "3600" not in ask(state, "show")
    with pytest.raises(BadState, match="No such cap was set"):
        ask(state, "unset", *place, "--reason", "again")
    with pytest.raises(BadState, match="There is no data set 'Our Vilage'; available: Our Village"):
        ask(state, "show", "Our Vilage")
    said = ask(state, "set", "Our Village", "7.5", "--who", "nobody-yet", "--reason", "before the first login")
    assert "There is no account nobody-yet yet" in said
    with pytest.raises(BadState, match="epsilon must be a number"):
        ask(state, "set", "Our Village", "a lot", "--reason", "r")
    with pytest.raises(BadState, match="Elsewhere"):
        ask(state, "set", "Elsewhere", "1", "--reason", "r")
    with pytest.raises(BadState, match="a window of the same kind"):
        ask(state, "set", "Our Village", "none", "--of", "everyone", "--reason", "r")
    log = CliRunner().invoke(commands, ["audit", "show", "--action", "cap", "--state", str(state)]).output
    assert [reason in log for reason in ("second wave", "slowly", "enough", "again")] == [True, True, True, False]
    assert "command line, uid" in log
