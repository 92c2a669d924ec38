"""Functions that no column expression says, as analysts write them: by the kind of value they take, the kind they give."""

import datetime
import math
import re
from typing import Any

import numpy as np
import pandas as pd

VOWELS = "aeiou"
WEIGHTS = {"a": 1.5, "b": 2, "c": 0.25}
STOP = ["the", "a", "of"]
STEPS = [(0, 10), (10, 20), (20, 50)]
CODES = {"a": [1, 2], "b": [3]}
START = datetime.datetime(2020, 1, 1)
SIGNS = {"x", "y"}


def vowels(text):
    n = 0
    for letter in text:
        if letter in VOWELS:
            n += 1
    return n


WORD = re.compile(r"\b([a-z])(\w*)", re.IGNORECASE)
DATE = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})")


def initials(text):
    return "".join(match.group(1).upper() for match in WORD.finditer(text))


def tidied(text):
    out = []
    for part in re.split(r"[\s,]+", text):
        part = re.sub(r"([aeiou])", r"<\1>", part, flags=re.I)
        if part and re.match(r"\w", part):
            out.append(part)
    return "-".join(out)


def first_number(text):
    digits = re.compile("[0-9]+")
    found = digits.search(text)
    if found is None:
        return -1
    return int(found[0]) + found.start() * 100 + len(digits.findall(text))


def swapped(text):
    while "a" in text:
        text = re.sub("a", "b", text, count=2)
    match = re.fullmatch(r"(x+)(y*)(z)?.*", text)
    return text if not match else str(match.groups("none")[2]) + str(match.span(2)[1])


def dated(text):
    total = 0
    for match in DATE.finditer(text + " 3.12 und 24.1"):
        parts = match.groupdict()
        total += int(parts["day"]) * 100 + int(match.group("month"))
    return total


def longest(text):
    words = text.split()
    if not words:
        return ""
    return max(words, key=len)


def soundex(text):
    codes = {"b": "1", "f": "1", "p": "1", "v": "1", "c": "2", "g": "2", "j": "2", "d": "3", "t": "3", "l": "4"}
    if len(text) == 0:
        return "0000"
    out = text[0].upper()
    last = codes.get(text[0].lower(), "")
    for letter in text[1:].lower():
        code = codes.get(letter, "")
        if code and code != last:
            out += code
        last = code
    return (out + "000")[:4]


def reverse(text):
    return "".join(reversed(text))


def palindrome(text):
    clean = "".join(c.lower() for c in text if c.isalnum())
    return clean == clean[::-1] and len(clean) > 0


def counted(text):
    counts = {}
    for letter in text:
        counts[letter] = counts.get(letter, 0) + 1
    best, most = None, 0
    for letter, n in counts.items():
        if n > most:
            best, most = letter, n
    return best


def distinct(text):
    return len({c for c in text if c != " "}) * 10 + len(set(text.split()))


def scored(text):
    return sum(WEIGHTS.get(c, 0) for c in text)


def without_stops(text):
    return " ".join([w for w in text.split(" ") if w not in STOP])


def numbered(text):
    total = 0
    for place, part in enumerate(text.split(",")):
        try:
            total += int(part) * (place + 1)
        except ValueError:
            continue
    total += 1000
    return total


def checksum(text):
    value = 7
    for c in text:
        value = (value * 31 + ord(c)) % 65536
    return value


def ordered(text):
    if text < "m":
        return "early"
    return "late"


def sorted_letters(text):
    letters = sorted(text, reverse=True)
    return "".join(letters[:3])


def unpacked(text):
    first, *_ = [text] if False else [text]
    return first


def pairs(text):
    hits = 0
    for one, other in zip(text, text[1:]):
        if one == other:
            hits += 1
    return hits


def joined(text):
    return f"{len(text):03d}-{text[:2]!s:>4}-{'yes' if text else 'no'}"


def layouts(text):
    return f"{len(text)}:{text[:3]:>5}"


def finally_(text):
    n = 0
    try:
        n = 10 // len(text)
    except ZeroDivisionError:
        n = -1
    finally:
        n += 100
    return n


def deep(text):
    return helper(text, 3) + helper(text, n=1)


def helper(text, n, more=2):
    return len(text) * n + more


def factorial(n):
    return 1 if n <= 1 else n * factorial(n - 1)


def recursive(text):
    return factorial(len(text) % 10)


def any_digit(text):
    return any(c.isdigit() for c in text) or all(c == "a" for c in text)


