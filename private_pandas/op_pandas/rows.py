"""The rows a private object stands on, and the terms computed from them: thin handles over relations and expressions.

Must not know which types an operator accepts: the vault says so, once, by the schema it answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from ag_plan.codec import encode_plan
from ag_plan.errors import MalformedPlan
from ag_plan.expressions import Binary, BinaryOperator, Choose, Column, Constant, Expression
from ag_plan.messages import AskSchema, ColumnSchema, Schema
from ag_plan.relations import Filter, Project, Relation, Source
from op_pandas.vault import Vault, ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A column computed from rows, with what the vault says is public about it."""

    expression: Expression
    schema: ColumnSchema

    @property
    def kind(self) -> str:
        """The logical type: float, int, bool, str, datetime; or null, of a column that is nothing else."""
        return self.schema.kind

    @property
    def is_number(self) -> bool:
        """Whether pandas would call the column numeric; booleans are not."""
        return self.schema.kind in {"float", "int"}

    @property
    def is_summable(self) -> bool:
        """Whether the column has a sum: numbers, and booleans as 0 and 1."""
        return self.is_number or self.schema.kind == "bool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A table, or what merges, groups and the like make of tables, and the filters upon it; columns are computed on top."""

    vault: Vault
    relation: Relation

    def base(self) -> dict[str, Term]:
        """All columns of the rows, in order."""
        reply = ask(self.vault, AskSchema(id=0, relation=encoded(self.relation)), Schema)
        return {column.name: Term(expression=Column(name=column.name), schema=column) for column in reply.columns}

    def terms(self, wanted: Mapping[str, Expression]) -> dict[str, Term]:
        """Terms from expressions, in one question. Raises what the vault's refusal names, e.g. for types that don't fit."""
        if not wanted:
            return {}
        project = Project(relation=self.relation, names=tuple(wanted), expressions=tuple(wanted.values()))
        reply = ask(self.vault, AskSchema(id=0, relation=encoded(project)), Schema)
        columns = {column.name: column for column in reply.columns}
        return {name: Term(expression=expression, schema=columns[name]) for name, expression in wanted.items()}

    def term(self, expression: Expression) -> Term:
        """The one term of an expression."""
        return self.terms({"value": expression})["value"]

    def filtered(self, predicate: Expression) -> "Rows":
        """The rows on which the predicate is true."""
        return Rows(vault=self.vault, relation=Filter(relation=self.relation, predicate=predicate))

    def filters_since(self, ancestor: "Rows") -> tuple[Expression, ...] | None:
        """The predicates that lead from the ancestor's rows to these, oldest first; None where it is no ancestor."""
        found: list[Expression] = []
        relation = self.relation
        while not _same(relation, ancestor.relation):
            if not isinstance(relation, Filter):
                return None
            found.append(relation.predicate)
            relation = relation.relation
        return tuple(reversed(found))


def _same(one: Relation, other: Relation) -> bool:
    return one is other or one == other


def encoded(node: Relation) -> bytes:
    """Plan bytes. ValueError with the codec's sentence where the plan has grown too large."""
    try:
        return encode_plan(node)
    except MalformedPlan as reason:
        raise ValueError(str(reason)) from None


def projected(rows: Rows, wanted: Mapping[str, Expression]) -> Project:
    """The rows with these columns alone."""
    return Project(relation=rows.relation, names=tuple(wanted), expressions=tuple(wanted.values()))


def source(vault: Vault, table: str) -> Rows:
    """The rows of a table of the catalogue."""
    return Rows(vault=vault, relation=Source(table=table))


def joined(operator: BinaryOperator, operands: tuple[Expression, ...]) -> Expression:
    """Operands joined by an associative operator, as a balanced tree so that many of them don't nest deeply."""
    layer = list(operands)
    while len(layer) > 1:
        pairs = [layer[i : i + 2] for i in range(0, len(layer), 2)]
        layer = [reduce(lambda left, right: Binary(operator=operator, left=left, right=right), pair) for pair in pairs]
    return layer[0]


def common(one: Rows, other: Rows) -> Rows:
    """The smaller of two sets of rows where one is filtered from the other. ValueError where neither is."""
    if one.filters_since(other) is not None:
        return one
    if other.filters_since(one) is not None:
        return other
    raise ValueError(
        "these private objects have different rows, so their values can't be paired; take both from one frame, filtered once"
    )


def lifted(expression: Expression, own: Rows, onto: Rows) -> Expression:
    """An expression of one set of rows as one of another: null on rows that ``own`` filtered away, as pandas aligns."""
    if onto.filters_since(own) is not None:
        return expression
    common(own, onto)
    predicate = joined("and", own.filters_since(onto) or ())
    return Choose(condition=predicate, then=expression, otherwise=Constant(value=None))
