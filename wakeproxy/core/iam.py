"""The least that each role of wakeproxy must be allowed to do, as policies of IAM.

Actions, resource types and condition keys are those of AWS's Service Authorization Reference. `terraform/modules/iam`
writes the same; tests hold both to each other and to the calls that are really made.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from wakeproxy.core.service import Address, EcsService, Service
from wakeproxy.core.signals import Signal
from wakeproxy.errors import UsageError

LONGEST_POLICY: Final = 10_240
"""Characters that all inline policies of a role may have together, white space not counted (IAM and STS quotas)."""
_VERSION: Final = "2012-10-17"
_DIMENSION: Final = "ecs:service:DesiredCount"
_LEDGER_CALLS: Final = ("BatchGetItem", "UpdateItem")
_HISTORY_CALLS: Final = ("PutItem", "Query")
"""How wakes went is written by who waits for them, and read to foretell the next."""
_PARTITIONS: Final = {"cn": "aws-cn", "us-gov": "aws-us-gov", "us-iso": "aws-iso", "us-isob": "aws-iso-b"}

Statement: TypeAlias = "Mapping[str, Any]"


class Role(StrEnum):
    """Who acts."""

    FRONT = "front"
    WAKE = "wake"
    SLEEP = "sleep"
    DEPLOY = "deploy"


_WAITS: Final = frozenset({Role.FRONT, Role.WAKE, Role.DEPLOY})
"""They dial tasks and wait for them; a sweep does not."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where the resources are."""

    number: str
    """Twelve digits."""
    region: str

    def arn(self, service: str, resource: str) -> str:
        """Name a resource of this account and Region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.number}:{resource}"

    @property
    def partition(self) -> str:
        """The partition that the Region belongs to ("AWS partitions" in the AWS Fault Isolation Boundaries paper)."""
        return _PARTITIONS.get(self.region.rpartition("-")[0].rpartition("-")[0], "aws")


@dataclass(frozen=True, slots=True)
class Found:
    """Services that are not named, but found by their tags."""

    clusters: tuple[str, ...]
    """Patterns of clusters' names; ``*`` stands for anything."""
    tags: Mapping[str, tuple[str, ...]]
    """Tags that opt a service in, each with the values that do."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a role acts upon."""

    services: tuple[EcsService, ...]
    found: Found | None = None
    table: str | None = None
    """The ledger's, in DynamoDB."""
    has_public: bool = False
    """Whether any task is dialled at its public address."""
    signals: frozenset[Signal] = frozenset()
    families: tuple[str, ...] = ()
    """Task definitions that a rollout registers."""
    passed_roles: tuple[str, ...] = ()
    """ARNs of the roles that those name."""
    log_groups: tuple[str, ...] = ()
    """Names of log groups that are followed while a task runs once."""
    is_pruned: bool = False
    """Whether old revisions are made inactive."""


def scope_of(services: Iterable[Service], *, found: Found | None, table: str | None) -> Scope:
    """Read off services what is needed for them; those that are found may want anything that tags can say."""
    known = tuple(services)
    wanted = frozenset(signal for one in known for signal in one.idle.signals.wanted)
    return Scope(
        services=tuple(sorted({one.ecs for one in known})),
        found=found,
        table=table,
        has_public=found is not None or any(one.address is Address.PUBLIC for one in known),
        signals=wanted if found is None else frozenset(Signal),
        families=tuple(sorted({one.ecs.service for one in known})),
    )


def build_policy(role: Role, scope: Scope, account: Account) -> Mapping[str, Any]:
    """Write the policy of a role.

    Raises:
        UsageError: nothing is in scope, or a rollout has no family to register.
    """
    if not (scope.services or scope.found):
        raise UsageError("No service is configured, so there is nothing to allow; name one, or set discover: true.")
    if role is Role.DEPLOY and not scope.families:
        raise UsageError("It is not known which task definitions are rolled out; name their families with --family.")
    statements = [
        *_services(scope, account),
        *_tasks(role, scope, account),
        *_scaling(account),
        *_reading(scope),
        *_ledger(role, scope, account),
        *(_rollouts(scope, account) if role is Role.DEPLOY else ()),
    ]
    return {"Version": _VERSION, "Statement": statements}


def _allow(sid: str, actions: Iterable[str], resources: Iterable[str], **conditions: Mapping[str, Any]) -> Statement:
    told: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": sorted(resources)}
    return {**told, "Condition": conditions} if conditions else told


def _services(scope: Scope, account: Account) -> Iterator[Statement]:
    if scope.services:
        yield _allow(
            "Services",
            ("ecs:DescribeServices", "ecs:UpdateService"),
            (account.arn("ecs", f"service/{ecs}") for ecs in scope.services),
            ArnEquals=_in(sorted({ecs.cluster for ecs in scope.services}), account),
        )
    if scope.found is not None:
        everywhere = [account.arn("ecs", f"service/{cluster}/*") for cluster in scope.found.clusters]
        clusters = _in(scope.found.clusters, account)
        yield _allow("FoundServices", ("ecs:DescribeServices",), everywhere, ArnEquals=clusters)
        for tag, values in scope.found.tags.items():
            yield _allow(
                "".join(word.capitalize() for word in tag.replace(":", ".").split(".")),
                ("ecs:UpdateService",),
                everywhere,
                ArnEquals=clusters,
                StringEqualsIgnoreCase={f"aws:ResourceTag/{tag}": sorted(values)},
            )


