"""Bugs of the way an answer takes: the order of charge and rows, what errors say, when replies leave, what bytes are admitted."""

from tests.mutants.mutant import PLAN, Mutant, vault

_CHARGE = """    receipt = charge(priced)
    if isinstance(receipt, Refusal):
        return receipt
"""
_EVALUATE = "    table = evaluate(priced, data)\n"

MUTANTS = (
    vault("rows are read before the charge", "answer.py", _CHARGE + _EVALUATE, _EVALUATE + _CHARGE, "answer"),
    vault(
        "what is refused by the ledger is answered", "answer.py", _CHARGE, "    receipt = charge(priced)\n", "answer"
    ),
    vault(
        "trouble after the charge is refunded",
        "session.py",
        "        except Exception as problem:\n",
        '        except Exception as problem:\n            with self._ledger._writer.begin() as books:\n                books.exec_driver_sql("DELETE FROM balances")\n',
        "serve::test_trouble_after_the_charge_is_a_constant_sentence_and_no_refund",
    ),
    vault(
        "a preview is charged",
        "session.py",
        "        forecast = preview(",
        "        self._release(messages.AskRelease(id=0, release=request.release))\n        forecast = preview(",
        "serve",
        "breaches",
    ),
    vault(
        "an error says what was wrong inside",
        "session.py",
        "            reply = INTERNAL\n",
        '            reply = Refusal(code="internal", why=f"{problem!r}")\n',
        "serve::test_trouble_after_the_charge_is_a_constant_sentence_and_no_refund",
    ),
    vault(
        "the engine's error quotes a value",
        "evaluate.py",
        "query ({type(error).__name__})",
        "query ({error})",
        "answer",
    ),
    vault(
        "the log quotes a value",
        "session.py",
        "type(problem).__name__, where)",
        "repr(problem), where)",
        "serve::test_trouble_after_the_charge_is_a_constant_sentence_and_no_refund",
    ),
    vault("a repeated question is charged again", "session.py", "if stored is not None:", "if False:", "serve"),
    vault(
        "the reply leaves when it is ready",
        "schedule.py",
        "taken = slot(max(planned, self._clock() - started))",
        "taken = max(planned * 0, self._clock() - started)",
        "schedule",
    ),
    vault(
        "an overrun can be provoked again and again",
        "schedule.py",
        "            self._late[first] = taken\n",
        "",
        "schedule",
    ),
    vault(
        "the slot follows from the rows there are",
        "session.py",
        "rows=charged.rows, programs",
        "rows=self._rows.rows(f'SELECT count(*) FROM \"{next(iter(self._catalog.tables))}\"')[0][0], programs",
        "replay::test_every_measure_of_neighbours_gives_the_same_bytes",
    ),
    vault(
        "a guest's frame has bounds from its values",
        "ingest.py",
        "    lower, upper = column.lower, column.upper\n",
        "    numbers = [value for value in column.values if type(value) in (int, float)]\n    lower, upper = (min(numbers), max(numbers)) if numbers else (None, None)\n",
        "breaches",
    ),
    vault(
        "a question over two data sets is charged to one",
        "till.py",
        "if priced.account != self._claim.dataset:",
        "if False:",
        "answer::test_a_till_takes_no_charge_for_another_account",
    ),
    vault(
        "the engine may read any file",
        "data.py",
        '        engine.execute("SET enable_external_access=false")\n',
        "",
        "serve::test_the_engine_reads_no_other_file_and_keeps_its_settings",
    ),
    vault(
        "settings of the engine stay open",
        "data.py",
        '        engine.execute("SET lock_configuration=true")\n',
        "",
        "serve::test_the_engine_reads_no_other_file_and_keeps_its_settings",
    ),
    Mutant(
        "a plan may have fields that nobody knows",
        f"{PLAN}/codec.py",
        "frozen=True, kw_only=True, forbid_unknown_fields=True)",
        "frozen=True, kw_only=True)",
        ("tests/plan/test_codec.py",),
    ),
    Mutant(
        "a plan may refer to what does not exist",
        f"{PLAN}/codec.py",
        "if 0 <= number < len(nodes) and",
        "if number < len(nodes) and",
        ("tests/plan/test_codec.py",),
    ),
    Mutant(
        "a plan may nest without limit",
        f"{PLAN}/codec.py",
        "if depth > MAX_DEPTH or size > MAX_EXPANDED:",
        "if False:",
        ("tests/plan/test_codec.py",),
    ),
    Mutant(
        "ε may be zero or less",
        f"{PLAN}/releases.py",
        '            raise ValueError("epsilon must be a positive rational of 64-bit parts")',
        "            pass",
        ("tests/plan/test_codec.py",),
    ),
    Mutant(
        "a key may be listed twice",
        f"{PLAN}/releases.py",
        "if self.values is not None and len({(type(v), v) for v in self.values}) != len(self.values):",
        "if False:",
        ("tests/plan/test_codec.py",),
    ),
    Mutant(
        "a literal may be infinite",
        f"{PLAN}/expressions.py",
        "if isinstance(value, float) and not math.isfinite(value):",
        "if False:",
        ("tests/plan/test_codec.py",),
    ),
    vault(
        "a catalogue may lend other data sets' files",
        "catalog.py",
        'if Path(file).is_absolute() or ".." in Path(file).parts:',
        "if not file:",
        "load::test_a_catalogue_lends_no_file_of_another_data_set",
    ),
)
