"""The real vault in this process, its noise as a test wants it: private frames whose releases can be compared with pandas."""

from fractions import Fraction

import op_pandas
from ag_plan.codec import decode_message, encode_message
from ag_plan.messages import REPLIES, Message, Refused
from ag_vault.account import Cap
from ag_vault.catalog import Budget, Catalog
from ag_vault.data import open_rows
from ag_vault.ledger import Ledger
from ag_vault.noise import Noise
from ag_vault.schedule import Immediate
from ag_vault.session import Session, Who
from op_pandas.errors import refusal
from tests.vault.world import Frozen

DELTA = Fraction(1, 10**3)


class DirectVault:
    """A session's vault without sockets. ``asked`` are the requests; ``session`` answers them."""

    def __init__(self, noise: Noise, delta: Fraction = DELTA) -> None:
        cap = Cap(epsilon=Fraction(10**6), delta=delta)
        self.asked: list[Message] = []
        self.session = Session(
            Who(analyst="ann", session="s"),
            Catalog(),
            rows=open_rows(Catalog(), threads=1, memory_bytes=1 << 28, spill=None),
            ledger=Ledger.in_memory(),
            scratch_budget=Budget(everyone=cap, per_analyst=cap, per_call=cap),
            noise=noise,
            schedule=Immediate(),
        )

    def ask(self, message: Message) -> Message:
        self.asked.append(message)
        reply = decode_message(self.session.reply(encode_message(message)), REPLIES)
        if isinstance(reply, Refused):
            raise refusal(reply)
        return reply


def vault(noise: Noise | None = None, delta: Fraction = DELTA) -> DirectVault:
    """A vault bound to this process; without any noise unless some is given."""
    made = DirectVault(Frozen() if noise is None else noise, delta)
    op_pandas.bind(made)
    return made
