# What a cell sees of numpy.random, generous on purpose: values of public data are Any, so that only what is certainly wrong is refused.
# tests/kernel/compiler/test_stubs.py compares the names with the real module under the kernel's table of offers.

from typing import Any

class Generator(Any): ...
class MT19937(Any): ...
class PCG64(Any): ...
class PCG64DXSM(Any): ...
class Philox(Any): ...
class RandomState(Any): ...
class SFC64(Any): ...
class SeedSequence(Any): ...

beta: Any
binomial: Any
bytes: Any
chisquare: Any
choice: Any
default_rng: Any
dirichlet: Any
exponential: Any
f: Any
gamma: Any
geometric: Any
get_state: Any
gumbel: Any
hypergeometric: Any
laplace: Any
logistic: Any
lognormal: Any
logseries: Any
multinomial: Any
multivariate_normal: Any
negative_binomial: Any
noncentral_chisquare: Any
noncentral_f: Any
normal: Any
pareto: Any
permutation: Any
poisson: Any
power: Any
rand: Any
randint: Any
randn: Any
random: Any
random_integers: Any
random_sample: Any
ranf: Any
rayleigh: Any
sample: Any
seed: Any
set_state: Any
shuffle: Any
standard_cauchy: Any
standard_exponential: Any
standard_gamma: Any
standard_normal: Any
standard_t: Any
triangular: Any
uniform: Any
vonmises: Any
wald: Any
weibull: Any
zipf: Any