def nested(text):
    return sum(a * b for a in range(len(text) % 5) for b in range(3) if a != b)


def walrus(text):
    return n * 2 if (n := len(text.strip())) > 2 else n


def unknown(text):
    if text is None or pd.isna(text):
        return "missing"
    while text.startswith("a"):
        text = text[1:]
    return text.title()


def kinds(text):
    return isinstance(text, str) and not isinstance(text, (int, float))


def matrix(text):
    for low, high in STEPS:
        if low <= len(text) < high:
            return high
    return -1


def listed(text):
    return sum(CODES.get(text[:1], []))


def signs(text):
    seen = set()
    for c in text:
        if c in SIGNS and c not in seen:
            seen.add(c)
    return len(seen | SIGNS) - len(seen - SIGNS)


TEXTS: list[Any] = [
    (initials, "str"), (tidied, "str"), (first_number, "int"), (swapped, "str"), (dated, "int"),
    (vowels, "int"), (longest, "str"), (soundex, "str"), (reverse, "str"), (palindrome, "bool"), (counted, "str"), (distinct, "int"),
    (scored, "float"), (without_stops, "str"), (numbered, "int"), (checksum, "int"), (ordered, "str"), (sorted_letters, "str"),
    (pairs, "int"), (joined, "str"), (layouts, "str"), (finally_, "int"), (deep, "int"), (recursive, "int"), (any_digit, "bool"),
    (nested, "int"), (walrus, "int"), (unknown, "str"), (kinds, "bool"), (matrix, "int"), (listed, "int"), (signs, "int"),
    (lambda t: len(t.split()), "int"), (lambda t: "-".join(map_(t)), "str"), (lambda t: t[-1] if t else None, "str"),
    (lambda t: min(t.split(), key=lambda w: (len(w), w)), "str"), (lambda t: max(t), "str"),
]  # fmt: skip


def map_(text):
    return [c.upper() for c in text][:4]


def halvings(x):
    n = 0
    while x > 1:
        x /= 2
        n += 1
    return n


def shown(x):
    return f"{x:.2f}"


def first_digit(x):
    return int(str(abs(x)).replace(".", "").lstrip("0")[:1])


def newton(x):
    if x < 0:
        raise ValueError("negative")
    guess = x or 1.0
    for _ in range(30):
        guess = (guess + x / guess) / 2
    return guess


def binned(x):
    for place, (low, high) in enumerate(STEPS):
        if low <= x < high:
            return f"bin {place}"
    return None


def rounds(x):
    return round(x, 2) + math.floor(x) % 7 - divmod(int(x), 3)[1]


def logs(x):
    try:
        return math.log(x)
    except ValueError:
        return -1.0


def chained(x):
    total = 0
    while 0 <= total < x < 1000:
        total += max(1, abs(x) * 0.3)
    return total


def collected(x):
    values = [x * i for i in range(5)]
    values.append(-x)
    values[0] = 3.5
    table = {i: v for i, v in enumerate(values)}
    table[2] += 1
    return sum(table.values()) - values.pop() + np.sqrt(abs(x))


FLOATS: list[Any] = [
    (halvings, "int"), (shown, "str"), (first_digit, "int"), (newton, "float"), (binned, "str"), (rounds, "float"), (logs, "float"),
    (chained, "float"), (collected, "float"), (lambda x: len(str(x)), "int"), (lambda x: str(x), "str"), (lambda x: x != x, "bool"),
    (lambda x: sum([x, 2, 3]) / 3, "float"), (lambda x: sorted([x, 5, -5])[1], "float"),
]  # fmt: skip


def weekend(t):
    days = 0
    for _ in range(3):
        if t.weekday() >= 5:
            days += 1
        t = t + datetime.timedelta(days=1)
    return days


def season(t):
    names = ["winter", "spring", "summer", "autumn"]
    return names[t.month % 12 // 3] + f" {t:%Y}" + t.strftime("-%j")


def age(t):
    span = t - pd.to_datetime("2020-01-01")
    while span.days > 365:
        span -= datetime.timedelta(365)
    return span.total_seconds() / 3600 + span.days


DATES: list[Any] = [
    (weekend, "int"), (season, "str"), (age, "float"), (lambda t: str(t.date()), "str"), (lambda t: t.quarter * 10 + t.dayofweek, "int"),
    (lambda t: max(t, START), "datetime"), (lambda t: t.day_name()[:3].lower(), "str"), (lambda t: t.isoformat()[:7], "str"),
]  # fmt: skip
