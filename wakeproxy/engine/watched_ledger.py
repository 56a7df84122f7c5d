"""The ledger, watched: whether it can be reached is known, said once per change, and tried again while it cannot.

Whoever uses the ledger hears of every error and goes on without it; this is for those who only want to know.
"""

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import PastWake, Record, Use
from wakeproxy.errors import LedgerError
from wakeproxy.ports import Ledger

logger = logging.getLogger(__name__)

_T = TypeVar("_T")
_RETRY_SECONDS = 2.0
_NOBODY = ServiceName("wakeproxy")
_NEVER = -1
"""A generation that no record has."""


class WatchedLedger:
    """`Ledger` that passes everything on to another and keeps an eye on the answers."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._errors: dict[str, LedgerError] = {}
        """By method: one that fails says nothing of the others, nor their success anything of it."""
        self._lost = asyncio.Event()
        self._found = asyncio.Event()
        self._found.set()

    @property
    def error(self) -> LedgerError | None:
        """Why the ledger cannot be reached; ``None`` while it can."""
        return next(iter(self._errors.values()), None)

    async def found(self) -> None:
        """Wait until the ledger can be reached."""
        await self._found.wait()

    async def turn(self) -> None:
        """Wait until the ledger is lost, then try it out a moment later."""
        await self._lost.wait()
        await asyncio.sleep(_RETRY_SECONDS)
        with suppress(LedgerError):
            await self.try_out()
            for method in tuple(self._errors):
                self._succeed(method)

    async def try_out(self) -> None:
        """Read something, and write something that has no effect.

        Raises:
            LedgerError: it cannot be reached, or may not be used so.
        """
        await self._ledger.read([_NOBODY])
        await self._ledger.note_ready(_NOBODY, _NEVER, ())

    async def close(self) -> None:
        """Close the ledger."""
        await self._ledger.close()

    # The ledger's methods.

    async def read(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Record]:
        """Read records."""
        return await self._watch("read", self._ledger.read(names))

    async def swap(self, name: ServiceName, before: Record, after: Record) -> bool:
        """Replace a record that has not changed."""
        return await self._watch("swap", self._ledger.swap(name, before, after))

    async def note_use(self, name: ServiceName, use: Use) -> Record:
        """Take note of a use."""
        return await self._watch("note_use", self._ledger.note_use(name, use))

    async def note_ready(self, name: ServiceName, generation: int, tasks: tuple[str, ...]) -> Record:
        """Take note of the tasks found answering."""
        return await self._watch("note_ready", self._ledger.note_ready(name, generation, tasks))

    async def add_wake(self, name: ServiceName, wake: PastWake) -> None:
        """Append to a service's history."""
        await self._watch("add_wake", self._ledger.add_wake(name, wake))

    async def wakes(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Sequence[PastWake]]:
        """Read the history of each service."""
        return await self._watch("wakes", self._ledger.wakes(names))

    # What the answers tell.

    async def _watch(self, method: str, call: Awaitable[_T]) -> _T:
        try:
            answer = await call
        except LedgerError as error:
            self._fail(method, error)
            raise
        self._succeed(method)
        return answer

    def _fail(self, method: str, error: LedgerError) -> None:
        if not self._errors:
            logger.warning(
                "the ledger cannot be reached; wakes go on without it, nothing is put to sleep meanwhile: %s", error
            )
        self._errors[method] = error
        self._lost.set()
        self._found.clear()

    def _succeed(self, method: str) -> None:
        if self._errors.pop(method, None) is not None and not self._errors:
            logger.info("the ledger can be reached again")
            self._lost.clear()
            self._found.set()
