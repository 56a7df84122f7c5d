"""What can be told to go wrong with a service before anybody visits it, by how it and its task definition are set up.

All judgements on what was read, none on what could not be: who reads says so itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import chain
from math import ceil, floor
from typing import Any, Final

from wakeproxy.core.release import Release
from wakeproxy.core.service import Address, Service
from wakeproxy.core.taskdef import Document, Revision

_TCP: Final = frozenset({"tcp", "6", "-1"})
"""How rules of security groups write TCP, or any protocol at all (API reference of EC2, ``IpPermission``)."""
_ALL: Final = "-1"
# Where a health check says nothing (API reference of ECS, `HealthCheck`).
_INTERVAL: Final = 30
_RETRIES: Final = 3


class Severity(StrEnum):
    """How bad something is."""

    ERROR = "error"
    """It does not work."""
    WARNING = "warning"
    """It may not work, or not as well as it could."""
    INFO = "info"
    """Nothing is known to be wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was found, and what to do about it."""

    severity: Severity
    subject: str
    """Whose it is: ``services.shop``, ``apps/shop``, ``permissions``; empty where the sentence says so itself."""
    sentence: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.sentence}" if self.subject else self.sentence


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Which of the subnets and security groups that services name there are."""

    subnets: frozenset[str] = frozenset()
    groups: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    """The ingress rules of each, as ``DescribeSecurityGroups`` tells them."""


def subject_of(service: Service) -> str:
    """Name a service in findings, by its place in the config."""
    return f"services.{service.name}"


def check_service(service: Service, release: Release) -> Iterator[Finding]:
    """Judge how a service is set up in ECS."""
    subject = subject_of(service)
    if release.is_daemon:
        yield Finding(
            Severity.ERROR,
            subject,
            f"{service.ecs} is scheduled as DAEMON, so it has no desired count and cannot sleep; "
            "make it anew with the scheduling strategy REPLICA.",
        )
        return
    if service.address is Address.PUBLIC:
        yield from _check_public_address(service, release)
    if release.controller != "ECS":
        yield Finding(
            Severity.WARNING,
            subject,
            f"{service.ecs} is rolled out by {release.controller}, so `wakeproxy deploy` and `rollback` refuse it; "
            "use that, or make the service anew with the deployment controller ECS.",
        )
    elif sentence := _find_no_room(service, release):
        yield Finding(Severity.WARNING, subject, sentence)


def check_revision(service: Service, revision: Revision) -> Iterator[Finding]:
    """Judge the task definition that a service's tasks are started from."""
    subject = subject_of(service)
    mode = revision.document.get("networkMode", "bridge")
    if mode != "awsvpc":
        yield Finding(
            Severity.ERROR,
            subject,
            f"{revision.label} has the network mode {mode}, so its tasks have no address of their own; "
            "set networkMode to awsvpc.",
        )
    yield from _check_port(service, revision)
    has_check = False
    for container in revision.containers:
        check = container.get("healthCheck", {})
        if check.get("command", ["NONE"])[0] != "NONE":
            has_check = True
            yield from _check_health_check(service, revision, container["name"], check)
    if service.ready.path is None and not has_check:
        yield Finding(
            Severity.WARNING,
            subject,
            f"It counts as ready once port {service.port} takes a TCP connection, which may be before the app can "
            "answer; set ready.path, or give a container a healthCheck.",
        )


def check_network(service: Service, release: Release, surroundings: Surroundings) -> Iterator[Finding]:
    """Judge whether the subnets and security groups of a service are there, and let anybody in.

    Who it is that a rule admits is not judged: where visitors' connections will come from is not known.
    """
    subject = subject_of(service)
    subnets, groups = subnets_of(release), groups_of(release)
    for missing in (one for one in subnets if one not in surroundings.subnets):
        yield Finding(Severity.ERROR, subject, f"There is no subnet {missing}; correct the service's network.")
    for missing in (one for one in groups if one not in surroundings.groups):
        yield Finding(Severity.ERROR, subject, f"There is no security group {missing}; correct the service's network.")
    known = [surroundings.groups[one] for one in groups if one in surroundings.groups]
    if known and not any(_admits(rule, service.port) for rule in chain.from_iterable(known)):
        yield Finding(
            Severity.ERROR,
            subject,
            f"No rule of {_list(groups)} admits TCP port {service.port}; "
            "add an inbound rule for wakeproxy's security group or addresses.",
        )


