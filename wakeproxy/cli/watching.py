"""``wakeproxy status --watch``: looks again and again, quickly while something wakes and slowly at the rest."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from datetime import timedelta
from typing import Final

from wakeproxy.bootstrap import House, open_house
from wakeproxy.cli.options import run
from wakeproxy.cli.output import say
from wakeproxy.cli.screens import Screen
from wakeproxy.cli.statuses import Status, read_statuses
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.service import Service
from wakeproxy.engine.watcher import Cadence
from wakeproxy.errors import AccessDeniedError, FleetError, LedgerError
from wakeproxy.settings import Settings

_REFRESH: Final = 1.0
"""Seconds between two drawings, and between two looks at least: nobody reads faster."""
_TOGETHER: Final = 0.25
"""Seconds; what is due so soon is looked at along with what is due, for one call looks at ten services."""
_SLOWEST: Final = 16.0


def watch(settings: Settings, names: Sequence[str], screen: Screen) -> None:
    """Watch until told to stop, which is no failure.

    Raises:
        FleetError: AWS cannot be asked to begin with, or refuses.
        LedgerError: the ledger cannot be read to begin with.
    """
    try:
        with closing(screen):
            run(_watch(settings, names, screen))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return


async def _watch(settings: Settings, names: Sequence[str], screen: Screen) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with open_house(settings) as house:
        services = house.select(names) or house.catalog.services
        async for statuses in _follow(house, services):
            screen.show(statuses)


async def _follow(house: House, services: Sequence[Service]) -> AsyncIterator[list[Status]]:
    """Yield all statuses every second, as fresh as each need be."""
    loop = asyncio.get_running_loop()
    pace = _Pace(services, house.settings)
    found: dict[str, tuple[Status, float]] = {}
    while True:
        due = pace.due(loop.time())
        if due:
            for status in await _look(house, due, pace, may_fail=bool(found)):
                found[status["service"]] = status, loop.time()
                pace.looked(status, loop.time())
        yield [_age(status, loop.time() - at) for status, at in found.values()]
        await asyncio.sleep(_REFRESH)


async def _look(house: House, due: Sequence[Service], pace: "_Pace", *, may_fail: bool) -> Sequence[Status]:
    """Read what is due; after a failure the next look is put off, unless there never was another."""
    try:
        statuses = await read_statuses(house, due)
    except AccessDeniedError:
        raise
    except (FleetError, LedgerError) as error:
        if not may_fail:
            raise
        say(f"wakeproxy: {error} What is shown is as it was last seen.")
        pace.put_off(due, asyncio.get_running_loop().time())
        return ()
    pace.slowness = 1.0
    return statuses


class _Pace:
    """Says when each service is due, as the front's watcher does: by its phase."""

    def __init__(self, services: Sequence[Service], settings: Settings) -> None:
        self._services = services
        watch = settings.watch
        self._cadence = Cadence(max(watch.waking, timedelta(seconds=_REFRESH)), watch.awake, watch.asleep)
        self._due_at: dict[str, float] = {service.name: 0.0 for service in services}
        self.slowness = 1.0

    def due(self, now: float) -> list[Service]:
        """Those that are due, and those that nearly are; none while none is due."""
        if min(self._due_at.values(), default=now + 1) > now:
            return []
        return [service for service in self._services if self._due_at[service.name] <= now + _TOGETHER]

    def looked(self, status: Status, now: float) -> None:
        """Take note of what was seen of one."""
        self._due_at[status["service"]] = now + self._cadence.after(Phase(status["phase"]))

    def put_off(self, due: Sequence[Service], now: float) -> None:
        """Ask AWS less often, for it did not answer."""
        self.slowness = min(self.slowness * 2, _SLOWEST)
        for service in due:
            self._due_at[service.name] = now + self.slowness


def _age(status: Status, seconds: float) -> Status:
    left = status["sleeps_in_seconds"]
    return status if left is None else {**status, "sleeps_in_seconds": max(round(left - seconds, 1), 0.0)}
