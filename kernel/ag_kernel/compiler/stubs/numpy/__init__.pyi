# What a cell sees of numpy, generous on purpose: values of public data are Any, so that only what is certainly wrong is refused.
# tests/kernel/compiler/test_stubs.py compares the names with the real module under the kernel's table of offers.

from typing import Any

from numpy import fft as fft
from numpy import lib as lib
from numpy import linalg as linalg
from numpy import ma as ma
from numpy import polynomial as polynomial
from numpy import random as random
from numpy import typing as typing

__version__: str

class _Values(Any):
    # Said here, or `series / 3` would be taken for what `int` makes of a division by 3: a float.
    def __add__(self, other: Any) -> Any: ...
    def __radd__(self, other: Any) -> Any: ...
    def __sub__(self, other: Any) -> Any: ...
    def __rsub__(self, other: Any) -> Any: ...
    def __mul__(self, other: Any) -> Any: ...
    def __rmul__(self, other: Any) -> Any: ...
    def __truediv__(self, other: Any) -> Any: ...
    def __rtruediv__(self, other: Any) -> Any: ...
    def __floordiv__(self, other: Any) -> Any: ...
    def __rfloordiv__(self, other: Any) -> Any: ...
    def __mod__(self, other: Any) -> Any: ...
    def __rmod__(self, other: Any) -> Any: ...
    def __pow__(self, other: Any) -> Any: ...
    def __rpow__(self, other: Any) -> Any: ...
    def __matmul__(self, other: Any) -> Any: ...
    def __rmatmul__(self, other: Any) -> Any: ...
    def __and__(self, other: Any) -> Any: ...
    def __rand__(self, other: Any) -> Any: ...
    def __or__(self, other: Any) -> Any: ...
    def __ror__(self, other: Any) -> Any: ...
    def __xor__(self, other: Any) -> Any: ...
    def __rxor__(self, other: Any) -> Any: ...
    def __lt__(self, other: Any) -> Any: ...
    def __le__(self, other: Any) -> Any: ...
    def __gt__(self, other: Any) -> Any: ...
    def __ge__(self, other: Any) -> Any: ...
    def __eq__(self, other: Any) -> Any: ...  # type: ignore[override]
    def __ne__(self, other: Any) -> Any: ...  # type: ignore[override]

class bool(_Values): ...
class bool_(_Values): ...
class broadcast(_Values): ...
class busdaycalendar(_Values): ...
class byte(_Values): ...
class bytes_(_Values): ...
class cdouble(_Values): ...
class character(_Values): ...
class clongdouble(_Values): ...
class complex128(_Values): ...
class complex256(_Values): ...
class complex64(_Values): ...
class complexfloating(_Values): ...
class csingle(_Values): ...
class datetime64(_Values): ...
class double(_Values): ...
class dtype(_Values): ...
class errstate(_Values): ...
class finfo(_Values): ...
class flatiter(_Values): ...
class flexible(_Values): ...
class float128(_Values): ...
class float16(_Values): ...
class float32(_Values): ...
class float64(_Values): ...
class floating(_Values): ...
class generic(_Values): ...
class half(_Values): ...
class iinfo(_Values): ...
class inexact(_Values): ...
class int16(_Values): ...
class int32(_Values): ...
class int64(_Values): ...
class int8(_Values): ...
class int_(_Values): ...
class intc(_Values): ...
class integer(_Values): ...
class intp(_Values): ...
class long(_Values): ...
class longdouble(_Values): ...
class longlong(_Values): ...
class matrix(_Values): ...
class ndarray(_Values): ...
class ndenumerate(_Values): ...
class ndindex(_Values): ...
class nditer(_Values): ...
class number(_Values): ...
class object_(_Values): ...
class poly1d(_Values): ...
class short(_Values): ...
class signedinteger(_Values): ...
class single(_Values): ...
class str_(_Values): ...
class timedelta64(_Values): ...
class ubyte(_Values): ...
class ufunc(_Values): ...
class uint(_Values): ...
class uint16(_Values): ...
class uint32(_Values): ...
class uint64(_Values): ...
class uint8(_Values): ...
class uintc(_Values): ...
class uintp(_Values): ...
class ulong(_Values): ...
class ulonglong(_Values): ...
class unsignedinteger(_Values): ...
class ushort(_Values): ...
class vectorize(_Values): ...
class void(_Values): ...

