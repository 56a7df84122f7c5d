"""What AWS answers, read into values: every stage of a Fargate task, and whatever AWS leaves out or adds."""

from typing import Any

import pytest

from tests.core.build import ECS, IMAGE, NOW, at
from tests.core.described import (
    ATTACHED,
    DESCRIBED_SERVICE,
    INTERFACE,
    PRECREATED,
    PRIVATE,
    PUBLIC,
    PULL,
    PULLED,
    STARTED,
    STOPPED,
    TASK_ARN,
    a_described_task,
    an_attachment,
)
from wakeproxy.core.observation import (
    Container,
    Deployment,
    ServiceEvent,
    Stage,
    interface_of,
    list_endpoints,
    read_service,
    read_task,
)
from wakeproxy.core.service import Address

ADDRESSES = {INTERFACE: PUBLIC}

LIFE: list[tuple[str, dict[str, Any], Stage, bool]] = [
    ("placed", a_described_task("PROVISIONING", attachments=[]), Stage.PROVISIONING, False),
    ("given a network", a_described_task("PROVISIONING", attachments=[PRECREATED]), Stage.PROVISIONING, False),
    ("network attached", a_described_task("PROVISIONING"), Stage.PROVISIONING, True),
    ("before the pull", a_described_task("PENDING"), Stage.PROVISIONING, True),
    ("pulling", a_described_task("PENDING", **PULL), Stage.PULLING, True),
    ("pulled", a_described_task("PENDING", **PULLED), Stage.STARTING, True),
    ("activating", a_described_task("ACTIVATING", **PULLED), Stage.STARTING, True),
    ("running", a_described_task("RUNNING", **STARTED), Stage.RUNNING, True),
    ("told to stop", a_described_task("RUNNING", "STOPPED", **STARTED), Stage.REQUESTED, False),
    ("deactivating", a_described_task("DEACTIVATING", "STOPPED", **STARTED), Stage.REQUESTED, False),
    ("stopping", a_described_task("STOPPING", "STOPPED", **STARTED), Stage.REQUESTED, False),
    ("giving back", a_described_task("DEPROVISIONING", "STOPPED", **STOPPED), Stage.REQUESTED, False),
    ("stopped", a_described_task("STOPPED", "STOPPED", **STOPPED), Stage.REQUESTED, False),
    ("deleted", a_described_task("DELETED", "STOPPED", **STOPPED), Stage.REQUESTED, False),
    ("new status", a_described_task("HIBERNATING", **STARTED), Stage.REQUESTED, False),
    ("nothing said", {"taskArn": TASK_ARN}, Stage.REQUESTED, False),
]


@pytest.mark.parametrize(("described", "stage", "dialled"), [one[1:] for one in LIFE], ids=[one[0] for one in LIFE])
def test_each_moment_of_a_fargate_task_has_its_stage_and_endpoint(
    described: dict[str, Any], stage: Stage, *, dialled: bool
) -> None:
    seen = read_service(DESCRIBED_SERVICE, [read_task(described, ADDRESSES)], ecs=ECS, seen_at=NOW)

    assert seen.stage is stage
    private = [one.host for one in list_endpoints(seen, address=Address.PRIVATE, port=80)]
    public = [one.host for one in list_endpoints(seen, address=Address.PUBLIC, port=80)]
    assert (private, public) == (([PRIVATE], [PUBLIC]) if dialled else ([], []))


def test_a_running_task_is_read_in_full() -> None:
    task = read_task(a_described_task("RUNNING", healthStatus="HEALTHY", **STARTED), ADDRESSES)

    assert task.arn == TASK_ARN
    assert task.deployment == "ecs-svc/8262972806176612824"
    assert (task.last_status, task.desired_status, task.health) == ("RUNNING", "RUNNING", "HEALTHY")
    assert (task.interface, task.private_address, task.public_address) == (INTERFACE, PRIVATE, PUBLIC)
    assert (task.created_at, task.started_at, task.stopped_at) == (at(-30), at(-6), None)
    assert (task.pull_started_at, task.pull_stopped_at) == (at(-20), at(-9))
    assert (task.stop_code, task.stopped_reason) == (None, None)
    assert task.containers == (Container("app", IMAGE),)


def test_a_stopped_task_is_read_with_its_reason_and_exit_code() -> None:
    task = read_task(a_described_task("STOPPED", "STOPPED", **STOPPED), {})

    assert task.is_gone
    assert task.stopped_at == at(-1)
    assert (task.stop_code, task.stopped_reason) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert task.containers == (Container("app", IMAGE, exit_code=1),)


def test_the_reason_of_a_container_is_kept() -> None:
    described = {"name": "app", "image": IMAGE, "exitCode": 137, "reason": "OutOfMemoryError: Container killed"}
    task = read_task(a_described_task("STOPPED", containers=[described]), {})

    assert task.containers == (Container("app", IMAGE, 137, "OutOfMemoryError: Container killed"),)


