"""Plan ⇄ bytes: a flat list of records that refer backwards, so that no input can nest.

Takes no part in meaning: it knows fields and families, never prices. A shared expression travels once.
"""

import typing
from typing import Any, TypeVar

import msgspec

from ag_plan.errors import MalformedPlan
from ag_plan.expressions import EXPRESSIONS, Code, Expression
from ag_plan.messages import REPLIES, REQUESTS, Message
from ag_plan.programs import PROGRAMS
from ag_plan.relations import RELATIONS, Relation
from ag_plan.releases import MEASURES, Measure, Release

MAX_PLAN_BYTES = 1 << 20
MAX_NODES = 4096
MAX_DEPTH = 256
MAX_EXPANDED = 100_000
"""Nodes of the plan were every shared part written out: what a naive reader would walk."""
MAX_VALUES = 30_000
"""Public values in all its expressions: lists of members and recodings, which a reader must write down one by one."""

_TOO_MANY_VALUES = f"the plan lists more than {MAX_VALUES} public values; bring them as a table and join it"

_FAMILIES: tuple[type, ...] = (Expression, Relation, Code)
_NODES: tuple[type[msgspec.Struct], ...] = (*EXPRESSIONS, *RELATIONS, *PROGRAMS, Release)

PlanNode = TypeVar("PlanNode", Expression, Relation, Release, Code)


def _family(annotation: Any) -> type | None:
    """The family a field refers to, for a single reference or a tuple of them."""
    if annotation in _FAMILIES:
        return typing.cast("type", annotation)
    if typing.get_origin(annotation) is tuple and typing.get_args(annotation)[0] in _FAMILIES:
        return typing.cast("type", typing.get_args(annotation)[0])
    return None


def _references(node_type: type[msgspec.Struct]) -> dict[str, type]:
    """Fields of a node that refer to other nodes, with the family each must belong to."""
    hints = typing.get_type_hints(node_type)
    found = ((name, _family(hints[name])) for name in node_type.__struct_fields__)
    return {name: family for name, family in found if family is not None}


def _wire_type(node_type: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The node's record on the wire: the same fields, references as indices, measures as their closed union. A node without either is its own."""
    known = msgspec.structs.fields(node_type)
    if not _REFERENCES[node_type] and all(field.type is not Measure for field in known):
        return node_type
    fields: list[Any] = []
    for field in known:
        annotation: Any = field.type
        if _family(annotation) is not None:
            annotation = int if annotation in _FAMILIES else tuple[int, ...]
        elif annotation is Measure:
            annotation = typing.Union[MEASURES]  # noqa: UP007 - a union of a tuple has no other spelling
        default = () if field.default is msgspec.NODEFAULT else (field.default,)
        fields.append((field.name, annotation, *default))
    tag = node_type.__struct_config__.tag
    return msgspec.defstruct(node_type.__name__, fields, tag=tag, frozen=True, kw_only=True, forbid_unknown_fields=True)


def _lists(node_type: type[msgspec.Struct]) -> tuple[str, ...]:
    """Fields of an expression that may list public values."""
    if not issubclass(node_type, Expression):
        return ()
    hints = typing.get_type_hints(node_type)
    return tuple(name for name in node_type.__struct_fields__ if _family(hints[name]) is None and _is_list(hints[name]))


def _is_list(annotation: Any) -> bool:
    return typing.get_origin(annotation) is tuple or any(_is_list(part) for part in typing.get_args(annotation))


_REFERENCES = {node: _references(node) for node in _NODES}
_LISTS = {node: _lists(node) for node in _NODES}
_WIRE = {node: _wire_type(node) for node in _NODES}
_NODE_OF = {wire: node for node, wire in _WIRE.items()}
_FIELDS = {node: tuple((name, _REFERENCES[node].get(name)) for name in node.__struct_fields__) for node in _NODES}
"""Of each node: its fields, with the family of those that refer to other nodes."""
_encoder = msgspec.msgpack.Encoder()
_plan_decoder: msgspec.msgpack.Decoder[list[Any]] = msgspec.msgpack.Decoder(list[typing.Union[tuple(_NODE_OF)]])  # type: ignore[misc]  # noqa: UP007 - a union of a table
_message_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(typing.Union[REQUESTS + REPLIES])  # noqa: UP007 - a union of a table


def children(node: msgspec.Struct) -> tuple[Any, ...]:
    """The nodes a node refers to, in field order."""
    names = _REFERENCES[type(node)]
    if not names:
        return ()
    found: list[Any] = []
    for name in names:
        value = getattr(node, name)
        if isinstance(value, tuple):
            found += value
        else:
            found.append(value)
    return tuple(found)


def encode_plan(root: Expression | Relation | Release | Code) -> bytes:
    """Bytes of a plan, each distinct node object once, children before parents. Raises MalformedPlan over the limits."""
    index: dict[int, int] = {}
    records: list[msgspec.Struct] = []
    values = 0
    node: msgspec.Struct = root
    below = iter(children(root))
    above: list[tuple[msgspec.Struct, Any]] = []
    while True:
        for child in below:
            if id(child) not in index:
                above.append((node, below))
                node, below = child, iter(children(child))
                break
        else:
            index[id(node)] = len(records)
            records.append(_record(node, index))
            if _LISTS[type(node)]:
                values += _values(node)
            _within(len(records), values)
            if not above:
                break
            node, below = above.pop()
    encoded = _encoder.encode(records)
    if len(encoded) > MAX_PLAN_BYTES:
        raise MalformedPlan(f"the plan is longer than {MAX_PLAN_BYTES} bytes")
    return encoded


def _within(nodes: int, values: int) -> None:
    if nodes > MAX_NODES:
        raise MalformedPlan(
            f"the plan has more than {MAX_NODES} nodes; release an intermediate result and go on from there"
        )
    if values > MAX_VALUES:
        raise MalformedPlan(_TOO_MANY_VALUES)


def _values(node: msgspec.Struct) -> int:
    """How many public values an expression lists."""
    lists = [getattr(node, name) for name in _LISTS[type(node)]]
    return sum(len(each) for each in lists if isinstance(each, tuple))


def _record(node: msgspec.Struct, index: dict[int, int]) -> msgspec.Struct:
    wire = _WIRE[type(node)]
    if wire is type(node):
        return node
    values: dict[str, Any] = {}
    for name, family in _FIELDS[type(node)]:
        value = getattr(node, name)
        if family is not None:
            value = tuple([index[id(v)] for v in value]) if isinstance(value, tuple) else index[id(value)]
        values[name] = value
    return wire(**values)


def decode_plan(data: bytes, expected: type[PlanNode]) -> PlanNode:
    """The plan in the bytes, whose root is an ``expected``. Total: MalformedPlan for anything else."""
    if len(data) > MAX_PLAN_BYTES:
        raise MalformedPlan(f"the plan is longer than {MAX_PLAN_BYTES} bytes")
    try:
        records = _plan_decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError, OverflowError):
        raise MalformedPlan("the bytes are not a plan") from None
    if not 0 < len(records) <= MAX_NODES:
        raise MalformedPlan(f"a plan has between 1 and {MAX_NODES} nodes")
    root = _link(records)
    if not isinstance(root, expected):
        raise MalformedPlan("the plan is of another family than expected")
    return root


