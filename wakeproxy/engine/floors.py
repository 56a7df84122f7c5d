"""Floors: the minimum of a service's scalable target, taken away for its sleep and given back after its wake.

The order is what makes it safe. A sleep first writes the minimum into the ledger, with its claim, then takes it away,
then scales to 0. A wake scales first, for somebody waits, and gives the minimum back afterwards. Whatever is lost in
between, the ledger still knows what is owed, and `Floors.give_back` may be tried again by anybody.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from wakeproxy.core.capacity import Capacity, Forget, GiveBack, settle
from wakeproxy.core.record import Intent, Record
from wakeproxy.core.service import EcsService, Service
from wakeproxy.errors import AccessDeniedError, FleetError, LedgerError
from wakeproxy.ports import Ledger, Scaling

logger = logging.getLogger(__name__)


class Unscaled:
    """`Scaling` where nothing else scales."""

    async def capacities(self, services: Sequence[EcsService]) -> Mapping[EcsService, Capacity]:
        """None of them is scaled."""
        del services
        return {}

    async def set_minimum(self, ecs: EcsService, minimum: int) -> None:
        """There is none."""
        raise AssertionError(f"{ecs} is not scaled, so its minimum cannot become {minimum}")


@dataclass(frozen=True, slots=True)
class Floors:
    """Takes minimums away and gives them back."""

    scaling: Scaling
    ledger: Ledger
    clock: Callable[[], datetime]

    async def find(self, ecs: EcsService) -> Capacity | None:
        """Look up the capacity of a service's scalable target; ``None`` when it has none, or nobody may ask.

        Raises:
            FleetError: AWS did not answer, and to put the service to sleep might begin a fight.
        """
        with suppress(AccessDeniedError):
            return (await self.scaling.capacities([ecs])).get(ecs)
        return None

    async def take(self, ecs: EcsService, capacity: Capacity) -> None:
        """Let a service have no task at all; the ledger must know what is taken away.

        Raises:
            FleetError: AWS refused, or it is unknown whether it obeyed; trying again is safe.
        """
        if capacity.minimum:
            with suppress(AccessDeniedError):
                await self.scaling.set_minimum(ecs, 0)

    async def give_back(self, service: Service) -> None:
        """Give a service's target its minimum back, if one is owed and the service is wanted awake.

        What fails is logged and stays owed: the next sweep tries again.
        """
        try:
            await self._settle(service)
        except AccessDeniedError:
            pass  # which was logged, and is no news
        except (FleetError, LedgerError) as error:
            logger.warning("%s has not got its minimum capacity back yet: %s", service.name, error)

    async def _settle(self, service: Service) -> None:
        capacity = (await self.scaling.capacities([service.ecs])).get(service.ecs)
        record = (await self.ledger.read([service.name]))[service.name]
        match settle(record, capacity, now=self.clock()):
            case GiveBack(minimum):
                await self.scaling.set_minimum(service.ecs, minimum)
            case Forget():
                await self.ledger.swap(service.name, record, replace(record, floor=0))
            case None:
                pass
            case unknown:
                assert_never(unknown)


def owes_floor(record: Record) -> bool:
    """Whether a service that is wanted awake may still be owed its minimum."""
    return record.intent is Intent.AWAKE and record.floor > 0
