"""Bugs of the owner's side: who comes in, what a form or a token proves, who reads what, what is counted, told and shown."""

from tests.mutants.mutant import Mutant

_ROOM = "enclave/ag_enclave"
_CLERK = "private_pandas/ag_vault/clerk"


def _bug(name: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    """A bug in the gateway; tests by file and name below ``tests``."""
    return Mutant(
        name, file if file.startswith(_CLERK) else f"{_ROOM}/{file}", old, new, tuple(f"tests/{test}" for test in tests)
    )


MUTANTS = (
    _bug(
        "a token outlives its account's secret",
        "auth.py",
        " or account.generation != claims.generation:",
        ":",
        "enclave/test_hostile_routes.py::test_no_route_takes_a_token_that_is_forged_expired_or_of_another_secret",
    ),
    _bug(
        "a visit that was ended goes on for whoever has its cookie",
        "auth.py",
        "    return None if gateway.revocations.ended(token) else account\n",
        "    return account\n",
        "enclave/test_console.py::test_who_logs_out_takes_every_copy_of_the_token_along",
    ),
    _bug(
        "a cookie of the console is a token for programs",
        "tokens.py",
        '            aud={"essential": True, "value": opens},\n',
        '            aud={"essential": True},\n',
        "enclave/test_console.py::test_a_cookie_is_no_token_for_programs_and_their_tokens_are_no_cookies",
    ),
    _bug(
        "an expired token is as good as another",
        "tokens.py",
        "            now=int(self._clock()),\n",
        "            now=1,\n",
        "enclave/test_hostile_routes.py::test_no_route_takes_a_token_that_is_forged_expired_or_of_another_secret",
    ),
    _bug(
        "an owner steers what is another's",
        "ownership.py",
        "        if dataset.name not in held:\n",
        "        if not dataset.name:\n",
        "enclave/test_ownership.py::test_well_formed_orders_about_others_data_sets_are_refused_for_whose_they_are",
    ),
    _bug(
        "a visit has no end",
        "console/visit.py",
        "    seconds = gateway.config.accounts.console_seconds\n",
        "    seconds = 40_000\n",
        "enclave/test_console.py::test_a_visit_ends_by_itself_after_its_hours",
    ),
    _bug(
        "a form of another visit is taken",
        "console/visit.py",
        'if not hmac.compare_digest(fields.pop(FIELD, "").encode(), visit.form_token.encode()):',
        'if not fields.pop(FIELD, ""):',
        "enclave/test_console.py::test_a_form_of_another_visit_is_refused",
    ),
    _bug(
        "a form of another site is taken",
        "console/visit.py",
        "    if foreign or request.headers",
        "    if request.headers",
        "enclave/test_console.py::test_a_form_of_another_site_is_refused",
    ),
    _bug(
        "a formula of a name's is one in the log's table",
        "console/log.py",
        """    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown\n""",
        "    return shown\n",
        "enclave/test_console.py::test_no_cell_of_the_log_s_table_is_a_formula_nor_steers_a_terminal",
    ),
    _bug(
        "an account may ask as fast as it likes",
        "pace.py",
        "        if wait > 0:\n",
        "        if wait > 1e9:\n",
        "enclave/test_operations.py::test_an_account_that_asks_without_end_waits_and_no_other_does",
    ),
    _bug(
        "a failed login costs nothing",
        "proof.py",
        "    if wait:\n",
        "    if wait > 1e9:\n",
        "enclave/test_login.py::test_failures_make_one_account_wait_and_no_other",
    ),
    _bug(
        "a result is for whoever submitted the code, too",
        "reviews.py",
        "            if found.reader != user_id:\n",
        "            if user_id not in (found.reader, found.analyst):\n",
        "magic/test_reviews.py::test_a_result_may_be_for_another_reader_only",
    ),
    _bug(
        "others' code exists to an analyst",
        "reviews.py",
        "        if user_id not in (None, found.analyst, found.reader) or not",
        "        if not",
        "magic/test_reviews.py::test_others_requests_do_not_exist_and_owners_routes_are_closed",
    ),
    _bug(
        "other bytes than were announced are loaded",
        "uploads.py",
        "            if digest.hexdigest() != file.sha256:\n",
        "            if not digest.hexdigest():\n",
        "magic/test_datasets.py::test_other_bytes_than_announced_never_reach_the_loader",
    ),
    _bug(
        "a mock that looks like the data is published without a word in the log",
        "holdings.py",
        "            if arrival.load.mock_override:\n",
        "            if not arrival.load.name:\n",
        "magic/test_datasets.py::test_a_mock_that_was_made_from_the_data_is_refused_unless_its_owner_writes_why",
    ),
    _bug(
        "nobody is told of denied code",
        "notices.py",
        '    "review.deny": "denied code",\n',
        "",
        "magic/test_reviews.py::test_a_denial_has_its_reason_and_no_result",
    ),
    _bug(
        "a file of another side is taken again and again",
        "sync.py",
        "        take_number(",
        "        (lambda *_: None)(",
        "enclave/test_sync.py::test_no_file_is_taken_twice_or_after_a_later_one",
    ),
    _bug(
        "owners see sums of pure ε alone",
        f"{_CLERK}/amounts.py",
        "    found = spent(cap, totals).epsilon\n",
        "    found = totals.epsilon / 10**9\n",
        "magic/test_tensor.py::test_an_array_becomes_a_column_whose_unit_is_its_subject_and_is_published_by_pointers",
    ),
    _bug(
        "the gateway's entries may pass for charges",
        f"{_CLERK}/desk.py",
        "    if asked.action in _ACTIONS_OF_ITS_OWN:\n",
        "    if not asked.action:\n",
        "enclave/test_clerk.py::test_what_can_t_be_done_is_said_in_a_sentence_and_changes_nothing",
    ),
)
