# What a cell sees of dateutil.rrule, generous on purpose: values of public data are Any, so that only what is certainly wrong is refused.
# tests/kernel/compiler/test_stubs.py compares the names with the real module under the kernel's table of offers.

from typing import Any

class rrule(Any): ...
class rruleset(Any): ...

DAILY: Any
FR: Any
HOURLY: Any
MINUTELY: Any
MO: Any
MONTHLY: Any
SA: Any
SECONDLY: Any
SU: Any
TH: Any
TU: Any
WE: Any
WEEKLY: Any
YEARLY: Any
rrulestr: Any
