"""SQL text of the words that queries are mostly made of, several times as fast as the general generator. Knows no plan and no data.

It writes what sqlglot's generator writes, to the letter (tests compare both on every measure and expression); a word that is not
listed here, or has a part that its pattern doesn't name, is left to sqlglot.
"""

import re
from typing import Any

from sqlglot import exp

from ag_vault.expressions.term import SQL_TYPES

DIALECT = "duckdb"


def text(node: Any) -> str:
    """A node, or a list of nodes, as SQL of the engine."""
    if isinstance(node, list):
        return ", ".join(map(text, node))
    pattern, names, special = _PATTERNS.get(type(node), _UNKNOWN)
    if pattern is None:
        return str(node.sql(dialect=DIALECT))
    parts = node.args
    for name in parts:
        if name not in names and parts[name]:
            return str(node.sql(dialect=DIALECT))
    return pattern.format(*[text(parts[name]) for name in names]) if special is None else special(node)


def _quoted(mark: str, name: str) -> str:
    return mark + name.replace(mark, mark * 2) + mark


def _column(node: exp.Column) -> str:
    return ".".join(text(node.args[name]) for name in ("table", "this") if node.args.get(name))


def _cte(node: exp.CTE) -> str:
    if node.args.get("materialized") is not False:
        return node.sql(dialect=DIALECT)
    return f"{text(node.args['alias'])} AS NOT MATERIALIZED ({text(node.this)})"


def _case(node: exp.Case) -> str:
    branches = "".join(f" WHEN {text(branch.this)} THEN {text(branch.args['true'])}" for branch in node.args["ifs"])
    default = node.args.get("default")
    return f"CASE{branches}{'' if default is None else f' ELSE {text(default)}'} END"


def _alias(node: exp.TableAlias) -> str:
    columns = node.args.get("columns")
    return f"{text(node.this)}({text(columns)})" if columns else text(node.this)


def _join(node: exp.Join) -> str:
    side = node.args.get("side")
    return f"{f'{side} ' if side else ''}JOIN {text(node.this)} ON {text(node.args['on'])}"


def _select(node: exp.Select) -> str:
    clauses = [_clause(node.args[name]) for name in _CLAUSES if node.args.get(name)]
    before = [text(node.args["with_"])] if node.args.get("with_") else []
    return " ".join([*before, f"SELECT {text(node.expressions)}", *clauses])


def _clause(part: Any) -> str:
    """Joins are a list, without commas."""
    return " ".join(map(text, part)) if isinstance(part, list) else text(part)


_CLAUSES = ("from_", "joins", "where", "group", "having", "order")
_TYPES = {kind.this: kind.sql(dialect=DIALECT) for kind in SQL_TYPES.values()}
_SPECIAL: dict[type[exp.Expr], Any] = {
    exp.Identifier: lambda node: _quoted('"', node.this) if node.args.get("quoted") else node.sql(dialect=DIALECT),
    exp.Literal: lambda node: _quoted("'", node.this) if node.is_string else str(node.this),
    exp.DataType: lambda node: _TYPES.get(node.this) or node.sql(dialect=DIALECT),
    exp.Anonymous: lambda node: f"{node.this.upper()}({text(node.expressions)})",
    exp.CTE: _cte,
    exp.Column: _column,
    exp.Case: _case,
    exp.Select: _select,
    exp.TableAlias: _alias,
    exp.Join: _join,
}
_PARTS: dict[type[exp.Expr], str] = {
    exp.Identifier: "{this} {quoted}",
    exp.Literal: "{this} {is_string}",
    exp.DataType: "{this}",
    exp.Anonymous: "{this} {expressions}",
    exp.Column: "{this} {table}",
    exp.Case: "{ifs} {default}",
    exp.Select: "{with_} {expressions} " + " ".join(f"{{{name}}}" for name in _CLAUSES),
    exp.CTE: "{this} {alias}",
    exp.TableAlias: "{this} {columns}",
    exp.Table: "{this}",
    exp.Tuple: "({expressions})",
    exp.Values: "(VALUES {expressions}) AS {alias}",
    exp.Join: "{this} {on} {side}",
    exp.Null: "NULL",
    exp.Star: "*",
    exp.Cast: "CAST({this} AS {to})",
    exp.Paren: "({this})",
    exp.Array: "[{expressions}]",
    exp.Alias: "{this} AS {alias}",
    exp.Parameter: "${this}",
    exp.Floor: "FLOOR({this})",
    exp.Sum: "SUM({this})",
    exp.Count: "COUNT({this})",
    exp.Not: "NOT {this}",
    exp.Between: "{this} BETWEEN {low} AND {high}",
    exp.With: "WITH {expressions}",
    exp.From: "FROM {this}",
    exp.Where: "WHERE {this}",
    exp.Group: "GROUP BY {expressions}",
    exp.Having: "HAVING {this}",
}
"""Each word's parts, and how they are put together (but for ``_SPECIAL`` ones)."""
_OPERATORS: dict[type[exp.Expr], str] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.BitwiseRightShift: ">>", exp.And: "AND", exp.Or: "OR", exp.Is: "IS",
    exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.EQ: "=",
}  # fmt: skip
_WORDS = _PARTS | {word: f"{{this}} {operator} {{expression}}" for word, operator in _OPERATORS.items()}
_PATTERNS = {
    word: (re.sub(r"{\w+}", "{}", it), tuple(re.findall(r"{(\w+)}", it)), _SPECIAL.get(word))
    for word, it in _WORDS.items()
}
_UNKNOWN: tuple[None, tuple[str, ...], None] = None, (), None
