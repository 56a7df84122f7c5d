"""Application Auto Scaling's hand on services: their desired counts stay within their scalable targets' capacities.

moto stores the targets and scales nothing. AWS brings a count within the capacity when its target is registered or
changed, and raises one below the minimum when a policy's alarm scales out. There are no alarms here, so it is as if one
went off soon after each such fall: nobody who fights with AWS now and then wins here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wakeproxy.sandbox.fargate.scheduler import Scheduler
from wakeproxy.sandbox.model.region import Region
from wakeproxy.sandbox.model.service import Service

_DIMENSION = "ecs:service:DesiredCount"


@dataclass(slots=True)
class Target:
    """What one service may have."""

    minimum: int = 0
    maximum: int = 0
    is_suspended: bool = False
    """It does not scale out."""


class AutoScaling:
    """Holds services within their targets."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._platform = scheduler.roster.platform
        self._targets: dict[tuple[str, str], Target] = {}

    def hear(self, region: Region, operation: str, params: Mapping[str, Any]) -> None:
        """Take note of a call to Application Auto Scaling that was carried out."""
        service = _find(region, params)
        if service is not None and operation == "RegisterScalableTarget":
            self._register(region, service, params)
        elif service is not None and operation == "DeregisterScalableTarget":
            self._targets.pop((region.name, service.arn), None)

    def _register(self, region: Region, service: Service, params: Mapping[str, Any]) -> None:
        target = self._targets.setdefault((region.name, service.arn), Target())
        target.minimum = params.get("MinCapacity", target.minimum)
        target.maximum = params.get("MaxCapacity", target.maximum)
        state = params.get("SuspendedState") or {}
        target.is_suspended = state.get("DynamicScalingOutSuspended", target.is_suspended)
        self._bring(region, service, min(max(service.desired_count, target.minimum), target.maximum))

    def changed(self, region: Region, service: Service) -> None:
        """Take note that somebody set a service's desired count."""
        target = self._targets.get((region.name, service.arn))
        if target is not None and service.desired_count < target.minimum:
            self._platform.timeline.after(self._platform.timings.scaling, lambda: self._scale_out(region, service))

    def _scale_out(self, region: Region, service: Service) -> None:
        target = self._targets.get((region.name, service.arn))
        if target is not None and not target.is_suspended and service.desired_count < target.minimum:
            self._bring(region, service, target.minimum)

    def _bring(self, region: Region, service: Service, count: int) -> None:
        if service.status == "ACTIVE" and count != service.desired_count:
            service.desired_count = count
            self._scheduler.changed(region, service)


def _find(region: Region, params: Mapping[str, Any]) -> Service | None:
    """Find the service whose desired count a call is about."""
    if params.get("ScalableDimension") != _DIMENSION:
        return None
    _, cluster, name = params.get("ResourceId", "//").split("/")
    return region.services.get((cluster, name))
