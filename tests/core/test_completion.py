import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.documents import DOCUMENTS, container
from wakeproxy.core.completion import complete, count_cpu, count_memory, find_keys


def of(*containers: Any, **fields: Any) -> dict[str, Any]:
    return complete({"containerDefinitions": list(containers), **fields})


@given(DOCUMENTS)
def test_what_is_complete_stays_as_it_is(document: dict[str, Any]) -> None:
    assert complete(complete(document)) == complete(document)


@given(DOCUMENTS)
def test_completing_changes_no_document_itself(document: dict[str, Any]) -> None:
    before = copy.deepcopy(document)
    complete(document)

    assert document == before


@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_the_order_of_containers_and_variables_means_nothing(document: dict[str, Any], rng: Any) -> None:
    shuffled = copy.deepcopy(document)
    for elements in (
        shuffled["containerDefinitions"],
        *(c.get("environment", []) for c in shuffled["containerDefinitions"]),
    ):
        rng.shuffle(elements)

    assert complete(shuffled) == complete(document)


def test_the_order_of_a_command_means_something() -> None:
    assert of(container(command=["b", "a"])) != of(container(command=["a", "b"]))


SAME = {
    "container": (container(), container(cpu=0, essential=True, systemControls=[], versionConsistency="enabled")),
    "null": (container(), container(cpu=None, user=None, linuxParameters={"capabilities": {"add": []}})),
    "protocol": (
        container(portMappings=[{"containerPort": 80}]),
        container(portMappings=[{"containerPort": 80, "protocol": "tcp"}]),
    ),
    "no host port": (
        container(portMappings=[{"containerPort": 80}]),
        container(portMappings=[{"containerPort": 80, "hostPort": 0}]),
    ),
    "ports' order": (
        container(portMappings=[{"containerPort": 80}, {"containerPort": 81, "protocol": "udp"}]),
        container(portMappings=[{"containerPort": 81, "protocol": "udp"}, {"containerPort": 80}]),
    ),
    "health check": (
        container(healthCheck={"command": ["CMD", "true"]}),
        container(healthCheck={"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3}),
    ),
    "mount point": (
        container(mountPoints=[{"containerPath": "/a"}]),
        container(mountPoints=[{"containerPath": "/a", "readOnly": False}]),
    ),
    "secrets' order": (
        container(secrets=[{"name": "A", "valueFrom": "a"}, {"name": "B", "valueFrom": "b"}]),
        container(secrets=[{"name": "B", "valueFrom": "b"}, {"name": "A", "valueFrom": "a"}]),
    ),
    "restarts": (
        container(restartPolicy={"enabled": True}),
        container(restartPolicy={"enabled": True, "ignoredExitCodes": [], "restartAttemptPeriod": 300}),
    ),
}


@pytest.mark.parametrize("case", SAME)
def test_containers_mean_the_same_with_what_ecs_fills_in(case: str) -> None:
    written, registered = SAME[case]

    assert of(written) == of(registered)


DIFFERENT = {
    "essential": (container(), container(essential=False)),
    "host port": (
        container(portMappings=[{"containerPort": 80}]),
        container(portMappings=[{"containerPort": 80, "hostPort": 8080}]),
    ),
    "udp": (
        container(portMappings=[{"containerPort": 80}]),
        container(portMappings=[{"containerPort": 80, "protocol": "udp"}]),
    ),
    "empty variable": (container(), container(environment=[{"name": "A", "value": ""}])),
    "variable twice": (
        container(environment=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
        container(environment=[{"name": "A", "value": "2"}, {"name": "A", "value": "1"}]),
    ),
    "no health check": (container(), container(healthCheck={"command": ["CMD", "true"]})),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_containers_differ_in_what_ecs_would_not_fill_in(case: str) -> None:
    one, other = DIFFERENT[case]

    assert of(one) != of(other)


@pytest.mark.parametrize(("mode", "port"), [("awsvpc", 80), ("host", 80), ("bridge", 0)])
def test_the_port_of_a_host_is_as_the_network_mode_has_it(mode: str, port: int) -> None:
    completed = of(container(portMappings=[{"containerPort": 80}]), networkMode=mode)

    assert completed["containerDefinitions"][0]["portMappings"] == [
        {"containerPort": 80, "protocol": "tcp", "hostPort": port}
    ]


def test_a_range_of_ports_gets_no_host_port() -> None:
    completed = of(container(portMappings=[{"containerPortRange": "80-90"}]), networkMode="awsvpc")

    assert completed["containerDefinitions"][0]["portMappings"] == [{"containerPortRange": "80-90", "protocol": "tcp"}]


@pytest.mark.parametrize(
    ("written", "registered"),
    [
        ({"cpu": ".25 vCPU", "memory": "0.5 GB"}, {"cpu": "256", "memory": "512"}),
        ({"cpu": "1vcpu", "memory": "1gb"}, {"cpu": "1024", "memory": "1024"}),
        ({"cpu": 256}, {"cpu": "256"}),
        ({}, {"networkMode": "bridge", "enableFaultInjection": False, "volumes": [], "placementConstraints": []}),
        ({"requiresCompatibilities": ["FARGATE", "EC2"]}, {"requiresCompatibilities": ["EC2", "FARGATE"]}),
        (
            {"volumes": [{"name": "a"}, {"name": "b"}]},
            {"volumes": [{"name": "b", "host": {}}, {"name": "a", "host": {}}]},
        ),
        (
            {"volumes": [{"name": "a", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]},
            {
                "volumes": [
                    {
                        "name": "a",
                        "efsVolumeConfiguration": {
                            "fileSystemId": "fs-1",
                            "rootDirectory": "/",
                            "transitEncryption": "DISABLED",
                        },
                    }
                ]
            },
        ),
    ],
)
def test_tasks_mean_the_same_with_what_ecs_fills_in(written: dict[str, Any], registered: dict[str, Any]) -> None:
    assert of(container(), **written) == of(container(), **registered)


def test_an_amount_that_nobody_can_read_stays_as_it_is() -> None:
    assert of(container(), cpu="plenty")["cpu"] == "plenty"


@pytest.mark.parametrize(
    ("written", "units"),
    [
        ("512", "512"),
        (" 512 ", "512"),
        ("0.5 vCPU", "512"),
        (".5vcpu", "512"),
        ("1 GB", None),
        ("", None),
        ("1.", None),
    ],
)
def test_cpu_is_counted_in_units(written: str, units: str | None) -> None:
    assert count_cpu(written) == units


@pytest.mark.parametrize(("written", "units"), [("512", "512"), ("2 GB", "2048"), ("0.5gb", "512"), ("1 vCPU", None)])
def test_memory_is_counted_in_mib(written: str, units: str | None) -> None:
    assert count_memory(written) == units


@pytest.mark.parametrize(
    ("elements", "place", "keys"),
    [
        ([{"name": "b"}, {"name": "a"}], ("containerDefinitions",), ["b", "a"]),
        ([{"name": "a"}, {"name": "a"}], ("volumes",), None),
        ([{"name": "a"}, {}], ("volumes",), None),
        (["name"], ("volumes",), None),
        (["EC2"], ("requiresCompatibilities",), ["EC2"]),
        (["sh"], ("containerDefinitions", "command"), None),
        ([{"containerPort": 80, "protocol": "tcp"}], ("containerDefinitions", "portMappings"), ["80/tcp"]),
    ],
)
def test_elements_are_told_apart_by_name_where_they_have_one(
    elements: list[Any], place: tuple[str, ...], keys: list[str] | None
) -> None:
    assert find_keys(elements, place) == keys
