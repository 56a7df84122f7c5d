"""What a task definition names that lies elsewhere in the account: images, roles, secrets, parameters, log groups."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from wakeproxy.core.taskdef import Document

_ARN_FIELDS: Final = 6
_SECRET_FIELDS: Final = 7
"""Of a secret's ARN; ECS appends a JSON key, a version's stage and its id."""

_OF_AWS: Final = "/aws/"
"""What the names of parameters begin with that AWS offers everybody, and no list tells of."""


class Kind(Enum):
    """What can be named."""

    IMAGE = "image"
    ROLE = "role"
    SECRET = "secret"  # noqa: S105 - a kind of thing, and none of it
    PARAMETER = "parameter"
    LOG_GROUP = "log group"


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that is named, in the spelling by which AWS is asked about it."""

    kind: Kind
    name: str
    region: str | None = None
    """``None`` for the Region of everything else."""
    account: str | None = None
    """Of a parameter, which is asked for by its name alone."""


def list_named(document: Document) -> Mapping[Named, tuple[str, ...]]:
    """List what is named, each with all the places where it is: ``containerDefinitions[web].secrets[DB_PASSWORD]``."""
    found: defaultdict[Named, list[str]] = defaultdict(list)
    for place, named in _list(document):
        found[named].append(place)
    return {named: tuple(places) for named, places in found.items()}


def account_of(document: Document) -> str | None:
    """Say in which account tasks run, by the role that their agent takes; ``None`` where it takes none."""
    arn = document.get("executionRoleArn", "").split(":")
    return arn[4] if len(arn) == _ARN_FIELDS else None


def _list(document: Document) -> Iterator[tuple[str, Named]]:
    for key in ("executionRoleArn", "taskRoleArn"):
        if arn := document.get(key):
            yield key, Named(Kind.ROLE, arn.rpartition("/")[2])
    for container in document["containerDefinitions"]:
        for place, named in _list_container(container):
            yield f"containerDefinitions[{container['name']}].{place}", named


def _list_container(container: Mapping[str, Any]) -> Iterator[tuple[str, Named]]:
    yield "image", Named(Kind.IMAGE, container["image"])
    log = container.get("logConfiguration", {})
    for place, secrets in (
        ("secrets", container.get("secrets", ())),
        ("logConfiguration.secretOptions", log.get("secretOptions", ())),
    ):
        for secret in secrets:
            source = secret.get("valueFrom")
            if source and not (named := _read_source(source)).name.startswith(_OF_AWS):
                yield f"{place}[{secret['name']}]", named
    if credentials := container.get("repositoryCredentials", {}).get("credentialsParameter"):
        yield "repositoryCredentials", _read_secret(credentials)
    options = log.get("options", {})
    if log.get("logDriver") == "awslogs" and options.get("awslogs-create-group") != "true":
        name, region = options.get("awslogs-group"), options.get("awslogs-region")
        if name:
            yield "logConfiguration.options[awslogs-group]", Named(Kind.LOG_GROUP, name, region)


def _read_source(value_from: str) -> Named:
    """Read what ``valueFrom`` names: a secret by ARN, or a parameter by ARN or name."""
    fields = value_from.split(":")
    if len(fields) < _ARN_FIELDS:
        return Named(Kind.PARAMETER, fields[0])  # without its version
    if fields[2] == "secretsmanager":
        return _read_secret(value_from)
    name = fields[5].removeprefix("parameter/")
    # A name with levels begins with a slash, which its ARN shares with "parameter".
    return Named(Kind.PARAMETER, f"/{name}" if "/" in name else name, fields[3], fields[4])


def _read_secret(value_from: str) -> Named:
    fields = value_from.split(":")
    region = fields[3] if len(fields) >= _ARN_FIELDS else None
    return Named(Kind.SECRET, ":".join(fields[:_SECRET_FIELDS]), region)
