"""Which of mypy's findings count, and in whose words they are said: tables, and `problems` which reads them.

It must not know mypy's API; a finding is text with a place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ag_kernel.compiler.problem import Problem, in_order
from ag_kernel.offers import OFFERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ag_kernel.compiler.history import Checked
    from ag_kernel.compiler.inference import Finding

# What standard mode reports. The other codes describe habits that Python runs without complaint.
_REPORTED: Final = frozenset(
    (
        "attr-defined",
        "call-arg",
        "arg-type",
        "call-overload",
        "operator",
        "index",
        "name-defined",
        "return-value",
        "assignment",
        "abstract",
    )
)
_STRICT_SKIPPED: Final = frozenset(
    ("type-arg", "no-redef", "valid-type", "used-before-def", "import-not-found", "import-untyped")
)
_CALLS: Final = frozenset(("call-arg", "arg-type", "call-overload"))
# A value whose type is a guess between several, or could be None or anything: the guess may be wrong, so it doesn't count.
_GUESS: Final = re.compile(
    r' \| |\bNone\b|\bobject\b|\bNever\b|\bUnion\b|\bOptional\b|\bModule\b|<nothing>|overloaded function|operands are unions|"_[A-Z]\w*"'
)
# Containers take anything in Python.
_LENIENT: Final = re.compile(
    r'" of "(?:list|dict|set|deque|defaultdict|Counter|OrderedDict)(?:\[[^"]*)?"|"Private\w+" not callable'
)
_MISSING: Final = re.compile(r'"(?:Private|Grouped|\w+GroupBy)\w*" (?:has no attribute|not callable)')
_MODULE: Final = re.compile(r'Module(?: "(?P<module>[\w.]+)")? has no attribute "(?P<name>\w+)"')
_ATTRIBUTE: Final = re.compile(r'has no attribute "(\w+)"')
_OWN: Final = re.compile(r"\b(?:cell_\d+|ag_prelude_\d+|builtins)\.|__ag_(?:in_|out_)?|(?<=PrivateDataset)_\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """`pattern` is searched in mypy's sentence; `message` and `instead` may use its groups."""

    pattern: re.Pattern[str]
    message: str
    instead: str


def _says(pattern: str, message: str, instead: str = "") -> Wording:
    return Wording(pattern=re.compile(pattern), message=message, instead=instead)


_P: Final = r'"(?P<t>Private\w*|Grouped\w*)(?:\[[^"]*\])?"'
_RELEASE: Final = r"release a statistic of it, e.g. `mean(eps=0.1)`"

