"""Verifies what sleeps: wakes a service once to see that it answers, and puts it back to sleep unless somebody came.

The wake is claimed in the ledger like any other. Whoever visits meanwhile claims or uses the service too, which shows
in its record; then it stays up for them, and sleeps when it is idle.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from wakeproxy.core.causes import Diagnosis
from wakeproxy.core.idleness import Judgement, Rule, Sleep, Stay
from wakeproxy.core.lifecycle import OVER, Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Record
from wakeproxy.core.rollout import Failed, Failure
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight
from wakeproxy.deploy.outcome import TimedOut
from wakeproxy.deploy.telling import Event, Kind, Tell
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.engine import Engine

_PASSING: Final = frozenset({Rule.STARTING, Rule.YOUNG, Rule.USED, Rule.DEPLOYING, Rule.ASLEEP})
"""What keeps a service up for a moment, our own wake included; everything else is somebody's wish."""
_PASSES_WITHIN: Final = timedelta(seconds=90)
_SHORTEST_PAUSE: Final = timedelta(milliseconds=100)
_LONGEST_PAUSE: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Woken:
    """It answers."""

    claimed: Record | None
    """The record as our own claim left it; ``None`` if somebody else woke it."""


@dataclass(frozen=True, slots=True)
class NotAnswering:
    """It does not."""

    diagnosis: Diagnosis | None
    """``None`` when its time was up."""

    @property
    def as_ending(self) -> Failed | TimedOut:
        """How a rollout ends by it."""
        if self.diagnosis is None:
            return TimedOut("it was woken and did not answer in time")
        return Failed(Failure.UNANSWERED, f"it was woken and did not answer: {self.diagnosis.sentence}")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, with what to do."""
        return () if self.diagnosis is None else (f"{self.diagnosis.sentence} {self.diagnosis.remedy}",)


Answer: TypeAlias = Woken | NotAnswering


@dataclass(frozen=True, slots=True)
class Verifier:
    """Wakes services, and puts them back to sleep."""

    claims: Claims
    run_engine: Callable[[Service], AbstractAsyncContextManager[Engine]]
    """Runs an engine over a service and what it needs."""
    judge: Callable[[Service], Awaitable[Judgement]]
    """Judges a service as a sweep would."""

    async def wake(self, service: Service, until: datetime, tell: Tell) -> Answer:
        """Wake a service and watch it until it answers.

        Raises:
            ServiceGoneError: ECS knows no such service.
        """
        claimed: Record | None = None
        try:
            async with (
                asyncio.timeout((until - self.claims.clock()).total_seconds()),
                self.run_engine(service) as engine,
            ):
                await asyncio.gather(*(_settle(engine, need) for need in service.needs))
                claimed = await self._claim(service)
                sight = await _follow(engine, service, tell)
        except TimeoutError:
            return NotAnswering(None)
        return Woken(claimed) if sight.phase is Phase.AWAKE else NotAnswering(sight.diagnosis)

    async def give_back(self, service: Service) -> None:
        """Put to sleep what did not answer, at once, for nobody can be using it; who waits for it is told.

        Raises:
            LedgerError: nobody knows whether it was claimed anew.
            FleetError: AWS refused.
        """
        await self.claims.rest(service, is_ours=False)

    async def put_back(self, service: Service, claimed: Record | None, tell: Tell) -> None:
        """Put a service back to sleep, unless somebody came since it was woken or wants it awake.

        Raises:
            LedgerError: nobody knows whether somebody came, so it is left awake.
            FleetError: AWS refused.
        """
        if claimed is None:
            return _leave(service, "somebody else woke it", tell)
        eager = replace(service, idle=replace(service.idle, idle_after=timedelta(), min_awake=timedelta()))
        until = self.claims.clock() + _PASSES_WITHIN
        while True:
            record = await self.claims.read(service.name)
            judgement = await self.judge(eager)
            now = self.claims.clock()
            if _was_touched(record, claimed):
                return _leave(service, "somebody came meanwhile", tell)
            if isinstance(judgement, Sleep):
                break
            if not isinstance(judgement, Stay) or judgement.rule not in _PASSING or now >= until:
                return _leave(service, judgement.reason, tell)
            await asyncio.sleep(_pause(judgement, now).total_seconds())
        if not await self.claims.sleep(service, record):
            return _leave(service, "somebody came meanwhile", tell)
        return tell(Event(Kind.SLEPT, f"{service.name} is put back to sleep"))

    async def _claim(self, service: Service) -> Record | None:
        """Claim the wake for ourselves, so that it can be told from a visitor's; ``None`` if it is somebody else's."""
        claim = await self.claims.claim_wake(service.name)
        if not claim.is_ours:
            return None
        await self.claims.raise_count(service, floor=claim.record.floor)
        if claim.record.floor:
            await self.claims.floors.give_back(service)
        return claim.record


async def _settle(engine: Engine, need: ServiceName) -> Sight:
    """Wake what a service needs and wait for it; whether it failed is found out by who needs it."""
    engine.waker.ask(need)
    return await engine.board.until(need, lambda sight: sight.phase in OVER)


async def _follow(engine: Engine, service: Service, tell: Tell) -> Sight:
    """Tell each stage as it comes, until the wake has ended."""
    told = 0

    def is_over(sight: Sight) -> bool:
        nonlocal told
        for line in sight.log[told:]:
            tell(Event(Kind.VERIFYING, line.text))
        told = len(sight.log)
        return sight.phase in OVER

    engine.waker.ask(service.name)
    return await engine.board.until(service.name, is_over)


def _pause(judgement: Stay, now: datetime) -> timedelta:
    asked_at = judgement.ask_again_at or now + _LONGEST_PAUSE
    return min(max(asked_at - now, _SHORTEST_PAUSE), _LONGEST_PAUSE)


def _was_touched(record: Record, claimed: Record) -> bool:
    """Whether somebody used or claimed a service since."""
    is_same = record.generation == claimed.generation and record.last_used_at == claimed.last_used_at
    return not is_same or record.in_flight > 0


def _leave(service: Service, why: str, tell: Tell) -> None:
    tell(Event(Kind.SLEPT, f"{service.name} stays awake: {why}", {"stays_awake": why}))
