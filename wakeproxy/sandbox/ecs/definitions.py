"""Task definitions: registered, described, listed, made inactive, deleted."""

import copy
import re
from collections.abc import Mapping

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.ecs.operation import Operation, Request
from wakeproxy.sandbox.fargate.order import find_complaint
from wakeproxy.sandbox.model.arns import arn, last_name
from wakeproxy.sandbox.model.cluster import Document, TaskDefinition
from wakeproxy.sandbox.model.failure import AwsError, client_error, invalid
from wakeproxy.sandbox.model.render import render_definition, render_tags

GIB = 1024
FARGATE_SIZES: Mapping[int, tuple[int, ...]] = {
    256: (512, GIB, 2 * GIB),
    512: tuple(n * GIB for n in range(1, 5)),
    1024: tuple(n * GIB for n in range(2, 9)),
    2048: tuple(n * GIB for n in range(4, 17)),
    4096: tuple(n * GIB for n in range(8, 31)),
    8192: tuple(n * GIB for n in range(16, 61, 4)),
    16384: tuple(n * GIB for n in range(32, 121, 8)),
}
"""CPU units and the MiB of memory that Fargate offers with them (AWS)."""
_FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")
_NOT_STORED = {"family", "tags"}


def register_task_definition(request: Request) -> Document:
    """Register the next revision of a family."""
    params = request.params
    family = request.need("family")
    if not _FAMILY.fullmatch(family):
        raise client_error("Family contains invalid characters.")
    _check_containers(params.get("containerDefinitions") or [])
    document = _completed({key: value for key, value in params.items() if key not in _NOT_STORED and value is not None})
    _check_fargate(document)
    revisions = request.region.families.setdefault(family, [])
    revision = revisions[-1].revision + 1 if revisions else 1
    name = arn(request.region.name, "task-definition", f"{family}:{revision}")
    revisions.append(TaskDefinition(family, revision, name, document, request.tags()))
    tags = {"tags": render_tags(request.tags())} if params.get("tags") else {}
    return {"taskDefinition": render_definition(revisions[-1]), **tags}


def describe_task_definition(request: Request) -> Document:
    """Describe one revision."""
    definition = request.region.definition(request.need("taskDefinition"))
    tags = {"tags": render_tags(definition.tags)} if request.includes_tags() else {}
    return {"taskDefinition": render_definition(definition), **tags}


def deregister_task_definition(request: Request) -> Document:
    """Make one revision INACTIVE; services that use it go on."""
    name = request.need("taskDefinition")
    if ":" not in last_name(name):
        raise client_error("Revision is missing.")
    definition = request.region.definition(name, missing="The specified task definition does not exist.")
    if definition.status == "ACTIVE":
        definition.status, definition.deregistered_at = "INACTIVE", epoch()
    return {"taskDefinition": render_definition(definition)}


def delete_task_definitions(request: Request) -> Document:
    """Delete inactive revisions."""
    deleted, failures = [], []
    for name in request.need("taskDefinitions"):
        try:
            definition = request.region.definition(name, missing="The specified task definition does not exist.")
        except AwsError as error:
            failures.append({"arn": name, "reason": error.message})
            continue
        if definition.status == "ACTIVE":
            reason = (
                "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
            )
            failures.append({"arn": name, "reason": reason})
            continue
        definition.status = "DELETE_IN_PROGRESS"
        deleted.append(render_definition(definition))
    return {"taskDefinitions": deleted, "failures": failures}


def list_task_definitions(request: Request) -> Document:
    """List ARNs by family prefix and status, oldest revision first unless `sort` is DESC."""
    prefix, status = request.params.get("familyPrefix") or "", request.params.get("status") or "ACTIVE"
    found = [
        each
        for family, revisions in request.region.families.items()
        if (family == prefix or not prefix)
        for each in revisions
        if each.status == status
    ]
    ordered = sorted(found, key=lambda each: (each.family, each.revision), reverse=request.params.get("sort") == "DESC")
    return _page_in_order(request, [each.arn for each in ordered])


