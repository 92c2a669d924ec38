"""An enclave whose accounts and ledger are on PostgreSQL: the same walls, the same answers, and a server that goes away is noticed and found again."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ag_enclave.clerk import Clerk
from ag_enclave.deeds import Deeds
from ag_enclave.errors import BadConfig, BadState, Unusable
from ag_enclave.migrate import open_accounts
from ag_enclave.place import accounts_at, address, checked, ledger_at, settle
from ag_enclave.state import State, open_state, write_private
from ag_vault.ledger import Ledger
from tests import cluster, warm
from tests.enclave.people import add_user
from tests.enclave.processes import children, eventually
from tests.enclave.raw_client import RawClient, only
from tests.enclave.test_clerk import with_clerk
from tests.enclave.test_killed import METADATA
from tests.enclave_server import Enclave, running_enclave
from tests.vault.ledgers import told

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def settings(place: str) -> str:
    return f'[state]\ndatabase_url = "{place}"\n'


@pytest.fixture(scope="module")
def place() -> str:
    return cluster.database()


@pytest.fixture(scope="module")
def enclave(place: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enclave]:
    folder = tmp_path_factory.mktemp("server")
    (folder / "m.yaml").write_text(METADATA)
    (folder / "people.csv").write_text("age\n" + "\n".join(str(n % 90) for n in range(100)) + "\n")
    settle(open_state(folder / "state"), place)  # as the first start does: data sets that are added note it there
    arguments = ["People", "--metadata", "m.yaml", "--table", "train=people.csv", "--state", "state"]
    warm.run("dataset", "add", *arguments, cwd=folder, check=True)
    with running_enclave(folder / "state", config=settings(place)) as found:
        yield found


@pytest.fixture(scope="module")
def ann(enclave: Enclave) -> RawClient:
    return RawClient(enclave, account=add_user(enclave.state, "ann", "analyst")).login()


def asked(analyst: RawClient, millionths: int) -> str:
    with analyst.session("People") as channels:
        reply = only(channels.execute(f'people["age"].count(eps={millionths} / 10**6)'), "execute_reply")["content"]
        return str(reply["status"]) + str(reply.get("evalue", ""))


def charges(place: str) -> int:
    ledger = Ledger.at(place)
    try:
        return ledger.verify()
    finally:
        ledger.close()


def test_a_charge_of_a_jailed_vault_is_on_the_server_and_no_file_of_the_state_directory_knows_of_it(
    enclave: Enclave, ann: RawClient, place: str
) -> None:
    before = charges(place)
    assert asked(ann, 1) == "ok"
    assert charges(place) == before + 1
    assert not (enclave.state / "accounts.sqlite").exists()
    assert not list((enclave.state / "ledger").iterdir())
    with cluster.connect(place) as connection:
        assert connection.execute("SELECT role FROM accounts WHERE user_id = 'ann'").fetchone() == ("analyst",)


def test_commands_find_the_server_by_the_state_directory_alone(enclave: Enclave, ann: RawClient) -> None:
    done = warm.run("audit", "verify", "--state", enclave.state)
    assert "agrees with the ledger" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["backup", "b", "--state"], "pg_dump"),
        (["restore", "--state"], "already serving"),
        (["budget", "show", "--state"], "People"),
        (["doctor", "--state"], "PostgreSQL"),
    ],
)
def test_what_is_the_server_s_own_work_is_said(enclave: Enclave, words: list[str], said: str, tmp_path: Path) -> None:
    done = warm.run(*words, enclave.state, cwd=tmp_path)
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_cap_set_on_the_command_line_beside_the_enclave_binds_its_vaults_at_once(
    enclave: Enclave, ann: RawClient
) -> None:
    told = ["--state", str(enclave.state), "--who", "ann", "--reason", "a test"]
    warm.run("budget", "set", "People", "0.0000001", *told, check=True)
    assert "budget" in asked(ann, 8).lower()
    shown = warm.run("budget", "show", *told[:2], check=True).stdout
    assert "ann, over all time\tε 0.0000001" in shown
    warm.run("budget", "unset", "People", *told, check=True)
    assert asked(ann, 8) == "ok"


def test_no_jailed_process_but_vault_and_clerk_holds_a_connection(enclave: Enclave, ann: RawClient) -> None:
    """Beyond the sockets that each was born with: a kernel has three, a checker one, a vault three, a clerk one."""
    with ann.session("People") as channels:
        assert only(channels.execute("1"), "execute_reply")["content"]["status"] == "ok"
        held = {role: sockets(enclave, role) for role in ("kernel", "checker", "vault", "clerk")}
    assert held == {"kernel": 3, "checker": 1, "vault": 3 + 1, "clerk": 1 + 1}


def sockets(enclave: Enclave, role: str) -> int:
    """How many sockets its one process of this role has open."""
    (process,) = children(enclave, role)
    held = 0
    for path in Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            held += str(path.readlink()).startswith("socket:")
    return held


def test_a_server_that_was_restarted_costs_open_sessions_their_charges_and_nothing_else(
    enclave: Enclave, ann: RawClient, place: str
) -> None:
    with ann.session("People") as channels:
        assert only(channels.execute('people["age"].count(eps=5/10**6)'), "execute_reply")["content"]["status"] == "ok"
        before = charges(place)
        (clerk,) = children(enclave, "clerk")
        with cluster.connect(place) as connection:
            connection.execute(CUT)
        reply = only(channels.execute('people["age"].count(eps=6/10**6)'), "execute_reply")["content"]
        assert reply["status"] == "error"
        assert "Restart the session" in str(reply)
        assert only(channels.execute("1 + 1"), "execute_reply")["content"]["status"] == "ok"
    assert eventually(lambda: [each.pid for each in children(enclave, "clerk")] not in ([], [clerk.pid]))
    assert asked(ann, 7) == "ok"
    assert charges(place) == before + 1


def test_an_older_ledger_put_back_is_noticed_at_the_next_start(tmp_path: Path) -> None:
    place = cluster.database()
    state = open_state(tmp_path / "state")
    settle(state, place)

    async def deed(clerk: Clerk, _state: State) -> None:
        await clerk.append("olga", "request.accept", "Clinic", {})

    with_clerk(state.root, deed)
    with cluster.connect(place) as connection:
        connection.execute("SET session_replication_role TO replica")
        connection.execute("DELETE FROM log")
        connection.execute("UPDATE head SET sequence = 0, hash = repeat('0', 64) WHERE id = 2")
    with pytest.raises(Unusable, match="older than its signed head"):
        with_clerk(state.root, deed)


def test_enclaves_that_share_a_database_sign_heads_of_their_own_and_one_that_lost_its_head_is_found(
    tmp_path: Path,
) -> None:
    place = cluster.database()
    states = [open_state(tmp_path / name) for name in ("one", "other")]

    async def deed(clerk: Clerk, _state: State) -> None:
        await clerk.append("olga", "request.accept", "Clinic", {})
        assert (await clerk.verify())["entries"] > 1

    for state in (*states, states[0]):
        settle(state, place)
        with_clerk(state.root, deed)
    actions = [row[0] for row in told(place, "SELECT action FROM log ORDER BY sequence")]
    assert actions == ["sealed", "request.accept", "sealed", "request.accept", "request.accept"]
    (states[1].folder("audit") / "head.json").unlink()
    with pytest.raises(Unusable, match="signed head of the log is gone"):
        with_clerk(states[1].root, deed)


def test_of_two_gateways_one_tells_the_log_of_a_deed() -> None:
    place = cluster.database()
    one, other = open_accounts(place), open_accounts(place)
    heard: list[str] = []

    class Keeper:
        async def append(self, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> None:
            await asyncio.sleep(0.2)
            heard.append(action)

    one.add("ann", "analyst", "h", by="o")

    async def both() -> list[int]:
        return await asyncio.gather(*(Deeds(each.database, Keeper()).tell() for each in (one, other)))

    assert sorted(asyncio.run(both())) == [0, 1]
    assert heard == ["user.add"]
    assert Deeds(other.database, Keeper()).untold() == 0
    one.close()
    other.close()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("postgresql://u@/d?host=/run", "must be postgresql"),
        ("mysql://u@/d", "must be postgresql"),
        ("postgresql+psycopg://u@10.0.0.1/d", "unix socket"),
        ("postgresql+psycopg://u@/d", "unix socket"),
        ("postgresql+psycopg://u:secret@/d?host=/run", "no password"),
        ("nonsense", "no address"),
    ],
)
def test_what_is_no_address_of_a_socket_is_refused_in_a_sentence(wrong: str, said: str) -> None:
    with pytest.raises(BadConfig, match=said) as caught:
        checked(wrong)
    assert "secret" not in str(caught.value)


def test_a_state_directory_stays_with_its_database(tmp_path: Path) -> None:
    state, there = open_state(tmp_path / "state"), "postgresql+psycopg://u@/d?host=/run"
    settle(state, "")
    assert (accounts_at(state), ledger_at(state)) == (state.accounts, str(state.ledger))
    settle(state, there)
    assert address(state) == accounts_at(state) == ledger_at(state) == there
    settle(state, there.replace("/run", "/run/elsewhere"))
    with pytest.raises(BadState, match="on a server"):
        settle(state, "")
    other = open_state(tmp_path / "other")
    write_private(other.accounts, b"x")
    with pytest.raises(BadState, match="SQLite files"):
        settle(other, there)


def test_a_server_that_isn_t_there_is_one_sentence(tmp_path: Path) -> None:
    nowhere = f"postgresql+psycopg://tests@/d?host={tmp_path}"
    with (
        pytest.raises(RuntimeError, match="accounts' database"),
        running_enclave(tmp_path / "state", config=settings(nowhere)),
    ):
        pass
    assert "Traceback" not in (tmp_path / "state" / "serve.out").read_text()
