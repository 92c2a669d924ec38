"""matplotlib as a cell sees it, name by name: drawing in memory, and nothing that reads, writes, chooses a backend or waits for a mouse.

It must not import it: the lists are read by processes that have no use for it.
"""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PYPLOT: Final = _words(
    "Annotation Arrow Artist AutoLocator Axes Circle Colormap Figure FixedFormatter FixedLocator FormatStrFormatter Formatter FuncFormatter "
    "GridSpec IndexLocator Line2D LinearLocator Locator LogFormatter LogFormatterExponent LogFormatterMathtext LogLocator MaxNLocator "
    "MultipleLocator Normalize NullFormatter NullLocator PolarAxes Polygon Rectangle ScalarFormatter SubplotSpec Text acorr angle_spectrum "
    "annotate arrow autoscale autumn axes axhline axhspan axis axline axvline axvspan bar bar_label barbs barh bone box boxplot broken_barh "
    "cla clabel clf clim close cohere colorbar colormaps contour contourf cool copper csd cycler delaxes draw ecdf errorbar eventplot figaspect "
    "figimage figlegend fignum_exists figtext figure fill fill_between fill_betweenx findobj flag gca gcf gci get get_cmap get_figlabels "
    "get_fignums gray grid hexbin hist hist2d hlines hot hsv imshow inferno ioff ion isinteractive jet legend locator_params loglog magma "
    "magnitude_spectrum margins matshow minorticks_off minorticks_on nipy_spectral pcolor pcolormesh phase_spectrum pie pink plasma plot polar "
    "prism psd quiver quiverkey rc rcParams rc_context rcdefaults rgrids sca scatter sci semilogx semilogy set_cmap setp show specgram spring "
    "spy stackplot stairs stem step streamplot style subplot subplot2grid subplot_mosaic subplots subplots_adjust summer suptitle table text "
    "thetagrids tick_params ticklabel_format tight_layout title tricontour tricontourf tripcolor triplot twinx twiny violinplot viridis vlines "
    "winter xcorr xkcd xlabel xlim xscale xticks ylabel ylim yscale yticks"
)
PYPLOT_LEFT_OUT: Final = (
    "savefig imsave imread switch_backend get_backend new_figure_manager get_current_fig_manager connect disconnect ginput "
    "waitforbuttonpress pause subplot_tool install_repl_displayhook uninstall_repl_displayhook getp get_plot_commands"
)

TICKER: Final = _words(
    "AsinhLocator AutoLocator AutoMinorLocator EngFormatter FixedFormatter FixedLocator FormatStrFormatter Formatter FuncFormatter IndexLocator "
    "LinearLocator Locator LogFormatter LogFormatterExponent LogFormatterMathtext LogFormatterSciNotation LogLocator LogitFormatter LogitLocator "
    "MaxNLocator MultipleLocator NullFormatter NullLocator PercentFormatter ScalarFormatter StrMethodFormatter SymmetricalLogLocator"
)
DATES: Final = _words(
    "AutoDateFormatter AutoDateLocator ConciseDateFormatter DAILY DateFormatter DateLocator DayLocator FR HOURLY HourLocator MICROSECONDLY "
    "MINUTELY MO MONTHLY MicrosecondLocator MinuteLocator MonthLocator RRuleLocator SA SECONDLY SU SecondLocator TH TU WE WEEKLY WeekdayLocator "
    "YEARLY YearLocator date2num datestr2num drange num2date num2timedelta relativedelta rrulewrapper"
)
COLORS: Final = _words(
    "AsinhNorm BASE_COLORS BoundaryNorm CSS4_COLORS CenteredNorm Colormap FuncNorm LightSource LinearSegmentedColormap ListedColormap LogNorm "
    "NoNorm Normalize PowerNorm SymLogNorm TABLEAU_COLORS TwoSlopeNorm XKCD_COLORS cnames from_levels_and_colors hsv_to_rgb is_color_like "
    "rgb2hex rgb_to_hsv same_color to_hex to_rgb to_rgba to_rgba_array"
)
PATCHES: Final = _words(
    "Annulus Arc Arrow ArrowStyle BoxStyle Circle CirclePolygon ConnectionPatch ConnectionStyle Ellipse FancyArrow FancyArrowPatch FancyBboxPatch "
    "Patch PathPatch Polygon Rectangle RegularPolygon Shadow StepPatch Wedge"
)
COLLECTIONS: Final = _words(
    "CircleCollection Collection EllipseCollection EventCollection LineCollection PatchCollection PathCollection PolyCollection QuadMesh "
    "RegularPolyCollection StarPolygonCollection TriMesh"
)
TRANSFORMS: Final = _words(
    "Affine2D Bbox BboxTransform IdentityTransform ScaledTranslation blended_transform_factory offset_copy"
)
COLOR_MAPS: Final = _words(
    "Accent Blues BrBG BuGn BuPu Dark2 GnBu Greens Greys OrRd Oranges PRGn Paired Pastel1 Pastel2 PiYG PuBu PuBuGn PuOr PuRd Purples RdBu RdGy "
    "RdPu RdYlBu RdYlGn Reds Set1 Set2 Set3 Spectral YlGn YlGnBu YlOrBr YlOrRd autumn binary bone bwr cividis cool coolwarm copper cubehelix gray "
    "hot hsv inferno jet magma pink plasma rainbow seismic spring summer tab10 tab20 tab20b tab20c terrain turbo twilight viridis winter "
    "Blues_r Greens_r Greys_r Oranges_r Reds_r RdBu_r RdYlBu_r RdYlGn_r Spectral_r cividis_r coolwarm_r gray_r inferno_r magma_r plasma_r viridis_r"
)
PATH_EFFECTS: Final = _words(
    "Normal SimpleLineShadow SimplePatchShadow Stroke TickedStroke withStroke withSimplePatchShadow"
)
PANDAS_PLOTTING: Final = _words(
    "andrews_curves autocorrelation_plot bootstrap_plot boxplot deregister_matplotlib_converters lag_plot parallel_coordinates radviz "
    "register_matplotlib_converters scatter_matrix table"
)

FOR_CELLS: Final = "ag_kernel.plots.for_cells"
"""The module of ours whose names stand in for those of matplotlib that would read files, choose backends or show windows."""