WORDINGS: Final[tuple[Wording, ...]] = (
    _says(
        r"^(?P<m>Please ensure (export function|submit_predictions) is called on a non-private type\.)",
        r"\g<m>",
        _RELEASE,
    ),
    _says(
        r"^(?P<m>What is private can't be printed\.)",
        r"\g<m>",
        f"{_RELEASE}; to see its columns, end a cell with its name",
    ),
    _says(
        r'^Argument "eps" to "__call__" of "Bound" has incompatible type "(?P<t>[^"]+)"',
        r"TypeError: eps is a number, and not a \g<t>",
        "write it as a number, e.g. `eps=0.5`",
    ),
    _says(
        r'^Argument (?P<a>"\w+"|\d+) to "__call__" of "Bound" has incompatible type (?P<t>"[^"]+"); expected (?P<e>"[^"]+")',
        r"TypeError: argument \g<a> is of type \g<t>, and must be of type \g<e>",
    ),
    _says(
        r'^No overload variant of "__call__" of "\w+" matches argument types? (?P<t>".+")',
        r"TypeError: this statistic takes no arguments of the types \g<t>",
        "eps is a number, e.g. `eps=0.5`",
    ),
    _says(
        rf"(?:has type|returns) {_P} which does not implement __bool__",
        r"\g<t> has no truth value: its rows are private",
        "combine conditions with `&`, `|`, `~` and keep rows with `where(condition)`",
    ),
    _says(
        rf'to "len" has incompatible type {_P}',
        r"\g<t> has no len(): the number of rows is private",
        "use `count(eps=0.1)`",
    ),
    _says(
        rf'{_P} has no attribute "__(?:iter|next)__"',
        r"\g<t> can't be iterated: its rows are private",
        "use `map`, `where`, or " + _RELEASE,
    ),
    _says(
        rf'No overload variant of "(?:int|complex|round|range|pow|divmod)" matches .*{_P}',
        r"\g<t> is not one number: its rows are private",
        _RELEASE,
    ),
    _says(
        rf"{_P} object is not iterable",
        r"\g<t> can't be iterated: its rows are private",
        "use `map`, `where`, or " + _RELEASE,
    ),
    _says(
        rf"right operand type for in \({_P}\)",
        r"\g<t> can't say what it holds: its rows are private",
        "use `isin([...])`, or " + _RELEASE,
    ),
    _says(
        rf"Invalid index type .* for {_P}",
        r"\g<t> can't be indexed so: its rows have no public position",
        "keep rows with `where(condition)`",
    ),
    _says(
        rf'to "(?:float|int|complex|abs|round|range|math\.\w+)" has incompatible type {_P}',
        r"\g<t> is not one number: its rows are private",
        _RELEASE,
    ),
    _says(
        r'to "(?P<f>map|apply)" of "PrivateSeries" has incompatible type .*; expected "(?:Callable|.*\bMapping)',
        r"\g<f> of a PrivateSeries needs a function of one value, a dict or a public Series",
        "e.g. `series.map(lambda value: value * 2)`",
    ),
    _says(
        r'No overload variant of "__call__" of "\w+" matches argument types? .*"str"',
        "a statistic takes no text here: eps is a number",
        "e.g. `mean(eps=0.5)`",
    ),
    _says(
        r'Argument "?(?:eps|rho|accuracy|sigma|\d)"? to "__call__" of "(?:Bound|Frame\w+|Series\w+)" has incompatible type "(?P<x>[^"]+)"',
        r"a statistic takes no \g<x> here: eps is a number",
        "e.g. `mean(eps=0.5)`",
    ),
    _says(
        r'"TextMethods" has no attribute "(?P<a>\w+)"',
        r"\g<a> is not available on .str of a PrivateSeries",
        "use `map(lambda text: …)` with a function of one text",
    ),
    _says(
        r'"MomentFields" has no attribute "(?P<a>\w+)"',
        r"\g<a> is not available on .dt of a PrivateSeries",
        "use `strftime`, or `map(lambda moment: …)` with a function of one point in time",
    ),
    _says(
        rf'(?:to|of) "(?P<f>sum|max|min|sorted|list|tuple|set|any|all|enumerate|zip|map|filter|reversed|iter|next|dict)".* {_P}',
        r"\g<f>() can't walk a \g<t>: its rows are private",
        "use the object's own methods, or " + _RELEASE,
    ),
    _says(
        rf"Value of type {_P} is not indexable",
        r"\g<t> can't be indexed: its rows are private",
        "use `where(condition)`",
    ),
    _says(
        rf'{_P} has no attribute "(?P<a>\w+)"',
        r"AttributeError: \g<a> is not available on a \g<t>",
        "see the methods that are: `dir(...)`",
    ),
    _says(
        r'^Name "(?P<n>[^"]+)" is not defined',
        r"NameError: name '\g<n>' is not defined",
        'run the `%%ag` cell that defines it first; `session.private_import(value, "name")` brings a value of your notebook',
    ),
)


_PRIVATE_CODES: Final = frozenset(("misc", "truthy-bool"))  # of these only what is said about private objects counts
_SAID_BY_POLICY: Final = re.compile(r'^Module "([\w.]+)" has no attribute "(\w+)"')


def problems(checked: Checked, *, strict: bool) -> tuple[Problem, ...]:
    """What of the findings is told to the analyst."""
    told = _strict if strict else _standard
    return in_order(_problem(one, checked.lines) for one in checked.findings if told(one, checked))


def _standard(one: Finding, checked: Checked) -> bool:
    return not any(overlooks(one, checked) for overlooks in _OVERLOOKED)


def _expected_to_fail(one: Finding, checked: Checked) -> bool:
    """Under a `try` the analyst waits for the error."""
    return one.line in checked.bindings.tried


def _habit(one: Finding, _checked: Checked) -> bool:
    """Python runs it without complaint; mypy only advises against it."""
    if one.code in _PRIVATE_CODES:
        return not any(wording.pattern.search(one.message) for wording in WORDINGS)
    return one.code not in _REPORTED


def _said_by_policy(one: Finding, _checked: Checked) -> bool:
    """`from numpy import load` is refused by the table of offers already."""
    match = _SAID_BY_POLICY.search(one.message)
    return match is not None and match[1] in OFFERS and OFFERS[match[1]].leaves_out(match[2])


def _unannotated(one: Finding, checked: Checked) -> bool:
    """A variable may hold another type later, unless the analyst said which type it is to hold."""
    declared = one.line in checked.bindings.annotated_lines or "default for" in one.message
    return one.code == "assignment" and not declared


def _set_from_outside(one: Finding, checked: Checked) -> bool:
    """An attribute that some cell puts on an object or function from outside its class."""
    attribute = _ATTRIBUTE.search(one.message)
    return attribute is not None and attribute.group(1) in checked.foreign_attributes


def _guessed(one: Finding, _checked: Checked) -> bool:
    """The type of the value is mypy's guess between several."""
    sentence = one.message.partition("; expected")[0]
    actual = sentence.partition("(expression has type")[2] or sentence
    if _LENIENT.search(one.message):
        return True
    return not _MODULE.search(one.message) and bool(_GUESS.search(f"{actual} {one.note}"))


