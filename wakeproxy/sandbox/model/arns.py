"""Names AWS gives: ARNs in the long format, ids, and what is meant by a name or an ARN in a request."""

import random
import secrets
import uuid

ACCOUNT = "123456789012"


def arn(region: str, kind: str, name: str) -> str:
    """`arn:aws:ecs:REGION:ACCOUNT:KIND/NAME`."""
    return f"arn:aws:ecs:{region}:{ACCOUNT}:{kind}/{name}"


def last_name(reference: str) -> str:
    """The name at the end of an ARN, or the name itself."""
    return reference.rsplit("/", 1)[-1]


def cluster_in(reference: str) -> str | None:
    """The cluster that a long service or task ARN names, if it is one."""
    parts = reference.split(":", 5)
    path = parts[-1].split("/") if len(parts) == 6 else []  # noqa: PLR2004 - an ARN has six parts
    return path[1] if len(path) == 3 else None  # noqa: PLR2004 - kind/cluster/name


def new_id() -> str:
    """A task's or container's id: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def new_uuid() -> str:
    """An event's or attachment's id."""
    return str(uuid.uuid4())


def new_deployment_id() -> str:
    """A deployment's id: `ecs-svc/` and 19 digits."""
    return f"ecs-svc/{random.SystemRandom().randrange(10**18, 10**19)}"
