"""Loopback addresses for tasks: private 127.78.x.y, public 127.77.x.y with the same x and y.

Several sandboxes may run on one machine. Each owns whole blocks x, by holding a bound socket that nobody else can
bind; the kernel gives the block back when the sandbox dies. Within a block, addresses are handed out in a circle, so
that the address of a task that is gone is not soon somebody else's.
"""

import os
import socket

from wakeproxy.sandbox.errors import SandboxError

_GUARD_PORT = 47877
_BLOCK = 254
"""Addresses .1 to .254 of a block."""


class Addresses:
    """Hands out host parts `x.y`."""

    def __init__(self) -> None:
        self._guards: list[socket.socket] = []
        self._blocks: list[int] = []
        self._taken: set[str] = set()
        self._turn = 0

    def take(self) -> str:
        """An `x.y` that no live task has."""
        if len(self._taken) >= len(self._blocks) * _BLOCK // 2:
            self._claim_block()
        while True:
            block, host = divmod(self._turn % (len(self._blocks) * _BLOCK), _BLOCK)
            self._turn += 1
            found = f"{self._blocks[block]}.{host + 1}"
            if found not in self._taken:
                self._taken.add(found)
                return found

    def give_back(self, taken: str) -> None:
        """Let `x.y` be handed out again, once its turn comes."""
        self._taken.discard(taken)

    def close(self) -> None:
        """Give all blocks back."""
        for guard in self._guards:
            guard.close()

    def _claim_block(self) -> None:
        first = os.getpid() * 7
        for step in range(256):
            block = (first + step) % 256
            guard = socket.socket()
            try:
                guard.bind((f"127.78.{block}.0", _GUARD_PORT))
            except OSError:
                guard.close()
            else:
                self._guards.append(guard)
                self._blocks.append(block)
                return
        raise SandboxError("All of 127.78.0.0/16 is taken by other sandboxes; stop some of them.")


def private_ip(host: str) -> str:
    """The address a task's processes bind."""
    return f"127.78.{host}"


def public_ip(host: str) -> str:
    """The address that leads to the same task from outside."""
    return f"127.77.{host}"
