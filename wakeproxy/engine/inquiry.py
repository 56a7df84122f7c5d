"""The inquiry of a sweep: what the ledger, AWS and CloudWatch know of services, asked in the order of what it costs.

What cannot be read of one cluster, service or signal hides nothing of the others.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from wakeproxy.core.idleness import Evidence, correct_clock
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Observation
from wakeproxy.core.pieces import batched
from wakeproxy.core.record import Record
from wakeproxy.core.service import EcsService, Service
from wakeproxy.core.signals import LATENESS, Active, SignalReading, Unreadable
from wakeproxy.engine.claims import Claims
from wakeproxy.errors import AccessDeniedError, FleetError
from wakeproxy.ports import Look, SignalAsk, Signals

_READ_AT_ONCE: Final = 500
"""Records that are read from the ledger together: a visitor's claim of a wake need not wait for more of them."""
_DENIALS: Final = 32
"""So often a look that AWS denied is halved, to find the services that may not be read; then all the rest are not."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Asks about services."""

    claims: Claims
    margin: timedelta
    signals: Signals | None = None
    """``None``: nobody can read any."""
    readings: dict[ServiceName, SignalReading] = field(default_factory=dict)
    """The signals that were active: for as long as those keep a service awake, CloudWatch need not be asked again."""

    async def read_records(self, services: Sequence[Service], *, is_dry_run: bool) -> Mapping[ServiceName, Record]:
        """Read all records, and put right what a clock gone mad wrote.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        ledger, now = self.claims.ledger, self.claims.clock()
        found: dict[ServiceName, Record] = {}
        for some in batched([service.name for service in services], _READ_AT_ONCE):
            found |= await ledger.read(some)
        for name, record in tuple(found.items()):
            corrected = correct_clock(record, now)
            if corrected is not record and (is_dry_run or await ledger.swap(name, record, corrected)):
                found[name] = corrected
        return found

    async def look(self, services: Iterable[Service]) -> Mapping[EcsService, Observation | FleetError]:
        """Look at services, each cluster by itself."""
        clusters: dict[str, list[Look]] = defaultdict(list)
        for service in services:
            clusters[service.ecs.cluster].append(Look(service.ecs))
        seen: dict[EcsService, Observation | FleetError] = {}
        for found in await asyncio.gather(*map(self._look_at, clusters.values())):
            seen |= found
        return seen

    async def _look_at(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation | FleetError]:
        """Look at one cluster; who may not read one service of several is denied them all, so these are halved."""
        seen: dict[EcsService, Observation | FleetError] = {}
        pending, denials = [looks], 0
        while pending:
            some = pending.pop()
            try:
                seen |= await self.claims.fleet.patient().observe(some)
            except FleetError as error:
                denials += 1
                if isinstance(error, AccessDeniedError) and len(some) > 1 and denials < _DENIALS:
                    pending += [some[: len(some) // 2], some[len(some) // 2 :]]
                else:
                    seen |= dict.fromkeys((look.ecs for look in some), error)
        return seen

    def begin(self, name: ServiceName, record: Record, seen: Observation) -> Evidence:
        """Put together what is known of a service without asking any further."""
        return Evidence(record, seen, self.readings.get(name, {}))

    async def look_closer(
        self, services: Sequence[Service], known: Mapping[ServiceName, Evidence]
    ) -> Mapping[ServiceName, Evidence]:
        """Add to what is known of ``services`` what costs calls: signals, and scale-in protection."""
        seen = {service: known[service.name].observation for service in services}
        protection, signals = await asyncio.gather(self._read_protection(seen.values()), self._read_signals(seen))
        for service in services:
            self._keep(service.name, signals.get(service.ecs, {}))
        return {
            one.name: replace(known[one.name], protection=protection.get(one.ecs), signals=signals.get(one.ecs, {}))
            for one in services
        }

    async def _read_protection(self, seen: Iterable[Observation]) -> Mapping[EcsService, datetime | Unreadable]:
        clusters: dict[str, list[Observation]] = defaultdict(list)
        for one in seen:
            clusters[one.ecs.cluster].append(one)
        found: dict[EcsService, datetime | Unreadable] = {}
        for some in await asyncio.gather(*map(self._read_protection_in, clusters.values())):
            found |= some
        return found

    async def _read_protection_in(self, cluster: list[Observation]) -> Mapping[EcsService, datetime | Unreadable]:
        try:
            return dict(await self.claims.fleet.patient().protected_until(cluster))
        except FleetError as error:
            return dict.fromkeys((one.ecs for one in cluster), Unreadable(str(error)))

    async def _read_signals(self, seen: Mapping[Service, Observation]) -> Mapping[EcsService, SignalReading]:
        now = self.claims.clock()
        asks = [self._ask(service, one, now) for service, one in seen.items() if service.idle.signals.wanted]
        if not asks or self.signals is None:
            return {ask.ecs: dict.fromkeys(ask.policy.wanted, Unreadable("Nobody reads signals here.")) for ask in asks}
        return await self.signals.read(asks, now)

    def _ask(self, service: Service, seen: Observation, now: datetime) -> SignalAsk:
        return SignalAsk(
            service.ecs,
            service.idle.signals,
            now - service.idle.idle_after - self.margin - LATENESS,
            seen.target_groups,
            tuple(dict.fromkeys(one.task_definition for one in seen.deployments)),
        )

    def _keep(self, name: ServiceName, reading: SignalReading) -> None:
        """Remember what was active; what was quiet or unreadable is to be read anew."""
        active = {signal: found for signal, found in reading.items() if isinstance(found, Active)}
        if active:
            self.readings[name] = active
        else:
            self.readings.pop(name, None)
