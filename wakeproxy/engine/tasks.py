"""Background tasks: the only place that starts any. Each has a name, an owner and an end; none dies unheard."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

logger = logging.getLogger(__name__)

_REST_AFTER_CRASH = 1.0


class Tasks:
    """The tasks of one owner; `stop` ends them all."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
        """Run ``work`` in the background; an error it did not expect is logged."""
        task = asyncio.create_task(work, name=f"{self._owner}: {name}")  # noqa: TID251 - here they are started
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def repeat(self, step: Callable[[], Awaitable[None]], *, name: str) -> asyncio.Task[None]:
        """Run ``step`` again and again until stopped; after an unexpected error it rests a second and goes on."""
        return self.start(self._repeat(step, name), name=name)

    async def stop(self) -> None:
        """Cancel what runs and wait until it has ended."""
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def finish(self, *, within: timedelta) -> None:
        """Wait until what runs has ended by itself; cancel what has not after ``within``."""
        if self._running:
            await asyncio.wait(self._running, timeout=within.total_seconds())
        await self.stop()

    async def _repeat(self, step: Callable[[], Awaitable[None]], name: str) -> None:
        while True:
            try:
                await step()
            except Exception:
                logger.exception("%s: %s failed; it goes on in %g s", self._owner, name, _REST_AFTER_CRASH)
                await asyncio.sleep(_REST_AFTER_CRASH)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s failed", task.get_name(), exc_info=error)
