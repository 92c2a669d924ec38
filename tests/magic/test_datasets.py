"""Data sets of an owner, against a whole enclave: uploaded, found again, described, given a new version, retired; cut off and hostile on the way."""

import hashlib
import io
import json
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

import antigranular as ag
from antigranular.bearer import Token
from antigranular.config import Credentials, find_target
from antigranular.errors import ConnectionLost
from antigranular.holdings import Datasets
from antigranular.rest import Enclave as Rest
from antigranular.transport import Line, Request, Response, TlsTransport
from antigranular.uploading import PlainBar
from tests.enclave.people import add_user
from tests.enclave.processes import eventually
from tests.enclave.raw_client import RawClient
from tests.enclave.test_console import Browser
from tests.enclave_server import Enclave, running_enclave

COLUMNS = {"age": {"type": "int", "lower": 0, "upper": 120}, "sex": {"type": "str", "categories": ["f", "m"]}}
BUDGET = {"epsilon": 10, "per_analyst": {"epsilon": 5}}
CSV = "age,sex\n30,f\n200,m\n40,x\n"
CONFIG = """
[uploads]
bytes_per_upload = 4000000
bytes_per_owner = 6000000
open_per_owner = 6
chunk_bytes = 65536
load_seconds = 20
load_file_bytes = 4194304
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enclave]:
    state = tmp_path_factory.mktemp("village")
    with running_enclave(state, config=CONFIG) as enclave:
        roles = {"owner": "owner", "second": "owner", "analyst": "analyst"}
        accounts = {name: add_user(state, name, role) for name, role in roles.items()}
        facts = {"url": enclave.url, "ca": enclave.ca, "datasets": enclave.datasets}
        yield Enclave(**facts, accounts=accounts, state=state, process=enclave.process)


@pytest.fixture
def owner(here: Enclave) -> ag.Owner:
    return connect(here, "owner")


@pytest.fixture
def raw(here: Enclave) -> Iterator[RawClient]:
    client = RawClient(here, "owner").login()
    yield client
    for upload in client.ask("GET", "/ag/v1/uploads").json:
        client.ask("DELETE", f"/ag/v1/uploads/{upload['upload_id']}")


def connect(enclave: Enclave, role: str) -> ag.Owner:
    who = enclave.accounts[role]
    return ag.connect(enclave.url, who["user_id"], who["user_secret"], ca=enclave.ca)


def village(name: str, data: Any, *, columns: Any = None, budget: Any = None, **more: Any) -> ag.Dataset:
    of_asset = {key: more.pop(key) for key in ("mock", "show_rows") if key in more}
    unit = {"unit": more.pop("unit")} if "unit" in more else {}
    asset = ag.Asset("people", data, metadata={"columns": columns or COLUMNS, **unit}, **of_asset)
    return ag.Dataset(name, assets=[asset], budget=budget or BUDGET, **more)


def opening(name: str, content: bytes = CSV.encode(), **more: Any) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    file = {"key": "people", "role": "table", "form": "csv", "bytes": len(content), "sha256": digest}
    return {
        "name": name,
        "metadata": {"tables": {"people": {"columns": COLUMNS}}, "budget": BUDGET},
        "files": [file],
        **more,
    }


def put(raw: RawClient, upload: str, offset: int, content: bytes, number: int = 0) -> Any:
    headers = {"Authorization": f"Bearer {raw.token}"}
    return raw.send("PUT", f"/ag/v1/uploads/{upload}/files/{number}?offset={offset}", content, headers)


def ended(raw: RawClient, upload: str) -> dict[str, Any]:
    """The upload once its load is over, one way or the other."""
    said: dict[str, Any] = raw.ask("POST", f"/ag/v1/uploads/{upload}/load").json
    while said["state"] in ("waiting", "loading"):
        said = raw.ask("GET", f"/ag/v1/uploads/{upload}?seen={said['revision']}").json
    return said


def sent(raw: RawClient, body: dict[str, Any], content: bytes) -> dict[str, Any]:
    opened = raw.ask("POST", "/ag/v1/uploads", body)
    assert opened.status == 201, opened.json
    upload = opened.json["upload_id"]
    for offset in range(0, len(content), 65536):
        assert put(raw, upload, offset, content[offset : offset + 65536]).status == 200
    return ended(raw, upload)


def left(enclave: Enclave) -> set[str]:
    """What is in the folders of uploads, and of loads under way."""
    state = enclave.state
    return {path.name for path in (*(state / "uploads").iterdir(), *(state / "datasets").glob("*/new-*"))}


@pytest.fixture
def before(here: Enclave) -> set[str]:
    """What other tests have left there, in whatever order they ran."""
    return left(here)


def test_a_frame_becomes_a_data_set_that_an_analyst_asks(
    here: Enclave, before: set[str], owner: ag.Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pd.DataFrame({"age": [30, 200, 40], "sex": ["f", "m", "x"]})
    held = owner.datasets.upload(
        village(
            "Our Village", frame, mock=pd.DataFrame({"age": [7, 8], "sex": ["f", "f"]}), description="People of a village.", summary="All of them.",
            citation="The Village, 2026.", url="https://village.example/data", contributors=["Ann", "Bob"],
        )
    )  # fmt: skip
    assert "100%" in capsys.readouterr().err
    assert (held.name, held.version, held.variable) == ("Our Village", 1, "our_village")
    assert ("people", "age", "clamped", "1") in list(held.report)
    assert ("people", "sex", "unknown category", "1") in list(held.report)
    assert left(here) <= before
    who = here.accounts["analyst"]
    session = ag.login(who["user_id"], who["user_secret"], url=here.url, ca=here.ca, dataset="Our Village")
    try:
        session.execute("export(our_village['people']['age'].mean(eps=1), 'mean')")
        session.execute("export(list(load_mock('Our Village')['people']['age']), 'made_up')")
        (seen,) = (each for each in session.datasets() if each["name"] == "Our Village")
    finally:
        session.terminate_session()
    assert seen["summary"] == "All of them."
    assert seen["contributors"] == ["Ann", "Bob"]
    assert seen["tables"]["people"]["rows"] is None
    assert {"origin", "version", "budget", "account", "retired"}.isdisjoint(seen)
    assert eventually(lambda: bool(owner.log.entries(action="dataset.upload", subject="Our Village")))
    (entry,) = owner.log.entries(action="dataset.upload", subject="Our Village")
    assert entry["actor"] == "owner"
    assert set(entry["details"]["checksums"]) == {"table people", "mock people"}
    assert "clamped" not in json.dumps(entry)
    assert "rows" not in json.dumps(entry)


def test_data_sets_are_found_and_their_words_are_never_markup(here: Enclave, owner: ag.Owner, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(CSV)
    owner.datasets.upload(village("Quiet Hamlet", tmp_path / "p.csv", description="Nobody speaks.", show_rows=True))
    datasets = owner.datasets
    assert datasets["Quiet Hamlet"].variable == datasets["quiet_hamlet"].variable == "quiet_hamlet"
    assert [each.name for each in datasets].index("Quiet Hamlet") == [
        datasets[at].name for at in range(len(datasets))
    ].index("Quiet Hamlet")
    assert [each.name for each in datasets.search("NOBODY quiet")] == ["Quiet Hamlet"]
    assert "people: 3 rows, 2 columns" in repr(datasets)
    assert "Quiet Hamlet" in datasets._repr_html_()
    assert "Quiet Hamlet" in datasets
    with pytest.raises(ag.AgError, match="no data set 'Gold'"):
        datasets["Gold"]
    held = datasets["Quiet Hamlet"]
    (people,) = held.assets
    assert people == held.assets[0] == held.assets["people"]
    assert (people.dataset, people.name, people.rows, people.unit) == ("Quiet Hamlet", "people", 3, "one row")
    assert "0 to 120" in repr(people.columns)
    assert "f, m" in people.columns._repr_html_()
    assert ag.ExactMatch(data=people).inputs == ag.ExactMatch(data="Quiet Hamlet/people").inputs
    with pytest.raises(ag.AgError, match="no asset 'cats'; it has people"):
        held.assets["cats"]
    shown = str(ag.datasets(**here.accounts["analyst"], url=here.url, ca=here.ca))
    assert "people: 3" in shown
    held.update(shapes=[], summary="Hush.")
    assert held.assets["people"].rows is None
    assert "not public" in repr(held.assets)
    assert "not public" in repr(datasets.search("hush"))
    assert "Hush." in repr(datasets.search("hush"))  # the list shows the shorter words
    assert held.facts["revision"] == 2  # the words of the upload, and these
    held.update(
        summary="<script>alert(1)</script> hush", contributors=["=HYPERLINK(1)", "<img src=x onerror=alert(2)>"]
    )
    assert "<script" not in held._repr_html_() + owner.datasets._repr_html_()
    assert "<img" not in held._repr_html_()
    browser = Browser(here)
    browser.login(dict(here.accounts["owner"]))
    page = browser.get("/console/datasets/Quiet%20Hamlet")
    assert page.status == 200
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "its number of rows is not" in page.text
    held.update(shapes=["people"])
    assert "so is its number of rows, 3," in browser.get("/console/datasets/Quiet%20Hamlet").text
    with pytest.raises(ag.RequestRefused, match="doesn't have"):
        held.update(shapes=["nobody"])
    with pytest.raises(ag.RequestRefused, match="unknown field"):
        held.update(account="another")


def spent(here: Enclave, dataset: str, cell: str = "") -> float:
    """What the analyst has spent of it, as a session of theirs says; after this cell."""
    with ag.login(**here.accounts["analyst"], url=here.url, ca=here.ca, dataset=dataset) as session:
        session.execute(cell)
        return float(session.privacy_budget["dataset_costs"][dataset]["eps"])


def test_a_new_version_keeps_the_account_and_what_was_said(here: Enclave, owner: ag.Owner, tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text(CSV)
    held = owner.datasets.upload(village("Growing Town", file))
    assert spent(here, "Growing Town", "growing_town['people']['age'].mean(eps=2)") == pytest.approx(2)
    file.write_text(CSV + "50,f\n")
    wider = {**COLUMNS, "age": {"type": "int", "lower": 0, "upper": 250}}
    assert owner.datasets.upload_version(village("Growing Town", file, columns=wider)).version == 2
    with pytest.raises(ag.RequestRefused, match="already"):
        owner.datasets.upload(village("Growing Town", file))
    with pytest.raises(ag.RequestRefused, match="say why with a reason"):
        owner.datasets.upload_version(village("Growing Town", file, budget={"epsilon": 20}))
    with pytest.raises(ag.RequestRefused, match="would be forgotten"):
        owner.datasets.upload_version(
            village(
                "Growing Town",
                file,
                columns={"sex": COLUMNS["sex"]},
                unit={"id": ["age"], "space": "towns", "max_rows": 2},
            )
        )
    again = owner.datasets.upload_version(village("Growing Town", file, budget={"epsilon": 20}), reason="a larger town")
    assert (again.version, again.facts["account"]) == (3, held.facts["account"])
    assert spent(here, "Growing Town") == pytest.approx(2)
    assert owner.budgets.spent("Growing Town")["analyst"] == pytest.approx(2)
    with pytest.raises(ag.RequestRefused, match="too close"):
        owner.datasets.upload(village("growing town", file))


def test_a_retired_data_set_ends_its_sessions_and_keeps_its_name(
    here: Enclave, owner: ag.Owner, tmp_path: Path
) -> None:
    (tmp_path / "p.csv").write_text(CSV)
    held = owner.datasets.upload(village("Old Mill", tmp_path / "p.csv"))
    analyst = RawClient(here, "analyst").login()
    kernel = analyst.open("Old Mill")
    second = connect(here, "second")
    with pytest.raises(ag.RequestRefused, match="belongs to other owners"):
        second.datasets["Old Mill"].retire("it burnt down")
    with pytest.raises(ag.AgError, match="told to its owners only"):
        assert second.datasets["Old Mill"].owners
    held.hand_over("owner", "second", reason="a stand-in")
    assert held.owners == ("owner", "second")
    second.datasets["Old Mill"].retire("it burnt down")
    gone = analyst.ask("GET", f"/api/kernels/{kernel}")
    assert (gone.status, "was retired" in gone.json["message"]) == (404, True)
    assert "Old Mill" not in [each["name"] for each in analyst.ask("GET", "/ag/v1/datasets").json]
    assert analyst.ask("GET", "/ag/v1/datasets/old_mill").status == 404
    assert analyst.ask("POST", "/api/kernels", {"ag": {"dataset": "Old Mill"}}).status == 404
    assert owner.datasets["Old Mill"].retired == "it burnt down"
    assert any(cap.dataset == "Old Mill" for cap in owner.budgets.caps())
    with pytest.raises(ag.RequestRefused, match="already"):
        owner.datasets.upload(village("Old Mill", tmp_path / "p.csv"))
    held.restore("it was built again")
    analyst.ask("DELETE", f"/api/kernels/{analyst.open('Old Mill')}")
    deeds = ["dataset.restore", "dataset.retire", "dataset.owners", "dataset.upload"]
    assert eventually(lambda: [each["action"] for each in owner.log.entries(subject="Old Mill")] == deeds)


def test_a_mock_that_was_made_from_the_data_is_refused_unless_its_owner_writes_why(
    here: Enclave, owner: ag.Owner
) -> None:
    """The common recipe: false alarms of the comparison don't matter here, and what it misses is in tests/vault/test_likeness.py."""
    chance = np.random.default_rng(6)
    height = chance.normal(165, 10, 500)
    people = pd.DataFrame({"height": height, "sex": chance.choice(["f", "m"], 500)})
    columns = {"height": {"type": "float", "lower": 0, "upper": 400}, "sex": COLUMNS["sex"]}
    recipe = pd.DataFrame(
        {
            "height": (height + height.mean() + chance.normal(0, 10, 500))[:400],
            "sex": chance.choice(["f", "m"], 400),
        }
    )
    given = village("Copied Out", people, columns=columns, mock=recipe)
    with pytest.raises(ag.RequestRefused, match=r"mock.*height"):
        owner.datasets.upload(given)
    assert "Copied Out" not in owner.datasets
    owner.datasets.upload(given, mock_override="these heights are in the newspaper")
    with ag.login(**here.accounts["analyst"], url=here.url, ca=here.ca, dataset="Copied Out") as session:
        assert len(session.mock.frames()["people"]) == 400
    assert eventually(lambda: bool(owner.log.entries(action="mock.override", subject="Copied Out")))
    (entry,) = owner.log.entries(action="mock.override", subject="Copied Out")
    assert (entry["actor"], entry["details"]["reason"]) == ("owner", "these heights are in the newspaper")


