"""The sleeper: one sweep judges every service, puts to sleep those that nobody uses, and wakes those that must be up.

What it costs to know enough of each is the business of `engine.judging`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import assert_never

from wakeproxy.core.idleness import Judgement, Rule, Sleep, Stay, Wake
from wakeproxy.core.names import ServiceName
from wakeproxy.core.needs import find_needs
from wakeproxy.core.observation import Observation
from wakeproxy.core.record import Record
from wakeproxy.core.service import EcsService, Service
from wakeproxy.core.signals import SignalReading
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.deeds import Deeds
from wakeproxy.engine.floors import owes_floor
from wakeproxy.engine.inquiry import Inquiry
from wakeproxy.engine.judging import Judging, LastLook, nobody_looked
from wakeproxy.engine.pauses import with_pauses
from wakeproxy.errors import FleetError, LedgerError
from wakeproxy.ports import Signals

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a sweep decided about one service and what came of it."""

    service: ServiceName
    judgement: Judgement
    is_done: bool = False
    """It was put to sleep, or woken."""
    note: str | None = None
    """Why it was not, although it should."""
    is_dry: bool = False
    """It was only to be told."""

    @property
    def outcome(self) -> str:
        """What became of the service, in a word or two."""
        match self.judgement:
            case Stay():
                return "stays"
            case Sleep():
                return "would sleep" if self.is_dry else "put to sleep" if self.is_done else "left awake"
            case Wake():
                return "would wake" if self.is_dry else "woken" if self.is_done else "left asleep"
            case _:
                assert_never(self.judgement)

    @property
    def label(self) -> str:
        """What decided: the rule by which it stays, or the kind of its sleep or wake."""
        match self.judgement:
            case Stay():
                return str(self.judgement.rule)
            case Sleep():
                return str(self.judgement.kind)
            case Wake():
                return str(Rule.AWAKE_HOURS)
            case _:
                assert_never(self.judgement)

    @property
    def reason(self) -> str:
        """Why, and why not after all."""
        return "; ".join(filter(None, (self.judgement.reason, self.note)))


def describe_decision(decision: Decision) -> Mapping[str, object]:
    """Say in JSON what was decided about a service, and what came of it."""
    return {
        "service": decision.service,
        "decision": type(decision.judgement).__name__.lower(),
        "rule": decision.label,
        "reason": decision.judgement.reason,
        "outcome": decision.outcome,
        "slept": decision.is_done and isinstance(decision.judgement, Sleep),
        "woken": decision.is_done and isinstance(decision.judgement, Wake),
        "note": decision.note,
    }


@dataclass(frozen=True, slots=True)
class Memory:
    """What sleepers remember from sweep to sweep; whoever forgets it asks and tells more often, and errs no more."""

    readings: dict[ServiceName, SignalReading] = field(default_factory=dict)
    told: dict[ServiceName, tuple[str, str]] = field(default_factory=dict)
    """What the log was last told of each service: the outcome, and what decided."""

    def keep(self, names: Container[ServiceName]) -> None:
        """Forget all services but these."""
        for kept in (self.readings, self.told):
            for name in [name for name in kept if name not in names]:
                del kept[name]