def _unpacked(one: Finding, checked: Checked) -> bool:
    """What `f(*args, **more)` hands over is known when it is run."""
    return one.code in _CALLS and one.line in checked.bindings.unpacking


def _redefined(one: Finding, checked: Checked) -> bool:
    """A function defined twice, of which mypy knows the first only; a class that a decorator changed."""
    return any(f'"{name}"' in one.message for name in checked.bindings.redefined)


def _said_at_run_time(one: Finding, _checked: Checked) -> bool:
    """What a private object doesn't have, it says itself when asked, with what to use instead of each."""
    return bool(_MISSING.search(one.message)) and "__" not in one.message


_OF_VALUES: Final = """T abs add all any apply argmax argmin argsort astype at between clip columns copy corr cov cummax cummin cumprod cumsum describe diff div dot
    dropna dt dtype dtypes fillna flatten groupby head hist iat idxmax idxmin iloc index isin isna isnull items itertuples iterrows join keys loc map mask
    max mean median melt merge min mode mul ndim nlargest notna notnull nsmallest nunique pivot plot pow prod quantile rank ravel reindex rename replace
    reset_index reshape rolling round shape shift size sort sort_index sort_values squeeze stack std str style sub sum tail to_dict to_frame to_list
    to_markdown to_numpy to_string tolist transpose unique unstack value_counts values var where ag item"""
"""What series, frames and arrays have, as people use it on results."""
_OF_A_NUMBER: Final = re.compile(r'^"(?:int|float|bool|complex)" has no attribute "(?P<name>\w+)"')


def _a_number_beside_values(one: Finding, checked: Checked) -> bool:
    """What `2 * series` has: mypy takes it for a number, as a series may be anything. A number that has no such attribute says so when it runs."""
    del checked
    found = _OF_A_NUMBER.search(one.message)
    return found is not None and found["name"] in _OF_VALUES.split()


_OVERLOOKED: Final = (
    _expected_to_fail,
    _habit,
    _said_by_policy,
    _unannotated,
    _set_from_outside,
    _guessed,
    _unpacked,
    _redefined,
    _said_at_run_time,
    _a_number_beside_values,
)


def _strict(one: Finding, checked: Checked) -> bool:
    return one.code not in _STRICT_SKIPPED and not (one.code == "truthy-bool" and _habit(one, checked))


def _problem(one: Finding, lines: Sequence[str]) -> Problem:
    message, instead = _worded(one.message)
    text = lines[one.line - 1].encode()
    end = one.end_column if one.end_line == one.line else len(text)
    column = len(text[: max(0, one.column)].decode(errors="replace"))
    return Problem(
        line=one.line,
        column=column,
        end_column=max(column + 1, len(text[: max(0, end)].decode(errors="replace"))),
        message=message,
        instead=instead,
        kind="types",
    )


def _worded(message: str) -> tuple[str, str]:
    """The analyst's terms for mypy's sentence."""
    plain = _OWN.sub("", message)
    module = _MODULE.search(plain)
    if module:
        return _about_module(module)
    for wording in WORDINGS:
        match = wording.pattern.search(plain)
        if match:
            return match.expand(wording.message), match.expand(wording.instead)
    said, _, maybe = plain.partition("; maybe ")
    return said, f"maybe {maybe}" if maybe else ""


_INSTEAD_OF: Final = (
    (
        (
            "read_",
            "load",
            "genfromtxt",
            "fromfile",
            "fromregex",
            "memmap",
            "DataSource",
            "ExcelFile",
            "HDFStore",
            "imread",
        ),
        "send public data with `session.private_import(...)`; private data comes from `load_dataset(name)`",
    ),
    (
        ("save", "to_pickle", "ExcelWriter", "imsave"),
        "take the result out with `export(value, name)` and save it in your own notebook",
    ),
    (("eval",), "write the expression itself in the cell, or use `frame.eval` of a public frame"),
)
"""What people want who ask for these names."""


def _about_module(match: re.Match[str]) -> tuple[str, str]:
    """A name that a module has but doesn't offer here, with the table's reason."""
    name = match["name"]
    homes = [
        home for home in ([match["module"]] if match["module"] else ["numpy", "pandas", *OFFERS]) if home in OFFERS
    ]
    homes = [home for home in homes if name in OFFERS[home].without]
    if not homes:
        return f"AttributeError: the module has no attribute {name}", ""
    which = f"{homes[0]}.{name}" if not {"numpy", "pandas"} <= set(homes) else name  # mypy doesn't say of which
    why = f"AttributeError: {which} is not available inside the enclave: {OFFERS[homes[0]].why}"
    return why, next((instead for words, instead in _INSTEAD_OF if name.startswith(words)), "")
