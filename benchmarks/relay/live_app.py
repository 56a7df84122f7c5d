"""The part of the app that nginx cannot be: swallows uploads and echoes WebSocket messages, as fast as Python can.

Runs as a task of the sandbox, by its path: it imports nothing of ours. It is a load's other half and no server:
it understands the requests of this benchmark, messages of one size, and believes what it is sent.
"""

import base64
import hashlib
import re
import select
import socket
from typing import Final

PAYLOAD: Final = 16
_MESSAGE = 2 + 4 + PAYLOAD  # flags and length, the mask, the payload
_NO_MASK = bytes(4)
_ANSWER = b"\x82" + bytes([PAYLOAD])
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_KEY = re.compile(rb"\r\nsec-websocket-key: *([^\r\n ]+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_room = memoryview(bytearray(1 << 20))


class Peer:
    """One connection, and how far its present message has come."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.head = b""
        self.left = 0
        self.tail: bytes | None = None
        self.echoes = False

    def read(self) -> bool:
        """Take what came; ``False`` at the end."""
        try:
            count = self.line.recv_into(_room)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        if count and self.left:
            self._swallow(count)
        elif count and self.tail is not None:
            self._follow(bytes(_room[max(0, count - len(_LAST_CHUNK)) : count]))
        elif count and self.echoes:
            self._echo(bytes(_room[:count]))
        elif count:
            self._begin(bytes(_room[:count]))
        return bool(count)

    def _begin(self, came: bytes) -> None:
        self.head += came
        head, end, rest = self.head.partition(b"\r\n\r\n")
        if not end:
            return
        self.head = b""
        if key := _KEY.search(head):
            accept = base64.b64encode(hashlib.sha1(key[1] + _GUID).digest())
            fields = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept
            self.line.send(b"HTTP/1.1 101 Switching Protocols\r\n" + fields + b"\r\n\r\n")
            self.echoes = True
        elif _CHUNKED.search(head):
            self.tail = b""
            self._follow(b"\r\n" + rest)
        elif (length := _LENGTH.search(head)) and int(length[1]):
            self.left = int(length[1])
            self._swallow(len(rest))
        else:
            self.line.send(_OK)

    def _swallow(self, count: int) -> None:
        self.left -= count
        if not self.left:
            self.line.send(_OK)

    def _follow(self, end: bytes) -> None:
        self.tail = ((self.tail or b"") + end)[-len(_LAST_CHUNK) :]
        if self.tail == _LAST_CHUNK:
            self.tail = None
            self.line.send(_OK)

    def _echo(self, came: bytes) -> None:
        came = self.head + came
        whole = len(came) // _MESSAGE * _MESSAGE
        self.head = came[whole:]
        if whole:
            self.line.send(
                b"".join(_ANSWER + _unmask(came[at + 2 : at + _MESSAGE]) for at in range(0, whole, _MESSAGE))
            )


def _unmask(masked: bytes) -> bytes:
    """Undo the mask: none where the load's own frame has come through, another's where a proxy made a new one."""
    mask, payload = masked[:4], masked[4:]
    if mask == _NO_MASK:
        return payload
    return (int.from_bytes(mask * (PAYLOAD // 4)) ^ int.from_bytes(payload)).to_bytes(PAYLOAD)


def serve(port: int) -> None:
    """Serve until ended."""
    door = socket.create_server(("0.0.0.0", port), backlog=4096)
    door.settimeout(0)
    poll = select.epoll()
    poll.register(door, select.EPOLLIN)
    peers: dict[int, Peer] = {}
    while True:
        for fd, _ in poll.poll():
            if fd == door.fileno():
                line, _ = door.accept()
                line.settimeout(0)
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                peers[line.fileno()] = Peer(line)
                poll.register(line, select.EPOLLIN)
            elif not peers[fd].read():
                poll.unregister(fd)
                peers.pop(fd).line.close()


if __name__ == "__main__":
    serve(8080)