def list_task_definition_families(request: Request) -> Document:
    """List families that have a revision of the status asked for."""
    prefix, status = request.params.get("familyPrefix") or "", request.params.get("status") or "ALL"
    found = [
        family
        for family, revisions in request.region.families.items()
        if family.startswith(prefix)
        and (status == "ALL" or any(each.status == "ACTIVE" for each in revisions) == (status == "ACTIVE"))
    ]
    return request.page("families", found)


def _page_in_order(request: Request, arns: list[str]) -> Document:
    """Revisions are ordered by number, not as text, so this page's token is a position."""
    size = request.params.get("maxResults") or 100
    token = request.params.get("nextToken") or "0"
    if not token.isdigit():
        raise invalid("Invalid token.")
    begin = int(token)
    more = {"nextToken": str(begin + size)} if begin + size < len(arns) else {}
    return {"taskDefinitionArns": arns[begin : begin + size], **more}


def _check_containers(containers: list[Document]) -> None:
    if not containers:
        raise client_error("Container list cannot be empty.")
    for each in containers:
        for key in ("name", "image"):
            if not each.get(key):
                raise client_error(f"Container.{key} should not be null or empty.")
        _check_variables(each)
    names = [each["name"] for each in containers]
    if len(set(names)) < len(names):
        raise client_error("Container names must be unique within a task definition.")
    if all(each.get("essential") is False for each in containers):
        raise client_error("A task definition must have at least one essential container.")
    if complaint := find_complaint(containers):
        raise client_error(complaint)


def _check_variables(container: Document) -> None:
    variables, secrets = ({one["name"] for one in container.get(key) or []} for key in ("environment", "secrets"))
    if doubled := sorted(variables & secrets):
        raise client_error(
            "The secret name must be unique and not shared with any new or existing environment variables set on the "
            f"container, such as '{doubled[0]}'."
        )


def _completed(document: Document) -> Document:
    """Fill in what ECS fills in."""
    document = copy.deepcopy(document)
    defaults = {
        "cpu": 0,
        "portMappings": [],
        "essential": True,
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
    }
    document["containerDefinitions"] = [{**defaults, **each} for each in document["containerDefinitions"]]
    required = document.get("requiresCompatibilities") or []
    is_awsvpc = document.get("networkMode") == "awsvpc"
    for container in document["containerDefinitions"]:
        for mapping in container["portMappings"]:
            mapping.setdefault("protocol", "tcp")
            if is_awsvpc:
                mapping.setdefault("hostPort", mapping.get("containerPort"))
    compatibilities = ["EC2", "FARGATE"] if is_awsvpc and ("FARGATE" in required or not required) else ["EC2"]
    empty = {"volumes": [], "placementConstraints": [], "compatibilities": compatibilities}
    return {**empty, "networkMode": "bridge", **document}


def _check_fargate(document: Document) -> None:
    if "FARGATE" not in (document.get("requiresCompatibilities") or []):
        return
    if document["networkMode"] != "awsvpc":
        raise client_error("Fargate only supports network mode 'awsvpc'.")
    for key in ("cpu", "memory"):
        if not document.get(key):
            raise client_error(f"Fargate requires that '{key}' be defined at the task level.")
    cpu, memory = _units(document["cpu"], "vcpu"), _units(document["memory"], "gb")
    if memory not in FARGATE_SIZES.get(cpu, ()):
        raise client_error(
            f"No Fargate configuration exists for given values: {document['cpu']} CPU, {document['memory']} memory."
        )
    document["cpu"], document["memory"] = str(cpu), str(memory)


def _units(written: str, large: str) -> int:
    """Read `256`, `.25 vCPU` or `0.5 GB`."""
    found = re.fullmatch(r"([\d.]+)\s*([A-Za-z]*)", str(written).strip())
    if found is None or found[2].lower() not in {"", large}:
        raise client_error(f"Invalid 'cpu' or 'memory' setting for task: {written}")
    return round(float(found[1]) * (1024 if found[2] else 1))


OPERATIONS: Mapping[str, Operation] = {
    "DeleteTaskDefinitions": delete_task_definitions,
    "DeregisterTaskDefinition": deregister_task_definition,
    "DescribeTaskDefinition": describe_task_definition,
    "ListTaskDefinitionFamilies": list_task_definition_families,
    "ListTaskDefinitions": list_task_definitions,
    "RegisterTaskDefinition": register_task_definition,
}
