"""The canary for mypy's private API: what `inference` relies on, each in one assertion."""

from ag_kernel.compiler.inference import Inference
from ag_kernel.offers import OFFERS


def test_mypys_private_api_still_does_what_we_rely_on():
    inference = Inference()
    assert inference.check("m1", "def f(x): return x + 1\nx = 'a'\n") == ()
    (finding,) = inference.check("m2", "from m1 import f, x\nf(x)\n  \nx.foo\n") or ()
    assert (finding.line, finding.column, finding.end_line, finding.end_column) == (4, 0, 4, 5)
    assert (finding.code, finding.message) == ("attr-defined", '"str" has no attribute "foo"')
    inference.forget(["m1"])
    assert [one.code for one in inference.check("m3", "from m1 import f\nf.x") or ()] in ([], ["import-not-found"])
    assert inference.check("m2", "x = 1") == ()


def test_columns_are_bytes_whatever_the_letters():
    (finding,) = Inference().check("m1", "é = 'ä日'; é.foo") or ()
    assert (finding.column, finding.end_column) == (len("é = 'ä日'; ".encode()), len("é = 'ä日'; é.foo".encode()))


def test_everything_on_offer_is_analysed_before_the_first_cell():
    inference = Inference()
    assert inference.missing == frozenset()
    for name, offer in OFFERS.items():
        if not offer.later and name != "__future__":
            assert inference.check("m", f"import {name}") == (), name
