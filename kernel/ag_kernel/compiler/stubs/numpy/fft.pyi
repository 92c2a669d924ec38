# What a cell sees of numpy.fft, generous on purpose: values of public data are Any, so that only what is certainly wrong is refused.
# tests/kernel/compiler/test_stubs.py compares the names with the real module under the kernel's table of offers.

from typing import Any

fft: Any
fft2: Any
fftfreq: Any
fftn: Any
fftshift: Any
hfft: Any
ifft: Any
ifft2: Any
ifftn: Any
ifftshift: Any
ihfft: Any
irfft: Any
irfft2: Any
irfftn: Any
rfft: Any
rfft2: Any
rfftfreq: Any
rfftn: Any
