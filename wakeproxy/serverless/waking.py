"""Waking from within one invocation: claim once however many ask, tell AWS, and wait for the app as long as one may."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from wakeproxy.core.causes import Diagnosis
from wakeproxy.core.eta import forecast
from wakeproxy.core.lifecycle import OVER, Phase
from wakeproxy.core.limits import Limits
from wakeproxy.core.needs import find_needs, list_needs
from wakeproxy.core.observation import Stage, list_endpoints
from wakeproxy.core.record import Record
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Member
from wakeproxy.engine.catalog import Catalog
from wakeproxy.errors import FleetError
from wakeproxy.ports import Look
from wakeproxy.serverless.looking import Found, Looker

_MINUTE: Final = timedelta(minutes=1)
_TRIES, _PAUSE = 3, 0.3
"""Somebody waits: a throttled call is made again soon, and at last by whoever looks next."""


@dataclass(frozen=True, slots=True)
class Waking:
    """Wakes services of one catalog."""

    catalog: Catalog
    looker: Looker
    limits: Limits
    every: timedelta
    """How often AWS is asked while somebody waits."""
    clock: Callable[[], datetime]
    _recent: deque[datetime] = field(default_factory=deque)
    """When wakes were begun here."""

    async def is_admitted(self, found: Found) -> bool:
        """Whether another wake may begin: bounds hold for each environment of the function by itself."""
        if found.sight.phase is Phase.WAKING or found.sight.phase is Phase.AWAKE:
            return True
        now = self.clock()
        while self._recent and not timedelta() <= now - self._recent[0] < _MINUTE:
            self._recent.popleft()
        if len(self._recent) >= self.limits.wakes_per_minute or await self._is_full():
            return False
        self._recent.append(now)
        return True

    async def wake(self, service: Service, found: Found) -> Found:
        """Wake a service and what it needs, all at once: nobody would start it later when those answer."""
        needs = find_needs(self.catalog.named, service.name)
        (record, trouble), *_ = await asyncio.gather(*(self._claim(one) for one in (service, *needs)))
        sight = found.sight
        if sight.phase is Phase.AWAKE:
            return replace(found, record=record)
        if trouble is not None and not trouble.can_retry:
            return replace(found, record=record, sight=replace(sight, phase=Phase.FAILED, diagnosis=trouble))
        if sight.phase is not Phase.WAKING:
            stages = ((Stage.REQUESTED, record.claimed_at or self.clock()),)
            expected = forecast(found.wakes, image=None)
            sight = replace(sight, phase=Phase.WAKING, stages=stages, expected=expected, retry_at=None)
        return replace(found, record=record, sight=replace(sight, diagnosis=trouble))

    async def wait(self, service: Service, found: Found, *, seconds: float) -> Found:
        """Wait until a wake has ended, for so long at most; the app itself is asked in between looks at AWS."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while found.sight.phase not in OVER and loop.time() < until:
            look_at = min(loop.time() + self.every.total_seconds(), until)
            if not await self._answers_before(service, found, look_at):
                await asyncio.sleep(max(look_at - loop.time(), 0))
            found = await self.looker.look(service)
        return found

    async def show_needs(self, service: Service, found: Found) -> Found:
        """Add how far those services are that a service needs."""
        named = self.catalog.named
        needs = find_needs(named, service.name)
        if not needs or found.sight.phase is Phase.AWAKE:
            return found
        sights = [one.sight for one in await asyncio.gather(*map(self.looker.look, needs))]
        required = set(list_needs(lambda name: named[name].needs if name in named else (), service.name))
        members = tuple(
            Member(one.title, sight, is_required=one.name in required, waits_for=one.needs)
            for one, sight in zip(needs, sights, strict=True)
        )
        return replace(found, sight=replace(found.sight, needs=members))

    async def _answers_before(self, service: Service, found: Found, look_at: float) -> bool:
        """Ask the tasks whose addresses are known until one answers or it is time to look at AWS again."""
        if found.observation is None:
            return False
        endpoints = list_endpoints(found.observation, address=service.address, port=service.port)
        loop = asyncio.get_running_loop()
        while endpoints and loop.time() < look_at:
            began = loop.time()
            if await self.looker.probe(service, endpoints):
                return True
            await asyncio.sleep(max(began + service.ready.every.total_seconds() - loop.time(), 0))
        return False

    async def _claim(self, service: Service) -> tuple[Record, Diagnosis | None]:
        claims = self.looker.claims
        claim = await claims.claim_wake(service.name)
        if not claim.is_ours:
            return claim.record, None
        floor = claim.record.floor
        trouble = await self.looker.raise_count(service, floor=floor)
        for _ in range(_TRIES - 1):
            if trouble is None or not trouble.can_retry:
                break
            await asyncio.sleep(_PAUSE)
            trouble = await self.looker.raise_count(service, floor=floor)
        if floor and trouble is None:
            await claims.floors.give_back(service)
        return claim.record, trouble

    async def _is_full(self) -> bool:
        """Whether as many services are up as may be."""
        most = self.limits.awake_services
        if most is None:
            return False
        looks = [Look(service.ecs, tasks=False) for service in self.catalog.services]
        try:
            seen = await self.looker.claims.fleet.observe(looks)
        except FleetError:
            return False  # a bound on costs keeps nobody out while it cannot be counted
        return sum(one.desired > 0 for one in seen.values()) >= most
