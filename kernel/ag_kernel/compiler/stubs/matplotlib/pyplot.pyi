# What a cell sees of matplotlib.pyplot, generous on purpose: values of public data are Any, so that only what is certainly wrong is refused.
# tests/kernel/compiler/test_stubs.py compares the names with the real module under the kernel's table of offers.

from typing import Any

class Annotation(Any): ...
class Arrow(Any): ...
class Artist(Any): ...
class AutoLocator(Any): ...
class Axes(Any): ...
class Circle(Any): ...
class Colormap(Any): ...
class Figure(Any): ...
class FixedFormatter(Any): ...
class FixedLocator(Any): ...
class FormatStrFormatter(Any): ...
class Formatter(Any): ...
class FuncFormatter(Any): ...
class GridSpec(Any): ...
class IndexLocator(Any): ...
class Line2D(Any): ...
class LinearLocator(Any): ...
class Locator(Any): ...
class LogFormatter(Any): ...
class LogFormatterExponent(Any): ...
class LogFormatterMathtext(Any): ...
class LogLocator(Any): ...
class MaxNLocator(Any): ...
class MultipleLocator(Any): ...
class Normalize(Any): ...
class NullFormatter(Any): ...
class NullLocator(Any): ...
class PolarAxes(Any): ...
class Polygon(Any): ...
class Rectangle(Any): ...
class ScalarFormatter(Any): ...
class SubplotSpec(Any): ...
class Text(Any): ...

acorr: Any
angle_spectrum: Any
annotate: Any
arrow: Any
autoscale: Any
autumn: Any
axes: Any
axhline: Any
axhspan: Any
axis: Any
axline: Any
axvline: Any
axvspan: Any
bar: Any
bar_label: Any
barbs: Any
barh: Any
bone: Any
box: Any
boxplot: Any
broken_barh: Any
cla: Any
clabel: Any
clf: Any
clim: Any
close: Any
cohere: Any
colorbar: Any
colormaps: Any
contour: Any
contourf: Any
cool: Any
copper: Any
csd: Any
cycler: Any
delaxes: Any
draw: Any
ecdf: Any
errorbar: Any
eventplot: Any
figaspect: Any
figimage: Any
figlegend: Any
fignum_exists: Any
figtext: Any
figure: Any
fill: Any
fill_between: Any
fill_betweenx: Any
findobj: Any
flag: Any
gca: Any
gcf: Any
gci: Any
get: Any
get_cmap: Any
get_figlabels: Any
get_fignums: Any
gray: Any
grid: Any
hexbin: Any
hist: Any
hist2d: Any
hlines: Any
hot: Any
hsv: Any
imshow: Any
inferno: Any
ioff: Any
ion: Any
isinteractive: Any
jet: Any
legend: Any
locator_params: Any
loglog: Any
magma: Any
magnitude_spectrum: Any
margins: Any
matshow: Any
minorticks_off: Any
minorticks_on: Any
nipy_spectral: Any
pcolor: Any
pcolormesh: Any
phase_spectrum: Any
pie: Any
pink: Any
plasma: Any
plot: Any
polar: Any
prism: Any
psd: Any
quiver: Any
quiverkey: Any
rc: Any
rcParams: Any
rc_context: Any
rcdefaults: Any
rgrids: Any
sca: Any
scatter: Any
sci: Any
semilogx: Any
semilogy: Any
set_cmap: Any
setp: Any
show: Any
specgram: Any
spring: Any
spy: Any
stackplot: Any
stairs: Any
stem: Any
step: Any
streamplot: Any
style: Any
subplot: Any
subplot2grid: Any
subplot_mosaic: Any
subplots: Any
subplots_adjust: Any
summer: Any
suptitle: Any
table: Any
text: Any
thetagrids: Any
tick_params: Any
ticklabel_format: Any
tight_layout: Any
title: Any
tricontour: Any
tricontourf: Any
tripcolor: Any
triplot: Any
twinx: Any
twiny: Any
violinplot: Any
viridis: Any
vlines: Any
winter: Any
xcorr: Any
xkcd: Any
xlabel: Any
xlim: Any
xscale: Any
xticks: Any
ylabel: Any
ylim: Any
yscale: Any
yticks: Any
