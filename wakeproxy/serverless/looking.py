"""Looking at a service: one read of the ledger, one look at AWS, one question to the app itself.

Nothing runs between two invocations, so what a front's engine would have gone on with is done by whoever looks next:
a wake whose call was lost is told again, one that is hopeless is given back, one that ended well is written down.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from wakeproxy.core.causes import Diagnosis
from wakeproxy.core.lifecycle import UP, Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint, Observation, Stage, list_endpoints
from wakeproxy.core.outlook import Outlook
from wakeproxy.core.reading import Reading, expect_wake, is_on_its_way, judge_start, read_sight, tell_stages
from wakeproxy.core.record import LOST_AFTER, MOST_READY, Intent, PastWake, Record, retry_at
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.deeds import Deeds
from wakeproxy.engine.probing import find_answering
from wakeproxy.engine.refusals import explain_error
from wakeproxy.errors import FleetError, LedgerError
from wakeproxy.ports import Look, Prober

logger = logging.getLogger(__name__)

_SEEN_JUST_NOW: Final = timedelta(seconds=5)
"""A wake teaches how long wakes take only if it was seen not to answer so shortly before it did."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of one service."""

    sight: Sight
    record: Record = field(default_factory=Record)
    observation: Observation | None = None
    wakes: Sequence[PastWake] = ()
    is_read: bool = True
    """The record is what the ledger says, and AWS can be told what follows from it."""

    @property
    def is_wanted_anew(self) -> bool:
        """Whether a use has to claim: nobody wants it awake, or a sleep was claimed that AWS was not told of yet."""
        if self.sight.phase in UP:
            return self.is_read and self.record.intent is Intent.ASLEEP
        return True