def _link(records: list[Any]) -> Any:
    """Nodes from records, children first; bounds depth and written-out size on the way."""
    nodes: list[Any] = []
    depths: list[int] = []
    sizes: list[int] = []
    values = 0
    for record in records:
        node_type = _NODE_OF[type(record)]
        depth = size = 1
        node = record
        if type(record) is not node_type:
            node, referred = _node(node_type, record, nodes)
            for i in referred:
                size += sizes[i]
                if depths[i] >= depth:
                    depth = depths[i] + 1
            if depth > MAX_DEPTH or size > MAX_EXPANDED:
                raise MalformedPlan(
                    "the plan is nested too deeply; release an intermediate result and go on from there"
                )
        if _LISTS[node_type]:
            values += _values(node)
            if values > MAX_VALUES:
                raise MalformedPlan(_TOO_MANY_VALUES)
        depths.append(depth)
        sizes.append(size)
        nodes.append(node)
    return nodes[-1]


def _node(node_type: type[msgspec.Struct], record: Any, nodes: list[Any]) -> tuple[Any, list[int]]:
    """The node of a record that refers to others, all of which come before it, and to which."""
    values: dict[str, Any] = {}
    referred: list[int] = []
    for name, family in _FIELDS[node_type]:
        value = getattr(record, name)
        if family is not None:
            if isinstance(value, tuple):
                referred += value
                value = tuple([_referred(number, family, nodes) for number in value])
            else:
                referred.append(value)
                value = _referred(value, family, nodes)
        values[name] = value
    try:
        return node_type(**values), referred
    except ValueError as reason:
        raise MalformedPlan(str(reason)) from None


def _referred(number: int, family: type, nodes: list[Any]) -> Any:
    """The node of a number. MalformedPlan where it comes later, or is of another family."""
    if 0 <= number < len(nodes) and isinstance(nodes[number], family):
        return nodes[number]
    raise MalformedPlan("a reference in the plan leads nowhere")


def encode_message(message: Message) -> bytes:
    """Bytes of a request or a reply."""
    return _encoder.encode(message)


def decode_message(data: bytes, expected: tuple[type[Message], ...]) -> Message:
    """The message in the bytes, one of ``expected``. Total: MalformedPlan for anything else."""
    try:
        message = _message_decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError, OverflowError):
        raise MalformedPlan("the bytes are not a message") from None
    if not isinstance(message, expected):
        raise MalformedPlan("the message is not for this side")
    return message
