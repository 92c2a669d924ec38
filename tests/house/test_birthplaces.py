"""What is dangerous or precious is made in one place, and nowhere else."""

import pytest

from tests.house.tree import ROOT, calls, imports, relative, sources

PICKLES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
PICKLING_CALLS = {"read_pickle", "to_pickle", "loads_pickle"}


def makers(name: str, *rooms: str) -> set[str]:
    return {relative(path) for path in sources(*rooms) if name in {called for called, _ in calls(path)}}


def importers(module: str, *rooms: str) -> set[str]:
    return {
        relative(path)
        for path in sources(*rooms)
        if any(name == module or name.startswith(module + ".") for name in imports(path))
    }


def test_nothing_is_ever_pickled() -> None:
    assert {module: importers(module) for module in PICKLES if importers(module)} == {}
    assert {name: makers(name) for name in PICKLING_CALLS if makers(name)} == {}
    assert [relative(path) for path in sources() if "allow_pickle=True" in path.read_text()] == []


@pytest.mark.parametrize("word", ["eval", "exec"])
def test_code_is_run_from_text_in_one_file_only(word: str) -> None:
    assert makers(word, "magic", "private_pandas", "sandbox", "enclave") == set()
    assert len(makers(word, "kernel")) <= 1


def test_a_receipt_is_born_in_the_ledger() -> None:
    born = makers("Receipt", "private_pandas")
    assert born
    assert all("/ledger" in name for name in born)


def test_all_randomness_of_the_vault_is_drawn_in_one_file() -> None:
    vault = ROOT / "private_pandas" / "ag_vault"
    drawing = {name for name in importers("opendp", "private_pandas") if name.startswith("private_pandas/ag_vault")}
    assert drawing == {"private_pandas/ag_vault/noise.py"}
    assert vault.is_dir()


@pytest.mark.parametrize("module", ["random", "numpy.random", "diffprivlib"])
def test_the_vault_never_draws_from_elsewhere(module: str) -> None:
    assert {name for name in importers(module, "private_pandas") if "/ag_vault/" in name} == set()


def test_no_shell_is_ever_started() -> None:
    shells = ("shell=True", "os.system(", "os.popen(", "getoutput(")
    assert [relative(p) for p in sources() for word in shells if word in p.read_text()] == []


def test_tls_is_never_switched_off() -> None:
    loose = ("CERT_NONE", "verify=False", "check_hostname = False", "_create_unverified_context")
    assert [relative(p) for p in sources() for word in loose if word in p.read_text()] == []
