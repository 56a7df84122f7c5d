"""A service in one value, and the AWS calls that bring it about: what tests and the demo begin with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Ask = Callable[[str, Json], Json]
"""Performs an ECS operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """A Fargate service with one main container; everything has a default that works."""

    name: str
    image: str = "wakeproxy/hello"
    port: int = 8080
    cluster: str = "apps"
    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Environment variable -> ARN in Secrets Manager or Parameter Store."""
    desired_count: int = 0
    public: bool = False
    """Whether tasks get a public address; the security group made for the service admits `port` only."""
    tags: Mapping[str, str] = field(default_factory=dict)
    health_check: Mapping[str, Any] | Sequence[str] | None = None
    """A whole `healthCheck`, or its command alone: `["CMD", "curl", "-f", "http://localhost:8080/"]`."""
    stop_timeout: int | None = None
    family: str = ""
    """The task definition's family; the service's name if empty."""
    cpu: int = 256
    memory: int = 512
    circuit_breaker: bool = False
    """Whether a deployment that fails to start is given up and rolled back."""
    minimum_healthy_percent: int = 100
    maximum_percent: int = 200
    sidecars: Sequence[Mapping[str, Any]] = ()
    """Further container definitions, in AWS's spelling."""
    logs: bool = True
    """Whether lines go to CloudWatch Logs, group `/ecs/FAMILY`."""


def definition_of(spec: ServiceSpec, region: str) -> Json:
    """RegisterTaskDefinition's parameters."""
    return {
        "family": spec.family or spec.name,
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": str(spec.cpu),
        "memory": str(spec.memory),
        "containerDefinitions": [_container(spec, region), *map(dict, spec.sidecars)],
    }


def service_of(spec: ServiceSpec, definition: str, subnets: Sequence[str], group: str) -> Json:
    """CreateService's parameters."""
    return {
        "cluster": spec.cluster,
        "serviceName": spec.name,
        "taskDefinition": definition,
        "desiredCount": spec.desired_count,
        "launchType": "FARGATE",
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": list(subnets),
                "securityGroups": [group],
                "assignPublicIp": "ENABLED" if spec.public else "DISABLED",
            }
        },
        "deploymentConfiguration": {
            "minimumHealthyPercent": spec.minimum_healthy_percent,
            "maximumPercent": spec.maximum_percent,
            "deploymentCircuitBreaker": {"enable": spec.circuit_breaker, "rollback": spec.circuit_breaker},
        },
        "tags": [{"key": key, "value": value} for key, value in spec.tags.items()],
    }


def _container(spec: ServiceSpec, region: str) -> Json:
    container: Json = {
        "name": spec.name,
        "image": spec.image,
        "essential": True,
        "portMappings": [{"containerPort": spec.port}],
        "environment": [{"name": name, "value": value} for name, value in spec.environment.items()],
        "secrets": [{"name": name, "valueFrom": source} for name, source in spec.secrets.items()],
    }
    if spec.command:
        container["command"] = list(spec.command)
    if spec.stop_timeout is not None:
        container["stopTimeout"] = spec.stop_timeout
    if spec.health_check is not None:
        check = spec.health_check
        container["healthCheck"] = dict(check) if isinstance(check, Mapping) else {"command": list(check)}
    if spec.logs:
        options = {"awslogs-group": f"/ecs/{spec.family or spec.name}", "awslogs-region": region}
        options |= {"awslogs-stream-prefix": "ecs", "awslogs-create-group": "true"}
        container["logConfiguration"] = {"logDriver": "awslogs", "options": options}
    return container
