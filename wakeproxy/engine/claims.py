"""The wake/sleep protocol: agree in the ledger first, then tell AWS. `docs/protocol.md` draws it.

`UpdateService` has no condition, so a wake and a sleep that race could each overwrite the other. Whoever changes a
service's intent claims it by compare-and-set; whoever loses follows. A claim whose call to AWS was lost is claimed
anew after `core.record.LOST_AFTER`. No lease or clock is needed for safety, only for economy.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from wakeproxy.core.capacity import remember_floor
from wakeproxy.core.idleness import MOST_SKEW
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Observation
from wakeproxy.core.record import (
    LOST_AFTER,
    Intent,
    Record,
    claim_sleep,
    claim_wake,
    is_wake_claimed,
    keep_awake,
    later,
)
from wakeproxy.core.service import Service
from wakeproxy.engine.bystanders import Bystander, Nobody
from wakeproxy.engine.floors import Floors, Unscaled
from wakeproxy.errors import FleetError, LedgerError, ServiceGoneError
from wakeproxy.ports import Fleet, Ledger, Look, Scaling

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

_TELLING_TAKES = timedelta(seconds=3)
"""Within that long the ledger hears of a use, even if the first try to tell it fails."""


def grace_for(flush_interval: timedelta) -> timedelta:
    """How long a sleep has to wait so that whoever uses the service tells of it meanwhile, whatever the clocks say."""
    return flush_interval + _TELLING_TAKES


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of claiming a wake: the record as it then stood, and whether the wake it speaks of is ours."""

    record: Record
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Claims:
    """Wakes and puts to sleep; any number of these may run, in any number of processes."""

    fleet: Fleet
    ledger: Ledger
    clock: Clock
    grace: timedelta = _TELLING_TAKES
    """How long a sleep waits for a use that it may have missed: `grace_for` says how long that is."""
    scaling: Scaling = field(default_factory=Unscaled)
    bystander: Bystander = field(default_factory=Nobody)
    _known: dict[ServiceName, tuple[datetime | None, datetime | None]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """When each service's claim was made by its maker's clock, and since when it is known by the one here."""

    @property
    def floors(self) -> Floors:
        """What services that something else scales must not fall below."""
        return Floors(self.scaling, self.ledger, self.clock)

    async def read(self, name: ServiceName) -> Record:
        """Read a service's record.

        Raises:
            LedgerError: the ledger cannot be reached.
        """
        return (await self.ledger.read([name]))[name]

    async def look(self, service: Service, *, tasks: bool = True) -> Observation:
        """Look at a service that must be there.

        Raises:
            ServiceGoneError: ECS knows no such service.
            FleetError: AWS did not answer.
        """
        observation = (await self.fleet.observe([Look(service.ecs, tasks=tasks)]))[service.ecs]
        if not observation.exists:
            raise ServiceGoneError(f"ECS knows no service {service.ecs}; check its name, cluster, region and account.")
        return observation

    def age(self, name: ServiceName, record: Record) -> timedelta | None:
        """How old a claim is; ``None`` when none was ever made.

        The clock it was made by may be wrong. So only the claim that is met first is as old as it says; each one after
        it is as old as it is known here.
        """
        now = self.clock()
        made_at, since = self._known.get(name, (None, record.claimed_at))
        if made_at != record.claimed_at:
            since = now if name in self._known else record.claimed_at
        self._known[name] = (record.claimed_at, since)
        return None if since is None else now - since

    async def claim_wake(self, name: ServiceName) -> Claim:
        """Claim a wake, unless another's claim is so fresh that its call is still on its way.

        Without a ledger the claim is taken for granted: a wake twice is better than none.
        """
        try:
            while True:
                before = await self.read(name)
                if is_wake_claimed(before, self.age(name, before)):
                    return Claim(before, is_ours=False)
                after = claim_wake(before, self.clock())
                if await self.ledger.swap(name, before, after):
                    self.age(name, after)
                    return Claim(after, is_ours=True)
        except LedgerError as error:
            logger.info("waking %s without the ledger: %s", name, error)
            return Claim(claim_wake(Record(), self.clock()), is_ours=True)

    async def raise_count(self, service: Service, *, floor: int = 0, insists: bool = False) -> Observation:
        """Raise the desired count to what a wake asks for, or to the ``floor``, if it is lower; never lower it.

        Who ``insists`` knows that it was lower a moment ago: an answer by which it is not may be older than that.

        Raises:
            ServiceGoneError: there is nothing to wake.
            FleetError: AWS refused, or it is unknown whether it obeyed; calling again is safe.
        """
        observation = await self.look(service, tasks=False)
        wanted = max(service.desired_count, floor)
        if observation.desired < wanted or (insists and observation.desired == wanted):
            await self.fleet.scale(service.ecs, desired_count=wanted)
        return observation

    async def wake(self, service: Service) -> Observation:
        """Wake a service for somebody who does not wait until it answers; say how it stood before.

        Raises:
            ServiceGoneError: there is nothing to wake.
            FleetError: AWS refused, or it is unknown whether it obeyed; calling again is safe.
        """
        floor = (await self.claim_wake(service.name)).record.floor
        before = await self.raise_count(service, floor=floor)
        if floor:
            await self.floors.give_back(service)
        return before

    async def sleep(self, service: Service, judged: Record, *, is_forced: bool = False) -> bool:
        """Put a service to sleep unless it was used or claimed since ``judged`` was read; say whether it was done.

        If ``is_forced``, what is in use in this process is no hindrance, as far as the ledger has been told of it.

        Raises:
            LedgerError: nothing is put to sleep without the ledger.
            FleetError: AWS refused; the claim stands and the next sweep tries again.
        """
        capacity = await self.floors.find(service.ecs)
        claimed = claim_sleep(judged, self.clock(), floor=remember_floor(judged, capacity))
        if not await self.ledger.swap(service.name, judged, claimed):
            return False
        await asyncio.sleep(self.grace.total_seconds())
        if capacity is not None and await self.read(service.name) == claimed:
            await self.floors.take(service.ecs, capacity)
        fleet = self.fleet.patient()
        async with fleet.turn():  # a call that waited after the reading would undo a wake claimed meanwhile
            found = await self.read(service.name)
            if found != claimed or (not is_forced and self.bystander.is_in_use(service.name)):
                return False
            self.bystander.stand_back(service.name, claimed)  # nothing waits since it was asked
            try:
                return await self._lower(service, claimed, fleet)
            except FleetError:
                self.bystander.come_back(service.name)
                raise

    async def _lower(self, service: Service, claimed: Record, fleet: Fleet) -> bool:
        """Tell AWS that nothing is wanted, and say whether that still holds.

        This process may have stood still since it read the ledger, for longer than a front would look out for a call
        that comes late. So it looks back, and undoes what it has done to a wake that was claimed in between.
        """
        try:
            await fleet.scale(service.ecs, desired_count=0)
        except FleetError:
            await self._undo_if_late(service, claimed)  # for it may have been carried out, or be about to
            raise
        return not await self._undo_if_late(service, claimed)

    async def _undo_if_late(self, service: Service, claimed: Record) -> bool:
        try:
            found = await self.read(service.name)
        except LedgerError as error:
            logger.warning("nobody knows whether %s was wanted when it was put to sleep: %s", service.name, error)
            return False
        if found.intent is Intent.ASLEEP and found.awake_until == claimed.awake_until:
            return False
        await self.raise_count(service, floor=found.floor, insists=True)
        return True

    async def keep_awake(self, name: ServiceName, until: datetime | None, *, is_least: bool = False) -> Record:
        """Have a service not be put to sleep before ``until``; ``None`` calls that off. It wakes nothing.

        With ``is_least`` a later time that was asked for before holds. A sleep that waits out its grace is given up,
        but one that AWS is just being told of is not: `hold_up` sees to that.

        Raises:
            LedgerError: nobody would know of it.
        """
        while True:
            before = await self.read(name)
            wanted = later(before.awake_until, until) if until and is_least else until
            if wanted == before.awake_until:
                return before
            after = keep_awake(before, wanted)
            if await self.ledger.swap(name, before, after):
                return after

    async def hold_up(self, service: Service, kept: Record) -> None:
        """Undo a sleep whose call to AWS may still be on its way although the service was just now kept awake.

        Raises:
            LedgerError: nobody knows whether it was put to sleep on purpose meanwhile.
            FleetError: AWS refused, or it is unknown whether it obeyed.
        """
        if not self.may_be_falling_asleep(kept):
            return
        claim = await self.claim_wake(service.name)
        if not claim.is_ours:
            return
        await asyncio.sleep(LOST_AFTER.total_seconds())
        if (await self.read(service.name)).intent is Intent.AWAKE:
            await self.raise_count(service, floor=claim.record.floor)

    def may_be_falling_asleep(self, record: Record) -> bool:
        """Whether somebody may just be putting a service to sleep: he waits out his grace, or is telling AWS.

        A claim from a clock ahead of ours is fresh, too, unless that clock has gone mad.
        """
        if record.intent is Intent.AWAKE or record.claimed_at is None:
            return False
        return -MOST_SKEW < self.clock() - record.claimed_at < self.grace + LOST_AFTER

    async def read_or_presume(self, name: ServiceName, known: Record) -> Record:
        """Read a service's record; without a ledger what is known holds, and the wake asked for is taken as wanted."""
        try:
            return await self.read(name)
        except LedgerError as error:
            logger.debug("cannot ask the ledger about %s: %s", name, error)
            return replace(known, intent=Intent.AWAKE)

    async def rest(self, service: Service, *, is_ours: bool) -> bool:
        """Give a failed wake back at once, without grace, for nobody can be using what does not answer.

        Only what wakeproxy woke is touched: ``is_ours`` says so, or the ledger does. A service started by hand or by
        CI is its owner's, and one that was claimed anew meanwhile is the claimer's. Nor is one touched of which a task
        that lives answers another front: it is only from here that it cannot be reached, or AWS could not be.

        Raises:
            LedgerError: without the ledger nobody knows whether it was claimed anew.
            FleetError: AWS refused, or did not answer; calling again is safe.
        """
        before = found = await self.read(service.name)
        if not (is_ours or (found.intent is Intent.AWAKE and found.claimed_at is not None)):
            return False
        live = {task.arn for task in (await self.look(service)).live} if found.ready else set[str]()
        capacity = await self.floors.find(service.ecs)
        fleet = self.fleet.patient()
        async with fleet.turn():
            while found.generation == before.generation and live.isdisjoint(found.ready):
                claimed = claim_sleep(found, self.clock(), floor=remember_floor(found, capacity))
                if await self.ledger.swap(service.name, found, claimed):
                    if capacity is not None:
                        await self.floors.take(service.ecs, capacity)
                    return await self._lower(service, claimed, fleet)
                found = await self.read(service.name)  # a visit was noted in between
        return False
