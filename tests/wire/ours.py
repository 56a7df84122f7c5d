"""How we read a message that is all here: its head, what passes of its body, its content, and what follows it."""

from collections.abc import Iterable
from dataclasses import dataclass

from wakeproxy.wire.bodies import Body, Chunked, Counted, UntilClose
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.fields import judge_beginning
from wakeproxy.wire.requests import RequestHead, read_request
from wakeproxy.wire.responses import ResponseHead, read_response

MOST_FIELDS = 30
MOST_BYTES = 2048
Fields = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Ours:
    """One message as we read it; not whole as long as more of it would have to come."""

    head: bytes
    passed: bytes = b""
    """Of the body, with its framing."""
    content: bytes = b""
    rest: bytes = b""
    is_whole: bool = False
    request: RequestHead | None = None
    response: ResponseHead | None = None

    @property
    def message(self) -> bytes:
        return self.head + self.passed


def write(first_line: bytes, *fields: bytes, body: bytes = b"") -> bytes:
    """Write a message byte for byte."""
    return b"\r\n".join((first_line, *fields)) + b"\r\n\r\n" + body


def parse_fields(head: bytes) -> Fields:
    """Take a head that was judged apart, as plainly as can be."""
    lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")[1:]
    return [(name.lower(), value.strip(b" \t")) for name, _, value in (line.partition(b":") for line in lines)]


def verdict(data: bytes) -> int:
    """What a client is told of a request: 200 stands for being served."""
    try:
        read_ours(data)
    except BadMessageError as error:
        return int(error.status)
    return 200


def read_ours(data: bytes) -> Ours:
    """Read a request and its body."""
    head, data = _split(data)
    if not data and not head.endswith(b"\r\n\r\n"):
        return Ours(head)
    read = read_request(head, most_fields=MOST_FIELDS)
    body = new_chunked() if read.body_is_chunked else Counted(read.length)
    passed, content, rest = follow(body, [data])
    return Ours(head, passed, content, rest, body.is_over, request=read)


def read_our_answer(data: bytes, *, to_head: bool = False) -> Ours:
    """Read an answer and its body."""
    head, data = _split(data)
    if not data and not head.endswith(b"\r\n\r\n"):
        return Ours(head)
    read = read_response(head, to_head=to_head, most_fields=MOST_FIELDS)
    body: Body = new_chunked() if read.body_is_chunked else UntilClose()
    if not read.body_is_chunked and read.length is not None:
        body = Counted(read.length)
    passed, content, rest = follow(body, [data])
    return Ours(head, passed, content, rest, body.is_over, response=read)


def new_chunked() -> Chunked:
    return Chunked(most_bytes=MOST_BYTES, most_fields=MOST_FIELDS)


def follow(body: Body, pieces: Iterable[bytes]) -> tuple[bytes, bytes, bytes]:
    """Follow a body through pieces: what passes, what of it is content, and what is left."""
    passed = rest = b""
    if isinstance(body, Chunked):
        body.payload = []
    for piece in pieces:
        end = 0 if body.is_over else body.follow(piece, 0)
        passed += piece[:end]
        rest += piece[end:]
    return passed, passed if body.payload is None else b"".join(body.payload), rest


def _split(data: bytes) -> tuple[bytes, bytes]:
    end = data.find(b"\r\n\r\n") + 4
    if end < 4:
        judge_beginning(data)
        return data, b""
    return data[:end], data[end:]
