"""The deployment circuit breaker: counts failed tasks, fails a deployment, rolls it back."""

import math

from wakeproxy.sandbox.model.service import Deployment, Service

FAILED = "tasks failed to start."


def count_failure(service: Service, deployment: Deployment) -> None:
    """Count a task that failed to start or its health check, unless the deployment ever had one that was ready."""
    if not deployment.has_run and deployment in service.deployments:
        deployment.failed_tasks += 1


def threshold(desired: int) -> int:
    """How many failures trip the breaker: half the desired count, at least 3 and at most 200 (AWS)."""
    return min(200, max(3, math.ceil(desired / 2)))


def is_tripped(service: Service) -> bool:
    """Whether the newest deployment has to be given up."""
    primary = service.primary
    breaker = service.settings.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker") or {}
    is_watched = bool(breaker.get("enable")) and primary.rollout_state == "IN_PROGRESS"
    return is_watched and primary.failed_tasks >= threshold(service.desired_count)


def trip(service: Service) -> Deployment | None:
    """Fail the newest deployment; returns the one that takes its place, if rollback is on and one ever completed."""
    failed = service.primary
    failed.move("FAILED", f"ECS deployment circuit breaker: {FAILED}")
    service.report(f"(deployment {failed.id}) deployment failed: {FAILED}")
    breaker = service.settings["deploymentConfiguration"]["deploymentCircuitBreaker"]
    completed = next((each for each in service.deployments if each.rollout_state == "COMPLETED"), None)
    if not breaker.get("rollback") or completed is None:
        return None
    _roll_back(service, failed, completed)
    return completed


def _roll_back(service: Service, failed: Deployment, to: Deployment) -> None:
    service.report(f"rolling back to deployment {to.id}.")
    service.deployments.remove(to)
    service.deployments.insert(0, to)
    failed.status, to.status = "ACTIVE", "PRIMARY"
    failed.rolled_back_to = to.id
    to.failed_tasks = 0
    to.move("IN_PROGRESS", f"ECS deployment circuit breaker: rolling back to deploymentId {to.id}.")
    service.task_definition = to.task_definition
    service.settings = {**service.settings, **to.settings}
    service.backoff.forget()
