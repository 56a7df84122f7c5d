"""The protocol with one of its steps left out, each by a part put in the place of the engine's own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from tests.fakes import MemoryLedger
from tests.simulation.cloud import CloudFleet
from tests.simulation.members import GRACE, Protocol
from tests.simulation.weather import Member
from wakeproxy.core.capacity import remember_floor
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Observation
from wakeproxy.core.record import Record, claim_sleep
from wakeproxy.core.service import Service
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.engine import Engine
from wakeproxy.engine.life import Life
from wakeproxy.engine.traffic import Traffic
from wakeproxy.ports import Ledger


@dataclass(frozen=True, slots=True)
class Mutant:
    """A protocol that lacks something, and which broken promise tells so."""

    protocol: Protocol
    breaks: str
    first: int
    """The seed to begin with: one that finds it at present, so that the tests need not look for long."""


class _NotReadAgain(Claims):
    async def sleep(self, service: Service, judged: Record, *, is_forced: bool = False) -> bool:
        """Claim, wait, and call, whatever the ledger says by then."""
        del is_forced
        claimed = claim_sleep(judged, self.clock(), floor=remember_floor(judged, None))
        if not await self.ledger.swap(service.name, judged, claimed):
            return False
        await asyncio.sleep(self.grace.total_seconds())
        async with self.fleet.turn():
            return await self._lower(service, claimed, self.fleet)


class _NotUndone(Claims):
    async def _undo_if_late(self, service: Service, claimed: Record) -> bool:
        """Look back at nothing."""
        del service, claimed
        return False


class _NotLeftToOthers(Claims):
    def may_be_falling_asleep(self, record: Record) -> bool:
        """Heed no other sleeper."""
        del record
        return False


class _StoppedForAll(Claims):
    async def look(self, service: Service, *, tasks: bool = True) -> Observation:
        """See no task, so that a wake is given back whomever the app answers."""
        return replace(await super().look(service, tasks=tasks), tasks=())


class _NotCompared(MemoryLedger):
    async def swap(self, name: ServiceName, before: Record, after: Record) -> bool:
        """Set without comparing."""
        return await super().swap(name, self.records.get(name, before), after)


class _NotTold(Traffic):
    async def _flush_one(self, name: ServiceName) -> bool:
        """Take every use for told."""
        self._unflushed.pop(name, None)
        return True


def _ignore(life: Life) -> None:
    del life


def _never_insist(engine: Engine) -> None:
    engine.waker._pursuit.insist = _ignore  # type: ignore[method-assign]


def _claiming(kind: type[Claims], grace: timedelta = GRACE) -> Protocol:
    def make(fleet: CloudFleet, ledger: Ledger, member: Member) -> Claims:
        return kind(fleet, ledger, member.clock, grace)

    return Protocol(make_claims=make)


MUTANTS: Mapping[str, Mutant] = {
    "the ledger is not read again before the call that lowers": Mutant(_claiming(_NotReadAgain), "is in use", 54),
    "a sleep does not wait": Mutant(_claiming(Claims, timedelta()), "is in use", 50),
    "a claim is set without comparing": Mutant(Protocol(make_truth=_NotCompared), "is in use", 30),
    "a use is not told": Mutant(Protocol(make_traffic=_NotTold), "is in use", 0),
    "a wake does not insist on a lost call": Mutant(Protocol(alter=_never_insist), "although it is wanted", 27),
    "a late sleep is not undone": Mutant(_claiming(_NotUndone), "although it is wanted", 818),
    "sleepers claim over one another": Mutant(_claiming(_NotLeftToOthers), "stays awake for nobody", 47),
    "who cannot reach an app stops it for all": Mutant(_claiming(_StoppedForAll), "is in use", 30),
}
