"""The judging of one sweep: each service by what is known of it, and again only once more is known.

First by its last look, as far as that still tells enough; all others are looked at. Then those are looked at who were
only presumed to be as they were, and upon whom something depends now: they would act, or what they need would sleep.
At last, of those that would sleep, what costs calls of its own is read. So what is presumed puts nothing to sleep and
wakes nothing, and who is presumed at rest costs no call.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from wakeproxy.core.idleness import Evidence, Judgement, Kind, Rule, Sleep, Stay, Wake, judge
from wakeproxy.core.names import ServiceName
from wakeproxy.core.needs import find_needed, needed_among, needs_among
from wakeproxy.core.observation import Observation
from wakeproxy.core.presumption import may_presume
from wakeproxy.core.record import Record
from wakeproxy.core.service import EcsService, Service
from wakeproxy.engine.inquiry import Inquiry
from wakeproxy.engine.pauses import with_pauses
from wakeproxy.errors import FleetError

LastLook: TypeAlias = Callable[[ServiceName], Observation | None]
"""Tells how a service was when it was last looked at; ``None`` if it was not, or nobody remembers."""


def nobody_looked(_: ServiceName) -> None:
    """Tell of no look, so that AWS is asked about every service."""


@dataclass(frozen=True, slots=True)
class Judging:
    """Judges all services of one sweep."""

    services: Mapping[ServiceName, Service]
    records: Mapping[ServiceName, Record]
    inquiry: Inquiry
    _known: dict[ServiceName, Evidence] = field(default_factory=dict)
    """What is known of each that could be read."""
    _alone: dict[ServiceName, Judgement] = field(default_factory=dict)
    """What is to become of each if nothing needs it."""
    _presumed: set[ServiceName] = field(default_factory=set)

    async def judge(self, last_look: LastLook) -> Mapping[ServiceName, Judgement]:
        """Judge every service, asking no more than it takes."""
        await self._presume(last_look)
        await self._look([one for one in self.services.values() if one.name not in self._presumed])
        while doubtful := self._find_doubtful():
            await self._look(doubtful)
        return await self._conclude()

    async def judge_seen(self, seen: Mapping[EcsService, Observation | FleetError]) -> Mapping[ServiceName, Judgement]:
        """Judge every service by what was just seen of all."""
        await self._take_in(tuple(self.services.values()), seen)
        return await self._conclude()

    async def _conclude(self) -> Mapping[ServiceName, Judgement]:
        await self._look_closer()
        return {**self._alone, **self._heed_needs()}

    # What is known.

    async def _presume(self, last_look: LastLook) -> None:
        now = self.inquiry.claims.clock()
        async for service in with_pauses(self.services.values()):
            name, last = service.name, last_look(service.name)
            record = self.records[name]
            if last is not None and may_presume(last, record, idle_after=service.idle.idle_after, now=now):
                self._presumed.add(name)
                self._weigh(name, self.inquiry.begin(name, record, last))

    async def _look(self, services: Sequence[Service]) -> None:
        await self._take_in(services, await self.inquiry.look(services))

    async def _take_in(self, services: Sequence[Service], seen: Mapping[EcsService, Observation | FleetError]) -> None:
        async for service in with_pauses(services):
            name, found = service.name, seen[service.ecs]
            self._presumed.discard(name)
            if isinstance(found, FleetError):
                self._known.pop(name, None)
                again_at = self.inquiry.claims.clock() + self.inquiry.margin
                self._alone[name] = Stay(str(found), again_at, Rule.UNREAD)
            else:
                self._weigh(name, self.inquiry.begin(name, self.records[name], found))

    async def _look_closer(self) -> None:
        """Read what costs calls of those that would sleep and might be in use."""
        idle = [self.services[name] for name, one in self._list_acting() if _may_be_used(one)]
        if idle:
            for name, evidence in (await self.inquiry.look_closer(idle, self._known)).items():
                self._weigh(name, evidence)

    def _find_doubtful(self) -> list[Service]:
        """Find those who were presumed to be as they were, and upon whom something depends."""
        if not self._presumed:
            return []
        acting = dict(self._list_acting())
        sleeping = [name for name, one in acting.items() if isinstance(one, Sleep)]
        dependents = find_needed(needed_among(self.services), sleeping)
        asked = self._presumed & (acting.keys() | dependents.keys())
        return [self.services[name] for name in sorted(asked)]

    # What follows from it.

    def _weigh(self, name: ServiceName, evidence: Evidence) -> None:
        self._known[name] = evidence
        self._alone[name] = self._judge(name, evidence)

    def _judge(self, name: ServiceName, evidence: Evidence) -> Judgement:
        inquiry = self.inquiry
        policy = self.services[name].idle
        return judge(evidence, policy=policy, margin=inquiry.margin, now=inquiry.claims.clock())

    def _heed_needs(self) -> Mapping[ServiceName, Judgement]:
        """Judge those anew that would sleep although others need them."""
        up = [name for name, one in self._alone.items() if _is_up(one)]
        needed = find_needed(needs_among(self.services), up)
        return {
            name: self._judge(name, replace(self._known[name], needed_by=those))
            for name, those in needed.items()
            if isinstance(self._alone.get(name), Sleep)
        }

    def _list_acting(self) -> Iterable[tuple[ServiceName, Judgement]]:
        """List who would not just stay as it is, by all that is known so far."""
        needed = self._heed_needs()
        acting = ((name, needed.get(name, one)) for name, one in self._alone.items() if not isinstance(one, Stay))
        return [(name, one) for name, one in acting if not isinstance(one, Stay)]


def _may_be_used(judgement: Judgement) -> bool:
    """Whether more evidence might keep it awake: nothing runs in a crash loop that could be used."""
    return isinstance(judgement, Sleep) and judgement.kind is not Kind.CRASH_LOOP


def _is_up(judgement: Judgement) -> bool:
    """Whether a service stays up, or will be, so that what it needs must be; what could not be read may be up."""
    if isinstance(judgement, Stay):
        return judgement.rule is not Rule.UNKNOWN and judgement.rule is not Rule.ASLEEP
    return isinstance(judgement, Wake)
