"""Clusters and task definitions: the documents people registered, with what ECS adds."""

from dataclasses import dataclass, field
from typing import Any

from wakeproxy.sandbox.clock import epoch

Document = dict[str, Any]
Tags = dict[str, str]


@dataclass(slots=True)
class Cluster:
    """A cluster; only Fargate runs tasks in it."""

    name: str
    arn: str
    tags: Tags
    settings: list[Document] = field(default_factory=lambda: [{"name": "containerInsights", "value": "disabled"}])
    configuration: Document | None = None
    service_connect_defaults: Document | None = None
    capacity_providers: list[str] = field(default_factory=list)
    default_strategy: list[Document] = field(default_factory=list)
    status: str = "ACTIVE"


@dataclass(slots=True)
class TaskDefinition:
    """One revision; `document` is the part that clients wrote, with ECS's defaults filled in."""

    family: str
    revision: int
    arn: str
    document: Document
    tags: Tags
    registered_at: float = field(default_factory=epoch)
    deregistered_at: float | None = None
    status: str = "ACTIVE"

    @property
    def containers(self) -> list[Document]:
        """The container definitions, in the order written."""
        return list(self.document["containerDefinitions"])

    @property
    def is_awsvpc(self) -> bool:
        """Whether each task gets a network interface."""
        return bool(self.document.get("networkMode") == "awsvpc")
