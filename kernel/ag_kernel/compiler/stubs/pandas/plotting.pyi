# What a cell sees of pandas.plotting, generous on purpose: values of public data are Any, so that only what is certainly wrong is refused.
# tests/kernel/compiler/test_stubs.py compares the names with the real module under the kernel's table of offers.

from typing import Any

andrews_curves: Any
autocorrelation_plot: Any
bootstrap_plot: Any
boxplot: Any
deregister_matplotlib_converters: Any
lag_plot: Any
parallel_coordinates: Any
radviz: Any
register_matplotlib_converters: Any
scatter_matrix: Any
table: Any
