"""Shows the sandbox's ECS to those of moto's services that look into moto's own.

The Resource Groups Tagging API lists and tags services, clusters, tasks and task definitions; Application Auto Scaling
checks that a service exists. moto's CloudFormation is not among them: it creates in moto's own ECS, where nothing runs.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wakeproxy.sandbox.model.arns import ACCOUNT
from wakeproxy.sandbox.model.cluster import Tags

WATCHERS = {"tagging": "", "application-autoscaling": "moto.applicationautoscaling.models"}
"""The services, as signatures name them, with the module whose view of ECS is replaced."""


@dataclass(frozen=True, slots=True)
class EcsView:
    """What the mirror shows; each is called from moto's threads."""

    tags_of: Callable[[str], Mapping[str, Tags]]
    """Region -> ARN -> the tags themselves, to be changed in place."""
    services: Callable[[str, str, list[str]], list[object]]
    """Region, cluster, names -> the services that exist."""


def make_mirror(view: EcsView, load: Callable[[str], Any]) -> Any:
    """Make the dictionary of backends that moto expects; moto is loaded by `load`, not before."""
    tagging, backends = load("moto.core.resource_tagging"), load("moto.core.base_backend")

    class EcsMirror(tagging.TaggableResourcesMixin, backends.BaseBackend):  # type: ignore[misc,name-defined] # moto loads late
        SERVICE_NAMESPACE = "ecs"

        def iter_tagged_resources(self) -> Iterator[Any]:
            for arn, tags in view.tags_of(self.region_name).items():
                kind = arn.split(":", 5)[5].partition("/")[0]
                yield tagging.TaggedResource(arn=arn, tags=tags, resource_type=f"ecs:{kind}")

        def tag_resource(self, arn: str, tags: Tags) -> None:
            view.tags_of(self.region_name)[arn].update(tags)

        def untag_resource(self, arn: str, tag_keys: list[str]) -> None:
            for key in tag_keys:
                view.tags_of(self.region_name)[arn].pop(key, None)

        def describe_services(self, cluster: str, names: list[str]) -> tuple[list[object], list[object]]:
            return view.services(self.region_name, cluster, names), []

    mirror = backends.BackendDict(EcsMirror, "ecs")
    assert mirror[ACCOUNT] is not None  # being asked for an account puts it among the backends in use
    return mirror
