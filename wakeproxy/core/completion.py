"""What ECS fills into a task definition when it is registered, by which two of them are told to mean the same.

Defaults are those that the API reference names. Here is no opinion about what a document should have: fields that
nothing is known of stay as they are.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

Place = tuple[str, ...]
"""Where in a document: the fields on the way there, without positions in lists."""

_CONTAINERS: Final = "containerDefinitions"
_EFS: Final = "efsVolumeConfiguration"
_DEFAULTS: Final[Mapping[Place, Mapping[str, Any]]] = {
    (): {"networkMode": "bridge", "enableFaultInjection": False},
    (_CONTAINERS,): {"cpu": 0, "essential": True, "versionConsistency": "enabled"},
    (_CONTAINERS, "portMappings"): {"protocol": "tcp"},
    (_CONTAINERS, "mountPoints"): {"readOnly": False},
    (_CONTAINERS, "volumesFrom"): {"readOnly": False},
    (_CONTAINERS, "healthCheck"): {"interval": 30, "timeout": 5, "retries": 3, "startPeriod": 0},
    (_CONTAINERS, "restartPolicy"): {"restartAttemptPeriod": 300},
    ("volumes", _EFS): {"rootDirectory": "/", "transitEncryption": "DISABLED"},
    ("volumes", _EFS, "authorizationConfig"): {"iam": "DISABLED"},
}
_NAMES: Final[Mapping[Place, str]] = {
    (_CONTAINERS,): "name",
    (_CONTAINERS, "environment"): "name",
    (_CONTAINERS, "secrets"): "name",
    (_CONTAINERS, "logConfiguration", "secretOptions"): "name",
    (_CONTAINERS, "mountPoints"): "containerPath",
    (_CONTAINERS, "volumesFrom"): "sourceContainer",
    (_CONTAINERS, "ulimits"): "name",
    (_CONTAINERS, "systemControls"): "namespace",
    (_CONTAINERS, "dependsOn"): "containerName",
    ("volumes",): "name",
    ("proxyConfiguration", "properties"): "name",
}
"""Lists of structures whose order means nothing, and the field that tells their elements apart."""
_PORTS: Final = (_CONTAINERS, "portMappings")
_SETS: Final = frozenset({("requiresCompatibilities",)})
"""Lists of texts whose order means nothing."""
_SHARED_PORTS: Final = frozenset({"awsvpc", "host"})
"""Network modes in which a container's port and its host's are one."""
_AMOUNT: Final = r"([0-9]+|[0-9]*\.[0-9]+)"


def complete(document: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what ECS would, leave out what is empty, and order lists whose order means nothing."""
    completed: dict[str, Any] = _complete(document, ())
    for field, count in (("cpu", count_cpu), ("memory", count_memory)):
        if field in completed:
            written = str(completed[field])
            completed[field] = count(written) or written
    is_shared = completed.get("networkMode") in _SHARED_PORTS
    for container in completed.get(_CONTAINERS, ()):
        for mapping in container.get("portMappings", ()):
            _fill_host_port(mapping, is_shared=is_shared)
    return completed


def abridge(value: Any, place: Place) -> Any:
    """Leave out of a part of a completed document what ECS would fill in."""
    if isinstance(value, Mapping):
        defaults = _DEFAULTS.get(place, {})
        told = {key: one for key, one in value.items() if key not in defaults or one != defaults[key]}
        return {key: abridge(one, (*place, key)) for key, one in told.items()}
    return [abridge(one, place) for one in value] if isinstance(value, list) else value


def find_keys(elements: Sequence[Any], place: Place) -> list[str] | None:
    """Find what tells a list's elements apart; ``None`` where that is their position alone."""
    keys = [_find_key(one, place) for one in elements]
    known = [key for key in keys if key is not None]
    return known if len(set(known)) == len(keys) else None


def count_cpu(written: str) -> str | None:
    """Count a task's CPU units in ``512`` or ``0.5 vCPU``; ``None`` where it is neither."""
    return _count(written, "vcpu")


def count_memory(written: str) -> str | None:
    """Count a task's MiB of memory in ``2048`` or ``2 GB``; ``None`` where it is neither."""
    return _count(written, "gb")


def _complete(value: Any, place: Place) -> Any:
    if isinstance(value, Mapping):
        fields = {key: _complete(one, (*place, key)) for key, one in value.items()}
        kept = {key: one for key, one in fields.items() if not _is_absent(one)}
        defaults = _DEFAULTS.get(place, {}) if kept else {}
        return kept | {key: one for key, one in defaults.items() if key not in kept}
    if isinstance(value, list | tuple):
        elements = [_complete(one, place) for one in value]
        keys = find_keys(elements, place)
        return elements if keys is None else [one for _, one in sorted(zip(keys, elements, strict=True), key=_by_key)]
    return value


def _by_key(keyed: tuple[str, Any]) -> str:
    return keyed[0]


def _is_absent(value: Any) -> bool:
    """ECS keeps no nulls and tells an empty list or structure from none at all nowhere."""
    return value is None or value in ([], {})


def _find_key(element: Any, place: Place) -> str | None:
    if place in _SETS:
        return str(element)
    if place == _PORTS:
        port = element.get("containerPort", element.get("containerPortRange"))
        return f"{port}/{element.get('protocol')}"
    field = _NAMES.get(place)
    is_named = field is not None and isinstance(element, Mapping) and field in element
    return str(element[field]) if is_named else None


def _fill_host_port(mapping: dict[str, Any], *, is_shared: bool) -> None:
    if "containerPort" in mapping and not mapping.get("hostPort"):
        mapping["hostPort"] = mapping["containerPort"] if is_shared else 0


def _count(written: str, unit: str) -> str | None:
    found = re.fullmatch(rf"{_AMOUNT}\s*({unit})?", written.strip(), re.IGNORECASE)
    return None if found is None else str(round(float(found[1]) * (1024 if found[2] else 1)))
