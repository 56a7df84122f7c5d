"""Everything ECS knows in one Region, and how a name or an ARN in a request finds it."""

from dataclasses import dataclass, field

from wakeproxy.sandbox.model.arns import cluster_in, last_name
from wakeproxy.sandbox.model.cluster import Cluster, Tags, TaskDefinition
from wakeproxy.sandbox.model.failure import client_error, cluster_not_found, invalid, service_not_found
from wakeproxy.sandbox.model.service import Service
from wakeproxy.sandbox.model.task import Task

STOPPED_KEPT = 500
"""Stopped tasks that stay visible; AWS keeps them for about an hour."""
STOPPED_KEPT_SECONDS = 3600.0


@dataclass(slots=True)
class Region:
    """The ECS of one Region."""

    name: str
    clusters: dict[str, Cluster] = field(default_factory=dict)
    families: dict[str, list[TaskDefinition]] = field(default_factory=dict)
    services: dict[tuple[str, str], Service] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    account_settings: dict[str, str] = field(default_factory=dict)
    runs: dict[str, tuple[object, list[Task]]] = field(default_factory=dict)
    """By client token, what RunTask was asked and what it started."""

    def cluster(self, reference: str | None) -> Cluster:
        """Find an active cluster; without a reference it is the one called `default`."""
        cluster = self.clusters.get(last_name(reference or "default"))
        if cluster is None or cluster.status != "ACTIVE":
            raise cluster_not_found()
        return cluster

    def service(self, cluster: Cluster, reference: str) -> Service:
        """Find a service of a cluster, deleted ones included."""
        service = self.services.get((cluster.name, last_name(reference)))
        if service is None or cluster_in(reference) not in {None, cluster.name}:
            raise service_not_found()
        return service

    def definition(self, reference: str, *, missing: str = "Unable to describe task definition.") -> TaskDefinition:
        """Find `family`, `family:revision` or an ARN; without a revision the newest active one."""
        family, _, revision = last_name(reference).partition(":")
        known = self.families.get(family, [])
        if revision:
            known = [each for each in known if str(each.revision) == revision]
        else:
            known = [each for each in known if each.status == "ACTIVE"]
        if not known:
            raise client_error(missing)
        return known[-1]

    def task(self, cluster: Cluster, reference: str) -> Task | None:
        """Find a task of a cluster, stopped ones included."""
        named = cluster_in(reference)
        if named not in {None, cluster.name}:
            raise invalid(f"Identifier is for cluster {named}. Your cluster is {cluster.name}")
        task = self.tasks.get(last_name(reference))
        return task if task and task.launch.cluster is cluster else None

    def tagged(self) -> dict[str, Tags]:
        """Everything that can carry tags, by ARN."""
        definitions = [each for family in self.families.values() for each in family]
        services = [each for each in self.services.values() if each.status != "INACTIVE"]
        found: list[Cluster | Service | TaskDefinition | Task] = [
            *self.clusters.values(),
            *services,
            *definitions,
            *self.tasks.values(),
        ]
        return {each.arn: each.tags for each in found}

    def forget_stopped(self, now: float) -> None:
        """Drop the stopped tasks that AWS would no longer show."""
        stopped = [task for task in self.tasks.values() if "stoppedAt" in task.times]
        for index, task in enumerate(reversed(stopped)):
            if index >= STOPPED_KEPT or now - task.times["stoppedAt"] > STOPPED_KEPT_SECONDS:
                del self.tasks[task.id]
