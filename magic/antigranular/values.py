"""Exported values, rebuilt from the wire's closed set of tagged forms by one table. Data only: nothing here can run code.

Must not know how the message arrived. pandas and numpy are imported when a value needs them; without them arrays become
lists and frames become dictionaries of columns.
"""

import keyword
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from antigranular import arrays, frames
from antigranular.errors import WireError
from antigranular.exact import exact
from antigranular.model import Model
from antigranular.provenance import attach

VERSION = 1
MAX_DEPTH = 64
MOST_ROWS = 1 << 27
"""That an index may count: more than an export's bytes have room for."""

Node = Mapping[str, Any]
Buffers = Sequence[bytes | memoryview]


class _Reader:
    """Decodes the nodes of one export; ``buffers`` are its message's binary parts."""

    def __init__(self, buffers: Buffers) -> None:
        self._buffers = buffers
        self._depth = 0

    def read(self, node: Any) -> Any:
        """The value of a node, with its provenance where it is a release."""
        decode = FORMS.get(str(node.get("t"))) if isinstance(node, dict) else None
        if decode is None:
            raise WireError("an exported value has a form that this client does not know; upgrade it")
        if self._depth >= MAX_DEPTH:
            raise WireError(f"an exported value is nested more than {MAX_DEPTH} deep")
        self._depth += 1
        try:
            value = decode(self, node)
        finally:
            self._depth -= 1
        provenance = node.get("ag")
        return attach(value, self._read_provenance(provenance)) if isinstance(provenance, dict) else value

    def read_all(self, nodes: Any) -> list[Any]:
        """The values of a list of nodes."""
        if not isinstance(nodes, list):
            raise WireError("an exported value has a part that is not a list")
        return [self.read(node) for node in nodes]

    def buffer(self, node: Node) -> bytes | memoryview:
        """The binary part that a node names by number."""
        number = node.get("buffer")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(self._buffers):
            raise WireError("an exported value names a binary part that did not arrive")
        return self._buffers[number]

    def _read_provenance(self, provenance: Node) -> dict[str, Any]:
        """Plain JSON as it is; what is tagged, decoded."""
        return {
            str(key): self.read(value) if isinstance(value, dict) and "t" in value else value
            for key, value in provenance.items()
        }


def decode_export(payload: Any, buffers: Buffers) -> tuple[str, Any]:
    """The name and the value of an export message. Raises WireError for anything outside the closed set."""
    if not isinstance(payload, dict) or payload.get("version") != VERSION:
        raise WireError("the enclave exported in a version that this client does not know; upgrade it")
    name = name_of(payload)
    return name, decoded(name, payload.get("value"), buffers)


def name_of(payload: Node) -> str:
    """The variable that an export sets. Raises WireError where it is none."""
    name = payload.get("name")
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__"):
        raise WireError(f"the enclave exported under {name!r}, which is not the name of a variable")
    return name


def decoded(name: str, node: Any, buffers: Buffers) -> Any:
    """The value of an export's node. Raises WireError for anything outside the closed set."""
    try:
        return decode_value(node, buffers)
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as problem:
        raise WireError(f"the exported value {name} is malformed: {problem}") from problem


def decode_value(node: Any, buffers: Buffers = ()) -> Any:
    """The value of one tagged node. Raises WireError, or the ValueError or TypeError of a malformed part."""
    return _Reader(buffers).read(node)


def _typed(node: Node, kind: type | tuple[type, ...]) -> Any:
    value = node.get("v")
    if not isinstance(value, kind):
        raise WireError(f"an exported {node['t']} holds a {type(value).__name__}")
    return value


def _float(_reader: _Reader, node: Node) -> float:
    return float(_typed(node, (int, float, str)))


def _timedelta(_reader: _Reader, node: Node) -> timedelta:
    return timedelta(microseconds=round(exact(_typed(node, str)) * 1_000_000))


def _dict(reader: _Reader, node: Node) -> dict[Any, Any]:
    pairs = [reader.read_all(pair) for pair in _typed(node, list)]
    return {key: value for key, value in pairs}  # noqa: C416 (a pair of any other length must fail here)


def _ndarray(reader: _Reader, node: Node) -> Any:
    return arrays.from_bytes(node.get("dtype"), node.get("shape"), reader.buffer(node))


def _ndarray_list(reader: _Reader, node: Node) -> Any:
    return arrays.from_objects(node.get("shape"), reader.read_all(node.get("v")))


def _texts(reader: _Reader, node: Node) -> Any:
    if node["lengths"].get("t") != "ndarray":
        raise WireError("an exported column of texts has no proper lengths")
    lengths = list(map(int, reader.read(node["lengths"])))
    return arrays.from_objects(node.get("shape"), frames.texts(bytes(reader.buffer(node)), lengths))


