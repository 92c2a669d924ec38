"""The bench without its processes: who waits for whom."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from ag_enclave.bench import Bench, Lent
from ag_enclave.config import Review
from ag_enclave.review import Ended


class Held(Bench):
    """Runs on data don't end."""

    async def _once(self, asked: dict[str, Any], tables: Sequence[Lent], value: bytes | None) -> Ended:
        del asked, value
        if not all(each.mock for each in tables):
            await asyncio.Event().wait()
        return Ended(outcome="error", seconds=0.0)


def test_a_run_on_mocks_does_not_feel_runs_on_data() -> None:
    async def scene() -> None:
        bench = Held(cast("Any", None), Review(at_once=2))
        data, mock = ([Lent(argument="data", folder=Path(), table="people", mock=on)] for on in (False, True))
        busy = [asyncio.create_task(bench.run("", "", data)) for _ in range(3)]
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            assert (await bench.run("", "", mock)).outcome == "error"
        for each in busy:
            each.cancel()
        await asyncio.gather(*busy, return_exceptions=True)

    asyncio.run(scene())
