"""Pursuing wakes in the background: claim, tell AWS until it listens, insist, give back, write down.

A service has one pursuit at a time. What stands in its way is told to the waker, which alone changes phases; a
pursuit only looks at them, to end when nobody wants it any more.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from wakeproxy.core.causes import Diagnosis
from wakeproxy.core.lifecycle import UP, Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Intent, PastWake, Record, is_wake_claimed, retry_at
from wakeproxy.engine.board import Board
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.life import Life
from wakeproxy.engine.refusals import UNDONE, explain_error
from wakeproxy.engine.tasks import Tasks
from wakeproxy.errors import FleetError, LedgerError

logger = logging.getLogger(__name__)

_CLAIMS_PER_WAKE = 3
_PAUSE_FIRST, _PAUSE_LAST = 0.3, 5.0
"""Seconds between two calls to AWS that failed: quick at first, for somebody waits, then below ECS's rate limits."""
_RECONSIDERED_EVERY = 5.0
"""Seconds."""
_CHORES_WITHIN = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Tell:
    """Whom a pursuit tells what it comes upon."""

    trouble: Callable[[Life, Diagnosis], None]
    record: Callable[[Life, Record], None]


class Pursuit:
    """Carries out what a waker decided."""

    def __init__(
        self,
        claims: Claims,
        board: Board,
        *,
        gather: Callable[[Life], Awaitable[bool]],
        poke: Callable[[ServiceName], None],
        tell: Tell,
    ) -> None:
        self._claims = claims
        self._gather = gather
        self._board = board
        self._poke = poke
        self._tell = tell
        self._tasks = Tasks("wakes")
        self._chores = Tasks("wakes' ends")
        self._running: dict[ServiceName, asyncio.Task[None]] = {}
        self._kept: dict[ServiceName, datetime] = {}
        """Until when services are to stay awake that the ledger is just being told of."""
        self._sharing: set[ServiceName] = set()
        self._reconsidered: set[ServiceName] = set()

    def claim(self, life: Life) -> None:
        """Claim a wake and raise the desired count."""
        self._pursue(life, self._claim)

    def insist(self, life: Life) -> None:
        """Find out who is right when a wake was asked for and yet nothing is wanted in AWS."""
        self._pursue(life, self._insist)

    def rest(self, life: Life) -> None:
        """Give a failed wake back."""
        self._chores.start(self._rest(life), name=f"rest {life.service.name}")

    def reconsider(self, life: Life) -> None:
        """Look whether somebody else woke a service since it failed here: then it need be waited for no longer."""
        name = life.service.name
        if name not in self._reconsidered:
            self._reconsidered.add(name)
            self._tasks.start(self._reconsider(life), name=f"second thoughts about {name}")

    def leave(self, name: ServiceName) -> None:
        """Pursue a service's wake no further; what ends one is finished all the same."""
        running = self._running.pop(name, None)
        if running is not None:
            running.cancel()

    def write(self, life: Life, past: PastWake) -> None:
        """Write a wake that ended to the ledger's history."""
        self._chores.start(self._write(life.service.name, past), name=f"history of {life.service.name}")

    def keep(self, life: Life, until: datetime) -> None:
        """Have it known that a service is to stay awake until then at least, however long the ledger takes to hear."""
        name = life.service.name
        is_telling = name in self._kept
        self._kept[name] = until
        if not is_telling:
            self._chores.start(self._keep(life), name=f"keep {name} awake")

    def share(self, life: Life) -> None:
        """Tell the other fronts which tasks answer here, if that has changed and they do not know."""
        name, answering = life.service.name, frozenset(life.answering)
        is_wanted = life.record.intent is Intent.AWAKE and self._board.sights[name].phase in UP
        if not is_wanted or answering == life.shared:
            return
        life.shared = answering
        if life.news != life.record.ready and name not in self._sharing:
            self._sharing.add(name)
            self._chores.start(self._share(life), name=f"readiness of {name}")

    async def stop(self) -> None:
        """End all pursuits; what was claimed stays claimed, and another process carries on.

        What ends a wake (giving it back, writing it down) is finished first, for nobody else would.
        """
        await self._tasks.stop()
        await self._chores.finish(within=_CHORES_WITHIN)

    def _pursue(self, life: Life, work: Callable[[Life], Coroutine[Any, Any, None]]) -> None:
        name = life.service.name
        running = self._running.get(name)
        if running is None or running.done():
            self._running[name] = self._tasks.start(work(life), name=f"wake {name}")

    async def _claim(self, life: Life, *, insists: bool = False) -> None:
        name = life.service.name
        if not await self._gather(life):
            return
        claim = await self._claims.claim_wake(name)
        if claim.is_ours:
            life.own(claim.record)
        self._tell.record(life, claim.record)
        if claim.is_ours:
            await self._raise_count(life, insists=insists)
            if claim.record.floor:
                self._chores.start(self._claims.floors.give_back(life.service), name=f"floor of {name}")
        self._poke(name)
        await self._learn(life)

    async def _learn(self, life: Life) -> None:
        """Read how past wakes went, for others may have added to the history; nobody waits for it."""
        name = life.service.name
        with contextlib.suppress(LedgerError):
            life.wakes = list((await self._claims.ledger.wakes([name]))[name])

    async def _reconsider(self, life: Life) -> None:
        """Read how wakes went since, for visitors of a service that fails may be many: once in a while."""
        name = life.service.name
        try:
            with contextlib.suppress(LedgerError):
                life.recall((await self._claims.ledger.wakes([name]))[name])
            sight = self._board.sights.get(name)
            if sight is not None and sight.phase is Phase.FAILED and retry_at(life.wakes) is None:
                self._board.post(replace(sight, retry_at=None))
            await asyncio.sleep(_RECONSIDERED_EVERY)
        finally:
            self._reconsidered.discard(name)

    async def _raise_count(self, life: Life, *, insists: bool) -> None:
        """Tell AWS, as often as it takes, unless it says that it never will."""
        pauses = _pauses()
        while True:
            try:
                await self._claims.raise_count(life.service, floor=life.record.floor, insists=insists)
            except FleetError as error:
                logger.warning("waking %s: %s", life.service.name, error)
                trouble = explain_error(error)
                self._tell.trouble(life, trouble)
                if not trouble.can_retry:
                    return
            else:
                life.refusal = None
                return
            await asyncio.sleep(next(pauses))

    async def _insist(self, life: Life) -> None:
        name = life.service.name
        life.record = await self._claims.read_or_presume(name, life.record)
        if is_wake_claimed(life.record, self._claims.age(name, life.record)):
            return  # the call is on its way, or AWS does not show its effect yet
        if life.record.intent is Intent.ASLEEP:
            life.is_wanted = False
            self._poke(name)
        elif life.claims_made < _CLAIMS_PER_WAKE:
            await self._claim(life, insists=True)
        else:
            self._tell.trouble(life, UNDONE)

    async def _rest(self, life: Life) -> None:
        """Give back what was woken here, for as long as nobody wants it again."""
        await self._end(life.service.name)
        if life.observation is not None and len(life.observation.deployments) > 1:
            return  # a deployment's tasks are its own affair
        is_ours = life.claims_made > 0
        pauses = _pauses()
        while True:
            if not self._has_failed(life):
                return
            try:
                await self._claims.rest(life.service, is_ours=is_ours)
            except LedgerError as error:  # which is told where it is watched, once
                logger.debug("%s failed to wake and cannot be given back yet: %s", life.service.name, error)
            except FleetError as error:
                logger.warning("%s failed to wake and cannot be given back: %s", life.service.name, error)
                if not explain_error(error).can_retry:
                    return
            else:
                return
            await asyncio.sleep(next(pauses))

    async def _keep(self, life: Life) -> None:
        """Tell the ledger until it has heard of the last that was asked for; then call off a sleep under way."""
        name = life.service.name
        pauses = _pauses()
        told = None
        try:
            while (until := self._kept[name]) != told and until > self._claims.clock():
                try:
                    life.record = await self._claims.keep_awake(name, until, is_least=True)
                    told = until
                except LedgerError as error:
                    logger.warning("%s is to stay awake, but the ledger cannot be told: %s", name, error)
                    await asyncio.sleep(next(pauses))
        finally:
            del self._kept[name]
        if life.record.intent is Intent.ASLEEP and self._board.sights[name].phase in UP:
            self.claim(life)

    async def _end(self, name: ServiceName) -> None:
        """End a service's pursuit, so that no late call of it undoes what follows."""
        running = self._running.pop(name, None)
        if running is not None and running.cancel():
            await asyncio.wait({running})

    async def _write(self, name: ServiceName, past: PastWake) -> None:
        try:
            await self._claims.ledger.add_wake(name, past)
        except LedgerError as error:
            logger.warning("the wake of %s is not in the history: %s", name, error)

    async def _share(self, life: Life) -> None:
        """Tell until the ledger knows what is so, be it that it changes or that somebody claims anew meanwhile."""
        told = None
        try:
            while told != (now := (life.record.generation, life.news)):
                told = now
                self._tell.record(life, await self._claims.ledger.note_ready(life.service.name, *now))
        except LedgerError as error:
            logger.debug("others are not told that %s answers: %s", life.service.name, error)
        finally:
            self._sharing.discard(life.service.name)

    def _has_failed(self, life: Life) -> bool:
        return self._board.sights[life.service.name].phase is Phase.FAILED


def _pauses() -> Iterator[float]:
    pause = _PAUSE_FIRST
    while True:
        yield pause
        pause = min(pause * 2, _PAUSE_LAST)