class Cut:
    """The network, that breaks off in the middle of some pieces."""

    def __init__(self, enclave: Enclave, cuts: int) -> None:
        self.network = TlsTransport(find_target(enclave.url, enclave.ca))
        self.left = cuts

    def exchange(self, request: Request) -> Response:
        if request.method == "PUT" and self.left and request.body is not None:
            self.left -= 1
            if self.left % 2:  # it arrived, and its answer is lost
                self.network.exchange(request)
            else:  # half of it arrives, and the connection is gone
                stream = self.network._connect()
                head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
                half = request.body[: len(request.body) // 2]
                top = f"PUT {request.path} HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(request.body)}\r\n\r\n"
                stream.sendall(top.encode() + half)
                stream.close()
            raise ConnectionLost("cut")
        return self.network.exchange(request)

    def open_line(self, request: Request, subprotocol: str) -> Line:
        raise NotImplementedError


def test_an_upload_goes_on_after_every_cut(here: Enclave, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("age,sex\n" + "30,f\n" * 100_000)
    network = Cut(here, cuts=7)
    enclave = Rest(network, Token(Credentials(**here.accounts["owner"]), network, time.monotonic))
    held = Datasets(enclave, bar=PlainBar).upload(village("Cut Off", tmp_path / "p.csv"))
    assert ("people", "", "rows", "100,000") in list(held.report)
    assert network.left == 0


def test_a_client_that_was_killed_goes_on_where_it_stopped(here: Enclave, raw: RawClient, tmp_path: Path) -> None:
    content = b"age,sex\n" + b"30,f\n" * 40_000
    (tmp_path / "p.csv").write_bytes(content)
    program = f"""
import sys
from antigranular import connect, Asset, Dataset
from antigranular.uploading import Uploading
who = {dict(here.accounts["owner"])!r}
pieces = []
whole = Uploading._piece
def piece(self, *arguments):
    pieces.append(1)
    if len(pieces) == 3:
        print("half", flush=True)
        sys.stdin.read()
    return whole(self, *arguments)
Uploading._piece = piece
owner = connect({here.url!r}, who["user_id"], who["user_secret"], ca={here.ca!r})
owner.datasets.upload(Dataset("Killed Once", assets=[Asset("people", {str(tmp_path / "p.csv")!r}, metadata={{"columns": {COLUMNS!r}}})], budget={BUDGET!r}))
"""
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"half\n"
        client.kill()
    (waiting,) = raw.ask("GET", "/ag/v1/uploads").json
    assert waiting["files"][0]["received"] == 2 * 65536
    held = connect(here, "owner").datasets.upload(village("Killed Once", tmp_path / "p.csv"))
    assert held.version == 1
    assert held.facts["origin"]["upload"] == waiting["upload_id"]
    assert connect(here, "owner").datasets.upload(village("Killed Once", tmp_path / "p.csv")).version == 1


def test_other_bytes_than_announced_never_reach_the_loader(here: Enclave, raw: RawClient) -> None:
    body = opening("Wrong Sum")
    said = sent(raw, body, CSV.encode().replace(b"30", b"31"))
    assert (said["state"], "SHA-256 differs" in said["error"]) == ("failed", True)
    again = raw.ask("POST", "/ag/v1/uploads", body).json
    assert (again["state"], again["files"][0]["received"]) == ("receiving", 0)
    put(raw, again["upload_id"], 0, CSV.encode())
    assert ended(raw, again["upload_id"])["version"] == 1


def test_pieces_out_of_order_too_long_or_too_early_change_nothing(raw: RawClient) -> None:
    upload = raw.ask("POST", "/ag/v1/uploads", opening("Odd Pieces")).json["upload_id"]
    assert put(raw, upload, 5, b"x").status == 409
    assert put(raw, upload, 0, CSV.encode() + b"x").status == 413
    assert put(raw, upload, 0, b"x", number=1).status == 404
    assert (
        raw.send("PUT", f"/ag/v1/uploads/{upload}/files/0", b"x", {"Authorization": f"Bearer {raw.token}"}).status
        == 400
    )
    assert put(raw, upload, 0, CSV.encode()[:4]).json == {"received": 4}
    assert put(raw, upload, 0, CSV.encode()[:4]).status == 409
    said = ended(raw, upload)
    assert (said["state"], "send the rest first" in said["error"]) == ("failed", True)
    assert put(raw, upload, 4, CSV.encode()[4:]).status == 200
    assert ended(raw, upload)["state"] == "done"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ({"name": "../up"}, "must make a variable name"),
        ({"name": "a/b"}, "must make a variable name"),
        ({"name": "Import"}, "means something in every cell"),
        ({"key": "../../x"}, "doesn't fit"),
        ({"key": "a/b"}, "doesn't fit"),
        ({"form": "../csv"}, "doesn't fit"),
        ({"role": "ledger"}, "doesn't fit"),
        ({"bytes": -1}, "doesn't fit"),
        ({"bytes": 5_000_000}, "An upload may have 4000000 bytes"),
        ({"sha256": "x"}, "doesn't fit"),
        ({"path": "/etc/passwd"}, "doesn't fit"),
        ({"by": "operator"}, "doesn't fit"),
        ({"words": {"url": "javascript:alert(1)"}}, "url must be"),
        ({"words": {"summary": "red \x1b[31m"}}, "printable"),
        ({"words": {"retired": True}}, "doesn't fit"),
        ({"after": 1}, "no data set"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused_before_a_byte_is_sent(
    here: Enclave, before: set[str], raw: RawClient, spoil: dict[str, Any], sentence: str
) -> None:
    body = opening("Fine Name")
    (name, value), file = next(iter(spoil.items())), body["files"][0]
    (file if name in (*file, "path") else body)[name] = value
    answer = raw.ask("POST", "/ag/v1/uploads", body)
    assert 400 <= answer.status < 500
    assert sentence in answer.json["message"]
    assert left(here) <= before


def bomb_of_columns() -> bytes:
    return b"a," * 1_900_000 + b"b\n"


def bomb_gzip() -> bytes:
    import gzip

    return gzip.compress(b"age,sex\n" + b"30,f\n" * 2_000_000, compresslevel=1)[:3_900_000]


def bomb_zstd() -> bytes:
    """A hundred megabytes of rows, as few kilobytes."""
    return zstd("range(20_000_000)", "csv")


def zstd(rows: str, form: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people"
        query = f"SELECT 30 AS age, 'f' AS sex FROM {rows}"
        duckdb.execute(f"COPY ({query}) TO '{file}' (FORMAT {form.upper()}, COMPRESSION ZSTD)")
        return file.read_bytes()


def bomb_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("people.csv", b"age,sex\n" + b"30,f\n" * 2_000_000)
    return file.getvalue()


def bomb_text() -> bytes:
    """Sixteen kilobytes that unfold to half a gigabyte of twelve texts; rows without end are tried in test_dataset_command."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "b.parquet"
        texts = "SELECT 1 AS age, repeat('f', 40_000_000) || i AS sex FROM range(12) t(i)"
        duckdb.execute(f"COPY ({texts}) TO '{file}' (FORMAT PARQUET, COMPRESSION ZSTD)")
        return file.read_bytes()


def quoted_for_ever() -> bytes:
    return b'age,sex\n30,"' + b"f" * 3_000_000


@pytest.mark.parametrize(
    ("content", "form"),
    [
        *((content, form) for content in (bomb_of_columns, bomb_gzip) for form in ("csv", "parquet")),
        *((content, "csv") for content in (quoted_for_ever, bomb_zip, bomb_zstd)),
        *((content, "parquet") for content in (bomb_text, lambda: b"PAR1" + bytes(64) + b"PAR1")),
    ],
)
def test_a_file_that_is_a_trap_is_one_sentence_and_leaves_nothing(
    here: Enclave, before: set[str], raw: RawClient, content: Callable[[], bytes], form: str
) -> None:
    trap = content()
    assert len(trap) < 4_000_000
    body = opening("Trap", trap)
    body["files"][0]["form"] = form
    said = sent(raw, body, trap)
    assert said["state"] == "failed"
    assert said["error"].startswith(("The file for people", "The loader", "The load"))
    assert eventually(lambda: left(here) <= before)
    assert not (here.state / "datasets" / "trap").exists()
    assert raw.ask("GET", "/healthz").status == 200


def test_a_parquet_file_may_be_compressed_and_a_csv_file_may_not(
    here: Enclave, raw: RawClient, owner: ag.Owner
) -> None:
    body = opening("Pressed", packed := zstd("range(7)", "parquet"))
    body["files"][0]["form"] = "parquet"
    assert sent(raw, body, packed)["state"] == "done"
    assert owner.datasets["Pressed"].report[0][2:] == ("rows", "7")
    said = sent(raw, opening("Pressed Text", packed := zstd("range(7)", "csv")), packed)
    assert said["state"] == "failed"
    assert said["error"].startswith("The file for people is compressed: unpack it first, or send it as Parquet")


def test_names_of_columns_are_shown_as_text_wherever_they_are_shown(here: Enclave, owner: ag.Owner) -> None:
    names = ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "<img src=x onerror=alert(1)>", "a\"b'c"]
    people = pd.DataFrame({name: [1, 2] for name in names})
    columns = {name: {"type": "int", "lower": 0, "upper": 9} for name in names}
    held = owner.datasets.upload(village("Odd Names", people, columns=columns))
    browser = Browser(here)
    browser.login(dict(here.accounts["owner"]))
    page = browser.get("/console/datasets/Odd%20Names")
    assert page.status == 200
    assert "&lt;script&gt;alert(1)" in page.text
    for text in (page.text, held._repr_html_(), held.report._repr_html_()):
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_two_uploads_of_one_name_make_one_data_set(here: Enclave, before: set[str], raw: RawClient) -> None:
    second = RawClient(here, "second").login()
    uploads = [(raw, opening("Same Name")), (second, opening("Same Name", CSV.encode() + b"1,f\n"))]
    ids = []
    for client, body in uploads:
        ids.append(client.ask("POST", "/ag/v1/uploads", body).json["upload_id"])
    assert put(raw, ids[0], 0, CSV.encode()).status == 200
    assert put(second, ids[1], 0, CSV.encode() + b"1,f\n").status == 200
    said = []
    threads = [
        threading.Thread(target=lambda client=client, at=at: said.append(ended(client, at)))  # type: ignore[misc]
        for client, at in zip((raw, second), ids, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each["state"] for each in said) == ["done", "failed"]
    assert left(here) <= before


def test_others_uploads_do_not_exist_and_a_cancelled_one_is_gone(
    here: Enclave, before: set[str], raw: RawClient
) -> None:
    upload = raw.ask("POST", "/ag/v1/uploads", opening("Mine")).json["upload_id"]
    second = RawClient(here, "second").login()
    assert second.ask("GET", "/ag/v1/uploads").json == []
    for method, path in (("GET", ""), ("POST", "/load"), ("DELETE", "")):
        assert second.ask(method, f"/ag/v1/uploads/{upload}{path}").status == 404
    assert put(second, upload, 0, CSV.encode()).status == 404
    assert raw.ask("DELETE", f"/ag/v1/uploads/{upload}").status == 204
    assert raw.ask("GET", f"/ag/v1/uploads/{upload}").status == 404
    assert left(here) <= before


def test_an_owner_can_not_fill_the_disk(raw: RawClient) -> None:
    body = opening("Large")
    for number in range(2):
        body["files"][0] |= {"bytes": 2_500_000, "sha256": f"{number}" * 64}
        assert raw.ask("POST", "/ag/v1/uploads", body).status == 201
    body["files"][0]["sha256"] = "2" * 64
    assert raw.ask("POST", "/ag/v1/uploads", body).status == 429
    for number in range(3, 8):
        body["files"][0] |= {"bytes": 10, "sha256": f"{number}" * 64}
        answer = raw.ask("POST", "/ag/v1/uploads", body)
    assert (answer.status, "the most there may be" in answer.json["message"]) == (429, True)


@pytest.mark.parametrize(("role", "town"), [("analyst", "Town One"), ("operator", "Town Two")])
def test_who_is_no_owner_sees_what_is_public(
    here: Enclave, owner: ag.Owner, role: str, town: str, tmp_path: Path
) -> None:
    (tmp_path / "p.csv").write_text(CSV)
    owner.datasets.upload(village(town, tmp_path / "p.csv"))
    who = add_user(here.state, f"theirs-{role}", role)
    found = ag.connect(here.url, who["user_id"], who["user_secret"], ca=here.ca).datasets
    held = found[town]
    assert town in repr(found)  # short enough to be cut by nobody's longer name
    assert town in found._repr_html_()
    assert town in held._repr_html_()
    assert repr(held) == f"<data set {town}>"
    for owners in (lambda: held.report, lambda: held.version):
        with pytest.raises(ag.AgError, match="told to its owners only"):
            owners()


def test_an_analyst_does_none_of_it(here: Enclave, owner: ag.Owner) -> None:
    who = here.accounts["analyst"]
    analyst = ag.connect(here.url, who["user_id"], who["user_secret"], ca=here.ca)
    deeds: list[Callable[[], object]] = [
        lambda: analyst.datasets.upload(village("Theirs", pd.DataFrame({"age": [1], "sex": ["f"]}))),
        lambda: analyst._enclave.ask("PATCH", "/ag/v1/datasets/our_village", {"summary": "x"}),
        lambda: analyst._enclave.ask("POST", "/ag/v1/datasets/our_village/retire", {"reason": "x"}),
        lambda: analyst._enclave.ask("POST", "/ag/v1/datasets/our_village/restore", {"reason": "x"}),
        lambda: analyst._enclave.ask("GET", "/ag/v1/uploads"),
    ]
    for deed in deeds:
        with pytest.raises(ag.RequestRefused) as refused:
            deed()
        assert refused.value.status == 403
    assert "Theirs" not in owner.datasets
