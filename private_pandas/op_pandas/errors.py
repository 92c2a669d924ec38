"""What op_pandas raises. Analysts know pandas, so nearly everything is a built-in exception with one clear sentence.

Must not know the vault's codes beyond the name of the exception each refusal asks for.

ConnectionError
└── VaultGone       the vault closed its end: the session is over
TypeError
└── Untranslatable  a function that can't become a column expression: what, on which line, what to write instead
ValueError | KeyError | TypeError | AttributeError | PermissionError | RuntimeError
                    as the vault's refusal names them (``refusal``), or raised where an argument is parsed
"""

from ag_plan.messages import Refused

_NAMED: dict[str, type[Exception]] = {
    "ValueError": ValueError,
    "KeyError": KeyError,
    "TypeError": TypeError,
    "AttributeError": AttributeError,
    "PermissionError": PermissionError,
    "RuntimeError": RuntimeError,
}


class VaultGone(ConnectionError):
    """The vault answers no more; only a new session helps."""


class Untranslatable(TypeError):
    """A function of the analyst's that can't become a column expression, in one sentence."""


def sentence(why: str, instead: str = "") -> str:
    """What is wrong and what to do instead, in one sentence or two."""
    if not instead:
        return why
    return f"{why.rstrip('.')}{'. ' if instead[:1].isupper() else '; '}{instead}"


def refusal(reply: Refused) -> Exception:
    """The built-in exception a refusal names, carrying ``code``, ``why`` and ``instead`` as attributes."""
    error = _NAMED.get(reply.error, RuntimeError)(sentence(reply.why, reply.instead))
    for name in ("code", "why", "instead"):
        setattr(error, name, getattr(reply, name))
    return error
