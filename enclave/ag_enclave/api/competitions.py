"""``/ag/v1/competitions``: the rules, the boards, and submissions."""

import asyncio

import msgspec
from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.body import read_as
from ag_enclave.competitions import Competition, board
from ag_enclave.rules import check_window, checked, public


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One prediction for each row of the test set, in its order."""

    predictions: list[str | int | float | bool | None]


async def show_all(call: Call) -> Response:
    """The rules of all competitions."""
    everything = await asyncio.to_thread(call.gateway.competitions.everything)
    return JSONResponse([public(each.rules) for each in everything])


async def show_board(call: Call) -> Response:
    """Each analyst's best score, best first."""
    competition = await _named(call)
    submitted = await asyncio.to_thread(call.gateway.competitions.submitted, competition.rules.name)
    return JSONResponse({"metric": competition.rules.metric, "board": board(competition.rules, submitted)})


async def submit(call: Call) -> Response:
    """Score predictions. What is late, too much or malformed is refused before anything is charged."""
    gateway, analyst = call.gateway, call.account.user_id
    competition, entry = await _named(call), await read_as(call.request, Entry)
    rules = competition.rules
    async with gateway.judge.turn(rules.name):
        predictions = checked(rules, entry.predictions)
        before = await asyncio.to_thread(gateway.competitions.submitted, rules.name)
        now = gateway.now()
        check_window(rules, now, [each.at for each in before if each.analyst == analyst])
        score = await gateway.judge.score(competition, predictions, analyst)
        kept = await asyncio.to_thread(
            gateway.competitions.record, rules.name, analyst, now, score.score, score.half_width
        )
    logs = {
        "submission": kept.number, "metric": rules.metric, "half_width": score.half_width, "cost": score.cost,
        "repeated": score.repeated, "scored_rows": len(competition.scored),
    }  # fmt: skip
    return JSONResponse({"score": {"leaderboard": score.score, "logs": logs}}, status_code=201)


async def _named(call: Call) -> Competition:
    return await asyncio.to_thread(call.gateway.competitions.named, call.request.path_params["name"])