def _tasks(role: Role, scope: Scope, account: Account) -> Iterator[Statement]:
    clusters = _clusters(scope)
    yield _allow("ListTasks", ("ecs:ListTasks",), ("*",), ArnEquals=_in(clusters, account))
    yield _allow(
        "Tasks",
        ("ecs:DescribeTasks", "ecs:GetTaskProtection"),
        (account.arn("ecs", f"task/{cluster}/*") for cluster in clusters),
        ArnEquals=_in(clusters, account),
    )
    if role is Role.DEPLOY or Signal.LOGS in scope.signals:
        yield _allow("TaskDefinitions", ("ecs:DescribeTaskDefinition",), ("*",))
    if scope.has_public and role in _WAITS:
        here = {"ec2:Region": account.region}
        yield _allow("PublicAddresses", ("ec2:DescribeNetworkInterfaces",), ("*",), StringEquals=here)


def _scaling(account: Account) -> Iterator[Statement]:
    yield _allow("ScalableTargets", ("application-autoscaling:DescribeScalableTargets",), ("*",))
    yield _allow(
        "Minimums",
        ("application-autoscaling:RegisterScalableTarget",),
        (account.arn("application-autoscaling", "scalable-target/*"),),
        StringEquals={
            "application-autoscaling:scalable-dimension": _DIMENSION,
            "application-autoscaling:service-namespace": "ecs",
        },
    )


def _reading(scope: Scope) -> Iterator[Statement]:
    if scope.signals:
        lists = ("cloudwatch:ListMetrics",) if Signal.REQUESTS in scope.signals else ()
        yield _allow("Signals", ("cloudwatch:GetMetricData", *lists), ("*",))
    if scope.found is not None:
        yield _allow("FindByTags", ("tag:GetResources",), ("*",))


def _ledger(role: Role, scope: Scope, account: Account) -> Iterator[Statement]:
    if scope.table is not None:
        calls = (*_LEDGER_CALLS, *(_HISTORY_CALLS if role in _WAITS else ()))
        table = account.arn("dynamodb", f"table/{scope.table}")
        yield _allow("Ledger", (f"dynamodb:{call}" for call in calls), (table,))


def _rollouts(scope: Scope, account: Account) -> Iterator[Statement]:
    revisions = [account.arn("ecs", f"task-definition/{family}:*") for family in scope.families]
    yield _allow("Register", ("ecs:RegisterTaskDefinition",), revisions)
    created = {"ecs:CreateAction": "RegisterTaskDefinition"}
    yield _allow("TagRevisions", ("ecs:TagResource",), revisions, StringEquals=created)
    yield _allow("RunTasks", ("ecs:RunTask",), revisions, ArnEquals=_in(_clusters(scope), account))
    if scope.passed_roles:
        to_tasks = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
        yield _allow("PassRoles", ("iam:PassRole",), scope.passed_roles, StringEquals=to_tasks)
        yield _allow("LookUpRoles", ("iam:GetRole",), scope.passed_roles)
    yield from _looking_up(account)
    if scope.log_groups:
        streams = [account.arn("logs", f"log-group:{name}:log-stream:*") for name in scope.log_groups]
        yield _allow("FollowLogs", ("logs:GetLogEvents",), streams)
    if scope.is_pruned:
        yield from _pruning(account)


def _looking_up(account: Account) -> Iterator[Statement]:
    """Allow to ask whether there is what a revision names, whatever that is; no value of it is told."""
    yield _allow(
        "LookUp",
        ("ecr:DescribeImages", "logs:DescribeLogGroups", "secretsmanager:DescribeSecret"),
        (
            account.arn("ecr", "repository/*"),
            account.arn("logs", "log-group:*"),
            account.arn("secretsmanager", "secret:*"),
        ),
    )
    everywhere = ("ecr:DescribePullThroughCacheRules", "ecs:ListTaskDefinitions", "ssm:DescribeParameters")
    yield _allow("LookUpEverywhere", everywhere, ("*",))


def _pruning(account: Account) -> Iterator[Statement]:
    """Allow to make revisions inactive, and to see which are in use, by whatever and in whichever cluster."""
    calls = ("DeregisterTaskDefinition", "ListClusters", "ListServices", "ListTasks")
    yield _allow("Prune", (f"ecs:{call}" for call in calls), ("*",))
    everything = (account.arn("ecs", "service/*"), account.arn("ecs", "task/*"))
    yield _allow("FindInUse", ("ecs:DescribeServices", "ecs:DescribeTasks"), everything)


def _clusters(scope: Scope) -> list[str]:
    found = scope.found.clusters if scope.found is not None else ()
    return sorted({*found, *(ecs.cluster for ecs in scope.services)})


def _in(clusters: Iterable[str], account: Account) -> Mapping[str, Any]:
    return {"ecs:cluster": sorted(account.arn("ecs", f"cluster/{cluster}") for cluster in clusters)}