def _masked(reader: _Reader, node: Node) -> Any:
    return frames.masked(reader.read(node["values"]), reader.read(node["mask"]), dtype=node.get("dtype"))


def _categorical(reader: _Reader, node: Node) -> Any:
    categories, codes = reader.read(node["categories"]), reader.read(node["codes"])
    return frames.categorical(categories, codes, ordered=node.get("ordered"))


def _intervals(reader: _Reader, node: Node) -> Any:
    return frames.intervals(reader.read(node["left"]), reader.read(node["right"]), closed=node.get("closed"))


def _interval(reader: _Reader, node: Node) -> Any:
    return frames.interval(reader.read(node["left"]), reader.read(node["right"]), closed=node.get("closed"))


def _range(reader: _Reader, node: Node) -> Any:
    start, stop, step = map(int, _typed(node, list))
    if abs(stop - start) > MOST_ROWS * abs(step):
        raise WireError("an exported index counts further than any value that could arrive with it")
    return frames.run_of(start, stop, step, name=_name(reader, node.get("name")))


def _model(reader: _Reader, node: Node) -> Model:
    params, attributes = reader.read(node["params"]), reader.read(node["attributes"])
    if not isinstance(params, dict) or not isinstance(attributes, dict):
        raise WireError("an exported model has no parameters")
    return Model(kind=str(node["kind"]), params=params, attributes=attributes)


def _index(reader: _Reader, node: Node) -> Any:
    held, name = _column(reader, node["values"]), _name(reader, node.get("name"))
    return frames.index(held, name=name, dtype=node.get("dtype"), freq=node.get("freq"))


def _multiindex(reader: _Reader, node: Node) -> Any:
    names = [_name(reader, name) for name in node["names"]]
    return frames.multiindex(reader.read_all(node["levels"]), reader.read_all(node["codes"]), names=names)


def _series(reader: _Reader, node: Node) -> Any:
    index = reader.read(node["index"])
    return frames.series(_column(reader, node["values"]), index=index, name=_name(reader, node.get("name")))


def _frame(reader: _Reader, node: Node) -> Any:
    data = [_column(reader, column) for column in node["data"]]
    return frames.frame(data, columns=reader.read(node["columns"]), index=reader.read(node["index"]))


def _column(reader: _Reader, node: Node) -> Any:
    """The values of one column; where they are no machine numbers, the name of their type travels beside them."""
    named = node.get("t") in {"ndarray_list", "texts"}
    return frames.column(reader.read(node), dtype=node.get("dtype") if named else None)


def _name(reader: _Reader, name: Any) -> Any:
    """The name of an index or a series: a tagged value, a bare string, or nothing."""
    return name if name is None or isinstance(name, str) else reader.read(name)


FORMS: Mapping[str, Callable[[_Reader, Node], Any]] = {
    "none": lambda _reader, _node: None,
    "bool": lambda _reader, node: _typed(node, bool),
    "int": lambda _reader, node: int(_typed(node, str)),
    "float": _float,
    "str": lambda _reader, node: _typed(node, str),
    "na": lambda _reader, _node: frames.missing("NA"),
    "nat": lambda _reader, _node: frames.missing("NaT"),
    "bytes": lambda reader, node: bytes(reader.buffer(node)),
    "datetime": lambda _reader, node: datetime.fromisoformat(_typed(node, str)),
    "date": lambda _reader, node: date.fromisoformat(_typed(node, str)),
    "time": lambda _reader, node: time.fromisoformat(_typed(node, str)),
    "timedelta": _timedelta,
    "timestamp": lambda _reader, node: frames.moment(int(_typed(node, str)), unit=node.get("unit"), tz=node.get("tz")),
    "span": lambda _reader, node: frames.span(int(_typed(node, str)), unit=node.get("unit")),
    "interval": _interval,
    "period": lambda _reader, node: frames.period(int(_typed(node, str)), freq=node.get("freq")),
    "list": lambda reader, node: reader.read_all(node.get("v")),
    "tuple": lambda reader, node: tuple(reader.read_all(node.get("v"))),
    "set": lambda reader, node: set(reader.read_all(node.get("v"))),
    "dict": _dict,
    "ndarray": _ndarray,
    "ndarray_list": _ndarray_list,
    "texts": _texts,
    "masked": _masked,
    "zoned": lambda reader, node: frames.zoned(reader.read(node["values"]), tz=node.get("tz")),
    "categorical": _categorical,
    "intervals": _intervals,
    "periods": lambda reader, node: frames.periods(reader.read(node["values"]), freq=node.get("freq")),
    "index": _index,
    "range": _range,
    "multiindex": _multiindex,
    "series": _series,
    "frame": _frame,
    "model": _model,
}
"""Every form a value may have on the wire. A form that is not here is refused."""
