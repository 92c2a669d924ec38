# What a cell sees of numpy.lib, generous on purpose: values of public data are Any, so that only what is certainly wrong is refused.
# tests/kernel/compiler/test_stubs.py compares the names with the real module under the kernel's table of offers.

from typing import Any

from numpy.lib import stride_tricks as stride_tricks
