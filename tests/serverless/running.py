"""A function's answering over fakes, with virtual time: what `bootstrap` builds, without AWS and without sockets."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

from tests.fakes import Course, FakeEcsService, FakeFleet, FakeProber, MemoryLedger, clock
from tests.serverless.arrivals import HOST
from wakeproxy.core.names import Host, HostPattern, ServiceName
from wakeproxy.core.record import Record
from wakeproxy.core.roster import Roster
from wakeproxy.core.service import EcsService, Service
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.claims import Claims
from wakeproxy.pages.pages import Pages
from wakeproxy.serverless.building import Parts, build_handling
from wakeproxy.serverless.handling import Handling
from wakeproxy.serverless.operating import Refusal
from wakeproxy.settings import AwsSettings, Settings

NAME = ServiceName("shop")
ECS = EcsService("apps", "shop")
SHOP = Service(NAME, ECS, hosts=(HostPattern(Host(HOST)),))
PAGES = Pages.trust(folders={})
SECONDS = 30.0


def _no_relay() -> NoReturn:
    raise AssertionError("nothing is passed on here")


@dataclass
class Lambda:
    """One environment of the wake function."""

    fleet: FakeFleet
    ledger: MemoryLedger
    prober: FakeProber
    handling: Handling
    claims: Claims
    slept: list[tuple[str, bool]]
    lines: list[str]
    calls: Counter[tuple[str, str, str]]

    async def ask(self, event: Any, *, seconds: float = SECONDS) -> Mapping[str, Any]:
        """Hand over an event."""
        return await self.handling.handle(event, seconds=seconds, request_id="1-2-3")

    @property
    def record(self) -> Record:
        """What the ledger says of the shop."""
        return self.ledger.records.get(NAME, Record())


def run_lambda(
    *services: Service,
    fleet: FakeFleet | None = None,
    ledger: MemoryLedger | None = None,
    refusal: Refusal = Refusal(""),  # noqa: B008 - a value
    **keys: Any,
) -> Lambda:
    """Make an environment; several may share a fleet and a ledger."""
    served = services or (SHOP,)
    fleet = fleet or FakeFleet({one.ecs: FakeEcsService(one.ecs) for one in served})
    ledger, prober = ledger or MemoryLedger(), FakeProber(fleet)
    claims = Claims(fleet, ledger, clock, timedelta(seconds=4))
    settings = Settings(AwsSettings("eu-central-1"), served, **keys)
    slept: list[tuple[str, bool]] = []
    lines: list[str] = []
    calls: Counter[tuple[str, str, str]] = Counter()

    async def sleep_one(service: Service, is_forced: bool) -> Refusal:  # noqa: FBT001 - the port's
        slept.append((service.name, is_forced))
        return refusal

    parts = Parts(
        Catalog(Roster(served)),
        claims,
        prober,
        settings,
        PAGES,
        _no_relay,
        sleep_one,
        "a/1",
        clock,
        lines.append,
        calls,
    )
    return Lambda(fleet, ledger, prober, build_handling(parts), claims, slept, lines, calls)


def set_up(fleet: FakeFleet, *, course: Course = Course(), ecs: EcsService = ECS) -> None:  # noqa: B008 - a value
    """Let a task be up and listening since an hour."""
    fleet.services[ecs].course = course
    fleet.services[ecs].asked.append((clock() - timedelta(hours=1), 1))
    fleet.services[ecs].pass_time(clock() - timedelta(hours=1))


def body_of(result: Mapping[str, Any]) -> Any:
    """Read a result's JSON."""
    return json.loads(result["body"])
