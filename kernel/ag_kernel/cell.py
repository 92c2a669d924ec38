"""One cell's life: examine (parse, policy) → types → run. All problems of the first steps are reported at once.

It must not know messages; what it shows goes over the session's desk.
"""

import linecache
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from ag_kernel import budget, reserve
from ag_kernel.compiler.examine import Examined, examine
from ag_kernel.compiler.problem import Problem, render_all
from ag_kernel.errors import CellRefused
from ag_kernel.plots import pictures
from ag_kernel.run import execute
from ag_kernel.session import Session
from ag_plan.messages import AskOdometer, Balance, Odometer


@dataclass(slots=True, kw_only=True)
class Cell:
    """A cell on its way: its text, then what was found wrong with it, then its compiled code."""

    source: str
    number: int
    problems: list[Problem] = field(default_factory=list)
    examined: Examined | None = None


Step = Callable[[Cell, Session], None]


def measure(cell: Cell, session: Session) -> None:
    """A cell over the size limit is not even parsed."""
    most = session.limits.cell_bytes
    size = len(cell.source.encode("utf-8", "replace"))
    if size > most:
        raise CellRefused(
            f"this cell has {size:,} bytes and a cell may have {most:,}: send data with session.private_import(...), not as text"
        )


def parse_and_policy(cell: Cell, session: Session) -> None:
    """The syntax tree, judged node by node, and code that may run where nothing is wrong."""
    cell.examined = examine(cell.source, cell.number, injected=session.injected, depth=session.limits.cell_depth)
    cell.problems.extend(cell.examined.problems)


def types(cell: Cell, session: Session) -> None:
    """The types' word on the cell after all cells before it; text that is no Python has no types."""
    if cell.examined is None or any(problem.kind == "syntax" for problem in cell.problems):
        return
    cell.problems.extend(session.checker.check(cell.number, cell.examined.source))


def refuse_or_go_on(cell: Cell, _session: Session) -> None:
    """Everything wrong so far ends the cell here, before anything has changed."""
    if cell.problems:
        source = cell.examined.source if cell.examined else cell.source
        raise CellRefused(_headline(cell.problems), *render_all(cell.problems, source, cell.number).split("\n"))


def run(cell: Cell, session: Session) -> None:
    """The analyst's code, at last; the value of its last expression is shown, then the plots it left open."""
    examined = cell.examined
    if examined is None or examined.body is None:
        raise CellRefused("this cell could not be compiled")
    _remember(examined, session)
    completed = False
    try:
        session.interrupts.raise_pending()
        with reserve.kept():
            execute(examined.body, examined.last, session.namespace, lambda value: _show(value, cell, session))
        completed = True
        with session.interrupts.honoured():
            pictures.show_open(session.desk.display)
    finally:
        session.checker.accept(completed=completed)
        pictures.close_open()


def _show(value: object, cell: Cell, session: Session) -> None:
    """The value of the last expression; a figure among them is not shown again at the end."""
    with session.interrupts.honoured():
        session.desk.result(value, cell.number)
        if pictures.is_figure(value):
            pictures.close(value)


def _remember(examined: Examined, session: Session) -> None:
    """Keep the text, for errors and warnings that name its lines; the oldest ones make room."""
    while len(session.sources) >= session.limits.history_cells:
        oldest = next(iter(session.sources))
        del session.sources[oldest]
        linecache.cache.pop(oldest, None)
    session.sources[examined.filename] = examined.source
    lines = examined.source.splitlines(keepends=True)
    linecache.cache[examined.filename] = (len(examined.source), None, lines, examined.filename)


STEPS: Final[tuple[Step, ...]] = (measure, parse_and_policy, types, refuse_or_go_on, run)


def live(source: str, session: Session, *, mock: bool = False) -> None:
    """Take a cell through its steps; with ``mock``, its releases are of mocks and free.

    Raises CellRefused, or what the analyst's code raises; what it printed and spent is shown.
    """
    cell = Cell(source=source, number=session.cells)
    session.output.begin()
    session.desk.begin(dry=mock)
    try:
        with session.vault.rehearsing(dry=mock):
            for step in STEPS:
                step(cell, session)
    finally:
        session.output.end()
        show_budget(session)


def show_budget(session: Session) -> None:
    """One line per data set that this cell was charged on."""
    with session.interrupts.shield():
        charges = session.vault.charges()
        if not charges:
            return
        for row in budget.spent(charges, _balances(session), session.datasets):
            session.desk.publish(budget.bundle(row, session.cells))


def _balances(session: Session) -> dict[str, Balance]:
    """What is left by data set; empty where the vault is gone, which the next cell will say better."""
    try:
        reply = session.vault.ask(AskOdometer(id=0))
    except ConnectionError:
        return {}
    return {one.dataset: one for one in reply.balances} if isinstance(reply, Odometer) else {}


def _headline(problems: Iterable[Problem]) -> str:
    """How many things are wrong, and the first of them."""
    ordered = sorted(problems, key=lambda one: (one.line, one.column))
    rest = len(ordered) - 1
    more = f" (and {rest} more)" if rest else ""
    return f"the cell was not run: {ordered[0].message}{more}"
