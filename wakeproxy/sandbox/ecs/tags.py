"""Tags of clusters, services, tasks and task definitions."""

from collections.abc import Mapping

from wakeproxy.sandbox.ecs.operation import Operation, Request
from wakeproxy.sandbox.model.cluster import Document, Tags
from wakeproxy.sandbox.model.failure import invalid, service_not_found
from wakeproxy.sandbox.model.render import render_tags

MOST_TAGS = 50


def tag_resource(request: Request) -> Document:
    """Add tags, or change their values."""
    tags = _tags_of(request)
    changed = {**tags, **request.tags()}
    if len(changed) > MOST_TAGS:
        raise invalid("Tags can not have more than 50 elements.")
    tags.update(changed)
    return {}


def untag_resource(request: Request) -> Document:
    """Remove tags by key."""
    tags = _tags_of(request)
    for key in request.need("tagKeys"):
        tags.pop(key, None)
    return {}


def list_tags_for_resource(request: Request) -> Document:
    """List a resource's tags."""
    return {"tags": render_tags(_tags_of(request))}


def _tags_of(request: Request) -> Tags:
    arn, region = request.need("resourceArn"), request.region
    kind, _, path = arn.rpartition(":ecs:")[2].partition(":")[2].partition(":")[2].partition("/")
    match kind, path.split("/"):
        case "cluster", [name]:
            return region.cluster(name).tags
        case "service", [cluster, _]:
            service = region.service(region.cluster(cluster), arn)
            if service.status == "INACTIVE":
                raise service_not_found()
            return service.tags
        case "task", [cluster, _]:
            if task := region.task(region.cluster(cluster), arn):
                return task.tags
            raise invalid("The referenced task was not found.")
        case "task-definition", [_]:
            return region.definition(arn, missing="The specified task definition does not exist.").tags
        case _:
            raise invalid("Invalid identifier: Identifier is in the wrong format; expected the long ARN.")


OPERATIONS: Mapping[str, Operation] = {
    "ListTagsForResource": list_tags_for_resource,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}
