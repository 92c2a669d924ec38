"""A value as the notebook shows it: a mime bundle of a closed set of types, bounded in size.

It must not evaluate anything of the guest's beyond ``repr``; HTML comes only from pandas' and our own objects,
pictures only from matplotlib's figures.
"""

from typing import Any, Final

from ag_kernel.plots import pictures

PLAIN: Final = "text/plain"
HTML: Final = "text/html"
EXPORT: Final = "application/vnd.antigranular.export+json"
BUDGET: Final = "application/vnd.antigranular.budget+json"
_TRUSTED_HTML: Final = frozenset({"pandas", "op_pandas", "op_diffprivlib", "op_snsql", "ag_utils"})
_LONGEST: Final = 1 << 20

Bundle = dict[str, Any]


def bundle(value: Any) -> Bundle:
    """The value's representations. Raises what its ``repr`` raises."""
    shown: Bundle = {PLAIN: _cut(repr(value))}
    kind = type(value)
    if kind.__module__.partition(".")[0] in _TRUSTED_HTML and hasattr(kind, "_repr_html_"):
        html = value._repr_html_()
        if isinstance(html, str) and len(html) <= _LONGEST:
            shown[HTML] = html
    elif pictures.is_figure(value):
        shown |= pictures.picture(value)
    return shown


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}\n[… {len(text) - _LONGEST:,} more characters]"
