"""SQL text of the words that queries are mostly made of, some ten times as fast as the general generator. Knows no plan and no data.

Every function here writes what sqlglot's generator writes, to the letter (tests compare both on every measure and expression); what
has no function, or has parts that its function doesn't know, is left to sqlglot.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sqlglot import exp

from ag_vault.expressions.term import SQL_TYPES

DIALECT = "duckdb"

Write = Callable[[Any], str]


def text(node: exp.Expr) -> str:
    """The node as SQL of the engine."""
    write = _WORDS.get(type(node))
    known = _PARTS.get(type(node))
    if write is None or (known is not None and not _only(node, known)):
        return node.sql(dialect=DIALECT)
    return write(node)


def _only(node: exp.Expr, known: frozenset[str]) -> bool:
    """Whether every part that is given is a known one."""
    return not any(part and name not in known for name, part in node.args.items())


def _identifier(node: exp.Identifier) -> str:
    if not node.args.get("quoted"):
        return str(node.sql(dialect=DIALECT))
    return '"' + str(node.this).replace('"', '""') + '"'


def _column(node: exp.Column) -> str:
    return ".".join(text(node.args[name]) for name in ("table", "this") if node.args.get(name))


def _literal(node: exp.Literal) -> str:
    return "'" + node.this.replace("'", "''") + "'" if node.is_string else str(node.this)


def _cast(node: exp.Cast) -> str:
    to = node.args["to"]
    named = _TYPES.get(to.this) if _only(to, _THIS) else None
    return f"CAST({text(node.this)} AS {named or to.sql(dialect=DIALECT)})"


def _binary(operator: str) -> Write:
    return lambda node: f"{text(node.this)} {operator} {text(node.expression)}"


def _call(name: str) -> Write:
    return lambda node: f"{name}({text(node.this)})"


def _case(node: exp.Case) -> str:
    branches = "".join(f" WHEN {text(branch.this)} THEN {text(branch.args['true'])}" for branch in node.args["ifs"])
    default = node.args.get("default")
    return f"CASE{branches}{'' if default is None else f' ELSE {text(default)}'} END"


def _listed(nodes: Iterable[exp.Expr]) -> str:
    return ", ".join(text(node) for node in nodes)


def _select(node: exp.Select) -> str:
    parts = [text(node.args["with_"])] if node.args.get("with_") else []
    parts.append(f"SELECT {_listed(node.expressions)}")
    parts += [text(node.args[name]) for name in _CLAUSES if node.args.get(name)]
    return " ".join(parts)


def _cte(node: exp.CTE) -> str:
    alias = node.args["alias"]
    if not _only(alias, frozenset({"this"})) or node.args.get("materialized") is not False:
        return node.sql(dialect=DIALECT)
    return f"{text(alias.this)} AS NOT MATERIALIZED ({text(node.this)})"


_CLAUSES = ("from_", "where", "group", "having", "order")
_TYPES = {kind.this: kind.sql(dialect=DIALECT) for kind in SQL_TYPES.values()}
_THIS = frozenset({"this"})
_PARTS: dict[type[exp.Expr], frozenset[str]] = {
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.Column: frozenset({"this", "table"}),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Cast: frozenset({"this", "to"}),
    exp.Paren: _THIS,
    exp.Floor: _THIS,
    exp.Anonymous: frozenset({"this", "expressions"}),
    exp.Array: frozenset({"expressions"}),
    exp.Sum: _THIS,
    exp.Count: _THIS,
    exp.Case: frozenset({"ifs", "default"}),
    exp.Select: frozenset({"with_", "expressions", *_CLAUSES}),
    exp.Between: frozenset({"this", "low", "high"}),
    exp.Parameter: _THIS,
    exp.With: frozenset({"expressions"}),
    exp.Group: frozenset({"expressions"}),
    exp.Table: _THIS,
}
"""The parts that a word's function knows; words that have no others are not listed."""
_WORDS: dict[type[exp.Expr], Write] = {
    exp.Identifier: _identifier,
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Null: lambda _: "NULL",
    exp.Star: lambda _: "*",
    exp.Cast: _cast,
    exp.Paren: lambda node: f"({text(node.this)})",
    exp.Alias: lambda node: f"{text(node.this)} AS {text(node.args['alias'])}",
    exp.Case: _case,
    exp.Add: _binary("+"),
    exp.Sub: _binary("-"),
    exp.Mul: _binary("*"),
    exp.LT: _binary("<"),
    exp.LTE: _binary("<="),
    exp.GT: _binary(">"),
    exp.GTE: _binary(">="),
    exp.EQ: _binary("="),
    exp.Is: _binary("IS"),
    exp.BitwiseRightShift: _binary(">>"),
    exp.Not: lambda node: f"NOT {text(node.this)}",
    exp.Floor: _call("FLOOR"),
    exp.Anonymous: lambda node: f"{node.this.upper()}({_listed(node.expressions)})",
    exp.And: _binary("AND"),
    exp.Or: _binary("OR"),
    exp.Between: lambda node: f"{text(node.this)} BETWEEN {text(node.args['low'])} AND {text(node.args['high'])}",
    exp.Parameter: lambda node: f"${text(node.this)}",
    exp.Array: lambda node: f"[{_listed(node.expressions)}]",
    exp.Sum: _call("SUM"),
    exp.Count: _call("COUNT"),
    exp.Select: _select,
    exp.With: lambda node: f"WITH {_listed(node.expressions)}",
    exp.CTE: _cte,
    exp.From: lambda node: f"FROM {text(node.this)}",
    exp.Where: lambda node: f"WHERE {text(node.this)}",
    exp.Having: lambda node: f"HAVING {text(node.this)}",
    exp.Group: lambda node: f"GROUP BY {_listed(node.expressions)}",
    exp.Table: lambda node: text(node.this),
}
