"""The supervisor: starts the workers of a crew, starts anew whichever dies, and passes signals on. It serves nobody.

A worker is a program of its own, not a fork: it begins with a clean loop, and shares only the sockets that its post
names. The supervisor holds those sockets, so that whoever waits at one waits on while its worker is started anew.
"""

import asyncio
import logging
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import assert_never

from wakeproxy.crew.link import Link
from wakeproxy.crew.post import OWNER, Heritage, Post, Ready
from wakeproxy.engine.tasks import Tasks
from wakeproxy.errors import WakeproxyError

logger = logging.getLogger(__name__)

_REST_FIRST, _REST_LAST = 0.1, 10.0
_KILLED_WITHIN = timedelta(seconds=5)
_STEADY_SECONDS = 30.0
"""A worker that lived so long died of something new: the next one is started without delay."""


class WorkerFailedError(WakeproxyError):
    """The crew's owner could not even begin; it has said why."""

    def __init__(self, status: int) -> None:
        super().__init__("The first worker could not begin.")
        self.exit_status = status if status > 0 else 1


@dataclass(slots=True)
class _Seat:
    """One worker's place, whoever has it."""

    post: Post
    first: asyncio.Future[Ready]
    """Whether the first who had it came to serve."""
    process: Process | None = None
    is_ready: bool = False
    rest: float = _REST_FIRST


@dataclass(slots=True)
class Supervisor:
    """Keeps a crew complete from `start` to `stop`."""

    command: Sequence[str]
    posts: Sequence[Post]
    _seats: list[_Seat] = field(default_factory=list)
    _tasks: Tasks = field(default_factory=lambda: Tasks("crew"))
    _keeping: list[asyncio.Task[None]] = field(default_factory=list)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> Ready:
        """Start everybody; returns when the owner serves, and everybody else does or has been tried.

        Raises:
            WorkerFailedError: the owner ended before it served.
        """
        loop = asyncio.get_running_loop()
        for post in self.posts:
            seat = _Seat(post, loop.create_future())
            self._seats.append(seat)
            self._keeping.append(self._tasks.start(self._keep(seat), name=f"worker {post.index}"))
        done = await asyncio.gather(*(seat.first for seat in self._seats), return_exceptions=True)
        owner = done[OWNER]
        if isinstance(owner, BaseException):
            raise owner
        return owner

    def forward(self, sign: signal.Signals) -> None:
        """Pass a signal on to every worker that serves; one that just begins could not take it yet."""
        for seat in self._seats:
            if seat.is_ready:
                _send(seat, sign)

    async def stop(self, *, within: float) -> None:
        """Tell everybody to stop, and wait until they have; who has not in so many seconds is killed.

        Raises:
            WakeproxyError: somebody had to be killed.
        """
        self._stopping.set()
        for seat in self._seats:
            _send(seat, signal.SIGTERM)
        await asyncio.wait(self._keeping, timeout=within)
        late = [seat.post.index for seat in self._seats if seat.process is not None]
        for seat in self._seats:
            _send(seat, signal.SIGKILL)
        await self._tasks.finish(within=_KILLED_WITHIN)
        if late:
            raise WakeproxyError(f"Worker {', '.join(map(str, late))} did not end in time and was killed.")

    async def _keep(self, seat: _Seat) -> None:
        """Have somebody in a seat until told to stop."""
        loop = asyncio.get_running_loop()
        while True:
            began_at = loop.time()
            status = await self._run(seat)
            if not seat.first.done():
                seat.first.set_exception(WorkerFailedError(status))
            if self._stopping.is_set():
                return
            seat.post = replace(seat.post, is_again=True)
            seat.rest = _REST_FIRST if loop.time() - began_at >= _STEADY_SECONDS else seat.rest
            logger.warning("worker %d ended (%s); another begins in %g s", seat.post.index, _words(status), seat.rest)
            if await self._is_told_within(seat.rest):
                return
            seat.rest = min(seat.rest * 2, _REST_LAST)

    async def _is_told_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._stopping.wait()
        except TimeoutError:
            return False

    async def _run(self, seat: _Seat) -> int:
        """Run one worker to its end; returns its exit status."""
        ours, theirs = socket.socketpair()
        try:
            process = await self._spawn(seat.post, theirs)
        except OSError as error:
            logger.warning("worker %d cannot be started: %s", seat.post.index, error)
            ours.close()
            return 1
        link = Link(*await asyncio.open_unix_connection(sock=ours))
        seat.process = process
        if self._stopping.is_set():  # while it was being made
            _send(seat, signal.SIGTERM)
        link.say(seat.post)
        while (message := await link.hear()) is not None:
            self._take(seat, message)
        status = await process.wait()
        seat.process, seat.is_ready = None, False
        await link.close()
        return status

    def _take(self, seat: _Seat, message: Ready | Heritage) -> None:
        match message:
            case Ready():
                seat.is_ready = True
                if not seat.first.done():
                    seat.first.set_result(message)
            case Heritage(work):
                for each in self._seats:
                    each.post = replace(each.post, work=work)
            case _:
                assert_never(message)

    async def _spawn(self, post: Post, lifeline: socket.socket) -> Process:
        with lifeline:
            return await asyncio.create_subprocess_exec(
                *self.command,
                str(post.index),
                stdin=lifeline.fileno(),
                pass_fds=post.fds,
                start_new_session=True,  # a terminal's Ctrl-C is for the supervisor, who says so in his own way
            )


def _send(seat: _Seat, sign: signal.Signals) -> None:
    if seat.process is not None and seat.process.returncode is None:
        seat.process.send_signal(sign)


def _words(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    return signal.strsignal(-status) or f"signal {-status}"
