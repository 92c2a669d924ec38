"""The front an attack is led on: an attacker's session and a bystander's, through the real gateway, and the judgement on what came of it."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from tests.enclave.processes import children
from tests.enclave.raw_client import Channels, Json, RawClient, is_idle, kind
from tests.enclave_server import Enclave
from tests.redteam.campaign import Attack, Class, request_of
from tests.redteam.planted import NAME, Secrets, charged, secret_file

EVIDENCE = "EVIDENCE"
CELL_SECONDS = 60.0
BYSTANDER_SECONDS = 30.0
_TRIES = 3
_PAUSES = (1.0, 4.0)
"""Seconds between tries: what keeps a machine busy for a moment must not be there for all of them."""
_INTERRUPTED = "KeyboardInterrupt"
_MOST_BYTES = 40 << 20
_KINDS = {
    *(
        "status",
        "execute_input",
        "stream",
        "display_data",
        "update_display_data",
        "execute_result",
        "error",
        "clear_output",
    ),
    *("execute_reply", "complete_reply", "inspect_reply", "is_complete_reply", "comm_info_reply", "history_reply"),
    *("kernel_info_reply", "interrupt_reply", "shutdown_reply", "debug_reply", "connect_reply", "usage_reply"),
}
_SAID = {"stream", "display_data", "update_display_data", "execute_result", "complete_reply", "inspect_reply"}
_EVERYTHING_LOST = {"SessionLost", "KernelRestarted"}
_MIMES = ("text/", "image/png", "image/jpeg", "image/svg+xml", "application/json", "application/vnd.antigranular.")


class Breach(Exception):
    """A goal was reached; says which."""


class Late(Breach):
    """A goal was reached, or the machine had no time: the same attack on a fresh kernel tells which."""


@dataclass
class Front:
    """Two sessions of one analyst on one enclave. ``guarded``: policy and types are on."""

    enclave: Enclave
    client: RawClient
    secrets: Secrets
    guarded: bool
    analyst: str
    attacker: Channels
    bystander: Channels
    fresh: bool = True
    parents: set[str] = field(default_factory=set)

    def lead(self, attacks: Class) -> dict[str, str]:
        """Every attack of a class: name → what was breached, empty where everything held."""
        return {attack.name: self._try(attack, attacks) for attack in attacks.attacks}

    def breach_of(self, cell: str) -> str:
        """What one cell, for which evidence counts, breaches; empty where everything held."""
        alone = Attack(name="alone", cells=(cell,), charge=Fraction(0), charge_without=Fraction(0))
        return self._try(alone, Class(name="alone", title="alone", walls=True, prelude="", attacks=(alone,)))

    def error_of(self, cell: str) -> str:
        """How a cell failed, in a fresh kernel where the cells before may be to blame; empty where it passed.

        A cell that a limit of time interrupts may be the victim of a busy machine: it fails where that happens every time.
        """
        error = self._error_of(cell)
        for waited in _PAUSES if error else ():
            self.renew()
            error = self._error_of(cell)
            if _INTERRUPTED not in error:
                break
            time.sleep(waited)
        return error

    def _error_of(self, cell: str) -> str:
        try:
            seen = self._run(cell)
        except Late as late:
            return f"{_INTERRUPTED}: {late}"
        replies = [message["content"] for message in seen if kind(message) == "execute_reply"]
        return "" if replies[-1]["status"] == "ok" else "\n".join(replies[-1]["traceback"])

    def _try(self, attack: Attack, attacks: Class) -> str:
        """What was breached. What a busy machine may look like counts only where it is seen every time."""
        breach = Late("never tried")
        for waited in (0.0, *_PAUSES):
            time.sleep(waited)
            try:
                self._try_once(attack, attacks)
            except Late as late:
                breach = late
                self.renew()
            except Breach as sure:
                self.renew()
                return str(sure)
            else:
                return ""
        return str(breach)

    def _try_once(self, attack: Attack, attacks: Class) -> None:
        before = charged(self.enclave.state, self.analyst)
        if self.fresh and attacks.prelude:
            self._run(attacks.prelude)
        self.fresh = False
        counts = self.guarded or attacks.walls
        for cell in attack.cells:
            self._judge(self._run(self._filled(cell)), counts=counts)
        self._bystander_lives()
        self._ledger_is_right(before, attack.charge if self.guarded else attack.charge_without)

    def _filled(self, cell: str) -> str:
        """The attacker knows where everything is."""
        if "@" not in cell:
            return cell
        state = self.enclave.state
        numbers = {role: str(children(self.enclave, role)[-1].pid) for role in ("kernel", "vault", "checker")}
        known = {"STATE": str(state), "SECRET": str(secret_file(state)), "GATEWAY": str(self.enclave.process.pid)}
        known |= {role.upper(): number for role, number in numbers.items()}
        for name, value in known.items():
            cell = cell.replace(f"@{name}@", value)
        return cell

    def _run(self, cell: str) -> list[Json]:
        """Everything the analyst sees from the cell's start to its end."""
        asked = request_of(cell)
        request = (asked.kind, asked.content) if asked else ("execute_request", {"code": cell, "silent": False})
        number = self.attacker.request(*request)
        self.parents.add(number)
        seen: list[Json] = []
        deadline = time.monotonic() + CELL_SECONDS
        wanted = {"reply", "idle"} if request[0].endswith("_request") else set()
        while wanted:
            seen.append(self._next(deadline))
            if seen[-1]["parent_header"].get("msg_id") == number:
                wanted -= {"idle"} if is_idle(seen[-1]) else {"reply"} if kind(seen[-1]).endswith("_reply") else set()
        if any(message["content"].get("ename") in _EVERYTHING_LOST for message in seen):
            self.renew()
        return seen

    def _next(self, deadline: float) -> Json:
        try:
            return self.attacker.receive(max(0.01, deadline - time.monotonic()))
        except TimeoutError:
            raise Late(f"the cell did not end in {CELL_SECONDS:g} seconds") from None

    def renew(self) -> None:
        """A fresh kernel under the same id."""
        for _ in range(_TRIES):
            answer = self.client.ask("POST", f"/api/kernels/{self.attacker.kernel}/restart")
            if answer.status == 200:
                break
        else:
            raise RuntimeError(answer.json)
        with contextlib.suppress(TimeoutError):
            while True:
                self.attacker.receive(0.05)
        self.fresh = True

    def _judge(self, seen: list[Json], *, counts: bool) -> None:
        if sum(len(str(message["content"])) + sum(map(len, message["buffers"])) for message in seen) > _MOST_BYTES:
            raise Breach("a flood reached the analyst")
        for message in seen:
            self._is_well_formed(message)
            self._tells_no_secret(message)
            if counts and kind(message) in _SAID and EVIDENCE in json.dumps(message["content"]):
                raise Breach(f"evidence: {_around(json.dumps(message['content']))}")

    def _is_well_formed(self, message: Json) -> None:
        content = message["content"]
        if kind(message) not in _KINDS and message["parent_header"].get("msg_type") != kind(message).replace(
            "_reply", "_request"
        ):
            raise Breach(f"a message of type {kind(message)}")
        if message["parent_header"] and message["parent_header"].get("msg_id") not in self.parents:
            raise Breach("a message about another's request")
        if any(not mime.startswith(_MIMES) for mime in content.get("data") or {} if kind(message) != "inspect_reply"):
            raise Breach(f"mime types {sorted(content['data'])}")

    def _tells_no_secret(self, message: Json) -> None:
        if kind(message) == "execute_input":
            return
        texts = [json.dumps(message["content"], ensure_ascii=False)]
        texts += [bytes(part).decode("latin-1") for part in message["buffers"]]
        for text in texts:
            if (found := self.secrets.seen_in(text)) is not None:
                raise Breach(f"a secret: {found}")

    def _bystander_lives(self) -> None:
        request = self.bystander.request("execute_request", {"code": "6 * 7"})
        deadline = time.monotonic() + BYSTANDER_SECONDS
        seen: list[Json] = []
        while not (seen and is_idle(seen[-1])):
            try:
                seen.append(self.bystander.receive(max(0.01, deadline - time.monotonic())))
            except TimeoutError:
                raise Late("another session was stopped") from None
            if seen[-1]["parent_header"].get("msg_id", request) != request:
                raise Breach("another session heard a message that isn't its own")
        if not any(message["content"].get("data", {}).get("text/plain") == "42" for message in seen):
            raise Breach("another session answers wrongly")

    def _ledger_is_right(self, before: Fraction, cost: Fraction) -> None:
        now = charged(self.enclave.state, self.analyst)
        words = f"charged {float(now - before):g} for what costs {float(cost):g}"
        if now - before > cost:
            raise Breach(words)
        if now - before < cost:
            raise Late(words)


def _around(text: str) -> str:
    at = text.find(EVIDENCE)
    return text[max(0, at - 20) : at + 160]


@contextlib.contextmanager
def front(enclave: Enclave, account: Json, secrets: Secrets, *, guarded: bool) -> Iterator[Front]:
    """A front for one worker."""
    client = RawClient(enclave, account=account).login()
    with client.session(NAME) as bystander, client.session(NAME) as attacker:
        yield Front(
            enclave=enclave,
            client=client,
            secrets=secrets,
            guarded=guarded,
            analyst=account["user_id"],
            attacker=attacker,
            bystander=bystander,
        )


def outcome(results: dict[str, str]) -> tuple[int, int]:
    """How many attacks, and how many of them were held."""
    return len(results), sum(not breach for breach in results.values())
