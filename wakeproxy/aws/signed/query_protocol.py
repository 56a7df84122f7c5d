"""AWS's query protocols: an operation and its parameters as a form, its answer as XML.

"AWS query protocol" and "Amazon EC2 query protocol" in Smithy's documentation. XML says neither what is a list nor what
is a number, so what is read of an answer is written down beside each operation (`services`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import urlencode
from xml.parsers import expat

from wakeproxy.aws.errors import StrangeAnswerError
from wakeproxy.aws.signed.connections import Answer
from wakeproxy.aws.signed.json_protocol import metadata_of

_LOWEST_ERROR: Final = 300

Shape: TypeAlias = "Callable[[str], Any] | list[Any] | dict[str, Any]"
"""What an element is read as: a text by a function, a list by a list of what its items are, a structure by a dict of
what its members are."""


class QueryProtocol(NamedTuple):
    """How one service is spoken to."""

    version: str
    """Of the API, a date."""
    item: str
    """The name of a list's items in an answer: ``member``, or ``item`` where lists of a request have no such level."""
    shapes: Mapping[str, dict[str, Any]]
    """What is read of an operation's answer."""
    wire_names: Mapping[str, str] = MappingProxyType({})
    """Names that members have in requests and answers, where they are others."""
    wraps: bool = True
    """Whether an answer stands within an element of its own, beside the metadata."""

    def write(self, operation: str, params: Mapping[str, Any]) -> tuple[Mapping[str, str], bytes]:
        """Make the headers and the body of a request."""
        pairs = [("Action", operation), ("Version", self.version), *self._flatten(params, "")]
        return {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, urlencode(pairs).encode()

    def read(self, operation: str, answer: Answer) -> dict[str, Any]:
        """Read an answer; an error is told by its member ``Error``.

        Raises:
            StrangeAnswerError: it is none of AWS's.
        """
        if answer.status >= _LOWEST_ERROR:
            return _read_error(answer)
        root = parse(answer.body)
        if root.name != f"{operation}Response":
            raise StrangeAnswerError(f"its answer is a {root.name}")
        found = root.first(f"{operation}Result") if self.wraps else root
        told = self._read(found, self.shapes[operation]) if found else {}
        request_id = root.text_of("requestId") or root.text_of("ResponseMetadata", "RequestId")
        return {**told, **metadata_of(answer, request_id or answer.headers.get("x-amzn-requestid", ""))}

    def _flatten(self, value: Any, name: str) -> Iterator[tuple[str, str]]:
        match value:
            case dict():
                for key, each in value.items():
                    wire = self.wire_names.get(key, key)
                    yield from self._flatten(each, f"{name}.{wire}" if name else wire)
            case list() | tuple():
                between = ".member" if self.wraps else ""
                for number, each in enumerate(value, 1):
                    yield from self._flatten(each, f"{name}{between}.{number}")
            case datetime():
                yield name, value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            case bool():
                yield name, str(value).lower()
            case _:
                yield name, str(value)

    def _read(self, element: "Element", shape: Shape) -> Any:
        if isinstance(shape, dict):
            found = {name: element.first(self._wire_name(name)) for name in shape}
            return {name: self._read(each, shape[name]) for name, each in found.items() if each is not None}
        if isinstance(shape, list):
            return [self._read(each, shape[0]) for each in element.children if each.name == self.item]
        try:
            return shape(element.text)
        except ValueError as error:
            raise StrangeAnswerError(f"its answer has a {element.name} that is none") from error

    def _wire_name(self, name: str) -> str:
        if self.wraps:
            return name
        return self.wire_names.get(name, name[:1].lower() + name[1:])


def read_instant(text: str) -> datetime:
    """Read an instant as XML answers write it.

    Raises:
        ValueError: it is none.
    """
    return datetime.fromisoformat(text)


class Element:
    """An element of a document: a name, a text, and elements within; namespaces and attributes are left out."""

    __slots__ = ("children", "name", "text")

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = ""
        self.children: list[Element] = []

    def first(self, *path: str) -> "Element | None":
        """Find the first element at a path."""
        found: Element | None = self
        for name in path:
            found = next((each for each in found.children if each.name == name), None) if found else None
        return found

    def text_of(self, *path: str) -> str:
        """Take the text at a path; empty where there is nothing."""
        found = self.first(*path)
        return found.text if found else ""


def parse(document: bytes) -> Element:
    """Read an XML document.

    Raises:
        StrangeAnswerError: it is none, or declares entities, which no answer of AWS's does.
    """
    top = Element("")
    path = [top]

    def begin(name: str, _: Mapping[str, str]) -> None:
        element = Element(name.rpartition(":")[2])
        path[-1].children.append(element)
        path.append(element)

    def end(_: str) -> None:
        path.pop()

    def add(text: str) -> None:
        path[-1].text += text

    def refuse(*_: Any) -> None:
        raise StrangeAnswerError("its answer declares entities")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, add
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(document, True)  # noqa: FBT003 - expat's own way to say that this is all
    except expat.ExpatError as error:
        raise StrangeAnswerError("its answer is not XML") from error
    return top.children[0]


def _read_error(answer: Answer) -> dict[str, Any]:
    """Read an error; EC2 tells of several, and means the first."""
    try:
        root = parse(answer.body)
    except StrangeAnswerError:
        root = Element("")
    told = root.first("Errors", "Error") or root.first("Error") or root
    code = told.text_of("Code") or str(answer.status)
    error = {"Code": code, "Message": told.text_of("Message")}
    kinds: Sequence[str] = ("RequestID", "RequestId")
    request_id = next((text for name in kinds if (text := root.text_of(name))), "")
    return {"Error": error, **metadata_of(answer, request_id)}
