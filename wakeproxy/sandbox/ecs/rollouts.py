"""Service deployments: the history of a service's deployments, as the newer API tells it."""

from collections.abc import Mapping

from wakeproxy.sandbox.ecs.operation import Operation, Request
from wakeproxy.sandbox.fargate.breaker import threshold
from wakeproxy.sandbox.model.arns import arn, last_name
from wakeproxy.sandbox.model.cluster import Document
from wakeproxy.sandbox.model.failure import invalid
from wakeproxy.sandbox.model.region import Region
from wakeproxy.sandbox.model.render import count, without_nothing
from wakeproxy.sandbox.model.service import Deployment, Service

DESCRIBED_AT_ONCE = 20


def list_service_deployments(request: Request) -> Document:
    """List a service's deployments, newest first."""
    cluster = request.region.cluster(request.params.get("cluster"))
    service = request.region.service(cluster, request.need("service"))
    wanted = set(request.params.get("status") or [])
    found = [
        {**_brief(request.region, service, each), "targetServiceRevisionArn": _revision(request.region, service, each)}
        for each in service.history
        if not wanted or _status(service, each) in wanted
    ]
    return {"serviceDeployments": found}


def describe_service_deployments(request: Request) -> Document:
    """Describe deployments by ARN."""
    arns = request.need("serviceDeploymentArns")
    if len(arns) > DESCRIBED_AT_ONCE:
        raise invalid(f"serviceDeploymentArns cannot have more than {DESCRIBED_AT_ONCE} elements.")
    known = {
        _arn(request.region, service, each): (service, each)
        for service in request.region.services.values()
        for each in service.history
    }
    return {
        "serviceDeployments": [_described(request.region, *known[name]) for name in arns if name in known],
        "failures": [{"arn": name, "reason": "MISSING"} for name in arns if name not in known],
    }


def _status(service: Service, deployment: Deployment) -> str:
    if deployment.rolled_back_to:
        successor = next((each for each in service.history if each.id == deployment.rolled_back_to), None)
        is_over = successor is None or successor.rollout_state != "IN_PROGRESS"
        return "ROLLBACK_SUCCESSFUL" if is_over else "ROLLBACK_IN_PROGRESS"
    if deployment.rollout_state == "IN_PROGRESS" and deployment.status != "PRIMARY":
        return "STOPPED"
    return {"COMPLETED": "SUCCESSFUL", "FAILED": "STOPPED"}.get(deployment.rollout_state, "IN_PROGRESS")


def _brief(region: Region, service: Service, deployment: Deployment) -> Document:
    return without_nothing(
        {
            "serviceDeploymentArn": _arn(region, service, deployment),
            "serviceArn": service.arn,
            "clusterArn": service.cluster.arn,
            "createdAt": deployment.created_at,
            "startedAt": deployment.created_at,
            "finishedAt": deployment.finished_at,
            "status": _status(service, deployment),
            "statusReason": deployment.rollout_reason,
        }
    )


def _described(region: Region, service: Service, deployment: Deployment) -> Document:
    running, pending = count(service.tasks_of(deployment))
    configuration = deployment.settings.get("deploymentConfiguration", {})
    is_watched = bool(configuration.get("deploymentCircuitBreaker", {}).get("enable"))
    monitoring = "MONITORING" if deployment.rollout_state == "IN_PROGRESS" else "MONITORING_COMPLETE"
    triggered = "TRIGGERED" if deployment.rollout_state == "FAILED" else monitoring
    return {
        **_brief(region, service, deployment),
        "updatedAt": deployment.updated_at,
        "sourceServiceRevisions": [],
        "targetServiceRevision": {
            "arn": _revision(region, service, deployment),
            "requestedTaskCount": service.desired_count,
            "runningTaskCount": running,
            "pendingTaskCount": pending,
        },
        "deploymentConfiguration": configuration,
        "deploymentCircuitBreaker": {
            "status": triggered if is_watched else "DISABLED",
            "failureCount": deployment.failed_tasks,
            "threshold": threshold(service.desired_count),
        },
        **({"rollback": _rollback(region, service, deployment)} if deployment.rolled_back_to else {}),
    }


def _rollback(region: Region, service: Service, deployment: Deployment) -> Document:
    path = f"{service.cluster.name}/{service.name}/{last_name(deployment.rolled_back_to or '')}"
    return {
        "reason": deployment.rollout_reason,
        "startedAt": deployment.updated_at,
        "serviceRevisionArn": arn(region.name, "service-revision", path),
    }


def _arn(region: Region, service: Service, deployment: Deployment) -> str:
    path = f"{service.cluster.name}/{service.name}/{last_name(deployment.id)}"
    return arn(region.name, "service-deployment", path)


def _revision(region: Region, service: Service, deployment: Deployment) -> str:
    path = f"{service.cluster.name}/{service.name}/{last_name(deployment.id)}"
    return arn(region.name, "service-revision", path)


OPERATIONS: Mapping[str, Operation] = {
    "DescribeServiceDeployments": describe_service_deployments,
    "ListServiceDeployments": list_service_deployments,
}