def subnets_of(release: Release) -> tuple[str, ...]:
    """List the subnets that a service's tasks are placed in."""
    return tuple(_network(release).get("subnets", ()))


def groups_of(release: Release) -> tuple[str, ...]:
    """List the security groups that a service's tasks are in; none stands for the network's own."""
    return tuple(_network(release).get("securityGroups", ()))


def _network(release: Release) -> Document:
    configured: Document = release.placement.network.get("awsvpcConfiguration", {})
    return configured


def _check_public_address(service: Service, release: Release) -> Iterator[Finding]:
    network = _network(release)
    # Without any, it is of its task sets, or its tasks have no addresses at all, which is told anyway.
    if not network or network.get("assignPublicIp") == "ENABLED":
        return
    remedy = (
        # API reference of ECS, `AwsVpcConfiguration`: only tasks on Fargate can have one.
        "tasks on EC2 cannot have any, so set address: private and run wakeproxy inside the VPC"
        if release.placement.launch_type == "EC2"
        else "set assignPublicIp to ENABLED, or set address: private and run wakeproxy inside the VPC"
    )
    yield Finding(
        Severity.ERROR,
        subject_of(service),
        f"It is to be reached at a public address, and {service.ecs} gives its tasks none; {remedy}.",
    )


def _find_no_room(service: Service, release: Release) -> str | None:
    """Say that a deployment could neither stop a task first nor start one first (`DeploymentConfiguration`)."""
    count = max(release.desired, service.desired_count)
    least, most = ceil(count * release.min_percent / 100), floor(count * release.max_percent / 100)
    if least < count or most > count:
        return None
    return (
        f"A deployment can replace none of {count} tasks: minimumHealthyPercent {release.min_percent} lets none stop "
        f"and maximumPercent {release.max_percent} lets no other start before; lower the first, or raise the second."
    )


def _check_port(service: Service, revision: Revision) -> Iterator[Finding]:
    mappings = [mapping for one in revision.containers for mapping in one.get("portMappings", ())]
    if any(_has_port(mapping, service.port) for mapping in mappings):
        return
    if not mappings:
        yield Finding(
            Severity.WARNING,
            subject_of(service),
            f"{revision.label} names no ports, so it is not known whether anything listens on port {service.port}; "
            "add it to a container's portMappings.",
        )
        return
    ports = sorted({_show_port(mapping) for mapping in mappings})
    yield Finding(
        Severity.ERROR,
        subject_of(service),
        f"No container of {revision.label} has the port {service.port}, only {_list(ports)}; "
        f"correct services.{service.name}.port, or the container's portMappings.",
    )


def _has_port(mapping: Document, port: int) -> bool:
    if mapping.get("protocol", "tcp") != "tcp":
        return False
    first, _, last = str(mapping.get("containerPortRange", mapping.get("containerPort", 0))).partition("-")
    return int(first) <= port <= int(last or first)


def _show_port(mapping: Document) -> str:
    port = mapping.get("containerPortRange", mapping.get("containerPort"))
    protocol = mapping.get("protocol", "tcp")
    return str(port) if protocol == "tcp" else f"{port}/{protocol}"


def _check_health_check(service: Service, revision: Revision, container: str, check: Document) -> Iterator[Finding]:
    start = check.get("startPeriod") or 0
    retries, interval = check.get("retries", _RETRIES), check.get("interval", _INTERVAL)
    needed = timedelta(seconds=start + retries * interval)
    if needed > service.wake_timeout:
        yield Finding(
            Severity.WARNING,
            subject_of(service),
            f"A wake is given up after {_seconds(service.wake_timeout)}, before ECS would call container {container} "
            f"of {revision.label} unhealthy: its startPeriod of {start} s and {retries} retries every {interval} s "
            f"take {_seconds(needed)}; raise wake_timeout, or shorten its healthCheck.",
        )


def _admits(rule: Mapping[str, Any], port: int) -> bool:
    protocol = rule.get("IpProtocol")
    return protocol in _TCP and (protocol == _ALL or rule.get("FromPort", 0) <= port <= rule.get("ToPort", 0))


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():g} s"


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
