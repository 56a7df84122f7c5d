"""The members of CreateService and UpdateService that describe a service, checked and completed as ECS does."""

from wakeproxy.sandbox.ecs.clusters import FARGATE_PROVIDERS
from wakeproxy.sandbox.ecs.operation import Request
from wakeproxy.sandbox.model.cluster import Cluster, Document, TaskDefinition
from wakeproxy.sandbox.model.failure import invalid
from wakeproxy.sandbox.model.service import Service

KEPT = (
    "availabilityZoneRebalancing",
    "deploymentConfiguration",
    "deploymentController",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "loadBalancers",
    "placementConstraints",
    "placementStrategy",
    "platformVersion",
    "propagateTags",
    "serviceRegistries",
)
NEW_TASKS = (
    "capacityProviderStrategy",
    "loadBalancers",
    "networkConfiguration",
    "platformVersion",
    "serviceRegistries",
)
"""A change of one of these makes new tasks, hence a deployment."""


def create_settings(request: Request, cluster: Cluster, definition: TaskDefinition) -> Document:
    """Complete the settings of a new service."""
    params = request.params
    if (params.get("schedulingStrategy") or "REPLICA") != "REPLICA":
        raise invalid("The sandbox runs REPLICA services only; leave schedulingStrategy out.")
    settings: Document = {
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "propagateTags": "NONE",
        "enableECSManagedTags": False,
        "enableExecuteCommand": False,
        "availabilityZoneRebalancing": "DISABLED",
        **{key: params[key] for key in KEPT if params.get(key) is not None},
        **placement(request, cluster),
    }
    settings["deploymentConfiguration"] = _deployment(settings.get("deploymentConfiguration") or {}, {})
    if settings.get("launchType") != "EC2":
        settings.setdefault("platformVersion", "LATEST")
    _check_balancers(settings["loadBalancers"], definition)
    if network := network_for(request, definition):
        settings["networkConfiguration"] = network
    return settings


def update_settings(request: Request, service: Service) -> tuple[Document, bool]:
    """Complete the settings that an update changes; tells whether they call for new tasks."""
    params = request.params
    changes: Document = {key: params[key] for key in KEPT if params.get(key) is not None}
    if "deploymentConfiguration" in changes:
        known = service.settings.get("deploymentConfiguration", {})
        changes["deploymentConfiguration"] = _deployment(changes["deploymentConfiguration"], known)
    if params.get("networkConfiguration"):
        changes["networkConfiguration"] = request.ecs.network.check(request.region.name, params["networkConfiguration"])
    if strategy := params.get("capacityProviderStrategy"):
        changes |= {"capacityProviderStrategy": _checked(strategy), "launchType": None}
    if "loadBalancers" in changes:
        definition = request.region.definition(params.get("taskDefinition") or service.task_definition)
        _check_balancers(changes["loadBalancers"], definition)
    return changes, any(key in changes and changes[key] != service.settings.get(key) for key in NEW_TASKS)


def placement(request: Request, cluster: Cluster) -> Document:
    """Where tasks run: the launch type or strategy asked for, or the cluster's; without any, EC2 (AWS)."""
    strategy = request.params.get("capacityProviderStrategy")
    if launch_type := request.params.get("launchType"):
        if strategy:
            raise invalid("Specifying both a launch type and capacity provider strategy is not supported.")
        if launch_type not in {"EC2", "FARGATE"}:
            raise invalid("launch type should be one of [EC2,FARGATE]; the sandbox has no other.")
        return {"launchType": launch_type}
    if strategy := strategy or cluster.default_strategy:
        return {"capacityProviderStrategy": _checked(strategy)}
    return {"launchType": "EC2"}


def network_for(request: Request, definition: TaskDefinition) -> Document | None:
    """Check the network configuration, which tasks with an interface of their own must have."""
    network = request.params.get("networkConfiguration") or {}
    if network.get("awsvpcConfiguration"):
        return request.ecs.network.check(request.region.name, network)
    if definition.is_awsvpc:
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    return None


def _checked(strategy: list[Document]) -> list[Document]:
    for each in strategy:
        if each.get("capacityProvider") not in FARGATE_PROVIDERS:
            raise invalid(f"The specified capacity provider '{each.get('capacityProvider')}' was not found.")
    return [{"weight": 0, "base": 0, **each} for each in strategy]


def _deployment(given: Document, known: Document) -> Document:
    breaker = {"enable": False, "rollback": False}
    default = {"maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0}
    whole = {"deploymentCircuitBreaker": breaker, **default, **known, **given}
    if whole["maximumPercent"] < 100 or whole["maximumPercent"] <= whole["minimumHealthyPercent"]:  # noqa: PLR2004
        raise invalid("Deployment configuration requires maximumPercent of at least 100, above minimumHealthyPercent.")
    return whole


def _check_balancers(balancers: list[Document], definition: TaskDefinition) -> None:
    for each in balancers:
        container = next((c for c in definition.containers if c["name"] == each.get("containerName")), None)
        if container is None:
            name, arn = each.get("containerName"), definition.arn
            raise invalid(f"The container {name} does not exist in the task definition {arn}.")
        ports = [mapping.get("containerPort") for mapping in container.get("portMappings") or []]
        if each.get("containerPort") not in ports:
            port = each.get("containerPort")
            raise invalid(f"The container {each['containerName']} did not have a container port {port} defined.")
