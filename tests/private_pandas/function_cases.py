"""Functions that analysts write, as data: what the translation gives must be what Python gives, value by value."""

import datetime
import math
import re
from datetime import timedelta

import numpy as np
import pandas as pd

LIMIT = 1.5
NAMES = {"x": "ex", "y": "why"}
MIXED = {"x": 1, "y": "two", "z": None}
CODES = {1: "one", 2: "two", 3.0: "three"}
GROUPS = [(-10, 0, "low"), (0, 2, "mid"), (2, 10, "high")]
LETTERS = ("x", "q")
START = pd.Timestamp("1990-06-01")
DIGITS = re.compile(r"[0-9]+")


BANDS = [(-math.inf, 0, "low"), (0, 2, "mid"), (2, float("inf"), "high")]


def banded(x):
    for low, high, name in BANDS:
        if low <= x < high:
            return name
    return "none"


def nearest(x):
    best, place = math.inf, None
    for k in (-1, 0.5, 4):
        if abs(x - k) < best:
            best, place = abs(x - k), k
    return place


def least(x):
    best = float("inf")
    for k in (-1, 0.5, 4):
        best = min(best, abs(x - k))
    return best


def helper(v, by=2):
    if v > LIMIT:
        return v * by
    return -v


def early(x):
    if x < 0:
        return "negative"
    if x == 0:
        return "zero"
    elif x < 1:
        return "small"
    return "large"


def assigned(x):
    y = x * 2
    if y > 1:
        y += 1
        z = y
    else:
        z = 0.5
    return y + z


def scored(x):
    score = 0
    if x > 0:
        score += 1
    if x > 1:
        score += 2
    if x < -1:
        score -= 1
    return score


def looped(x):
    for low, high, name in GROUPS:
        if low <= x < high:
            return name
    return "none"


def totalled(x):
    total = 0
    for k in range(5):
        if k == 3:
            continue
        if total > 4:
            break
        total += x * k
    else:
        total = -1
    return total


def tried(x):
    try:
        y = 1 / x
        return y + 1
    except ZeroDivisionError:
        return 0.0


def tried_late(x):
    y = 5
    try:
        y = 6
        z = 10 // x
        y = 7
    except (ValueError, ArithmeticError):
        return y
    return y + z


def tried_text(t):
    try:
        return int(t)
    except ValueError:
        return -1
    except TypeError:
        return -2


def raises(x):
    if x > 1:
        raise ValueError("too large")
    return x


def caught(x):
    try:
        if x > 1:
            raise KeyError(x)
        assert x > -1
    except KeyError:
        return 100
    except AssertionError:
        return -100
    return x


def matched(s):
    match s:
        case "x" | "y":
            return 1
        case "z":
            return 2
        case None:
            return 3
        case _:
            return 4


def matched_number(i):
    match i:
        case 0:
            return "none"
        case n if n < 0:
            return "negative"
        case _:
            return "some"


def nested(x):
    def inner(a, b=LIMIT):
        return a + b

    twice = lambda v: inner(v) * 2  # noqa: E731
    return twice(x) if x > 0 else inner(x, b=1)


def maybe(s):
    if s is None:
        return "missing"
    return s + "!"


def falls(x):
    if x > 0:
        return 1


def unbound(x):
    if x > 0:
        y = 1
    return y


def grade(x):
    return "A" if x > 2 else "B" if x > 1 else "C"


def words(t):
    parts = t.split(",")
    if len(parts) > 1:
        return parts[1].strip()
    return parts[0]


def title(t):
    first = t[0].upper()
    return first + t[1:].lower()


def year_of(t):
    return pd.to_datetime(t).year


def season(d):
    if d.month in (12, 1, 2):
        return "winter"
    return "other"


def age(d):
    span = START - d
    return span.days // 365


def counted(t):
    n = 0
    for letter in "aeiou":
        n += t.count(letter)
    return n


def found(t):
    m = re.search(r"([a-z]+),([a-z]+)", t)
    if m:
        return m.group(2)
    return "no"


def no_match(t):
    m = re.match(r"\d+", t)
    return m is None


def flagged(x):
    ok = (x > 0 and not x > 2) or x == -1
    return ok


def mixed(s):
    return MIXED[s]


def bmi(row):
    if pd.isna(row["f"]) or row["i"] == 0:
        return None
    return row["f"] / row["i"] ** 2


def row_text(row):
    return f"{row.s}-{row.i}" if row.b else "no"


def row_get(row):
    return row.get("i") + (row["n"] if row["b"] else 0)


