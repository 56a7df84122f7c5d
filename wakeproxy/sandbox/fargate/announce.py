"""What ECS tells the world: EventBridge events, load balancer targets, Cloud Map instances. All of it in errands."""

from functools import partial

from wakeproxy.sandbox.errands import Errands
from wakeproxy.sandbox.model.arns import last_name
from wakeproxy.sandbox.model.cluster import Document
from wakeproxy.sandbox.model.render import render_task
from wakeproxy.sandbox.model.service import Deployment, Service
from wakeproxy.sandbox.model.task import Task
from wakeproxy.sandbox.moto_host import Moto


class Announcer:
    """Speaks to moto's other services on behalf of ECS."""

    def __init__(self, moto: Moto, errands: Errands) -> None:
        self._moto, self._errands = moto, errands

    def task_changed(self, task: Task) -> None:
        """Publish `ECS Task State Change`."""
        if self._moto.has_rules(task.region):
            self._publish(task.region, "ECS Task State Change", task.arn, render_task(task))

    def service_acted(self, region: str, service: Service, kind: str, name: str, reason: str = "") -> None:
        """Publish `ECS Service Action`; `kind` is INFO, WARN or ERROR."""
        detail = {"eventType": kind, "eventName": name, "clusterArn": service.cluster.arn}
        extra = {"reason": reason} if reason else {}
        self._publish(region, "ECS Service Action", service.arn, {**detail, **extra})

    def deployment_changed(self, region: str, service: Service, deployment: Deployment, kind: str) -> None:
        """Publish `ECS Deployment State Change`; its name follows from the rollout state."""
        detail = {
            "eventType": kind,
            "eventName": f"SERVICE_DEPLOYMENT_{deployment.rollout_state}",
            "deploymentId": deployment.id,
            "updatedAt": deployment.updated_at,
            "reason": deployment.rollout_reason,
        }
        self._publish(region, "ECS Deployment State Change", service.arn, detail)

    def register(self, service: Service, task: Task) -> None:
        """Make a running task a target of the service's load balancers and an instance of its registries."""
        for group, form in _targets(service, task):
            self._errands.run(partial(self._moto.ask_elb, task.region, "RegisterTargets", form))
            service.report(f"registered 1 targets in (target-group {group})")
        for registry in service.settings.get("serviceRegistries") or []:
            attributes = {"AWS_INSTANCE_IPV4": _ip(task), "ECS_SERVICE_NAME": service.name}
            self._cloud_map(task, registry, "RegisterInstance", {"Attributes": attributes})

    def deregister(self, service: Service, task: Task) -> None:
        """Undo `register`."""
        for group, form in _targets(service, task):
            self._errands.run(partial(self._moto.ask_elb, task.region, "DeregisterTargets", form))
            service.report(f"deregistered 1 targets in (target-group {group})")
        for registry in service.settings.get("serviceRegistries") or []:
            self._cloud_map(task, registry, "DeregisterInstance", {})

    def _cloud_map(self, task: Task, registry: Document, operation: str, extra: Document) -> None:
        asked = {"ServiceId": last_name(registry["registryArn"]), "InstanceId": task.id, **extra}
        self._errands.run(lambda: self._moto.ask(task.region, "servicediscovery", operation, asked))

    def _publish(self, region: str, detail_type: str, resource: str, detail: Document) -> None:
        if not self._moto.has_rules(region):
            return
        entry = {"Source": "aws.ecs", "DetailType": detail_type, "Resources": [resource], "Detail": detail}
        self._errands.run(lambda: self._moto.put_event(region, entry))


def _targets(service: Service, task: Task) -> list[tuple[str, dict[str, str]]]:
    wanted = [each for each in service.settings.get("loadBalancers") or [] if each.get("targetGroupArn")]
    return [
        (
            each["targetGroupArn"],
            {
                "TargetGroupArn": each["targetGroupArn"],
                "Targets.member.1.Id": _ip(task),
                "Targets.member.1.Port": str(each["containerPort"]),
            },
        )
        for each in wanted
    ]


def _ip(task: Task) -> str:
    return task.interface.private_ip if task.interface else ""
