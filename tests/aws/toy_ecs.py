"""A toy of ECS's client with its pages and limits, for so many services that the sandbox would have to run."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from wakeproxy.aws.calls import Calls
from wakeproxy.aws.clients import Clients
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.aws.pace import Pace
from wakeproxy.core.service import EcsService
from wakeproxy.ports import Look

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGE = 100


@dataclass(frozen=True, slots=True)
class ToyTask:
    arn: str
    group: str
    status: str = "RUNNING"

    def describe(self) -> Mapping[str, Any]:
        age = timedelta(seconds=int(self.arn.rpartition("/")[2]) % 7)
        state = {"lastStatus": self.status, "desiredStatus": self.status}
        return {"taskArn": self.arn, "group": self.group, "createdAt": NOW - age, **state}


@dataclass(slots=True)
class ToyEcs:
    """One cluster's services, by how many tasks they want, and its tasks."""

    desired: Mapping[str, int]
    tasks: Sequence[ToyTask]
    calls: Counter[str] = field(default_factory=Counter)

    async def describe_services(self, *, cluster: str, services: Sequence[str]) -> Mapping[str, Any]:
        assert cluster == "apps"
        assert 0 < len(services) <= 10
        self.calls["DescribeServices"] += 1
        return {"services": [self._describe(name) for name in services if name in self.desired]}

    async def describe_tasks(self, *, cluster: str, tasks: Sequence[str]) -> Mapping[str, Any]:
        assert cluster == "apps"
        assert 0 < len(tasks) <= PAGE
        self.calls["DescribeTasks"] += 1
        return {"tasks": [task.describe() for task in self.tasks if task.arn in set(tasks)]}

    def get_paginator(self, operation: str) -> "ToyEcs":
        assert operation == "list_tasks"
        return self

    async def paginate(self, **asked: str) -> AsyncIterator[Mapping[str, Any]]:
        assert asked["cluster"] == "apps"
        groups = {f"service:{asked['serviceName']}"} if "serviceName" in asked else {task.group for task in self.tasks}
        found = [t.arn for t in self.tasks if t.status == asked["desiredStatus"] and t.group in groups]
        for start in range(0, max(len(found), 1), PAGE):
            self.calls["ListTasks"] += 1
            more = {"nextToken": "more"} if start + PAGE < len(found) else {}
            yield {"taskArns": found[start : start + PAGE], **more}

    def _describe(self, name: str) -> Mapping[str, Any]:
        running = sum(t.group == f"service:{name}" and t.status == "RUNNING" for t in self.tasks)
        return {"serviceName": name, "status": "ACTIVE", "desiredCount": self.desired[name], "runningCount": running}


def a_cluster(counts: Mapping[str, int], *, others: int = 0) -> ToyEcs:
    """Make a cluster in which each service has what it wants, beside so many tasks of no service."""
    groups = [f"service:{name}" for name, count in counts.items() for _ in range(count)]
    groups += ["family:batch"] * others
    return ToyEcs(counts, [ToyTask(arn_of(number), group) for number, group in enumerate(groups)])


def arn_of(number: int) -> str:
    return f"arn:aws:ecs:eu-central-1:123456789012:task/apps/{number:032}"


def fleet_of(ecs: ToyEcs) -> EcsFleet:
    none = cast("Any", None)
    clients = Clients(cast("Any", ecs), none, none, none, none, Calls(Pace(None)))
    return EcsFleet(clients, clock=lambda: NOW)


def looks_at(ecs: ToyEcs, *, tasks: bool = True) -> list[Look]:
    return [Look(EcsService("apps", name), tasks=tasks) for name in ecs.desired]
