"""Services: created, changed, deleted, described, listed."""

from collections.abc import Mapping

from wakeproxy.sandbox.ecs.operation import Operation, Request
from wakeproxy.sandbox.ecs.settings import create_settings, update_settings
from wakeproxy.sandbox.model.arns import arn
from wakeproxy.sandbox.model.cluster import Cluster, Document
from wakeproxy.sandbox.model.failure import AwsError, client_error, invalid, service_not_active, service_not_found
from wakeproxy.sandbox.model.render import render_service, render_tags
from wakeproxy.sandbox.model.service import Service

DESCRIBED_AT_ONCE = 10


def create_service(request: Request) -> Document:
    """Make a service and its first deployment."""
    cluster = request.region.cluster(request.params.get("cluster"))
    name = request.need("serviceName")
    if known := _known(request, cluster, name):
        return {"service": _rendered(request, known)}
    definition = request.region.definition(request.need("taskDefinition"), missing="TaskDefinition not found.")
    if definition.status != "ACTIVE":
        raise client_error("TaskDefinition is inactive")
    service = Service(
        name=name,
        cluster=cluster,
        arn=arn(request.region.name, "service", f"{cluster.name}/{name}"),
        desired_count=_count(request, 0),
        task_definition=definition.arn,
        settings=create_settings(request, cluster, definition),
        tags=request.tags(),
        client_token=request.params.get("clientToken"),
    )
    service.deploy()
    request.region.services[cluster.name, name] = service
    request.ecs.scheduler.changed(request.region, service)
    return {"service": {**render_service(service), "tags": render_tags(service.tags)}}


def update_service(request: Request) -> Document:
    """Change a service; a deployment begins if what its tasks are made of changed, or if forced."""
    cluster = request.region.cluster(request.params.get("cluster"))
    service = request.region.service(cluster, request.need("service"))
    if service.status != "ACTIVE":
        raise service_not_active()
    changes, is_new = update_settings(request, service)
    if named := request.params.get("taskDefinition"):
        if service.settings["deploymentController"]["type"] == "CODE_DEPLOY":
            raise invalid(
                "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS "
                "CodeDeploy to trigger a new deployment."
            )
        definition = request.region.definition(named, missing="TaskDefinition not found.")
        if definition.status != "ACTIVE":
            raise client_error("TaskDefinition is inactive")
        is_new = is_new or definition.arn != service.task_definition
        service.task_definition = definition.arn
    service.desired_count = _count(request, service.desired_count)
    service.settings = {**service.settings, **changes}
    if is_new or request.params.get("forceNewDeployment"):
        service.deploy()
    request.ecs.scheduler.changed(request.region, service)
    request.ecs.scaling.changed(request.region, service)
    return {"service": _rendered(request, service)}


def delete_service(request: Request) -> Document:
    """Drain a service, then make it INACTIVE; refused while it is scaled above 0, unless forced."""
    cluster = request.region.cluster(request.params.get("cluster"))
    service = request.region.service(cluster, request.need("service"))
    if service.status == "INACTIVE":
        raise service_not_found()
    if service.desired_count > 0 and not request.params.get("force") and service.status == "ACTIVE":
        raise invalid("The service cannot be stopped while it is scaled above 0.")
    service.status, service.desired_count = "DRAINING", 0
    request.ecs.scheduler.changed(request.region, service)
    return {"service": _rendered(request, service)}


def describe_services(request: Request) -> Document:
    """Describe up to ten services, deleted ones included."""
    cluster = request.region.cluster(request.params.get("cluster"))
    names = request.params.get("services") or []
    if not names:
        raise invalid("Services cannot be empty.")
    if len(names) > DESCRIBED_AT_ONCE:
        raise invalid(f"Services cannot have more than {DESCRIBED_AT_ONCE} elements.")
    found, failures = [], []
    for name in names:
        document = _described(request, cluster, name)
        if document is None:
            missing = name if name.startswith("arn:") else arn(request.region.name, "service", f"{cluster.name}/{name}")
            failures.append({"arn": missing, "reason": "MISSING"})
        else:
            found.append(document)
    return {"services": found, "failures": failures}


def list_services(request: Request) -> Document:
    """List the ARNs of a cluster's services, without deleted ones."""
    cluster, launch_type = request.region.cluster(request.params.get("cluster")), request.params.get("launchType")
    found = (
        each.arn
        for each in request.region.services.values()
        if each.cluster is cluster
        and each.status != "INACTIVE"
        and launch_type in {None, each.settings.get("launchType")}
        and request.params.get("schedulingStrategy") in {None, "REPLICA"}
    )
    return request.page("serviceArns", found, size=10)


def _known(request: Request, cluster: Cluster, name: str) -> Service | None:
    """The service of that name if the request only repeats the one that made it; refuses any other."""
    service = request.region.services.get((cluster.name, name))
    if service is None or service.status == "INACTIVE":
        return None
    if service.status == "DRAINING":
        raise invalid("Unable to Start a service that is still Draining.")
    if service.client_token and service.client_token == request.params.get("clientToken"):
        return service
    raise invalid("Creation of service was not idempotent.")


def _count(request: Request, otherwise: int) -> int:
    count = request.params.get("desiredCount")
    if count is None:
        return otherwise
    if not isinstance(count, int) or count < 0:
        raise invalid("desiredCount cannot be negative.")
    return count


def _described(request: Request, cluster: Cluster, name: str) -> Document | None:
    try:
        service = request.region.service(cluster, name)
    except AwsError:
        return None
    document = request.as_of(service.past, render_service(service))
    if document is None or not request.includes_tags():
        return document
    return {**document, "tags": render_tags(service.tags)}


def _rendered(request: Request, service: Service) -> Document:
    tags = {"tags": render_tags(service.tags)} if request.includes_tags() else {}
    return {**render_service(service), **tags}


OPERATIONS: Mapping[str, Operation] = {
    "CreateService": create_service,
    "DeleteService": delete_service,
    "DescribeServices": describe_services,
    "ListServices": list_services,
    "UpdateService": update_service,
}
