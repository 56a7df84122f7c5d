"""One process's services, engine and sleeper over the fake AWS, put together as a front puts them together."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from benchmarks.sweep.aws import Aws
from benchmarks.sweep.leaping import Clock
from benchmarks.sweep.units import EPOCH, State, Unit
from wakeproxy.aws.clients import Access, Clients, open_clients
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.aws.pace import DEFAULT_SHARE
from wakeproxy.aws.scaling import EcsScaling
from wakeproxy.aws.signals import CloudWatchSignals
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint
from wakeproxy.core.record import Intent, Record
from wakeproxy.core.service import EcsService, IdlePolicy, Ready, Service
from wakeproxy.core.signals import SignalPolicy
from wakeproxy.engine.claims import Claims, grace_for
from wakeproxy.engine.deeds import Deeds
from wakeproxy.engine.sleeper import Sleeper
from wakeproxy.sqlite_ledger import SqliteLedger

FLUSH: Final = timedelta(seconds=10)
"""`flush_interval`, as a front has it by default."""
_A_CLUSTER: Final = 5000
"""Services in one cluster, at most: Amazon ECS service quotas."""
_STATES: Final = (*[State.USED] * 4, *[State.BUSY] * 2, State.IDLE, State.FAILING)
"""Of 200 services these many are up; the others are asleep."""
_OF: Final = 200
_LAST_USES: Final = {
    State.ASLEEP: timedelta(hours=3),
    State.USED: timedelta(seconds=30),
    State.BUSY: timedelta(hours=1),
    State.IDLE: timedelta(hours=1),
    State.FAILING: timedelta(minutes=5),
}


@dataclass(frozen=True, slots=True)
class Site:
    """What there is to be swept, and who sweeps it."""

    services: tuple[Service, ...]
    aws: Aws
    clock: Clock
    clients: Clients
    claims: Claims
    signals: CloudWatchSignals

    def now(self) -> datetime:
        """The clock on the wall of this run."""
        return EPOCH + timedelta(seconds=self.clock.read())

    def sleeper(self) -> Sleeper:
        """A sleeper for all services, as a command makes one."""
        return Sleeper(self.services, self.claims, FLUSH, self.signals, Deeds())

    async def probe(self, endpoint: Endpoint, *, scheme: str, ready: Ready) -> bool:
        """Ask an app whether it answers."""
        assert (scheme, ready) == ("http", Ready())
        cluster, name = endpoint.task.split("/")[1:3]
        return self.aws.units[cluster, name].answers(self.clock.read())


def make_units(count: int) -> list[Unit]:
    """Make services in mixed states, spread evenly; of few, one is in each state."""
    states = _STATES if count >= _OF else tuple(dict.fromkeys(_STATES))
    of = min(_OF, count)
    every = of // len(states)
    found = []
    for number in range(count):
        place, rest = divmod(number % of, every)
        state = states[place] if not rest and place < len(states) else State.ASLEEP
        found.append(Unit.make(f"apps-{number // _A_CLUSTER}", f"service-{number}", state))
    return found


def make_service(unit: Unit) -> Service:
    """Say how a service is configured."""
    signals = SignalPolicy(cpu_above=20)
    return Service(ServiceName(unit.name), EcsService(unit.cluster, unit.name), idle=IdlePolicy(signals=signals))


def make_record(unit: Unit, now: datetime) -> Record:
    """Say what the ledger knows of a service."""
    used_at = now - _LAST_USES[unit.state]
    intent = Intent.ASLEEP if unit.state is State.ASLEEP else Intent.AWAKE
    return Record(2, intent, claimed_at=min(used_at, now - timedelta(minutes=5)), last_used_at=used_at)


@asynccontextmanager
async def open_site(count: int, clock: Clock) -> AsyncIterator[Site]:
    """Open the clients, and fill a ledger in memory."""
    units = make_units(count)
    aws, ledger = Aws(units, clock), SqliteLedger(None)
    os.environ |= {"AWS_ACCESS_KEY_ID": "fake", "AWS_SECRET_ACCESS_KEY": "fake", "AWS_EC2_METADATA_DISABLED": "true"}
    async with open_clients(Access("eu-central-1", share=DEFAULT_SHARE)) as clients:
        for client in (clients.ecs, clients.ec2, clients.scaling, await clients.cloudwatch.get()):
            aws.serve(client)

        def now() -> datetime:
            return EPOCH + timedelta(seconds=clock.read())

        for unit in units:
            await ledger.swap(ServiceName(unit.name), Record(), make_record(unit, now()))
        claims = Claims(EcsFleet(clients, clock=now), ledger, now, grace_for(FLUSH), EcsScaling(clients.scaling))
        services = tuple(map(make_service, units))
        try:
            yield Site(services, aws, clock, clients, claims, CloudWatchSignals(clients))
        finally:
            await ledger.close()
