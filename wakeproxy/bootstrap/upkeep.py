"""Upkeep: brings a front that runs in line with its config file, and with the tags in AWS.

One change is made at a time. All that takes a while - reading, checking, asking AWS and the ledger - comes before it;
the change itself waits for nothing. What cannot be read changes nothing, and is told.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from wakeproxy.bootstrap.engine import cadence_of, recall
from wakeproxy.bootstrap.house import House, now
from wakeproxy.bootstrap.themes import folders_of
from wakeproxy.core.counts import Counts
from wakeproxy.core.roster import Changes, Disabled, compare
from wakeproxy.core.service import Service
from wakeproxy.engine.engine import Engine
from wakeproxy.engine.scout import Scout
from wakeproxy.engine.tasks import Tasks
from wakeproxy.errors import ConfigError
from wakeproxy.front.door import Door
from wakeproxy.pages.pages import Pages
from wakeproxy.ports import Tagged
from wakeproxy.settings import Print, Settings, Source, arrange, list_fixed_changes, take_up

logger = logging.getLogger(__name__)

_LOOKS_EVERY: Final = 2.0
"""Seconds between two looks at the config file; it is read when two in a row find it changed and the same, so that
what an editor or a sync has half written is not taken for the whole."""
_MOST_NAMED: Final = 10
"""Names in one line of the log, and findings told by the readiness check."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a front works from: whoever takes its place can begin with the same."""

    settings: Settings
    """As they were read; what cannot change while the front runs is as it was at its start."""
    source: Source | None = None
    """Where they were read; without it they are not read again."""
    seen: Print | None = None
    """How the file looked before it was read."""
    found: tuple[Tagged, ...] = ()
    """What its tags say of each service that was found."""
    port: int | None = None
    """Where visitors are served, where it is bound already."""


@dataclass(frozen=True, slots=True)
class Turnover:
    """A change that was made: what the front works from now."""

    work: Work
    has_new_themes: bool


