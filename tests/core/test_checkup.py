"""What is found wrong with how a service and its task definition are set up."""

from datetime import timedelta
from typing import Any

import pytest

from tests.core.documents import container, revision
from wakeproxy.core.checkup import (
    Finding,
    Severity,
    Surroundings,
    check_network,
    check_revision,
    check_service,
    groups_of,
    subnets_of,
)
from wakeproxy.core.names import ServiceName
from wakeproxy.core.release import Placement, Release
from wakeproxy.core.service import Address, EcsService, Ready, Service

ECS = EcsService("apps", "shop")
ARN = "arn:aws:ecs:eu-central-1:123456789012:task-definition/shop:2"
ERROR, WARNING = Severity.ERROR, Severity.WARNING
WEB: dict[str, Any] = {"portMappings": [{"containerPort": 8080}]}
RULE = {"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8080}
SHUT = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}


def a_service(**fields: Any) -> Service:
    return Service(ServiceName("shop"), ECS, **{"ready": Ready("/healthz"), **fields})


def a_release(*, public: bool = False, launch_type: str = "FARGATE", **fields: Any) -> Release:
    network = {
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": ["sg-1", "sg-2"],
        "assignPublicIp": "ENABLED" if public else "DISABLED",
    }
    placement = Placement(launch_type, network={"awsvpcConfiguration": network})
    return Release(ECS, "ACTIVE", ARN, **{"placement": placement, **fields})


def found_in(service: Service, *containers: dict[str, Any], **fields: Any) -> list[tuple[Severity, str]]:
    found = check_revision(service, revision(*containers, **{"networkMode": "awsvpc", **fields}))
    return [(one.severity, one.sentence) for one in found]


def test_a_finding_is_told_with_whose_it_is_unless_it_says_so_itself() -> None:
    assert str(Finding(ERROR, "services.shop", "It is broken.")) == "services.shop: It is broken."
    assert str(Finding(ERROR, "", "There is no table.")) == "There is no table."


def test_nothing_is_wrong_with_a_service_as_most_are() -> None:
    assert list(check_service(a_service(), a_release())) == []


def test_a_daemon_cannot_sleep() -> None:
    (found,) = check_service(a_service(address=Address.PUBLIC), a_release(is_daemon=True, max_percent=100))

    assert (found.severity, found.subject) == (ERROR, "services.shop")
    assert found.sentence == (
        "apps/shop is scheduled as DAEMON, so it has no desired count and cannot sleep; "
        "make it anew with the scheduling strategy REPLICA."
    )


@pytest.mark.parametrize(
    ("release", "remedy"),
    [
        (a_release(public=True), None),
        (a_release(), "set assignPublicIp to ENABLED, or set address: private and run wakeproxy inside the VPC."),
        (a_release(launch_type="EC2"), "tasks on EC2 cannot have any, so set address: private"),
        (a_release(placement=Placement()), None),  # it is of each task set
    ],
)
def test_a_public_address_has_to_be_assigned(release: Release, remedy: str | None) -> None:
    found = list(check_service(a_service(address=Address.PUBLIC), release))

    assert [one.severity for one in found] == ([ERROR] if remedy else [])
    assert all("apps/shop gives its tasks none" in one.sentence and str(remedy) in one.sentence for one in found)


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_what_others_roll_out_cannot_be_deployed(controller: str) -> None:
    (found,) = check_service(a_service(), a_release(controller=controller, max_percent=100))

    assert found.severity is WARNING
    assert f"apps/shop is rolled out by {controller}, so `wakeproxy deploy` and `rollback` refuse it" in found.sentence


@pytest.mark.parametrize(
    ("desired", "wanted", "least", "most", "has_room"),
    [
        (1, 1, 100, 200, True),
        (1, 1, 100, 100, False),
        (1, 1, 50, 100, False),  # half a task is a whole one
        (1, 1, 50, 150, False),
        (1, 1, 0, 100, True),
        (0, 1, 100, 100, False),  # asleep: as it will be when it is awake
        (0, 2, 50, 100, True),
        (2, 1, 50, 100, True),
        (2, 1, 51, 149, False),
        (2, 1, 51, 150, True),
    ],
)
def test_a_deployment_needs_room(desired: int, wanted: int, least: int, most: int, *, has_room: bool) -> None:
    release = a_release(desired=desired, min_percent=least, max_percent=most)

    found = list(check_service(a_service(desired_count=wanted), release))

    assert [one.severity for one in found] == ([] if has_room else [WARNING])
    assert all(f"minimumHealthyPercent {least} lets none stop and maximumPercent {most}" in str(one) for one in found)


def test_nothing_is_wrong_with_a_task_definition_as_most_are() -> None:
    assert found_in(a_service(), container(**WEB)) == []


@pytest.mark.parametrize("fields", [{"networkMode": "bridge"}, {"networkMode": "host"}])
def test_tasks_need_an_address_of_their_own(fields: dict[str, Any]) -> None:
    sentence = (
        f"shop has the network mode {fields['networkMode']}, so its tasks have no address of their own; "
        "set networkMode to awsvpc."
    )
    assert found_in(a_service(), container(**WEB), **fields) == [(ERROR, sentence)]


