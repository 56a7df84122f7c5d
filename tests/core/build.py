"""The values the tests of the core start from; each test changes only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import HostPattern, ServiceName, parse_host_pattern
from wakeproxy.core.observation import Container, Observation, Stage, Task
from wakeproxy.core.record import PastWake
from wakeproxy.core.service import EcsService, Service
from wakeproxy.core.sight import Sight
from wakeproxy.core.visit import Visit

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ECS = EcsService("apps", "shop")
NAME = ServiceName("shop")
IMAGE = "registry.example.com/shop:1"


def at(seconds: float) -> datetime:
    """So many seconds after (or, negative, before) the tests' present."""
    return NOW + timedelta(seconds=seconds)


def a_service(**fields: Any) -> Service:
    return replace(Service(NAME, ECS, hosts=(HostPattern(parse_host_pattern("shop.example.com").host),)), **fields)


def a_task(last_status: str = "RUNNING", **fields: Any) -> Task:
    """A task on its way up or running, created 30 seconds ago."""
    task = Task(
        arn="arn:aws:ecs:eu-central-1:123456789012:task/apps/0f1e",
        deployment="ecs-svc/1",
        last_status=last_status,
        desired_status="RUNNING",
        private_address="10.0.1.7",
        created_at=at(-30),
        containers=(Container("app", IMAGE),),
    )
    return replace(task, **fields)


def a_stopped_task(stop_code: str | None, stopped_reason: str | None, **fields: Any) -> Task:
    """A task that was created 30 seconds ago and stopped 5 seconds ago."""
    return replace(
        a_task("STOPPED", desired_status="STOPPED", stopped_at=at(-5)),
        stop_code=stop_code,
        stopped_reason=stopped_reason,
        **fields,
    )


def an_exit(code: int | None, reason: str | None = None, name: str = "app") -> Container:
    return Container(name, IMAGE, exit_code=code, reason=reason)


def an_observation(*tasks: Task, **fields: Any) -> Observation:
    """A service that is wanted once; its counts are those of its tasks."""
    running = sum(task.last_status == "RUNNING" for task in tasks)
    seen = Observation(ECS, NOW, status="ACTIVE", desired=1, running=running, tasks=tasks)
    return replace(seen, **fields)


def a_sight(phase: Phase, **fields: Any) -> Sight:
    return replace(Sight(NAME, phase), **fields)


def a_visit(**fields: Any) -> Visit:
    """A person's browser opening the start page."""
    usual = {"user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "is_navigation": True}
    return Visit(**{"method": "GET", "path": "/", **usual, **fields})


def a_wake(*spans: float, image: str = IMAGE, failure: str | None = None) -> PastWake:
    """A past wake that spent so many seconds in each stage, beginning with the first."""
    began = [at(-3600 + sum(spans[:count])) for count in range(len(spans) + 1)]
    stages = tuple(zip(Stage, began[:-1], strict=False))
    return PastWake(began[0], began[-1], image, stages, failure)
