"""Plans: what a rollout to a service would do, found out and judged before anything is registered."""

import asyncio
from dataclasses import dataclass

from wakeproxy.core.release import Release, ReleaseDeployment, label_of
from wakeproxy.core.service import Service
from wakeproxy.deploy.request import Conduct, Request
from wakeproxy.deploy.revising import Revised, inspect, refuse_nothing, revise
from wakeproxy.deploy.telling import Tell
from wakeproxy.deploy.yard import Yard
from wakeproxy.errors import BusyError, ServiceGoneError, UnknownRevisionError, UsageError


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rollout is going to do."""

    service: Service
    release: Release
    revised: Revised
    going_on: ReleaseDeployment | None = None
    """The deployment that is under way already and only needs to be watched."""
    is_forced: bool = False
    """Whether a deployment is begun although the revision stays."""

    @property
    def goes_back_to(self) -> str | None:
        """The ARN of the revision to go back to; ``None`` where it is not known which ran before."""
        if self.going_on is None:
            return self.release.revision
        others = (one.revision for one in self.release.deployments if one.revision != self.going_on.revision)
        return next(others, None)


async def plan_rollout(yard: Yard, service: Service, request: Request, tell: Tell) -> Plan:
    """Plan to roll edits out to a service.

    Raises:
        NothingToDoError: nothing matches, or nothing would change.
        BusyError: another rollout is under way.
        PreflightError: tasks would not find what they need.
        UnknownImageError: one of the images is not in its registry.
        UsageError: the service is not rolled out by ECS, or edits do not fit.
        WakeproxyError: AWS refused, or knows no such service.
    """
    release = await _read(yard, service)
    plan = _settle(
        Plan(service, release, await revise(yard, release.revision, request), is_forced=request.redeploys),
        request.conduct,
    )
    if plan.going_on is None:
        await inspect(yard, plan.revised.wanted, tell)
    return plan


async def plan_revision(yard: Yard, service: Service, name: str, conduct: Conduct) -> Plan:
    """Plan to give a service a revision that is registered, by its name: ``FAMILY:REVISION`` or an ARN.

    Raises:
        NothingToDoError: the service has it.
        UnknownRevisionError: there is no such revision, or it is not active any more.
        BusyError: another rollout is under way.
        UsageError: the service is not rolled out by ECS.
        WakeproxyError: AWS refused, or knows no such service.
    """
    release = await _read(yard, service)
    former, wanted = await asyncio.gather(yard.definitions.read(release.revision), yard.definitions.read(name))
    if not wanted.is_active:
        raise UnknownRevisionError(f"{wanted.label} was deregistered, so no service can be given it; choose another.")
    return _settle(Plan(service, release, Revised(former, wanted)), conduct)


async def find_earlier(yard: Yard, service: Service, steps: int) -> str:
    """Find the ARN of the active revision that lies so many steps before the one a service has.

    Raises:
        UnknownRevisionError: there are not so many.
        WakeproxyError: AWS refused, or knows no such service.
    """
    release = await _read(yard, service)
    family, _, number = label_of(release.revision).rpartition(":")
    active = await yard.definitions.list_active(family)
    earlier = [arn for arn in active if int(label_of(arn).rpartition(":")[2]) < int(number)]
    if len(earlier) < steps:
        raise UnknownRevisionError(
            f"{service.name} has {family}:{number}, and {len(earlier)} active revisions lie before it, not {steps}; "
            "name another one with --to."
        )
    return earlier[steps - 1]


async def _read(yard: Yard, service: Service) -> Release:
    release = await yard.releases.read(service.ecs)
    if release.status != "ACTIVE":
        raise ServiceGoneError(f"{service.ecs} is {release.status}: nothing can be rolled out to it.")
    if release.controller != "ECS":
        raise UsageError(
            f"{service.ecs} is rolled out by {release.controller}, not by ECS; use that, or make the service anew "
            "with the deployment controller ECS."
        )
    return release


def _settle(plan: Plan, conduct: Conduct) -> Plan:
    """Refuse what changes nothing or comes in the way of another; go on with what is under way already.

    Raises:
        NothingToDoError: nothing would change.
        BusyError: another rollout is under way.
    """
    wanted, primary = plan.revised.wanted, plan.release.primary
    changes = plan.is_forced or conduct.changes_service or wanted.arn != plan.release.revision
    is_busy = primary is not None and primary.rollout_state == "IN_PROGRESS"
    if is_busy and primary is not None and not changes:
        return Plan(plan.service, plan.release, plan.revised, going_on=primary)
    if not changes:
        raise refuse_nothing(plan.revised, plan.service.name)
    if is_busy and primary is not None and not conduct.supersedes:
        raise BusyError(
            f"Another rollout of {plan.service.name} is under way: {label_of(primary.revision)}, deployment "
            f"{primary.id}, {primary.running} of {primary.desired} tasks run. Wait for it, or cut it short with "
            "--supersede."
        )
    return plan
