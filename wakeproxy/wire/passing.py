"""An app's answer's head as it goes on to the visitor: its own bytes, and what must be said of this connection."""

from collections.abc import Sequence

from wakeproxy.wire.responses import ResponseHead


def compose_answer(head: ResponseHead, added: Sequence[bytes], *, keeps_alive: bool, is_old: bool) -> bytes:
    """Write a final answer's head; ``is_old`` where the visitor speaks HTTP/1.0."""
    passed = head.passed
    if not passed:
        passed = head.passed = b"\r\n".join((head.status_line, *head.lines))
    if keeps_alive and not (added or is_old):
        return passed + b"\r\n\r\n"
    lines = [passed, *added]
    if not keeps_alive:
        lines.append(b"Connection: close")
    elif is_old:
        lines.append(b"Connection: keep-alive")
    return b"\r\n".join(lines) + b"\r\n\r\n"


def compose_interim(head: ResponseHead) -> bytes:
    """Write an interim answer."""
    return b"\r\n".join((head.status_line, *head.lines)) + b"\r\n\r\n"


def compose_switch(head: ResponseHead, added: Sequence[bytes]) -> bytes:
    """Write the answer after which both sides speak another protocol."""
    upgrade = (b"Connection: Upgrade", b"Upgrade: " + head.upgrade)
    return b"\r\n".join((head.status_line, *head.lines, *added, *upgrade)) + b"\r\n\r\n"
