"""The adapters, opened: what every command works with."""

import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import assert_never
from urllib.parse import urlsplit

from wakeproxy.aws.access import Access, Clients
from wakeproxy.aws.calls import Calls
from wakeproxy.aws.discovery import TagDirectory
from wakeproxy.aws.dynamo_ledger import DynamoLedger
from wakeproxy.aws.dynamo_table import LedgerTable
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.aws.pace import DEFAULT_SHARE
from wakeproxy.aws.scaling import EcsScaling
from wakeproxy.aws.signals import CloudWatchSignals
from wakeproxy.core.names import ServiceName
from wakeproxy.core.needs import find_needs, list_needs, needed_among
from wakeproxy.core.roster import Roster
from wakeproxy.core.service import Service
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.claims import Claims, grace_for
from wakeproxy.engine.sleeper import Memory, Sleeper
from wakeproxy.engine.watched_ledger import WatchedLedger
from wakeproxy.errors import LedgerError, UnknownServiceError
from wakeproxy.ports import Ledger, Prober
from wakeproxy.settings import (
    MEMORY,
    OPT_IN_TAGS,
    AwsSettings,
    DynamoUrl,
    LedgerUrl,
    Settings,
    SqliteUrl,
    arrange,
)
from wakeproxy.upstream.guard import Guard
from wakeproxy.upstream.probe import HttpProber

now: Callable[[], datetime] = partial(datetime.now, UTC)  # noqa: TID251 - here the clock is owned
"""The clock on the wall."""


@dataclass(slots=True, eq=False)
class House:
    """The adapters, opened: what every command works with."""

    settings: Settings
    """As they hold now."""
    catalog: Catalog
    directory: TagDirectory
    fleet: EcsFleet
    ledger: WatchedLedger
    prober: Prober
    claims: Claims
    calls: Calls
    signals: CloudWatchSignals
    memory: Memory = field(default_factory=Memory)
    """What sleepers remember from sweep to sweep."""
    table: LedgerTable | None = None
    """Where the ledger is in DynamoDB."""

    async def inspect_ledger(self) -> str | None:
        """Say what is wrong with the ledger; ``None`` when nothing is."""
        try:
            finding = await self.table.inspect() if self.table else None
            if finding is None:
                await self.ledger.try_out()
        except LedgerError as error:
            finding = str(error)
        return finding

    def sleeper(self) -> Sleeper:
        """A sleeper for all services, which knows of nobody's looks but its own."""
        return Sleeper(
            self.catalog.services, self.claims, self.settings.flush_interval, self.signals, memory=self.memory
        )

    async def discover(self) -> None:
        """Find the services that are served by their tags, if they are to be found.

        Raises:
            FleetError: AWS could not be asked.
        """
        if self.settings.discover is not None:
            self.catalog.replace(arrange(self.settings, await self.directory.find()))

    def find(self, name: str) -> Service:
        """Find a service.

        Raises:
            UnknownServiceError: there is none of that name, or its tags disable it.
        """
        known = self.catalog.named
        if name in known:
            return known[ServiceName(name)]
        for one in self.catalog.disabled:
            if one.name == name:
                raise UnknownServiceError(f"{name} is disabled: {' '.join(one.reasons)}")
        raise UnknownServiceError(f"There is no service {name!r}; there are: {', '.join(sorted(known)) or 'none'}.")

    def select(self, names: Iterable[str]) -> tuple[Service, ...]:
        """Find services by their names, and by those of their groups; each once.

        Raises:
            UnknownServiceError: a name is no service's and no group's.
        """
        found: dict[ServiceName, Service] = {}
        for name in names:
            group = [service for service in self.catalog.services if service.group == name]
            chosen = [self.find(name)] if name in self.catalog.named or not group else group
            found |= {service.name: service for service in chosen}
        return tuple(found.values())

    def with_needs(self, services: Iterable[Service]) -> tuple[Service, ...]:
        """Add what services need, directly or not, before each; nothing twice."""
        known = self.catalog.named
        found = {one.name: one for service in services for one in (*find_needs(known, service.name), service)}
        return tuple(found.values())

    def list_users(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """List whose use is a use of a service: itself, and all that need it, directly or not."""
        service = self.catalog.named.get(name)
        return (name,) if service is None else tuple(one.name for one in self.with_dependents(service))

    def with_dependents(self, service: Service) -> tuple[Service, ...]:
        """Add those that need a service, directly or not."""
        known = self.catalog.named
        return (service, *(known[name] for name in list_needs(needed_among(known), service.name)))


@asynccontextmanager
async def furnish(settings: Settings, clients: Clients, *, discovers: bool) -> AsyncIterator[House]:
    """Put the adapters over opened clients, however they were opened; they close when the context ends.

    Raises:
        FleetError: services are to be found by their tags, and cannot be.
    """
    fleet = EcsFleet(clients, clock=now)
    prober = HttpProber(guard(settings))
    catalog, directory = Catalog(Roster(settings.services)), TagDirectory(clients, OPT_IN_TAGS)
    chosen, table = _choose_ledger(settings.ledger, clients)
    ledger = WatchedLedger(chosen)
    grace = grace_for(settings.flush_interval)
    claims = Claims(fleet, ledger, now, grace, EcsScaling(clients.scaling))
    signals = CloudWatchSignals(clients)
    house = House(settings, catalog, directory, fleet, ledger, prober, claims, clients.calls, signals, table=table)
    try:
        if discovers:
            await house.discover()
        if any(service.idle.signals.wanted for service in catalog.services):
            await clients.cloudwatch.get()  # it takes a moment, in which nobody is served yet
        yield house
    finally:
        await ledger.close()


def access_of(settings: Settings) -> Access:
    """Say how AWS is reached."""
    aws = settings.aws
    is_sandbox = guard(settings).admits_sandbox and aws.profile is None
    return Access(
        aws.region,
        aws.endpoint_url,
        aws.profile,
        aws.role_arn,
        takes_any_keys=is_sandbox,
        share=_share(aws, is_sandbox=is_sandbox),
        has_dynamodb=isinstance(settings.ledger, DynamoUrl),
    )


def _choose_ledger(url: LedgerUrl, clients: Clients) -> tuple[Ledger, LedgerTable | None]:
    match url:
        case SqliteUrl(path):
            from wakeproxy.sqlite_ledger import SqliteLedger  # noqa: PLC0415 - a Lambda needs none, and loads no SQLite

            return SqliteLedger(None if path == MEMORY else Path(path)), None
        case DynamoUrl(name):
            assert clients.dynamodb is not None
            return DynamoLedger(clients.dynamodb, name, clock=now), LedgerTable(clients.dynamodb, name)
        case _:
            assert_never(url)


def front_name() -> str:
    """Name this process to others who share the ledger; the name lasts as long as the process does."""
    return f"{os.uname().nodename}/{os.getpid()}"


def _share(aws: AwsSettings, *, is_sandbox: bool) -> float | None:
    """The part of AWS's request rates to take; a sandbox has no limits unless they are asked for."""
    if aws.rate_percent is None:
        return None if is_sandbox else DEFAULT_SHARE
    return aws.rate_percent / 100


def guard(settings: Settings) -> Guard:
    """Sandbox addresses are dialled only while AWS itself is on loopback."""
    host = urlsplit(settings.aws.endpoint_url or "").hostname or ""
    try:
        return Guard(admits_sandbox=ip_address(host).is_loopback)
    except ValueError:
        return Guard(admits_sandbox=host == "localhost")