def test_a_container_of_which_nothing_is_said_is_still_one() -> None:
    assert read_task(a_described_task("PENDING", containers=[{}]), {}).containers == (Container("", ""),)


def test_a_task_has_no_public_address_until_its_interface_was_described() -> None:
    assert read_task(a_described_task("RUNNING"), {}).public_address is None
    assert read_task(a_described_task("RUNNING"), {"eni-of-another": PUBLIC}).public_address is None


def test_the_interface_of_a_task_is_found_as_soon_as_it_is_attached() -> None:
    assert interface_of(a_described_task("PROVISIONING", attachments=[PRECREATED])) is None
    assert interface_of(a_described_task("PENDING")) == INTERFACE
    assert interface_of({"taskArn": TASK_ARN}) is None


@pytest.mark.parametrize(
    "attachments",
    [
        [{}],
        [{"type": "ElasticNetworkInterface"}],
        [{"type": "ElasticNetworkInterface", "status": "ATTACHING", "details": []}],
        [PRECREATED],
        [{**PRECREATED, "details": [{"name": "privateIPv4Address"}]}],
        [{**PRECREATED, "details": [{"name": "privateIPv4Address", "value": ""}]}],
        [{"type": "ServiceConnect", "status": "ATTACHED", "details": [{"name": "privateIPv4Address", "value": "x"}]}],
        [{**ATTACHED, "status": "DELETED"}],
    ],
)
def test_an_attachment_that_is_incomplete_or_another_gives_no_address(attachments: list[dict[str, Any]]) -> None:
    task = read_task(a_described_task("PENDING", attachments=attachments), ADDRESSES)

    assert (task.interface, task.private_address, task.public_address) == (None, None, None)


def test_the_network_interface_is_found_among_other_attachments() -> None:
    others = [{"type": "Service Connect", "status": "ATTACHED", "details": []}, {**ATTACHED, "status": "DELETED"}]
    mine = an_attachment("ATTACHED", networkInterfaceId="eni-2", privateIPv4Address="10.0.9.9")

    assert read_task(a_described_task("PENDING", attachments=[*others, mine]), {}).private_address == "10.0.9.9"


def test_a_service_is_read_in_full() -> None:
    seen = read_service(DESCRIBED_SERVICE, [], ecs=ECS, seen_at=NOW)

    assert (seen.ecs, seen.seen_at, seen.status) == (ECS, NOW, "ACTIVE")
    assert (seen.desired, seen.running, seen.pending) == (2, 1, 1)
    assert seen.deployments == (
        Deployment(
            "ecs-svc/8262972806176612824",
            "PRIMARY",
            "COMPLETED",
            "arn:aws:ecs:eu-central-1:123456789012:task-definition/shop:7",
            failed_tasks=3,
            created_at=at(-86_400),
        ),
    )
    assert seen.events == (
        ServiceEvent(at(-28), "(service shop) has started 1 tasks: (task 0f1e2d3c)."),
        ServiceEvent(at(-600), "(service shop) has reached a steady state."),
    )


def test_of_a_services_events_the_five_newest_are_kept() -> None:
    events = [{"id": str(age), "createdAt": at(-age), "message": str(age)} for age in range(100)]
    seen = read_service({**DESCRIBED_SERVICE, "events": events}, [], ecs=ECS, seen_at=NOW)

    assert [event.message for event in seen.events] == ["0", "1", "2", "3", "4"]


def test_target_groups_are_listed_those_of_a_blue_green_deployment_both() -> None:
    seen = read_service(
        {
            "loadBalancers": [
                {"targetGroupArn": "blue", "advancedConfiguration": {"alternateTargetGroupArn": "green"}},
                {"targetGroupArn": "api"},
                {"loadBalancerName": "classic"},
            ]
        },
        [],
        ecs=ECS,
        seen_at=NOW,
    )

    assert seen.target_groups == ("blue", "green", "api")


def test_a_service_of_which_nothing_is_said_is_active_and_at_rest() -> None:
    seen = read_service({}, [], ecs=ECS, seen_at=NOW)

    assert seen.exists
    assert seen.is_at_rest
    assert not seen.is_deploying


@pytest.mark.parametrize("status", ["DRAINING", "INACTIVE"])
def test_a_deleted_service_that_aws_still_describes_does_not_exist(status: str) -> None:
    assert not read_service({**DESCRIBED_SERVICE, "status": status}, [], ecs=ECS, seen_at=NOW).exists


def test_a_task_is_of_unknown_health_until_aws_says_more() -> None:
    assert read_task({"taskArn": TASK_ARN}, {}).health == "UNKNOWN"


def test_a_deployment_of_which_nothing_is_said_is_not_under_way() -> None:
    seen = read_service({"deployments": [{}]}, [], ecs=ECS, seen_at=NOW)

    assert seen.deployments == (Deployment("", "", None, "", failed_tasks=0),)
    assert not seen.is_deploying
