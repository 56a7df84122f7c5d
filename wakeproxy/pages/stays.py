"""What visitors are told of a stay: since when a service is awake, why, for how long, and whether they have a say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from wakeproxy.core.outlook import Here
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight, describe_stay
from wakeproxy.engine.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Stays:
    """Tells of stays from memory: what the sight knows, and what this process knows of the service's use."""

    traffic: Traffic
    margin: timedelta
    """How old a use elsewhere may be that is not known yet: the flush interval."""
    clock: Callable[[], datetime]

    def describe(self, service: Service, sight: Sight) -> Mapping[str, Any]:
        """Say it as a part of the status document."""
        name, span = service.name, service.keep_awake_for
        here = Here(self.traffic.in_flight.get(name, 0), self.traffic.last_used_at.get(name))
        return {
            **describe_stay(sight, here, service=service, margin=self.margin, now=self.clock()),
            "keep_awake_for_seconds": None if span is None else span.total_seconds(),
        }

    def longest(self, service: Service) -> timedelta:
        """Say how long a service stays after a use."""
        return service.idle.idle_after + self.margin