def test_without_a_network_mode_it_is_bridge() -> None:
    (found,) = check_revision(a_service(), revision(container(**WEB)))

    assert "network mode bridge" in found.sentence


@pytest.mark.parametrize(
    ("mappings", "ports"),
    [
        ([{"containerPort": 80}, {"containerPort": 8080}], None),
        ([{"containerPort": 8080, "protocol": "tcp"}], None),
        ([{"containerPortRange": "8000-8080"}], None),
        ([{"containerPort": 80}], "80"),
        ([{"containerPort": 80}, {"containerPort": 443}, {"containerPort": 80}], "443, 80"),
        ([{"containerPort": 8080, "protocol": "udp"}], "8080/udp"),
        ([{"containerPortRange": "8000-8079"}], "8000-8079"),
        ([{}], "None"),
    ],
)
def test_some_container_has_the_port(mappings: list[dict[str, Any]], ports: str | None) -> None:
    found = found_in(a_service(), container("side"), container(portMappings=mappings))

    sentence = (
        f"No container of shop has the port 8080, only {ports}; "
        "correct services.shop.port, or the container's portMappings."
    )
    assert found == ([] if ports is None else [(ERROR, sentence)])


def test_where_no_port_is_named_it_is_not_known_who_listens() -> None:
    ((severity, sentence),) = found_in(a_service(port=80), container(), container("side", portMappings=[]))

    assert severity is WARNING
    assert "not known whether anything listens on port 80; add it to a container's portMappings" in sentence


@pytest.mark.parametrize(
    ("ready", "check", "is_fine"),
    [
        (Ready("/healthz"), {}, True),
        (Ready(), {"command": ["CMD", "true"]}, True),
        (Ready(), {}, False),
        (Ready(), {"command": ["NONE"]}, False),
    ],
)
def test_a_tcp_connect_alone_may_come_too_early(ready: Ready, check: dict[str, Any], *, is_fine: bool) -> None:
    found = found_in(a_service(ready=ready), container(**WEB, healthCheck=check))

    assert [severity for severity, _ in found] == ([] if is_fine else [WARNING])
    assert all("set ready.path, or give a container a healthCheck" in sentence for _, sentence in found)


@pytest.mark.parametrize(
    ("check", "seconds"),
    [
        ({}, None),
        ({"startPeriod": 210}, None),
        ({"startPeriod": 211}, 301),
        ({"startPeriod": None, "interval": 31, "retries": 10}, 310),
        ({"interval": 300}, 900),
    ],
)
def test_a_wake_lasts_as_long_as_ecs_takes_to_see_that_it_failed(check: dict[str, Any], seconds: int | None) -> None:
    health = {"command": ["CMD", "true"], **check}

    found = found_in(a_service(wake_timeout=timedelta(minutes=5)), container(**WEB, healthCheck=health))

    assert [severity for severity, _ in found] == ([WARNING] if seconds else [])
    assert all(
        "given up after 300 s" in sentence and f"take {seconds} s; raise wake_timeout" in sentence
        for _, sentence in found
    )


ALL_THERE = Surroundings(frozenset({"subnet-1", "subnet-2"}), {"sg-1": (SHUT,), "sg-2": (SHUT, RULE)})


def test_nothing_is_wrong_with_a_network_that_lets_somebody_in() -> None:
    assert list(check_network(a_service(), a_release(), ALL_THERE)) == []


def test_a_service_without_a_network_of_its_own_is_not_judged() -> None:
    release = a_release(placement=Placement())

    assert subnets_of(release) == groups_of(release) == ()
    assert list(check_network(a_service(), release, Surroundings())) == []


def test_missing_subnets_and_groups_are_told_one_by_one() -> None:
    found = list(check_network(a_service(), a_release(), Surroundings()))

    assert {one.severity for one in found} == {ERROR}
    assert [one.sentence.partition(";")[0] for one in found] == [
        "There is no subnet subnet-1",
        "There is no subnet subnet-2",
        "There is no security group sg-1",
        "There is no security group sg-2",
    ]


@pytest.mark.parametrize(
    ("rule", "is_open"),
    [
        (RULE, True),
        ({"IpProtocol": "-1"}, True),
        ({"IpProtocol": "6", "FromPort": 8080, "ToPort": 8080}, True),
        ({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535}, True),
        ({"IpProtocol": "udp", "FromPort": 8080, "ToPort": 8080}, False),
        ({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1}, False),
        ({"IpProtocol": "tcp", "FromPort": 8081, "ToPort": 9000}, False),
        ({"IpProtocol": "tcp"}, False),
        ({}, False),
    ],
)
def test_some_rule_admits_the_port(rule: dict[str, Any], *, is_open: bool) -> None:
    surroundings = Surroundings(ALL_THERE.subnets, {"sg-1": (), "sg-2": (rule,)})

    found = list(check_network(a_service(), a_release(), surroundings))

    sentence = (
        "No rule of sg-1, sg-2 admits TCP port 8080; add an inbound rule for wakeproxy's security group or addresses."
    )
    assert [one.sentence for one in found] == ([] if is_open else [sentence])
