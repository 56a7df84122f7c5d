from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from wakeproxy.core.observation import ServiceEvent
from wakeproxy.core.release import Placement, Release, ReleaseDeployment, family_of, label_of, read_release
from wakeproxy.core.service import EcsService

ECS = EcsService("apps", "shop")
AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
ARN = "arn:aws:ecs:eu-central-1:123456789012:task-definition/shop:2"
DESCRIBED: dict[str, Any] = {
    "status": "ACTIVE",
    "taskDefinition": ARN,
    "desiredCount": 3,
    "runningCount": 2,
    "pendingCount": 1,
    "launchType": "FARGATE",
    "platformVersion": "1.4.0",
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    "deploymentController": {"type": "CODE_DEPLOY"},
    "schedulingStrategy": "DAEMON",
    "deploymentConfiguration": {
        "deploymentCircuitBreaker": {"enable": True, "rollback": False},
        "minimumHealthyPercent": 0,
        "maximumPercent": 150,
    },
    "deployments": [
        {
            "id": "ecs-svc/2",
            "status": "PRIMARY",
            "taskDefinition": ARN,
            "rolloutState": "IN_PROGRESS",
            "rolloutStateReason": "in progress.",
            "desiredCount": 3,
            "runningCount": 2,
            "pendingCount": 1,
            "failedTasks": 4,
            "createdAt": AT,
        }
    ],
    "events": [{"id": str(n), "createdAt": AT, "message": f"({n})"} for n in range(100)],
}


def test_a_service_is_read_with_all_that_a_rollout_looks_at() -> None:
    found = read_release(DESCRIBED, ecs=ECS)

    deployment = ReleaseDeployment(
        "ecs-svc/2", "PRIMARY", ARN, "IN_PROGRESS", "in progress.", desired=3, running=2, pending=1, failed=4,
        created_at=AT,
    )  # fmt: skip
    assert found.deployments == (deployment,)
    assert found.primary == found.find("ecs-svc/2") == deployment
    assert (found.desired, found.running, found.pending) == (3, 2, 1)
    assert found.placement == Placement("FARGATE", (), "1.4.0", DESCRIBED["networkConfiguration"])
    assert found.controller == "CODE_DEPLOY"
    assert found.has_breaker
    assert found.is_daemon
    assert (found.min_percent, found.max_percent) == (0, 150)


def test_of_a_hundred_events_the_newest_are_kept() -> None:
    events = read_release(DESCRIBED, ecs=ECS).events
    assert events[0] == ServiceEvent(AT, "(0)")
    assert len(events) == 20


def test_what_aws_leaves_out_is_nothing() -> None:
    assert read_release({"taskDefinition": ARN}, ecs=ECS) == Release(ECS, "ACTIVE", ARN)


def test_a_deployment_that_is_not_there_is_not_found() -> None:
    found = read_release({}, ecs=ECS)
    assert found.primary is None
    assert found.find("ecs-svc/1") is None


def test_the_newest_deployment_took_until_ecs_called_it_completed() -> None:
    primary = ReleaseDeployment("ecs-svc/2", "PRIMARY", ARN, "COMPLETED", created_at=AT)
    done = ServiceEvent(AT + timedelta(minutes=1), "(service shop) (deployment ecs-svc/2) deployment completed.")
    steady = ServiceEvent(AT + timedelta(hours=6), "(service shop) has reached a steady state.")
    seen = Release(ECS, "ACTIVE", ARN, deployments=(primary,), events=(steady, done))
    assert seen.usual == timedelta(minutes=1)
    assert replace(seen, events=(steady,)).usual is None
    assert replace(seen, deployments=(replace(primary, created_at=None),)).usual is None
    assert replace(seen, deployments=()).usual is None


def test_a_revision_is_called_by_family_and_number() -> None:
    assert label_of(ARN) == label_of("shop:2") == "shop:2"
    assert family_of(ARN) == family_of("shop:2") == family_of("shop") == "shop"
