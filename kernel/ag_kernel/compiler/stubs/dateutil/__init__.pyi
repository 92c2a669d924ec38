# What a cell sees of dateutil, generous on purpose: values of public data are Any, so that only what is certainly wrong is refused.
# tests/kernel/compiler/test_stubs.py compares the names with the real module under the kernel's table of offers.

from typing import Any

from dateutil import easter as easter
from dateutil import parser as parser
from dateutil import relativedelta as relativedelta
from dateutil import rrule as rrule
from dateutil import tz as tz

__version__: str
