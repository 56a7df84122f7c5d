"""Task definitions for tests: some by hand, and all kinds by hypothesis."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from wakeproxy.core.taskdef import Revision

ARN = "arn:aws:ecs:eu-central-1:123456789012:task-definition/shop:12"
# Only ECS adds these; their values are of the kinds that it answers with.
ADDED: Mapping[str, Any] = {
    "taskDefinitionArn": ARN,
    "revision": 12,
    "status": "ACTIVE",
    "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.task-iam-role"}],
    "compatibilities": ["EC2", "FARGATE"],
    "registeredAt": 1764268000.5,
    "registeredBy": "arn:aws:iam::123456789012:user/ana",
    "deregisteredAt": 1764268001.5,
    "deleteRequestedAt": 1764268002.5,
}


def container(name: str = "web", image: str = "acct/shop:1", **fields: Any) -> dict[str, Any]:
    return {"name": name, "image": image, **fields}


def revision(*containers: Mapping[str, Any], tags: Mapping[str, str] | None = None, **fields: Any) -> Revision:
    return Revision({"family": "shop", "containerDefinitions": list(containers) or [container()], **fields}, tags or {})


NAMES = st.text("ABab_", min_size=1, max_size=3)
TEXTS = st.text(max_size=4)
# What a later API may add: any JSON.
UNKNOWN = st.recursive(
    st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)


def structures(required: Mapping[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]) -> Any:
    return st.fixed_dictionaries(dict(required), optional={**optional, "anUnknownField": UNKNOWN})


def entries(key: str, values: st.SearchStrategy[Any] = TEXTS) -> Any:
    return st.lists(structures({"name": NAMES, key: values}), max_size=3, unique_by=lambda one: one["name"])


IMAGES = st.sampled_from(
    [
        "acct/shop:1",
        "acct/shop",
        f"acct/shop@sha256:{'0' * 64}",
        "docker.io/acct/shop:2",
        "my-acct/shop:1",
        "envoy:3",
        "{{unreadable}}",
    ]
)
CONTAINERS = structures(
    {"name": st.sampled_from(["web", "proxy", "job"]), "image": IMAGES},
    cpu=st.integers(0, 4),
    essential=st.booleans(),
    command=st.lists(TEXTS, max_size=2),
    environment=entries("value"),
    secrets=entries("valueFrom"),
    portMappings=st.lists(
        structures(
            {"containerPort": st.integers(80, 82)},
            hostPort=st.integers(0, 81),
            protocol=st.sampled_from(["tcp", "udp"]),
        ),
        max_size=3,
    ),
    mountPoints=st.lists(structures({"containerPath": TEXTS}, readOnly=st.booleans()), max_size=2),
    healthCheck=structures({"command": st.lists(TEXTS)}, interval=st.sampled_from([5, 30]), retries=st.just(3)),
    dockerLabels=st.dictionaries(NAMES, TEXTS, max_size=2),
)
DOCUMENTS = structures(
    {
        "family": st.sampled_from(["shop", "blog"]),
        "containerDefinitions": st.lists(CONTAINERS, min_size=1, max_size=3, unique_by=lambda one: one["name"]),
    },
    networkMode=st.sampled_from(["awsvpc", "bridge", "host"]),
    cpu=st.sampled_from(["256", ".25 vCPU", "512"]),
    memory=st.sampled_from(["1024", "1 GB", "1gb", "2048"]),
    requiresCompatibilities=st.lists(st.sampled_from(["EC2", "FARGATE"]), max_size=2, unique=True),
    volumes=st.lists(structures({"name": NAMES}, host=st.just({})), max_size=2),
)
TAGS = st.dictionaries(st.text("ab:", min_size=1, max_size=2), TEXTS, max_size=2)
REVISIONS = st.builds(Revision, DOCUMENTS, TAGS)
