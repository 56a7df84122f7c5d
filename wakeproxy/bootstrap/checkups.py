"""The house with all that `wakeproxy check` asks: how services are set up, what they name, who may act on them."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from wakeproxy.aws.batches import each
from wakeproxy.aws.permissions import AwsPermissions
from wakeproxy.aws.requirements import AwsRequirements
from wakeproxy.aws.surveys import AwsSurveys
from wakeproxy.bootstrap.house import House
from wakeproxy.bootstrap.iam import read_scope
from wakeproxy.bootstrap.opening import open_adapters
from wakeproxy.core.checkup import Finding, Severity, check_network, check_revision, check_service, subject_of
from wakeproxy.core.iam import Account, Role, build_policy
from wakeproxy.core.permissions import judge_permissions, list_questions, say_unchecked
from wakeproxy.core.release import Release
from wakeproxy.core.service import Service
from wakeproxy.core.taskdef import Revision
from wakeproxy.errors import FleetError, UnknownRevisionError, WakeproxyError
from wakeproxy.ports.rollouts import Requirements
from wakeproxy.settings import Settings


@dataclass(frozen=True, slots=True)
class Checkup:
    """Everything that is checked before AWS."""

    house: House
    surveys: AwsSurveys
    requirements: Requirements
    permissions: AwsPermissions

    async def inspect(self) -> Sequence[Finding]:
        """Check the ledger, and all services at once; what could not be read is a finding, too."""
        ledger = await self.house.inspect_ledger()
        disabled = (
            Finding(Severity.ERROR, str(one.ecs), reason)
            for one in self.house.catalog.disabled
            for reason in one.reasons
        )
        return [
            *([Finding(Severity.ERROR, "", ledger)] if ledger else ()),
            *await self._check_services(),
            *disabled,
            *await self._check_permissions(),
        ]

    async def _check_services(self) -> Sequence[Finding]:
        services = self.house.catalog.services
        try:
            releases = await self.surveys.read_releases(service.ecs for service in services)
        except FleetError as error:
            return [Finding(Severity.ERROR, "", str(error))]
        known = [(service, releases[service.ecs]) for service in services if service.ecs in releases]
        return [
            *(_say_missing(service) for service in services if service.ecs not in releases),
            *(finding for service, release in known for finding in check_service(service, release)),
            *await self._check_networks(known),
            *await self._check_revisions(known),
        ]

    async def _check_permissions(self) -> Sequence[Finding]:
        """Check whether who calls may do what a front does; that it cannot be asked is nothing wrong."""
        scope = read_scope(self.house.settings)
        if not (scope.services or scope.found):
            return ()
        try:
            caller = await self.permissions.read_caller()
            entity = await self.permissions.find_entity(caller)
            policy = build_policy(Role.FRONT, scope, Account(caller.account, self.house.settings.aws.region))
            verdicts = await self.permissions.simulate(entity, list_questions(policy))
        except FleetError as error:
            return [say_unchecked(str(error))]
        return list(judge_permissions(entity, verdicts))

    async def _check_networks(self, known: Sequence[tuple[Service, Release]]) -> Sequence[Finding]:
        try:
            surroundings = await self.surveys.read_surroundings([release for _, release in known])
        except FleetError as error:
            return [Finding(Severity.WARNING, "network", f"It was not checked. {error}")]
        return [finding for service, release in known for finding in check_network(service, release, surroundings)]

    async def _check_revisions(self, known: Sequence[tuple[Service, Release]]) -> Sequence[Finding]:
        # Task sets have task definitions of their own, and then the service may have none.
        with_one = [(service, release.revision) for service, release in known if release.revision]
        read = await self.surveys.read_revisions(arn for _, arn in with_one)
        needs = await self._inspect_needs(read)
        return [finding for service, arn in with_one for finding in _check_one(service, read[arn], needs.get(arn, ()))]

    async def _inspect_needs(
        self, read: Mapping[str, Revision | WakeproxyError]
    ) -> Mapping[str, Sequence[tuple[Severity, str]]]:
        """Look up what task definitions name, each once however many services have it."""

        async def inspect(revision: Revision) -> Sequence[tuple[Severity, str]]:
            return [
                (
                    Severity.ERROR if one.is_certain else Severity.WARNING,
                    f"{revision.label}, {one.subject}: {one.sentence}",
                )
                for one in await self.requirements.inspect(revision)
            ]

        revisions = {arn: one for arn, one in read.items() if isinstance(one, Revision)}
        return dict(zip(revisions, await each(inspect, revisions.values()), strict=True))


@asynccontextmanager
async def open_checkup(settings: Settings) -> AsyncIterator[Checkup]:
    """Open the adapters; they close when the context ends.

    Raises:
        AccessDeniedError: there are no credentials.
        FleetError: services are to be found by their tags, and cannot be.
    """
    async with open_adapters(settings) as (house, clients, others):
        yield Checkup(house, AwsSurveys(clients), AwsRequirements(others), AwsPermissions(others))


def _say_missing(service: Service) -> Finding:
    return Finding(
        Severity.ERROR,
        subject_of(service),
        f"ECS knows no active service {service.ecs}; check cluster, name, region and account.",
    )


def _check_one(
    service: Service, read: Revision | WakeproxyError, needs: Iterable[tuple[Severity, str]]
) -> Sequence[Finding]:
    """Tell what is wrong with a service's task definition, or that it could not be read."""
    subject = subject_of(service)
    if isinstance(read, WakeproxyError):
        severity = Severity.ERROR if isinstance(read, UnknownRevisionError) else Severity.WARNING
        return [Finding(severity, subject, f"Its task definition was not checked. {read}")]
    return [
        *check_revision(service, read),
        *(Finding(severity, subject, sentence) for severity, sentence in needs),
    ]
