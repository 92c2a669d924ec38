# What a cell sees of dateutil.relativedelta, generous on purpose: values of public data are Any, so that only what is certainly wrong is refused.
# tests/kernel/compiler/test_stubs.py compares the names with the real module under the kernel's table of offers.

from typing import Any

class relativedelta(Any): ...

FR: Any
MO: Any
SA: Any
SU: Any
TH: Any
TU: Any
WE: Any
