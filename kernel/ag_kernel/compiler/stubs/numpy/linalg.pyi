# What a cell sees of numpy.linalg, generous on purpose: values of public data are Any, so that only what is certainly wrong is refused.
# tests/kernel/compiler/test_stubs.py compares the names with the real module under the kernel's table of offers.

from typing import Any

class LinAlgError(Any): ...

cholesky: Any
cond: Any
cross: Any
det: Any
diagonal: Any
eig: Any
eigh: Any
eigvals: Any
eigvalsh: Any
inv: Any
lstsq: Any
matmul: Any
matrix_norm: Any
matrix_power: Any
matrix_rank: Any
matrix_transpose: Any
multi_dot: Any
norm: Any
outer: Any
pinv: Any
qr: Any
slogdet: Any
solve: Any
svd: Any
svdvals: Any
tensordot: Any
tensorinv: Any
tensorsolve: Any
trace: Any
vecdot: Any
vector_norm: Any