@dataclass(frozen=True, slots=True)
class Looker:
    """Looks at services, and goes on with their wakes."""

    claims: Claims
    prober: Prober
    deeds: Deeds
    clock: Callable[[], datetime]
    _waking_at: dict[ServiceName, datetime] = field(default_factory=dict)
    """When each service was last seen waking here."""
    _told_at: dict[ServiceName, datetime] = field(default_factory=dict)
    """When AWS was last told again of each service's wake."""
    _known: dict[ServiceName, Sight] = field(default_factory=dict)
    """How each service was last found: what is served while AWS does not answer."""

    async def look(self, service: Service) -> Found:
        """Look at one service; nothing is raised, for what is awake is served whatever cannot be asked."""
        read, seen = await asyncio.gather(self._read(service.name), self._observe(service))
        record = read or Record()
        if isinstance(seen, FleetError):
            return await self._go_by_memory(service, record, seen)
        answering = await self.probe(service, list_endpoints(seen, address=service.address, port=service.port))
        wakes = () if answering else await self._recall(service.name)
        reading, now = Reading(seen, record, wakes, answering), self.clock()
        sight = expect_wake(read_sight(service, reading, now), reading, now)
        found = Found(_foretell(sight, record, seen), record, seen, wakes, is_read=read is not None)
        found = await self._go_on(service, found, now)
        self._known[service.name] = found.sight
        return found

    async def probe(self, service: Service, endpoints: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
        """Ask tasks whether their app answers; those that do."""
        return await find_answering(self.prober, service, endpoints)

    async def _read(self, name: ServiceName) -> Record | None:
        try:
            return await self.claims.read(name)
        except LedgerError as error:
            logger.warning("going on without the ledger: %s", error)
            return None

    async def _recall(self, name: ServiceName) -> Sequence[PastWake]:
        try:
            return (await self.claims.ledger.wakes([name]))[name]
        except LedgerError:
            return ()

    async def _observe(self, service: Service) -> Observation | FleetError:
        try:
            return (await self.claims.fleet.observe([Look(service.ecs, service.address)]))[service.ecs]
        except FleetError as error:
            logger.warning("cannot look at %s: %s", service.name, error)
            return error

    async def _go_by_memory(self, service: Service, record: Record, error: FleetError) -> Found:
        """Go by what was found last while AWS does not answer: what answers itself is awake."""
        known = self._known.get(service.name, Sight(service.name))
        answering = await self.probe(service, known.endpoints)
        if answering:
            return Found(replace(known, phase=Phase.AWAKE, endpoints=answering), record, is_read=False)
        now = self.clock()
        phase = Phase.WAKING if is_on_its_way(record, now) or known.phase is Phase.WAKING else Phase.ASLEEP
        sight = Sight(service.name, phase, diagnosis=explain_error(error))
        if phase is Phase.WAKING:
            sight = replace(sight, stages=((Stage.REQUESTED, record.claimed_at or now),))
        return Found(sight, record)

    # What nobody else goes on with.

    async def _go_on(self, service: Service, found: Found, now: datetime) -> Found:
        sight, seen = found.sight, found.observation
        assert seen is not None
        if sight.phase is Phase.AWAKE:
            await self._write_down(service, found, now)
            self._waking_at.pop(service.name, None)
            return found
        if sight.phase is not Phase.WAKING:
            return found
        self._waking_at[service.name] = now
        if seen.desired == 0:
            return await self._tell_again(service, found, now)
        assert sight.began_at is not None
        diagnosis, is_hopeless = judge_start(service, seen, since=sight.began_at)
        return await self._give_back(service, found, diagnosis) if is_hopeless else found

    async def _tell_again(self, service: Service, found: Found, now: datetime) -> Found:
        """Tell AWS again of a wake whose call was lost: its claimer may have been stopped in the middle."""
        claimed_at = found.record.claimed_at
        told_at = max(filter(None, (claimed_at, self._told_at.get(service.name))), default=now)
        if abs(now - told_at) < LOST_AFTER:
            return found
        self._told_at[service.name] = now
        trouble = await self.raise_count(service, floor=found.record.floor, insists=True)
        return replace(found, sight=replace(found.sight, diagnosis=trouble)) if trouble else found

    async def raise_count(self, service: Service, *, floor: int = 0, insists: bool = False) -> Diagnosis | None:
        """Tell AWS of a wake; what stands in its way, if anything does. Whoever looks next tells again."""
        try:
            await self.claims.raise_count(service, floor=floor, insists=insists)
        except FleetError as error:
            logger.warning("waking %s: %s", service.name, error)
            return explain_error(error)
        return None

    async def _give_back(self, service: Service, found: Found, diagnosis: Diagnosis | None) -> Found:
        """End a wake that cannot succeed, once whoever looks, and write down why."""
        now = self.clock()
        sentence = diagnosis.sentence if diagnosis else "The wake failed."
        logger.warning("%s cannot be woken: %s", service.name, sentence)
        past = PastWake(found.sight.began_at or now, now, _image(found), found.sight.stages, sentence)
        is_deployment = found.observation is not None and len(found.observation.deployments) > 1
        try:
            # A deployment's tasks are its own affair.
            if not is_deployment and await self.claims.rest(service, is_ours=False):
                self.deeds.note_wake(service.name, past)
                await self.claims.ledger.add_wake(service.name, past)
        except (FleetError, LedgerError) as error:
            logger.warning("%s failed to wake and is not given back yet: %s", service.name, error)
        allowed_at = retry_at((*found.wakes, past))
        sight = replace(found.sight, phase=Phase.FAILED, diagnosis=diagnosis, retry_at=allowed_at)
        return replace(found, sight=sight)

    async def _write_down(self, service: Service, found: Found, now: datetime) -> None:
        """Write down a wake that ended well, once, and which tasks answer; times that teach nothing are left out."""
        record, seen = found.record, found.observation
        assert seen is not None
        if record.intent is not Intent.AWAKE or record.ready:
            return
        tasks = tuple(sorted(endpoint.task for endpoint in found.sight.endpoints))[:MOST_READY]
        try:
            await self.claims.ledger.note_ready(service.name, record.generation, tasks)
            seen_at = self._waking_at.get(service.name)
            if record.claimed_at is None or seen_at is None or now - seen_at > _SEEN_JUST_NOW:
                return
            stages = (*tell_stages(seen, record.claimed_at, now), (Stage.ANSWERING, now))
            past = PastWake(record.claimed_at, now, _image(found), stages)
            self.deeds.note_wake(service.name, past)
            await self.claims.ledger.add_wake(service.name, past)
        except LedgerError as error:
            logger.warning("the wake of %s is not in the history: %s", service.name, error)


def _image(found: Found) -> str:
    live = found.observation.live if found.observation else ()
    return live[-1].image if live else ""


def _foretell(sight: Sight, record: Record, seen: Observation) -> Sight:
    """Tell of a service's stay what its record knows."""
    since = min((task.started_at for task in seen.live if task.started_at), default=None)
    awake_since = since if sight.phase is Phase.AWAKE else None
    return replace(sight, outlook=Outlook(awake_since, used_at=record.last_used_at, kept_until=record.awake_until))
