"""Messages as they might come: by the grammar, nearly by the grammar, and with a few bytes gone wrong."""

from hypothesis import strategies as st

from tests.wire.ours import write

METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"PROPFIND", b"PURGE"]
TARGETS = [b"/", b"/a?b=c", b"//a", b"/%00", b'/"<>\\^`{|}~', b"*", b"http://a.test/x", b"http://b.test/", b"a.test:80"]
VERSIONS = [b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1"]
NAMES = [b"Content-Length", b"Transfer-Encoding", b"Connection", b"Upgrade", b"Host", b"TE", b"Trailer", b"Expect"]
NAMES += [
    b"Keep-Alive",
    b"Proxy-Connection",
    b"X-Forwarded-For",
    b"Via",
    b"Cookie",
    b"Content-Type",
    b"X",
    b"content_length",
]
NAMES += [b"Transfer-Encoding ", b"Content-Length\t", b" X", b"Transfer.Encoding", b"", b"HTTP2-Settings"]
VALUES = [b"0", b"3", b"5", b"03", b"+3", b"3, 3", b"3,4", b"0x3", b"", b"chunked", b"Chunked", b"gzip, chunked"]
VALUES += [b"chunked, identity", b"identity", b"xchunked", b'"chunked"', b"close", b"keep-alive", b"upgrade", b"a.test"]
VALUES += [b"close, upgrade", b"h2c", b"websocket", b"100-continue", b"trailers", b"\xff", b"a\tb", b"x" * 70, b"for=1"]
SPACES = [b" "] * 6 + [b"", b"\t", b"  ", b" \t "]
SIZES = [
    b"3",
    b"3",
    b"03",
    b"A",
    b"a",
    b"0x3",
    b"+3",
    b"3 ",
    b"3;a",
    b"3;a=b",
    b'3;a="b;c"',
    b"3;",
    b"3;a b",
    b"ffffffffffffffff",
]
PIECES = [b"abc", b"0123456789", b"ab\r", b"\r\n0", b"0\r\n\r\n"]
LINES = [b"\r\n"] * 12 + [b"\n", b"\r", b"\r\r\n", b"\n\r"]
LAST = [b"0\r\n\r\n"] * 6 + [
    b"0\r\nX: 1\r\n\r\n",
    b"0\r\nContent-Length: 5\r\n\r\n",
    b"0\n\n",
    b"0\r\n X\r\n\r\n",
    b"00;a\r\n\r\n",
]
STATUSES = [b"200", b"200", b"200", b"204", b"304", b"100", b"103", b"404", b"599", b"999", b"20", b"2000"]
ODD = [b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b"\x0b", b"\x7f", b"\xff", b",", b";", b"0", b"3", b"/"]
AFTER = [b"", b"", b"GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n", b"\r\n", b"x"]

pick = st.sampled_from


@st.composite
def fields(draw: st.DrawFn) -> bytes:
    return draw(pick(NAMES)) + b":" + draw(pick(SPACES)) + draw(pick(VALUES)) + draw(pick([b""] * 8 + [b" ", b"\t"]))


@st.composite
def chunks(draw: st.DrawFn) -> bytes:
    size, content = draw(pick(SIZES)), draw(pick(PIECES))
    if draw(st.integers(0, 3)):
        size = b"%x" % len(content)
    return size + draw(pick(LINES)) + content + draw(pick(LINES))


chunked_bodies = st.builds(lambda parts, last: b"".join(parts) + last, st.lists(chunks(), max_size=3), pick(LAST))
FRAMED = [
    b"Content-Length: 3",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: Chunked ",
    b"X: 1",
    b"Content-Length:  03 ",
]


@st.composite
def _bodied(draw: st.DrawFn, first_line: bytes, *always: bytes) -> bytes:
    """Write a message that often has the body its framing promises."""
    framing = draw(pick(FRAMED))
    more = draw(st.lists(fields(), max_size=3))
    body = draw(chunked_bodies if b"chunked" in framing.lower() else pick([b"abc", b"abcd", b"ab", b""]))
    whole = write(first_line, *draw(st.permutations([*always, framing, *more])), body=body + draw(pick(AFTER)))
    return draw(_spoilt(whole))


@st.composite
def _spoilt(draw: st.DrawFn, data: bytes) -> bytes:
    """Do no, one or two harms to a message."""
    for _ in range(draw(pick([0, 0, 1, 1, 2]))):
        at = draw(st.integers(0, len(data)))
        gone = draw(st.integers(0, 2))
        data = data[:at] + draw(pick(ODD)) + data[at + gone :]
    return data


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    line = b" ".join((draw(pick(METHODS)), draw(pick(TARGETS[:5] * 4 + TARGETS)), draw(pick(VERSIONS))))
    return draw(_bodied(line, b"Host: a.test"))


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    version = draw(pick([b"HTTP/1.1"] * 6 + [b"HTTP/1.0", b"HTTP/2"]))
    line = version + b" " + draw(pick(STATUSES)) + draw(pick([b"", b" ", b" OK", b" \xff\t"]))
    return draw(_bodied(line))
