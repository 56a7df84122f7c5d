"""Calls over a link: a number goes out with each, and comes back with its answer."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Calls(Generic[_T]):
    """The calls of one end that wait for an answer."""

    def __init__(self) -> None:
        self._open: dict[int, asyncio.Future[_T]] = {}
        self._made = 0

    async def make(self, say: Callable[[int], None], *, within: float) -> _T:
        """Make a call and wait for its answer.

        Raises:
            TimeoutError: there was none in so many seconds.
            ConnectionError: the other end is gone.
        """
        self._made += 1
        number = self._made
        answer: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._open[number] = answer
        try:
            say(number)
            async with asyncio.timeout(within):
                return await answer
        finally:
            del self._open[number]

    def answer(self, number: int, value: _T) -> None:
        """Take an answer in; one that nobody waits for any more is dropped."""
        waiting = self._open.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(value)

    def break_off(self) -> None:
        """Tell everybody who waits that no answer will come."""
        for waiting in self._open.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError("The other process is gone."))
