"""The sleeper: one sweep judges every service, puts to sleep those that nobody uses, and wakes those that must be up.

What costs nothing is looked at first. Only of services that would sleep by it are signals and scale-in protection read.
"""

import asyncio
import contextlib
import logging
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import assert_never

from wakeproxy.core.idleness import Evidence, Judgement, Kind, Rule, Sleep, Stay, Wake, judge
from wakeproxy.core.names import ServiceName
from wakeproxy.core.needs import find_needed, list_needs, needs_among
from wakeproxy.core.record import Record
from wakeproxy.core.service import Service
from wakeproxy.core.signals import SignalReading
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.deeds import Deeds
from wakeproxy.engine.floors import owes_floor
from wakeproxy.engine.inquiry import Inquiry
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

    async def sweep(self, *, is_dry_run: bool = False) -> Sequence[Decision]:
        """Judge every service once, and act unless it is a dry run.

        Raises:
            LedgerError: nobody knows what is used, so nothing may sleep.
        """
        if not self.services:
            return ()
        loop = asyncio.get_running_loop()
        began = loop.time()
        inquiry = Inquiry(self.claims, self.margin, self.signals, self.memory.readings)
        records = await inquiry.read_records(self.services, is_dry_run=is_dry_run)
        judged = await self._judge(inquiry, records)
        decisions = [Decision(service.name, judged[service.name], is_dry=is_dry_run) for service in self.services]
        if not is_dry_run:
            pairs = zip(self.services, decisions, strict=True)
            decisions = await asyncio.gather(*(self._act(one, records[one.name], found) for one, found in pairs))
            self.memory.keep({service.name for service in self.services})
        self._tell(decisions)
        self.deeds.note_sweep(timedelta(seconds=loop.time() - began))
        return decisions

    # What is decided.

    async def _judge(self, inquiry: Inquiry, records: Mapping[ServiceName, Record]) -> Mapping[ServiceName, Judgement]:
        seen = await inquiry.look(self.services)
        known: dict[ServiceName, Evidence] = {}
        unread: dict[ServiceName, Judgement] = {}
        for service in self.services:
            name, found = service.name, seen[service.ecs]
            if isinstance(found, FleetError):
                unread[name] = Stay(str(found), self.claims.clock() + self.margin, Rule.UNREAD)
            else:
                known[name] = inquiry.begin(name, records[name], found)
        judged = self._judge_all(known, unread)
        idle = [service for service in self.services if _may_be_used(judged[service.name])]
        if not idle:
            return judged
        return self._judge_all({**known, **await inquiry.look_closer(idle, known)}, unread)

    def _judge_all(
        self, known: Mapping[ServiceName, Evidence], unread: Mapping[ServiceName, Judgement]
    ) -> Mapping[ServiceName, Judgement]:
        """Judge each service by itself, then those that others need."""
        named = self._named()
        judged = {**unread, **{name: self._judge_one(named[name], one) for name, one in known.items()}}
        needed = find_needed(needs_among(named), [name for name, one in judged.items() if _is_up(one)])
        for name in judged.keys() & needed.keys():
            if isinstance(judged[name], Sleep):
                judged[name] = self._judge_one(named[name], replace(known[name], needed_by=needed[name]))
        return judged

    def _judge_one(self, service: Service, evidence: Evidence) -> Judgement:
        return judge(evidence, policy=service.idle, margin=self.margin, now=self.claims.clock())

    def _named(self) -> Mapping[ServiceName, Service]:
        return {service.name: service for service in self.services}

    # What is done about it.

    async def _act(self, service: Service, record: Record, decision: Decision) -> Decision:
        try:
            match decision.judgement:
                case Stay():
                    if owes_floor(record):
                        await self.claims.floors.give_back(service)
                    return decision
                case Sleep() as sleep:
                    return await self._put_to_sleep(service, record, sleep, decision)
                case Wake():
                    return await self._wake(service, decision)
                case _:
                    assert_never(decision.judgement)
        except (FleetError, LedgerError) as error:
            return replace(decision, note=str(error))

    async def _put_to_sleep(self, service: Service, record: Record, sleep: Sleep, decision: Decision) -> Decision:
        if not await self.claims.sleep(service, record):
            return replace(decision, note="it was visited in the meantime")
        self.deeds.note_sleep(service.name, sleep.kind)
        if sleep.failure is not None:
            with contextlib.suppress(LedgerError):
                await self.claims.ledger.add_wake(service.name, sleep.failure)
        return replace(decision, is_done=True)

    async def _wake(self, service: Service, decision: Decision) -> Decision:
        """Wake a service and, before it, what it needs; nobody waits for these to answer."""
        named = self._named()
        for name in (*list_needs(needs_among(named), service.name), service.name):
            one = named.get(name)
            if one is not None and (claim := await self.claims.claim_wake(name)).is_ours:
                await self.claims.raise_count(one, floor=claim.record.floor)
        return replace(decision, is_done=True)

    def _tell(self, decisions: Iterable[Decision]) -> None:
        """Tell the log what changed since the last sweep; who debugs is told everything."""
        for one in decisions:
            told = one.outcome, one.label
            is_news = self.memory.told.get(one.service, ("stays", str(Rule.ASLEEP))) != told
            self.memory.told[one.service] = told
            logger.log(logging.INFO if is_news else logging.DEBUG, "%s: %s: %s", one.service, one.outcome, one.reason)


def _may_be_used(judgement: Judgement) -> bool:
    """Whether more evidence might keep it awake: nothing runs in a crash loop that could be used."""
    return isinstance(judgement, Sleep) and judgement.kind is not Kind.CRASH_LOOP


def _is_up(judgement: Judgement) -> bool:
    """Whether a service stays up, or will be, so that what it needs must be; what could not be read may be up."""
    if isinstance(judgement, Stay):
        return judgement.rule not in {Rule.UNKNOWN, Rule.ASLEEP}
    return isinstance(judgement, Wake)