class Upkeep:
    """Keeps one front in line, from `begin` to `stop`."""

    def __init__(self, work: Work, house: House, engine: Engine, door: Door, pages: Pages) -> None:
        self._work = work
        self._house = house
        self._engine = engine
        self._door = door
        self._pages = pages
        self._scout = Scout(house.directory, clock=now, found=work.found)
        self._tasks = Tasks("upkeep")
        self._asked = asyncio.Event()
        self._wants_reading = False
        self._discovers = asyncio.Event()
        self._seen = self._tried = work.seen
        self._findings: tuple[str, ...] = ()
        self._read_at = now()
        self.on_change: Callable[[Turnover], None] = _nobody
        """Is told of every change as soon as it is made."""

    async def begin(self) -> None:
        """Find services by their tags before anybody is served, unless it is known what was found."""
        if self._house.settings.discover is not None:
            self._discovers.set()
            if not self._scout.found:
                await self._scout.look()
            await self._serve(self._work.settings, None)

    def start(self) -> None:
        """Go on for as long as the front runs."""
        self._tasks.repeat(self._turn, name="changes")
        self._tasks.repeat(self._find, name="tags")
        if self._work.source is not None and self._work.source.path is not None:
            self._tasks.repeat(self._watch, name="config file")

    async def stop(self) -> None:
        """Change nothing any more."""
        await self._tasks.stop()

    def read_again(self) -> None:
        """Read the config again, whether or not its file looks changed."""
        self._wants_reading = True
        self._asked.set()

    @property
    def faults(self) -> list[str]:
        """Say what is not as it should be, in a sentence each."""
        told = [
            f"The config was not taken up, what it said before holds: {one}" for one in self._findings[:_MOST_NAMED]
        ]
        is_blind = self._house.settings.discover is not None and self._scout.error is not None
        return [*told, *([str(self._scout.error)] if is_blind else [])]

    def count(self) -> Counts:
        """Say how the last readings went."""
        return Counts(
            disabled=len(self._engine.catalog.disabled),
            is_config_good=not self._findings,
            config_read_at=self._read_at,
            found_at=self._scout.succeeded_at,
        )

    # What there is to notice.

    async def _watch(self) -> None:
        """Wait, then look at the config file from outside."""
        assert self._work.source is not None
        await asyncio.sleep(_LOOKS_EVERY)
        before, self._seen = self._seen, await asyncio.to_thread(self._work.source.look)
        if self._seen == before and self._seen != self._tried:
            self.read_again()

    async def _find(self) -> None:
        """Wait, then look for services by their tags; for as long as they are not wanted, wait for that."""
        discover = self._house.settings.discover
        if discover is None:
            self._discovers.clear()
            await self._discovers.wait()
        else:
            await asyncio.sleep(discover.every.total_seconds())
            if await self._scout.look():
                self._asked.set()

    async def _turn(self) -> None:
        """Wait until there is something to change, and change it."""
        await self._asked.wait()
        self._asked.clear()
        wants_reading, self._wants_reading = self._wants_reading, False
        if wants_reading and self._work.source is not None:
            await self._read(self._work.source)
        else:
            await self._serve(self._work.settings, None)

    # Changing.

    async def _read(self, source: Source) -> None:
        self._tried = await asyncio.to_thread(source.look)
        try:
            read = await asyncio.to_thread(source.load, os.environ)  # noqa: TID251 - here it is owned
            folders = folders_of(read.themes)
            pages = await asyncio.to_thread(self._pages.load_anew, folders=folders)
        except ConfigError as error:
            self._refuse(error)
            return
        self._findings, self._read_at = (), now()
        logger.info("the config was read again")
        fixed = list_fixed_changes(self._work.settings, read)
        if fixed:
            logger.warning("takes effect after a restart: %s", ", ".join(fixed))
        if read.discover is not None and self._work.settings.discover is None:
            await self._scout.look()
        await self._serve(take_up(self._work.settings, read), pages if folders else None)

    def _refuse(self, error: ConfigError) -> None:
        self._findings = error.findings
        logger.error("the config is wrong and is not taken up; what it said before holds:\n%s", error)

    async def _serve(self, settings: Settings, pages: Pages | None) -> None:
        """Serve as these settings and the tags say from now on; ``pages`` are the wait pages, if they were read."""
        catalog = self._engine.catalog
        roster = await asyncio.to_thread(arrange, settings, self._scout.found, catalog.roster)
        added = compare(catalog.services, roster.services).added
        memory = await recall(self._house.ledger, [service.name for service in added])
        disabled_before = catalog.disabled
        # Nothing waits from here on, so that every visit finds either the old or the new.
        self._work = replace(self._work, settings=settings, seen=self._tried, found=self._scout.found)
        self._house.settings = take_up(self._house.settings, settings)
        if pages is not None:
            self._pages.take(pages)
        changes = self._engine.replace(roster, memory=memory, cadence=cadence_of(settings.watch))
        self._door.renew(changes)
        if settings.discover is not None:
            self._discovers.set()
        _tell(changes, [one for one in roster.disabled if one not in disabled_before])
        self.on_change(Turnover(self._work, pages is not None))


def _tell(changes: Changes, disabled: Iterable[Disabled]) -> None:
    for words, services in (
        ("is served from now on", changes.added),
        ("is served otherwise from now on", changes.changed),
        ("is not served any more; in AWS it is left as it is", changes.removed),
    ):
        if services:
            logger.info("%s: %s", words, _name(services))
    for one in disabled:
        logger.warning("%s (%s) is disabled: %s", one.name, one.ecs, " ".join(one.reasons))


def _name(services: tuple[Service, ...]) -> str:
    names = ", ".join(service.name for service in services[:_MOST_NAMED])
    rest = len(services) - _MOST_NAMED
    return f"{names} and {rest} more" if rest > 0 else names


def _nobody(turnover: Turnover) -> None:
    """Tell nobody."""
