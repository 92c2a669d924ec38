"""Free answers given of late, for a guest that asks the same again: a plan grows word by word, and its beginnings are asked for often.

Knows no plan and no price. Only for what follows from the question and public metadata alone, and never for a
charge: what is kept is thrown away whenever the catalogue changes.
"""

from collections import OrderedDict

import msgspec

from ag_plan.messages import AskPreview, AskSchema, Message

_MOST = 256
_MOST_BYTES = 16 << 10
"""Of a question with its answer; together with ``_MOST``, what a guest can make the vault keep."""


class Recent:
    """The last answers, by their questions."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[type[Message], bytes], Message] = OrderedDict()

    def find(self, request: Message) -> Message | None:
        """The answer to the same question, whatever its number, under this one's."""
        question = _question(request)
        reply = None if question is None else self._kept.get(question)
        if question is None or reply is None:
            return None
        self._kept.move_to_end(question)
        return msgspec.structs.replace(reply, id=request.id)

    def keep(self, request: Message, reply: Message, *, length: int) -> None:
        """Keep an answer; ``length``: bytes of question and answer. What is long, and what was not asked for lately, goes."""
        question = _question(request)
        if length > _MOST_BYTES or question is None:
            return
        self._kept[question] = reply
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    def forget(self) -> None:
        """Nothing holds any more."""
        self._kept.clear()


def _question(request: Message) -> tuple[type[Message], bytes] | None:
    """What is asked, but for its number; nothing where the answer follows from more than plan and catalogue: an odometer's, and every charge, changes."""
    if isinstance(request, AskSchema):
        return AskSchema, request.relation
    return (AskPreview, request.release) if isinstance(request, AskPreview) else None
