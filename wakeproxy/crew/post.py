"""A worker's post: what it is told by the supervisor that started it, over the socket that is its standard input.

The socket is also its lifeline: when it ends, the supervisor is gone, and the worker ends as if told to.
"""

import asyncio
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from wakeproxy.crew.link import Link
from wakeproxy.errors import UsageError

OWNER = 0
"""The index of the worker that owns the engine."""


@dataclass(frozen=True, slots=True)
class Post:
    """What one worker is to do; ``work`` is whatever its program needs besides."""

    index: int
    workers: int
    link: Path
    """Where the owner listens to its followers."""
    work: Any
    link_fd: int | None = None
    """The owner's inherited socket there, listening already: followers queue up while there is no owner."""
    admin_fd: int | None = None
    """The owner's inherited socket for operators."""
    is_again: bool = False
    """Another had this post before, and died."""

    @property
    def fds(self) -> tuple[int, ...]:
        """What the worker inherits."""
        return tuple(fd for fd in (self.link_fd, self.admin_fd) if fd is not None)


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker serves, on these ports."""

    visitors: int
    admin: int | None


@dataclass(frozen=True, slots=True)
class Heritage:
    """What whoever takes up a post from now on is to do, instead of what it began with."""

    work: Any


@dataclass(frozen=True, slots=True)
class Lifeline:
    """A worker's end of the line to its supervisor."""

    post: Post
    link: Link

    @classmethod
    async def take(cls) -> Self:
        """Take up the post that waits at standard input.

        Raises:
            UsageError: nobody gave this process a post.
        """
        try:
            sock = socket.socket(fileno=os.dup(0))
        except OSError as error:
            raise UsageError("A worker is started by its supervisor: use wakeproxy serve --workers.") from error
        link = Link(*await asyncio.open_unix_connection(sock=sock))
        post = await link.hear()
        if not isinstance(post, Post):
            raise UsageError("The supervisor of this worker is gone.")
        return cls(post, link)

    def tell(self, message: Ready | Heritage) -> None:
        """Tell the supervisor that visitors are served, or what those who come after are to do."""
        self.link.say(message)

    async def end(self) -> None:
        """Wait until the supervisor is gone."""
        while await self.link.hear() is not None:
            pass
