# What a cell sees of numpy.polynomial.polynomial, generous on purpose: values of public data are Any, so that only what is certainly wrong is refused.
# tests/kernel/compiler/test_stubs.py compares the names with the real module under the kernel's table of offers.

from typing import Any

class Polynomial(Any): ...

polyadd: Any
polycompanion: Any
polyder: Any
polydiv: Any
polydomain: Any
polyfit: Any
polyfromroots: Any
polygrid2d: Any
polygrid3d: Any
polyint: Any
polyline: Any
polymul: Any
polymulx: Any
polyone: Any
polypow: Any
polyroots: Any
polysub: Any
polytrim: Any
polyval: Any
polyval2d: Any
polyval3d: Any
polyvalfromroots: Any
polyvander: Any
polyvander2d: Any
polyvander3d: Any
polyx: Any
polyzero: Any
