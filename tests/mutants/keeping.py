"""Bugs of who keeps the books: caps that don't bind, entries that are missing, a head or a copy that lets something spent be forgotten."""

from tests.mutants.mutant import VAULT, Mutant, vault


def clerk(name: str, file: str, old: str, new: str, test: str) -> Mutant:
    """A bug that a test of the gateway's clerk notices."""
    return Mutant(name, f"{VAULT}/{file}", old, new, (f"tests/enclave/test_{test}",))


_READ = "                state = self._state(connection, terms, claim.dataset, claim.analyst, claim.session)\n"
_LOCKED = "            with self._transaction(self._wire, modes.WRITES) as connection:\n"

MUTANTS = (
    vault(
        "caps are read before the ledger is locked",
        "ledger/book.py",
        _LOCKED + _READ,
        _LOCKED.replace("modes.WRITES", "None") + _READ + _LOCKED,
        "caps::test_a_cap_that_is_set_while_a_charge_waits_binds_it",
    ),
    vault(
        "a charge has no entry in the log",
        "ledger/book.py",
        "    end = log.append(connection, entry, after=after.log, now=after.now)\n",
        "    end = after.log\n",
        "caps::test_every_question_is_in_the_log_with_its_plan_cost_and_outcome",
    ),
    vault("owners' caps don't bind", "ledger/caps.py", "    if not rows:\n", "    if True:\n", "caps"),
    vault(
        "an analyst's own cap is forgotten",
        "ledger/caps.py",
        "sorted(rows, key=lambda row: row[1])",
        "sorted(rows, key=lambda row: row[1], reverse=True)",
        "caps::test_an_analysts_own_cap_goes_before_that_of_each",
    ),
    vault(
        "windows are not looked at",
        "ledger/book.py",
        "return [*windows, *held]",
        "return held",
        "caps::test_a_window_bounds_every_span_and_the_bound_over_all_time_stays",
    ),
    vault(
        "time goes back",
        "ledger/deed.py",
        "max(now, marks[EVENTS_HEAD].at)",
        "now",
        "caps::test_a_clock_that_goes_back_opens_no_window",
    ),
    vault(
        "a bound is lifted with nothing in its place",
        "ledger/register.py",
        '    if not _windows(connection, place):\n        raise ValueError("A bound',
        '    if False:\n        raise ValueError("A bound',
        "caps::test_a_bound_over_all_time_is_lifted_only_where_a_window_stands_in_for_it",
    ),
    vault(
        "refusals fill the log",
        "ledger/refused.py",
        "    if count > MOST_PER_HOUR:\n",
        "    if False:\n",
        "caps::test_a_flood_of_refusals_is_not_written_down_and_the_next_hour_is_new",
    ),
    vault(
        "a changed cap has two slopes with the share of one",
        "account.py",
        "entry = _conversion(0.0, cap.line_delta, exponent)",
        "entry = _conversion(0.0, cap.conversion_delta, exponent)",
        "concentrated",
    ),
    vault(
        "an open ledger that was put back is charged",
        "ledger/witness.py",
        "            if found != [seen.hash]:\n",
        "            if False:\n",
        "put_back",
    ),
    vault(
        "a ledger whose file was renamed is charged",
        "ledger/witness.py",
        "        if self._file not in (None, file):\n",
        "        if False:\n",
        "put_back",
    ),
    clerk(
        "the signed head stays where it is",
        "clerk/keeper.py",
        "            self._seal.write(head)\n            self._signed",
        "            self._signed",
        "audit.py::test_tampering_is_found",
    ),
    clerk(
        "older accounts that somebody put in place by hand are served",
        "ledger/register.py",
        '                    if isinstance(each.get("deed"), int):\n',
        "                    if False:\n",
        "put_back.py::test_older_accounts_that_somebody_put_in_place_by_hand_are_not_served_until_they_are_closed",
    ),
    clerk(
        "a ledger that was put back is used",
        "clerk/keeper.py",
        '    if found != known["hash"]:\n',
        "    if False:\n",
        "audit.py::test_a_ledger_that_is_removed_stops_the_enclave",
    ),
    clerk(
        "anybody's head is believed",
        "clerk/seal.py",
        '            self._key.public_key().verify(bytes.fromhex(head["signature"]), canonical(unsigned))\n',
        '            bytes.fromhex(head["signature"])\n',
        "audit.py::test_a_head_that_isn_t_ours_stops_the_enclave",
    ),
    clerk(
        "an older copy lowers what was spent",
        "clerk/restoring.py",
        "        for part in missing:\n            _charge(",
        "        for part in missing[:0]:\n            _charge(",
        "backup.py::test_an_older_copy_is_brought_forward_to_the_signed_head",
    ),
    clerk(
        "a copy takes the place of a newer ledger",
        "clerk/restoring.py",
        "    if kept is not None and _has(ledger, found):\n",
        "    if False:\n",
        "backup.py::test_a_newer_ledger_stays",
    ),
    clerk(
        "the gateway's entries pass for the ledger's own",
        "clerk/desk.py",
        "    if asked.action in _ACTIONS_OF_ITS_OWN:\n",
        "    if False:\n",
        "clerk.py::test_what_can_t_be_done_is_said_in_a_sentence_and_changes_nothing",
    ),
)
