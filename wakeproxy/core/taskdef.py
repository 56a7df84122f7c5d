"""Task definitions as data: what ``DescribeTaskDefinition`` adds is taken off, every other field is kept.

Fields that this version does not know are fields like all others; only what rollouts edit has to have its shape.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from wakeproxy.core.completion import complete
from wakeproxy.errors import UsageError

Document: TypeAlias = "Mapping[str, Any]"

_ADDED: Final = frozenset(
    {
        "compatibilities",
        "deleteRequestedAt",
        "deregisteredAt",
        "registeredAt",
        "registeredBy",
        "requiresAttributes",
        "revision",
        "status",
        "taskDefinitionArn",
    }
)
"""What ``TaskDefinition`` has and ``RegisterTaskDefinition`` does not take (API reference of ECS)."""
_WITHIN_CONTAINERS: Final = {"environment": "name", "secrets": "name", "portMappings": ""}
"""Lists that are read here, and the field without which their elements cannot be told apart."""
_RESERVED: Final = "aws:"
"""Tags with this prefix are AWS's own; it refuses them from anybody else."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A task definition: registered, or as it is to be registered."""

    document: Document
    """What ``RegisterTaskDefinition`` takes, without tags."""
    tags: Mapping[str, str] = field(default_factory=dict)
    arn: str = ""
    """Empty while it is not registered."""
    is_active: bool = True

    @property
    def family(self) -> str:
        """Its family."""
        return str(self.document["family"])

    @property
    def number(self) -> int | None:
        """Its number within the family; ``None`` while it is not registered."""
        return int(self.arn.rpartition(":")[2]) if self.arn else None

    @property
    def label(self) -> str:
        """What people call it: ``shop:12``, and ``shop`` while it is not registered."""
        return self.family if self.number is None else f"{self.family}:{self.number}"

    @property
    def containers(self) -> Sequence[Document]:
        """Its container definitions, as they are written."""
        return tuple(self.document["containerDefinitions"])

    @property
    def images(self) -> Mapping[str, str]:
        """The image of each container, as it is written."""
        return {container["name"]: container["image"] for container in self.containers}


def read_revision(described: Document, tags: Sequence[Mapping[str, str]] = ()) -> Revision:
    """Read ``taskDefinition`` and ``tags`` of ``DescribeTaskDefinition`` or ``RegisterTaskDefinition``.

    Tags that only AWS can set are left out.
    """
    return Revision(
        {key: value for key, value in described.items() if key not in _ADDED},
        tags={tag["key"]: tag.get("value", "") for tag in tags if not tag["key"].lower().startswith(_RESERVED)},
        arn=described.get("taskDefinitionArn", ""),
        is_active=described.get("status", "ACTIVE") == "ACTIVE",
    )


def read_written(written: Any) -> Revision:
    """Read what somebody wrote into a file: a task definition, bare or as ``DescribeTaskDefinition`` wraps it.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(written, Mapping):
        raise UsageError("The task definition is no object; write one with 'family' and 'containerDefinitions'.")
    outer = _without_nulls(written)
    inner = outer.get("taskDefinition", outer)
    if not isinstance(inner, Mapping):
        raise UsageError(f"'taskDefinition' is {inner!r}; write the task definition itself, not its name.")
    document = {key: value for key, value in inner.items() if key not in _ADDED and key != "tags"}
    _check(document)
    tags = [*_read_tags(inner)] if inner is outer else [*_read_tags(inner), *_read_tags(outer)]
    return read_revision(document, tags)


def would_be_same(wanted: Revision, registered: Revision) -> bool:
    """Whether registering one would only repeat the other: defaults that ECS fills in are no difference."""
    return wanted.tags == registered.tags and complete(wanted.document) == complete(registered.document)


def _without_nulls(value: Any) -> Any:
    """Take nulls for absence, as skeletons of requests are full of them, which AWS's libraries refuse."""
    if isinstance(value, Mapping):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_nulls(one) for one in value if one is not None]
    return value


def _read_tags(written: Document) -> Sequence[Mapping[str, str]]:
    tags = written.get("tags", [])
    if not _is_list_of_structures(tags, having="key"):
        raise UsageError("The task definition's 'tags' are no list of objects with 'key' and 'value'; write them so.")
    return [{"key": str(tag["key"]), "value": str(tag.get("value", ""))} for tag in tags]


def _check(document: Document) -> None:
    """Refuse what could neither be edited nor registered."""
    family = document.get("family")
    if not isinstance(family, str) or not family:
        raise UsageError("The task definition names no 'family'; add it.")
    containers = document.get("containerDefinitions")
    if not containers or not _is_list_of_structures(containers):
        raise UsageError(f"The task definition of {family!r} has no list 'containerDefinitions'; add one container.")
    for number, container in enumerate(containers, 1):
        _check_container(container, f"container {container.get('name') or number} of {family!r}")
    names = [container["name"] for container in containers]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"The task definition of {family!r} has two containers named {doubled[0]!r}; rename one.")


def _check_container(container: Document, subject: str) -> None:
    for key in ("name", "image"):
        if not isinstance(container.get(key), str) or not container[key]:
            raise UsageError(f"In the task definition, {subject} has no {key!r}; add it.")
    for key, having in _WITHIN_CONTAINERS.items():
        if not _is_list_of_structures(container.get(key, []), having=having):
            fields = f" with {having!r}" if having else ""
            raise UsageError(
                f"In the task definition, {key!r} of {subject} is no list of objects{fields}; write it so."
            )


def _is_list_of_structures(value: Any, *, having: str = "") -> bool:
    return isinstance(value, list) and all(
        isinstance(one, Mapping) and (not having or isinstance(one.get(having), str)) for one in value
    )