CASES = {
    "f": [
        lambda x: x, lambda x: x + 1, lambda x: 2 - x * 3, lambda x: x / 2, lambda x: 1 / x, lambda x: x // 0.7, lambda x: x % 0.7,
        lambda x: x % -0.7, lambda x: x // -0.3, lambda x: -x, lambda x: +x, lambda x: abs(x), lambda x: x**2, lambda x: 2**x,
        lambda x: round(x), lambda x: round(x, 1), lambda x: round(x, 2), lambda x: round(x, 0), lambda x: int(x), lambda x: float(x),
        lambda x: bool(x), lambda x: math.floor(x), lambda x: math.ceil(x), lambda x: math.sqrt(x), lambda x: math.log(x),
        lambda x: math.exp(x), lambda x: math.log10(x), lambda x: math.log(x, 2), lambda x: math.pow(x, 2), lambda x: math.sin(x),
        lambda x: math.trunc(x), lambda x: math.fmod(x, 0.3), lambda x: np.sqrt(x), lambda x: min(x, 1), lambda x: max(0, x),
        lambda x: max(0.0, min(x, 2.0)), lambda x: 0 < x < 1, lambda x: -1 <= x <= 1 <= x + 2, lambda x: x == 1, lambda x: x != 1,
        lambda x: x != x, lambda x: x is None, lambda x: pd.isna(x), lambda x: np.isnan(x), lambda x: math.isnan(x),
        lambda x: "yes" if x else "no", lambda x: not x, lambda x: x or 5, lambda x: x and 5, lambda x: x in (1.0, 2.5), lambda x: x not in [1, 2],
        lambda x: isinstance(x, float), lambda x: isinstance(x, (int, str)), lambda x: x if x > 0 else None, lambda x: CODES.get(x, "other"),
        lambda x: helper(x), lambda x: helper(x, by=3) + helper(1), lambda x: x * LIMIT > 1, lambda x: sum([x, x, 1]),
        lambda x: any([x > 1, x < -1]), lambda x: all(x > k for k in (-1, 0)), lambda x: sum(1 if x > k else 0 for k in range(-2, 3)),
        lambda x: np.where(x > 0, 1, 2), lambda x: (x > 0) & (x < 2), lambda x: (x > 0) + (x > 1), lambda x: int(x > 0), lambda x: x.is_integer(),
        lambda x: (x + 1) ** 0.5, lambda x: np.clip(x, 0, 1), early, assigned, scored, looped, totalled, tried, raises, caught, nested, falls, unbound, grade,
        flagged, math.sqrt, abs, lambda x: float("nan") if x > 1 else x, lambda x: x > float("nan"), lambda x: x.lower(), lambda x: None,
        banded, nearest, least, lambda x: x == math.inf, lambda x: x != -math.inf, lambda x: math.inf > x, lambda x: math.inf if x > 1 else x, lambda x: math.inf,
        lambda x: max(x, -math.inf),
    ],
    "g": [lambda x: x + 1.5, lambda x: x * 2, lambda x: x > 0, lambda x: round(x, 3), lambda x: int(x), lambda x: x // 3, lambda x: x % 3, lambda x: x * x],
    "i": [
        lambda x: x + 1, lambda x: x // 2, lambda x: x % 3, lambda x: x % -3, lambda x: x // -2, lambda x: x / 4, lambda x: 7 // x, lambda x: 7 % x,
        lambda x: x**3, lambda x: x**-1, lambda x: 2**3 + x, lambda x: str(x), lambda x: f"n{x}", lambda x: f"{x:d}!", lambda x: isinstance(x, int),
        lambda x: CODES[x], lambda x: CODES.get(x), lambda x: [10, 20, 30][x], lambda x: ("a", "b")[x % 2], lambda x: "odd" if x % 2 else "even",
        lambda x: x == True, lambda x: x < 2.5, lambda x: x * 0.5 + x, lambda x: round(x), lambda x: -x if x < 0 else x, lambda x: x in range(3), tried_late,  # noqa: E712
        matched_number, lambda x: {0: 1.5, 2: None, 7: "s"}.get(x) is None, lambda x: divmod(7, 2)[0] + x, lambda x: x * 10**3, str,
    ],
    "j": [lambda x: x + 1, lambda x: x * 2, lambda x: x % 7, lambda x: x > 5, lambda x: abs(x), lambda x: x / 2],
    "n": [lambda x: x * 2 + 1, lambda x: ["a", "b", "c", "d"][x], lambda x: str(x) + "px", lambda x: isinstance(x, int), lambda x: 1 / x, lambda x: round(x / 2)],
    "b": [lambda b: not b, lambda b: 1 if b else 0, lambda b: b + 1, lambda b: str(b), lambda b: b is True, lambda b: b is None, lambda b: {True: "t", False: "f"}[b], lambda b: b and 3],
    "s": [
        lambda s: s == "x", lambda s: s != "x", lambda s: s in LETTERS, lambda s: s in "xyw", lambda s: NAMES[s], lambda s: NAMES.get(s, s), lambda s: NAMES.get(s),
        lambda s: s.upper(), lambda s: len(s), lambda s: s + s, lambda s: "<" + s + ">", lambda s: f"{s}!", lambda s: s or "none", lambda s: s is not None and s == "x",
        lambda s: isinstance(s, str), lambda s: {"x": 1, "y": 2.5}[s], lambda s: {"x": [1, 2], "y": [3]}[s][0], matched, maybe, len, str.upper,
        lambda s: 1 if s == "x" else 0, lambda s: "-".join([s, "a", s]), NAMES.get,
    ],
    "t": [
        lambda t: t.lower(), lambda t: t.upper(), lambda t: t.strip(), lambda t: t.lstrip() + "|", lambda t: t.rstrip(), lambda t: len(t), lambda t: t[0], lambda t: t[-1],
        lambda t: t[1:3], lambda t: t[:-1], lambda t: t[-3:-1], lambda t: t[2], lambda t: t.startswith("a"), lambda t: t.endswith(("b", "c")), lambda t: "a" in t,
        lambda t: t.replace("a", "bb"), lambda t: t.replace(",", ""), lambda t: t.split(",")[0], lambda t: t.split(",")[1], lambda t: t.split(",")[-1],
        lambda t: t.split()[0], lambda t: len(t.split(",")), lambda t: t.find("a"), lambda t: t.count("a"), lambda t: t.index("b"), lambda t: t == "a", lambda t: bool(t),
        lambda t: int(t), lambda t: float(t), lambda t: t.isdigit(), lambda t: t.isalpha(), lambda t: t.capitalize(), lambda t: t + "x" * 3,
        lambda t: re.sub(r"\s+", " ", t), lambda t: re.sub("[^a-z]", "", t), lambda t: bool(re.search(r"^\w+$", t)), lambda t: bool(re.match("a|b+", t)),
        lambda t: re.fullmatch(r"[a-c]{2,4}", t) is not None, lambda t: re.search(r"\bab\b", t, re.IGNORECASE) is not None, lambda t: re.match(r"(\d+)-(\d+)", t).group(1),
        lambda t: DIGITS.sub("#", t), lambda t: re.search(r"a.c", t) is None, lambda t: t.strip().lower().replace(" ", "_"), lambda t: "y" if t else "n", lambda t: t is None,
        lambda t: t + 1, words, title, tried_text, year_of, counted, found, no_match, lambda t: pd.to_datetime(t, errors="coerce"),
        lambda t: datetime.datetime.strptime(t, "%d/%m/%Y").month, lambda t: t.upper() == "AB" or t.lower() == "c",
    ],
    "d": [
        lambda d: d.year, lambda d: d.month, lambda d: d.day, lambda d: d.hour, lambda d: d.dayofweek, lambda d: d.weekday(), lambda d: d.year > 1995, lambda d: d > START,
        lambda d: (d - START).days, lambda d: (START - d).total_seconds(), lambda d: d + timedelta(days=3), lambda d: d - pd.Timedelta(hours=5), lambda d: d.strftime("%Y-%m"),
        lambda d: d.quarter, lambda d: d.dayofyear, lambda d: pd.isna(d), lambda d: d == START, lambda d: d.minute * 60 + d.second, lambda d: 2026 - d.year if d.month > 6 else 0,
        season, age, lambda d: isinstance(d, datetime.datetime), lambda d: d.microsecond, lambda d: "weekend" if d.weekday() >= 5 else "week",
        lambda d: d.week, lambda d: d.day_name(), lambda d: d.month_name()[:3], lambda d: d.strftime("%A %d %B %Y, %I %p, %j %a %b %y %u%w %%"), lambda d: d.day_name() in ("Monday", "Friday"),
    ],
    "row": [bmi, row_text, row_get, lambda row: row["f"] + row["i"], lambda row: row["f"] > row["i"] and row["b"], lambda row: max(row["f"], row.i, row.n)],
}  # fmt: skip
