"""AWS's names as configuration writes them: regions, clusters, services, roles; by name or by ARN.

The names' letters and limits are those of the ECS API reference (CreateCluster, CreateService); ARN formats those of
the Service Authorization Reference.
"""

import re
from dataclasses import dataclass

from wakeproxy.errors import UsageError
from wakeproxy.settings.findings import quote

_NAME = r"[A-Za-z0-9_-]{1,255}"
_PARTITION = r"arn:aws[a-z-]*"
_CLUSTER_ARN = re.compile(rf"{_PARTITION}:ecs:([a-z0-9-]+):[0-9]{{12}}:cluster/({_NAME})", re.ASCII)
# The form without a cluster is the one of services made before 2018's longer ARNs.
_SERVICE_ARN = re.compile(rf"{_PARTITION}:ecs:([a-z0-9-]+):[0-9]{{12}}:service/(?:({_NAME})/)?({_NAME})", re.ASCII)
_SERVICE = re.compile(rf"(?:({_NAME})/)?({_NAME})", re.ASCII)
_ROLE_ARN = re.compile(rf"{_PARTITION}:iam::[0-9]{{12}}:role/[A-Za-z0-9+=,.@_/-]+", re.ASCII)
_REGION = re.compile(r"(?![0-9]+\Z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_ZONE = re.compile(r"([a-z-]+-[0-9])[a-z]", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClusterReference:
    """A cluster; with the region when an ARN named it."""

    name: str
    region: str | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ServiceReference:
    """An ECS service; without a cluster it is in the configured one."""

    service: str
    cluster: str | None = None
    region: str | None = None


def parse_region(text: str) -> str:
    """Take a region as the AWS SDKs do, one host label; catch a zone given for its region."""
    if zone := _ZONE.fullmatch(text):
        raise UsageError(f"{quote(text)} is an availability zone; write its region, {zone[1]}.")
    if not _REGION.fullmatch(text):
        raise UsageError(f"{quote(text)} is no region; write it like eu-central-1.")
    return text


def parse_cluster(text: str) -> ClusterReference:
    """Take a cluster's name or ARN."""
    if arn := _CLUSTER_ARN.fullmatch(text):
        return ClusterReference(arn[2], arn[1])
    if not re.fullmatch(_NAME, text, re.ASCII):
        raise UsageError(f"{quote(text)} is no cluster; write its name (letters, digits, - and _) or its ARN.")
    return ClusterReference(text)


def parse_cluster_pattern(text: str) -> str:
    """Take a cluster's name, in which ``*`` stands for anything."""
    if not re.fullmatch(_NAME, text.replace("*", "x"), re.ASCII):
        raise UsageError(
            f"{quote(text)} is no cluster; write a name (letters, digits, - and _), or a pattern like team-*."
        )
    return text


def parse_service(text: str) -> ServiceReference:
    """Take ``service``, ``cluster/service`` or a service's ARN."""
    if arn := _SERVICE_ARN.fullmatch(text):
        return ServiceReference(arn[3], arn[2], arn[1])
    if name := _SERVICE.fullmatch(text):
        return ServiceReference(name[2], name[1])
    raise UsageError(
        f"{quote(text)} is no ECS service; write service, cluster/service or its ARN (letters, digits, - and _)."
    )


def parse_role(text: str) -> str:
    """Take a role's ARN."""
    if not _ROLE_ARN.fullmatch(text):
        raise UsageError(f"{quote(text)} is no role's ARN; write it like arn:aws:iam::123456789012:role/wakeproxy.")
    return text
