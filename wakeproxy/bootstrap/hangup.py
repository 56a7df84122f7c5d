"""The hangup signal: what rotates logs and what changes configs sends it, and so does a terminal that is closed."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable


def heed_hangup(do: Callable[[], None]) -> None:
    """Do something whenever SIGHUP comes from now on; where it says that our terminal was closed, end instead."""
    had_terminal = sys.stdin.isatty()

    def heed() -> None:
        if had_terminal and not sys.stdin.isatty():  # it answers with an error once it is closed (tty_ioctl(4), EIO)
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            do()

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, heed)
