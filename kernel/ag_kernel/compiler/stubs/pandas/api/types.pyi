# What a cell sees of pandas.api.types, generous on purpose: values of public data are Any, so that only what is certainly wrong is refused.
# tests/kernel/compiler/test_stubs.py compares the names with the real module under the kernel's table of offers.

from typing import Any

class CategoricalDtype(Any): ...
class DatetimeTZDtype(Any): ...
class IntervalDtype(Any): ...
class PeriodDtype(Any): ...

infer_dtype: Any
is_any_real_numeric_dtype: Any
is_array_like: Any
is_bool: Any
is_bool_dtype: Any
is_categorical_dtype: Any
is_complex: Any
is_complex_dtype: Any
is_datetime64_any_dtype: Any
is_datetime64_dtype: Any
is_datetime64_ns_dtype: Any
is_datetime64tz_dtype: Any
is_dict_like: Any
is_dtype_equal: Any
is_extension_array_dtype: Any
is_float: Any
is_float_dtype: Any
is_hashable: Any
is_int64_dtype: Any
is_integer: Any
is_integer_dtype: Any
is_interval_dtype: Any
is_iterator: Any
is_list_like: Any
is_named_tuple: Any
is_number: Any
is_numeric_dtype: Any
is_object_dtype: Any
is_period_dtype: Any
is_re: Any
is_scalar: Any
is_signed_integer_dtype: Any
is_sparse: Any
is_string_dtype: Any
is_timedelta64_dtype: Any
is_timedelta64_ns_dtype: Any
is_unsigned_integer_dtype: Any
pandas_dtype: Any
union_categoricals: Any
