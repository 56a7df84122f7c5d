"""The house with all that rollouts need: adapters over more of AWS, and an engine to verify with."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from wakeproxy.aws.definitions import EcsDefinitions
from wakeproxy.aws.images import EcrImages
from wakeproxy.aws.logs import CloudWatchLogs
from wakeproxy.aws.releases import EcsReleases
from wakeproxy.aws.requirements import AwsRequirements
from wakeproxy.aws.runs import EcsRuns
from wakeproxy.bootstrap.engine import run_engine
from wakeproxy.bootstrap.house import House, now
from wakeproxy.bootstrap.opening import open_adapters
from wakeproxy.bootstrap.orders import judge_now
from wakeproxy.core.names import parse_service_name
from wakeproxy.core.service import EcsService, Service
from wakeproxy.deploy.verifying import Verifier
from wakeproxy.deploy.yard import Yard
from wakeproxy.engine.engine import Engine
from wakeproxy.errors import UnknownServiceError
from wakeproxy.ports.rollouts import Logs, Runs
from wakeproxy.settings import Settings


@dataclass(frozen=True, slots=True)
class Works:
    """Everything that rollouts and single tasks work with."""

    house: House
    yard: Yard
    runs: Runs
    logs: Logs

    def find(self, name: str) -> tuple[Service, Yard]:
        """Find a service by its name in the settings, or any other of ECS's as ``[CLUSTER/]SERVICE``, and its yard.

        Raises:
            UnknownServiceError: its tags disable it.
            UsageError: it cannot be a service's name.
        """
        try:
            return self.house.find(name), self.yard
        except UnknownServiceError:
            if any(one.name == name for one in self.house.catalog.disabled):
                raise
        cluster, _, service = name.rpartition("/")
        parsed = parse_service_name(service)
        ecs = EcsService(cluster or self.house.settings.aws.cluster, parsed)
        known = next((one for one in self.house.catalog.services if one.ecs == ecs), None)
        if known is not None:
            return known, self.yard
        return Service(parsed, ecs), replace(self.yard, verifier=None)


@asynccontextmanager
async def open_works(settings: Settings) -> AsyncIterator[Works]:
    """Open the adapters; they close when the context ends.

    Raises:
        AccessDeniedError: there are no credentials.
        FleetError: services are to be found by their tags, and cannot be.
    """
    async with open_adapters(settings) as (house, clients, others):
        yard = Yard(
            EcsDefinitions(clients),
            EcsReleases(clients),
            EcrImages(others),
            AwsRequirements(others),
            Verifier(house.claims, partial(_run_with_needs, house), partial(judge_now, house)),
            now,
        )
        yield Works(house, yard, EcsRuns(clients), CloudWatchLogs(others))


def _run_with_needs(house: House, service: Service) -> AbstractAsyncContextManager[Engine]:
    return run_engine(house, house.with_needs((service,)))
