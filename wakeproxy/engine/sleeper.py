"""The sleeper: one sweep judges every service and puts to sleep those that nobody uses."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from wakeproxy.core.idleness import Judgement, Sleep, judge
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Observation
from wakeproxy.core.record import Record
from wakeproxy.core.service import Service
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.floors import owes_floor
from wakeproxy.errors import FleetError, LedgerError
from wakeproxy.ports import Look

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a sweep decided about one service and what came of it."""

    service: ServiceName
    judgement: Judgement
    is_done: bool = False
    """It was put to sleep."""
    note: str | None = None
    """Why it was not, although it should."""


@dataclass(frozen=True, slots=True)
class Sleeper:
    """Sweeps; any number may run, a doubled sweep has one effect."""

    services: tuple[Service, ...]
    claims: Claims
    margin: timedelta
    """How old a visit may be that the ledger does not know of yet: the flush interval."""

    async def sweep(self, *, is_dry_run: bool = False) -> Sequence[Decision]:
        """Judge every service once, and act unless it is a dry run.

        Raises:
            LedgerError: nobody knows what is used, so nothing may sleep.
            FleetError: AWS could not be asked.
        """
        if not self.services:
            return ()
        records = await self.claims.ledger.read([service.name for service in self.services])
        seen = await self.claims.fleet.patient().observe([Look(service.ecs) for service in self.services])
        judged = [(s, records[s.name], self._judge(s, records[s.name], seen[s.ecs])) for s in self.services]
        return await asyncio.gather(*(self._act(*one, is_dry_run=is_dry_run) for one in judged))

    def _judge(self, service: Service, record: Record, observation: Observation) -> Judgement:
        return judge(record, observation, policy=service.idle, margin=self.margin, now=self.claims.clock())

    async def _act(self, service: Service, record: Record, judgement: Judgement, *, is_dry_run: bool) -> Decision:
        logger.debug("%s: %s", service.name, judgement)
        if not isinstance(judgement, Sleep) or is_dry_run:
            if owes_floor(record) and not is_dry_run:
                await self.claims.floors.give_back(service)
            return Decision(service.name, judgement)
        try:
            is_done = await self.claims.sleep(service, record)
        except (FleetError, LedgerError) as error:
            return Decision(service.name, judgement, note=str(error))
        if is_done:
            logger.info("%s is put to sleep: %s", service.name, judgement.reason)
        return Decision(service.name, judgement, is_done, None if is_done else "it was visited in the meantime")
