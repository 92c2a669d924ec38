"""``antigranular notebook``: which session a notebook names."""

import json
from pathlib import Path
from typing import Any

import pytest

from antigranular.command import main
from antigranular.session import SESSION


def notebook(*sessions: str) -> dict[str, Any]:
    record = [{"version": 1, "session_id": name, "dataset": "Breast Cancer"} for name in sessions]
    outputs = [
        {"output_type": "display_data", "data": {SESSION: each, "text/plain": "ä"}, "metadata": {}} for each in record
    ]
    cells = [{"cell_type": "markdown", "source": ""}, {"cell_type": "code", "source": "", "outputs": outputs}]
    return {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "work.ipynb"
    path.write_text(json.dumps(notebook("one", "two")), encoding="utf-8")
    return path


def test_show_lists_what_the_outputs_show(file: Path, capsys) -> None:
    assert main(["notebook", "show", str(file)]) == 0
    assert capsys.readouterr().out == "one  Breast Cancer\ntwo  Breast Cancer\n"


def test_stamp_writes_the_last_one_and_changes_nothing_else(file: Path, capsys) -> None:
    file.chmod(0o640)
    assert main(["notebook", "stamp", str(file)]) == 0
    after = json.loads(file.read_text())
    assert after["metadata"].pop("antigranular") == {"version": 1, "session_id": "two", "dataset": "Breast Cancer"}
    assert after == notebook("one", "two")
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_stamp_is_shown_and_may_name_any_session(file: Path, capsys) -> None:
    assert main(["notebook", "stamp", str(file), "--session", "three"]) == 0
    capsys.readouterr()
    main(["notebook", "show", str(file)])
    assert capsys.readouterr().out.splitlines()[-1] == "three"


def test_a_remote_kernel_s_own_note_is_shown(file: Path, capsys) -> None:
    content = notebook("one")
    content["metadata"]["language_info"]["antigranular"] = {"version": 1, "session_id": "four", "dataset": "Iris"}
    file.write_text(json.dumps(content), encoding="utf-8")
    main(["notebook", "show", str(file)])
    assert capsys.readouterr().out.splitlines()[-1] == "four  Iris"


def test_what_is_no_notebook_is_one_sentence_and_stays_as_it_is(tmp_path: Path, capsys) -> None:
    for name, text in (("a.ipynb", "{"), ("b.ipynb", "[]"), ("c.ipynb", '{"cells": 1}')):
        (tmp_path / name).write_text(text)
        assert main(["notebook", "stamp", str(tmp_path / name)]) == 1
        assert "is not a notebook" in capsys.readouterr().err
        assert (tmp_path / name).read_text() == text
    assert main(["notebook", "show", str(tmp_path / "none.ipynb")]) == 1
    assert "can't be read" in capsys.readouterr().err


def test_a_notebook_without_a_session_says_so(tmp_path: Path, capsys) -> None:
    path = tmp_path / "empty.ipynb"
    path.write_text(json.dumps(notebook()))
    assert main(["notebook", "stamp", str(path)]) == 1
    assert "--session ID" in capsys.readouterr().err
    assert main(["notebook", "show", str(path)]) == 0
    assert capsys.readouterr().out == "no session\n"
