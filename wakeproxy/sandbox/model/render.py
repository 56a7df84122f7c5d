"""Services, tasks, clusters and task definitions as the JSON that ECS answers. Pure."""

from collections.abc import Iterable, Mapping

from wakeproxy.sandbox.model.cluster import Cluster, Document, TaskDefinition
from wakeproxy.sandbox.model.region import Region
from wakeproxy.sandbox.model.service import Deployment, Service
from wakeproxy.sandbox.model.task import NOT_YET_RUNNING, Container, NetworkInterface, Status, Task


def render_tags(tags: Mapping[str, str]) -> list[Document]:
    """Tags as ECS writes them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def without_nothing(document: Mapping[str, object]) -> Document:
    """The members that have a value."""
    return {key: value for key, value in document.items() if value is not None}


def render_definition(definition: TaskDefinition) -> Document:
    """A task definition; its tags stand beside it in answers."""
    return without_nothing(
        {
            "taskDefinitionArn": definition.arn,
            "family": definition.family,
            "revision": definition.revision,
            "status": definition.status,
            "registeredAt": definition.registered_at,
            "deregisteredAt": definition.deregistered_at,
            "registeredBy": "arn:aws:iam::123456789012:root",
            **definition.document,
        }
    )


def render_cluster(region: Region, cluster: Cluster) -> Document:
    """A cluster with its counts; without tags."""
    tasks = [task for task in region.tasks.values() if task.launch.cluster is cluster]
    services = [each for each in region.services.values() if each.cluster is cluster and each.status == "ACTIVE"]
    return without_nothing(
        {
            "clusterArn": cluster.arn,
            "clusterName": cluster.name,
            "status": cluster.status,
            "registeredContainerInstancesCount": 0,
            "runningTasksCount": sum(task.last_status is Status.RUNNING for task in tasks),
            "pendingTasksCount": sum(task.last_status in NOT_YET_RUNNING for task in tasks),
            "activeServicesCount": len(services),
            "statistics": [],
            "settings": cluster.settings,
            "capacityProviders": cluster.capacity_providers,
            "defaultCapacityProviderStrategy": cluster.default_strategy,
            "configuration": cluster.configuration,
            "serviceConnectDefaults": cluster.service_connect_defaults,
        }
    )


def render_service(service: Service) -> Document:
    """A service with its deployments and events; without tags."""
    running, pending = count(service.tasks)
    return without_nothing(
        {
            "serviceArn": service.arn,
            "serviceName": service.name,
            "clusterArn": service.cluster.arn,
            "status": service.status,
            "desiredCount": service.desired_count,
            "runningCount": running,
            "pendingCount": pending,
            "taskDefinition": service.task_definition,
            "createdAt": service.created_at,
            "deployments": [_render_deployment(service, each) for each in service.deployments],
            "events": list(service.events),
            "platformFamily": "Linux",
            **service.settings,
        }
    )


def count(tasks: Iterable[Task]) -> tuple[int, int]:
    """How many are RUNNING, and how many are on their way there."""
    tasks = list(tasks)
    running = sum(task.last_status is Status.RUNNING for task in tasks)
    return running, sum(task.is_live and task.last_status in NOT_YET_RUNNING for task in tasks)


def _render_deployment(service: Service, deployment: Deployment) -> Document:
    running, pending = count(service.tasks_of(deployment))
    kept = ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration")
    is_primary = deployment.status == "PRIMARY"
    return without_nothing(
        {
            "id": deployment.id,
            "status": deployment.status,
            "taskDefinition": deployment.task_definition,
            "desiredCount": service.desired_count if is_primary else 0,
            "pendingCount": pending,
            "runningCount": running,
            "failedTasks": deployment.failed_tasks,
            "createdAt": deployment.created_at,
            "updatedAt": deployment.updated_at,
            "platformFamily": "Linux",
            **{key: deployment.settings.get(key) for key in kept},
            "rolloutState": deployment.rollout_state,
            "rolloutStateReason": deployment.rollout_reason,
        }
    )


def render_task(task: Task) -> Document:
    """A task with its containers; without tags."""
    launch, definition = task.launch, task.launch.definition
    return without_nothing(
        {
            "taskArn": task.arn,
            "clusterArn": launch.cluster.arn,
            "taskDefinitionArn": definition.arn,
            "group": launch.group,
            "startedBy": launch.started_by or None,
            "lastStatus": task.last_status.value,
            "desiredStatus": task.desired_status,
            "healthStatus": task.health,
            "attachments": [_render_attachment(task.interface)] if task.interface else [],
            "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
            "availabilityZone": task.interface.zone or None if task.interface else None,
            "connectivity": "CONNECTED" if "connectivityAt" in task.times else None,
            "containers": [_render_container(task, each) for each in task.containers],
            "cpu": _overridden(task, "cpu"),
            "memory": _overridden(task, "memory"),
            "enableExecuteCommand": launch.execute_command,
            "ephemeralStorage": definition.document.get("ephemeralStorage", {"sizeInGiB": 20}),
            "inferenceAccelerators": [],
            "launchType": launch.launch_type,
            "capacityProviderName": launch.capacity_provider,
            "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **launch.overrides},
            "platformFamily": "Linux",
            "platformVersion": "1.4.0",
            "stopCode": task.stop_code,
            "stoppedReason": task.stopped_reason,
            "version": task.version,
            **task.times,
        }
    )


def _overridden(task: Task, key: str) -> str | None:
    value = task.launch.overrides.get(key) or task.launch.definition.document.get(key)
    return None if value is None else str(value)


def _render_attachment(interface: NetworkInterface) -> Document:
    known = {
        "subnetId": interface.subnet,
        "networkInterfaceId": interface.id,
        "macAddress": interface.mac,
        "privateIPv4Address": interface.private_ip,
    }
    return {
        "id": interface.attachment_id,
        "type": "ElasticNetworkInterface",
        "status": interface.status,
        "details": [{"name": name, "value": value} for name, value in known.items() if value],
    }


def _render_container(task: Task, container: Container) -> Document:
    definition, interface = container.definition, task.interface
    addresses = []
    if interface and interface.private_ip:
        addresses = [{"attachmentId": interface.attachment_id, "privateIpv4Address": interface.private_ip}]
    memory, reserved = definition.get("memory"), definition.get("memoryReservation")
    return without_nothing(
        {
            "containerArn": container.arn,
            "taskArn": task.arn,
            "name": container.name,
            "image": definition["image"],
            "imageDigest": container.image_digest,
            "runtimeId": f"{task.id}-{int(container.id[:8], 16):010d}" if container.last_status != "PENDING" else None,
            "lastStatus": container.last_status,
            "exitCode": container.exit_code,
            "reason": container.reason,
            "networkBindings": [],
            "networkInterfaces": addresses,
            "healthStatus": container.health,
            "cpu": str(definition.get("cpu", 0)),
            "memory": None if memory is None else str(memory),
            "memoryReservation": None if reserved is None else str(reserved),
        }
    )