@dataclass(frozen=True, slots=True)
class Sleeper:
    """Sweeps; any number may run, a doubled sweep has one effect."""

    services: tuple[Service, ...]
    claims: Claims
    margin: timedelta
    """How old a visit may be that the ledger does not know of yet: the flush interval."""
    signals: Signals | None = None
    """``None``: nobody can read any, and where they are wanted, that is told."""
    deeds: Deeds = field(default_factory=Deeds)
    memory: Memory = field(default_factory=Memory)
    last_look: LastLook = nobody_looked
    """How services were when a watcher last looked, so that a sweep asks AWS only about those that matter."""

    async def sweep(self, *, is_dry_run: bool = False) -> Sequence[Decision]:
        """Judge every service once, and act unless it is a dry run.

        Raises:
            LedgerError: nobody knows what is used, so nothing may sleep.
        """
        if not self.services:
            return ()
        loop = asyncio.get_running_loop()
        began = loop.time()
        inquiry = self._inquiry
        records = await inquiry.read_records(self.services, is_dry_run=is_dry_run)
        named = self._named
        judged = await Judging(named, records, inquiry).judge(self.last_look)
        judged_at = loop.time()
        decisions: Sequence[Decision] = [Decision(name, judged[name], is_dry=is_dry_run) for name in named]
        if not is_dry_run:
            decisions = await self._carry_out(decisions, records, named)
            self.memory.keep(named)
        await self._tell(decisions)
        grace = self.claims.grace if any(map(_has_waited, decisions)) else timedelta()
        ended_at = max(judged_at, loop.time() - grace.total_seconds())
        self.deeds.note_sweep(timedelta(seconds=ended_at - began))
        return decisions

    async def judge(
        self, records: Mapping[ServiceName, Record], seen: Mapping[EcsService, Observation | FleetError]
    ) -> Mapping[ServiceName, Judgement]:
        """Judge every service by what was read and seen of it; of those that would sleep by that, more is asked."""
        return await Judging(self._named, records, self._inquiry).judge_seen(seen)

    @property
    def _inquiry(self) -> Inquiry:
        return Inquiry(self.claims, self.margin, self.signals, self.memory.readings)

    @property
    def _named(self) -> Mapping[ServiceName, Service]:
        return {service.name: service for service in self.services}

    # What is done about it.

    async def _carry_out(
        self,
        decisions: Iterable[Decision],
        records: Mapping[ServiceName, Record],
        named: Mapping[ServiceName, Service],
    ) -> Sequence[Decision]:
        """Act for all at once that there is something to do for; say what came of each decision."""
        found = {one.service: one for one in decisions}
        acting = [one for one in found.values() if _asks_for_deeds(one, records[one.service])]
        acts = (self._act(one, records[one.service], named) for one in acting)
        found |= {one.service: one for one in await asyncio.gather(*acts)}
        return list(found.values())

    async def _act(self, decision: Decision, record: Record, named: Mapping[ServiceName, Service]) -> Decision:
        service = named[decision.service]
        try:
            match decision.judgement:
                case Stay():
                    await self.claims.floors.give_back(service)
                    return decision
                case Sleep() as sleep:
                    return await self._put_to_sleep(service, record, sleep, decision)
                case Wake():
                    return await self._wake(service, decision, named)
                case _:
                    assert_never(decision.judgement)
        except (FleetError, LedgerError) as error:
            return replace(decision, note=str(error))

    async def _put_to_sleep(self, service: Service, record: Record, sleep: Sleep, decision: Decision) -> Decision:
        if self.claims.may_be_falling_asleep(record):  # to claim it anew would make the other give up, for ever
            return replace(decision, note="another sleeper is putting it to sleep")
        if not await self.claims.sleep(service, record):
            return replace(decision, note="it was visited in the meantime")
        self.deeds.note_sleep(service.name, sleep.kind)
        if sleep.failure is not None:
            with contextlib.suppress(LedgerError):
                await self.claims.ledger.add_wake(service.name, sleep.failure)
        return replace(decision, is_done=True)

    async def _wake(self, service: Service, decision: Decision, named: Mapping[ServiceName, Service]) -> Decision:
        """Wake a service and, before it, what it needs; nobody waits for these to answer.

        When a thousand awake hours begin, each waits for its turn before it claims, and visitors' wakes go first.
        """
        claims = replace(self.claims, fleet=self.claims.fleet.patient())
        for one in (*find_needs(named, service.name), service):
            async with claims.fleet.turn():
                if (claim := await claims.claim_wake(one.name)).is_ours:
                    await claims.raise_count(one, floor=claim.record.floor)
        return replace(decision, is_done=True)

    async def _tell(self, decisions: Iterable[Decision]) -> None:
        """Tell the log what changed since the last sweep; who debugs is told everything."""
        async for one in with_pauses(decisions):
            told = one.outcome, one.label
            is_news = self.memory.told.get(one.service, ("stays", str(Rule.ASLEEP))) != told
            self.memory.told[one.service] = told
            logger.log(logging.INFO if is_news else logging.DEBUG, "%s: %s: %s", one.service, one.outcome, one.reason)


def _asks_for_deeds(decision: Decision, record: Record) -> bool:
    """Whether there is anything to do: to put to sleep, to wake, or to give a minimum back that is owed."""
    return not isinstance(decision.judgement, Stay) or owes_floor(record)


def _has_waited(decision: Decision) -> bool:
    """Whether a grace had to be waited for."""
    return isinstance(decision.judgement, Sleep) and not decision.is_dry
