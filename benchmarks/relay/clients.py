"""Many clients at once, as bare sockets: they come from several addresses of this machine, so that ports suffice."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_PATIENCE = 20.0
_AT_ONCE = 64
_FROM_EACH = 1000
_IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h: the port is chosen at connect, for this destination only


@contextmanager
def connect_many(port: int, count: int, request: bytes) -> Iterator[list[socket.socket]]:
    """Open that many connections, each having sent a request and got the head of its answer."""
    lines: list[socket.socket] = []
    try:
        for first in range(0, count, _AT_ONCE):
            batch = [_dial(port, number) for number in range(first, min(first + _AT_ONCE, count))]
            lines += batch
            for line in batch:
                line.sendall(request)
            for line in batch:
                _read_head(line)
        yield lines
    finally:
        for line in lines:
            line.close()


def count_open(lines: Iterable[socket.socket]) -> int:
    """Count those that the other side has not closed; reads away what has come."""
    return sum(map(_is_open, lines))


def _is_open(line: socket.socket) -> bool:
    line.settimeout(0)
    try:
        while line.recv(65_536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _dial(port: int, number: int) -> socket.socket:
    line = socket.socket()
    line.settimeout(_PATIENCE)
    line.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
    line.bind((f"127.0.1.{1 + number // _FROM_EACH}", 0))
    line.connect(("127.0.0.1", port))
    return line


def _read_head(line: socket.socket) -> None:
    came = b""
    while b"\r\n\r\n" not in came:
        piece = line.recv(65_536)
        assert piece, f"the connection was closed after {came!r}"
        came += piece
    assert came.startswith(b"HTTP/1.1 200"), came