False_: Any
ScalarType: Any
True_: Any
abs: Any
absolute: Any
acos: Any
acosh: Any
add: Any
all: Any
allclose: Any
amax: Any
amin: Any
angle: Any
any: Any
append: Any
apply_along_axis: Any
apply_over_axes: Any
arange: Any
arccos: Any
arccosh: Any
arcsin: Any
arcsinh: Any
arctan: Any
arctan2: Any
arctanh: Any
argmax: Any
argmin: Any
argpartition: Any
argsort: Any
argwhere: Any
around: Any
array: Any
array2string: Any
array_equal: Any
array_equiv: Any
array_repr: Any
array_split: Any
array_str: Any
asanyarray: Any
asarray: Any
asarray_chkfinite: Any
ascontiguousarray: Any
asfortranarray: Any
asin: Any
asinh: Any
asmatrix: Any
astype: Any
atan: Any
atan2: Any
atanh: Any
atleast_1d: Any
atleast_2d: Any
atleast_3d: Any
average: Any
bartlett: Any
base_repr: Any
binary_repr: Any
bincount: Any
bitwise_and: Any
bitwise_count: Any
bitwise_invert: Any
bitwise_left_shift: Any
bitwise_not: Any
bitwise_or: Any
bitwise_right_shift: Any
bitwise_xor: Any
blackman: Any
block: Any
broadcast_arrays: Any
broadcast_shapes: Any
broadcast_to: Any
busday_count: Any
busday_offset: Any
c_: Any
can_cast: Any
cbrt: Any
ceil: Any
choose: Any
clip: Any
column_stack: Any
common_type: Any
compress: Any
concat: Any
concatenate: Any
conj: Any
conjugate: Any
convolve: Any
copy: Any
copysign: Any
copyto: Any
corrcoef: Any
correlate: Any
cos: Any
cosh: Any
count_nonzero: Any
cov: Any
cross: Any
cumprod: Any
cumsum: Any
cumulative_prod: Any
cumulative_sum: Any
datetime_as_string: Any
datetime_data: Any
deg2rad: Any
degrees: Any
delete: Any
diag: Any
diag_indices: Any
diag_indices_from: Any
diagflat: Any
diagonal: Any
diff: Any
digitize: Any
divide: Any
divmod: Any
dot: Any
dsplit: Any
dstack: Any
e: float
ediff1d: Any
einsum: Any
einsum_path: Any
empty: Any
empty_like: Any
equal: Any
euler_gamma: float
exp: Any
exp2: Any
expand_dims: Any
expm1: Any
extract: Any
eye: Any
fabs: Any
fill_diagonal: Any
fix: Any
flatnonzero: Any
flip: Any
fliplr: Any
flipud: Any
float_power: Any
floor: Any
floor_divide: Any
fmax: Any
fmin: Any
fmod: Any
format_float_positional: Any
format_float_scientific: Any
frexp: Any
frombuffer: Any
fromfunction: Any
fromiter: Any
frompyfunc: Any
fromstring: Any
full: Any
full_like: Any
gcd: Any
geomspace: Any
get_printoptions: Any
geterr: Any
gradient: Any
greater: Any
greater_equal: Any
hamming: Any
hanning: Any
heaviside: Any
histogram: Any
histogram2d: Any
histogram_bin_edges: Any
histogramdd: Any
hsplit: Any
hstack: Any
hypot: Any
i0: Any
identity: Any
imag: Any
index_exp: Any
indices: Any
inf: float
inner: Any
insert: Any
interp: Any
intersect1d: Any
invert: Any
is_busday: Any
isclose: Any
iscomplex: Any
iscomplexobj: Any
isdtype: Any
isfinite: Any
isfortran: Any
isin: Any
isinf: Any
isnan: Any
isnat: Any
isneginf: Any
isposinf: Any
isreal: Any
isrealobj: Any
isscalar: Any
issubdtype: Any
iterable: Any
ix_: Any
kaiser: Any
kron: Any
lcm: Any
ldexp: Any
left_shift: Any
less: Any
less_equal: Any
lexsort: Any
linspace: Any
little_endian: Any
log: Any
log10: Any
log1p: Any
log2: Any
logaddexp: Any
logaddexp2: Any
logical_and: Any
logical_not: Any
logical_or: Any
logical_xor: Any
logspace: Any
mask_indices: Any
matmul: Any
matrix_transpose: Any
matvec: Any
max: Any
maximum: Any
may_share_memory: Any
mean: Any
median: Any
meshgrid: Any
mgrid: Any
min: Any
min_scalar_type: Any
minimum: Any
mintypecode: Any
mod: Any
modf: Any
moveaxis: Any
multiply: Any
nan: float
nan_to_num: Any
nanargmax: Any
nanargmin: Any
nancumprod: Any
nancumsum: Any
nanmax: Any
nanmean: Any
nanmedian: Any
nanmin: Any
nanpercentile: Any
nanprod: Any
nanquantile: Any
nanstd: Any
nansum: Any
nanvar: Any
ndim: Any
negative: Any
newaxis: Any
nextafter: Any
nonzero: Any
not_equal: Any
ogrid: Any
ones: Any
ones_like: Any
outer: Any
packbits: Any
pad: Any
partition: Any
percentile: Any
permute_dims: Any
pi: float
piecewise: Any
place: Any
poly: Any
polyadd: Any
polyder: Any
polydiv: Any
polyfit: Any
polyint: Any
polymul: Any
polysub: Any
polyval: Any
positive: Any
pow: Any
power: Any
printoptions: Any
prod: Any
promote_types: Any
ptp: Any
put: Any
put_along_axis: Any
putmask: Any
quantile: Any
r_: Any
rad2deg: Any
radians: Any
ravel: Any
ravel_multi_index: Any
real: Any
real_if_close: Any
reciprocal: Any
remainder: Any
repeat: Any
require: Any
reshape: Any
resize: Any
result_type: Any
right_shift: Any
rint: Any
roll: Any
rollaxis: Any
roots: Any
rot90: Any
round: Any
s_: Any
sctypeDict: Any
searchsorted: Any
select: Any
set_printoptions: Any
setdiff1d: Any
seterr: Any
setxor1d: Any
shape: Any
shares_memory: Any
sign: Any
signbit: Any
sin: Any
sinc: Any
sinh: Any
size: Any
sort: Any
sort_complex: Any
spacing: Any
split: Any
sqrt: Any
square: Any
squeeze: Any
stack: Any
std: Any
subtract: Any
sum: Any
swapaxes: Any
take: Any
take_along_axis: Any
tan: Any
tanh: Any
tensordot: Any
tile: Any
trace: Any
transpose: Any
trapezoid: Any
tri: Any
tril: Any
tril_indices: Any
tril_indices_from: Any
trim_zeros: Any
triu: Any
triu_indices: Any
triu_indices_from: Any
true_divide: Any
trunc: Any
typecodes: Any
typename: Any
union1d: Any
unique: Any
unique_all: Any
unique_counts: Any
unique_inverse: Any
unique_values: Any
unpackbits: Any
unravel_index: Any
unstack: Any
unwrap: Any
vander: Any
var: Any
vdot: Any
vecdot: Any
vecmat: Any
vsplit: Any
vstack: Any
where: Any
zeros: Any
zeros_like: Any
