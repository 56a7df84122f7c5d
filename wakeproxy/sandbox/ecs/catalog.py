"""All operations by name, and what is answered for the others: an error that says so and that SDKs do not retry."""

import logging
from collections.abc import Mapping

from wakeproxy.sandbox.ecs import accounts, clusters, definitions, protection, rollouts, services, tags, tasks
from wakeproxy.sandbox.ecs.operation import Operation, Request
from wakeproxy.sandbox.model.cluster import Document
from wakeproxy.sandbox.model.failure import AwsError

_log = logging.getLogger(__name__)

OPERATIONS: Mapping[str, Operation] = {
    **accounts.OPERATIONS,
    **clusters.OPERATIONS,
    **definitions.OPERATIONS,
    **protection.OPERATIONS,
    **rollouts.OPERATIONS,
    **services.OPERATIONS,
    **tags.OPERATIONS,
    **tasks.OPERATIONS,
}


def perform(name: str, request: Request) -> Document:
    """Carry out an operation.

    Raises:
        AwsError: as ECS would answer it.

    """
    operation = OPERATIONS.get(name)
    if operation is None:
        raise AwsError("UnsupportedFeatureException", f"The sandbox does not implement ecs:{name}.")
    try:
        return operation(request)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # A client that does not check its parameters can send any JSON; AWS calls that a client's fault as well.
        _log.warning("ecs:%s failed", name, exc_info=True)
        raise AwsError("ClientException", f"{name} was sent malformed parameters: {error!r}.") from error
