"""A writer of lines: a thread of its own, for a disk or a pipe may stand still, and nothing else may then.

It is a daemon: a reader of our standard output who reads no more must not keep us from ending.
"""

import logging
import os
import select
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Final, Literal, Self

from wakeproxy.errors import ConfigError

logger = logging.getLogger(__name__)

_PIPE_BUF: Final = 4096
"""Writes to a pipe up to this size stay whole when several processes write (POSIX; Linux's ``PIPE_BUF``)."""
_MODE: Final = 0o640
"""Lines tell of persons."""


class Writer:
    """Writes pieces, each of whole lines, in order. What cannot be written is lost and counted."""

    def __init__(self, fd: int, path: Path | None) -> None:
        """Take what is open, and the path by which it is opened anew; standard output has none."""
        self._fd = fd
        self._path = path
        self._orders: SimpleQueue[bytes | Callable[[], object]] = SimpleQueue()
        self._handed = 0
        self._done = 0
        """Bytes; the loop alone changes the one, the thread the other, so that no lock is needed."""
        self.lost = 0
        """Lines that could not be written."""
        self._is_failing = False
        self._is_mid_line = False
        self._reopen = threading.Event()
        self._thread = threading.Thread(target=self._run, name="access log", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, to: Path | Literal["stdout"]) -> Self:
        """Open a file that lines are added to, or standard output.

        Raises:
            ConfigError: the file cannot be opened.
        """
        if not isinstance(to, Path):
            return cls(os.dup(1), None)
        try:
            return cls(_open(to), to)
        except OSError as error:
            sentence = (
                f"access_log.to: {to} cannot be opened: {error.strerror}; let wakeproxy write there, or say stdout."
            )
            raise ConfigError((sentence,)) from error

    @property
    def waiting(self) -> int:
        """Bytes handed over and not written yet."""
        return self._handed - self._done

    def write(self, piece: bytes) -> None:
        """Hand a piece over."""
        self._handed += len(piece)
        self._orders.put(piece)

    def reopen(self) -> None:
        """Open the file anew before the next piece: the one that is open was renamed."""
        self._reopen.set()
        self._orders.put(b"")

    def close(self, tell: Callable[[], object]) -> None:
        """Write what was handed over, and end; ``tell`` is called then, in the thread."""
        self._orders.put(tell)

    # In the thread.

    def _run(self) -> None:
        while isinstance(order := self._orders.get(), bytes):
            if self._reopen.is_set():
                self._reopen.clear()
                self._open_anew()
            self._write(order)
            self._done += len(order)
        os.close(self._fd)
        with suppress(RuntimeError):  # the loop did not wait for so long
            order()

    def _open_anew(self) -> None:
        if self._path is None:
            return
        try:
            opened = _open(self._path)
        except OSError as error:
            logger.error("the access log goes on in the old file; %s cannot be opened: %s", self._path, error.strerror)  # noqa: TRY400 - a user's mistake needs no traceback
            return
        os.close(self._fd)
        self._fd, self._is_mid_line = opened, False

    def _write(self, piece: bytes) -> None:
        if self._is_mid_line:
            piece = b"\n" + piece
        rest = memoryview(piece)
        is_pipe = stat.S_ISFIFO(os.fstat(self._fd).st_mode)
        try:
            while rest:
                rest = rest[self._write_some(rest[: _end(piece, len(piece) - len(rest))] if is_pipe else rest) :]
        except OSError as error:
            self.lost += bytes(rest).count(b"\n")
            self._is_mid_line = bool(rest) and len(rest) < len(piece) and piece[len(piece) - len(rest) - 1] != ord("\n")
            if not self._is_failing:
                logger.error("the access log cannot be written, its lines are lost until it can: %s", error.strerror)  # noqa: TRY400 - likewise
            self._is_failing = True
        else:
            self._is_failing = self._is_mid_line = False

    def _write_some(self, piece: memoryview) -> int:
        try:
            return os.write(self._fd, piece)
        except BlockingIOError:  # somebody who shares our standard output made it so
            poll = select.poll()
            poll.register(self._fd, select.POLLOUT)
            poll.poll()
            return 0


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)


def _end(piece: bytes, start: int) -> int:
    """How many bytes from ``start`` are whole lines that fit into one write to a pipe."""
    end = piece.rfind(b"\n", start, start + _PIPE_BUF) + 1
    return end - start if end else _PIPE_BUF
