"""What came of tasks that run once, and what is told to whoever is cut short."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.deploy.test_task_run import ARN, FakeLogs, FakeRuns, a_container, a_revision, a_task, an_order
from wakeproxy.deploy.task_result import run_tasks
from wakeproxy.deploy.task_run import RunPorts
from wakeproxy.deploy.telling import Event, Kind
from wakeproxy.errors import AccessDeniedError, FleetError
from wakeproxy.ports.rollouts import RunOrder

PATIENCE = timedelta(minutes=5)


class Told:
    """What was told, and the exit status."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.status: int | None = None

    def texts(self, kind: Kind) -> Sequence[str]:
        return [event.text for event in self.events if event.kind is kind]

    def details(self, kind: Kind) -> Any:
        return self.events[[event.kind for event in self.events].index(kind)].details

    async def run(self, runs: FakeRuns, *containers: str, patience: timedelta | None = PATIENCE) -> "Told":
        revision = replace(a_revision(*map(a_container, containers)), arn="job:1")
        ports = RunPorts(runs, FakeLogs())
        self.status = await run_tasks(ports, revision, an_order(len(runs.ends)), self.events.append, patience=patience)
        return self


async def test_tasks_that_end_well_are_a_success_with_every_exit_code_told() -> None:
    told = await Told().run(FakeRuns([a_task("1", 0, 0, names=("web", "proxy"))]), "web", "proxy")

    assert told.status == 0
    assert told.texts(Kind.TASK)[-2:] == [
        "task 1: container web exited with code 0",
        "task 1: container proxy exited with code 0",
    ]
    assert told.texts(Kind.RESULT) == ["1 task ended well."]


async def test_a_task_that_fails_fails_the_command_and_says_why() -> None:
    told = await Told().run(FakeRuns([a_task("1", 0), a_task("2", 3)]))

    assert told.status == 1
    assert told.texts(Kind.TASK_FAILED) == ["2: Container job exited with code 3."]
    assert told.texts(Kind.RESULT) == ["1 of 2 tasks failed."]


async def test_a_container_that_never_ran_has_no_exit_code() -> None:
    told = await Told().run(FakeRuns([a_task("1", None, stop_code="TaskFailedToStart", stopped_reason="No room")]))

    assert told.texts(Kind.TASK)[-1] == "task 1: container job has no exit code"
    assert told.texts(Kind.RESULT) == ["The task failed."]


async def test_programs_are_told_all_of_it_at_the_end() -> None:
    told = await Told().run(FakeRuns([a_task("1", 3)]))

    assert told.details(Kind.RESULT) == {
        "outcome": "failed",
        "tasks": [
            {
                "task": f"{ARN}1",
                "succeeded": False,
                "exit_codes": {"job": 3},
                "failures": ["Container job exited with code 3."],
            }
        ],
        "exit_status": 1,
    }


async def test_what_is_started_is_named_at_once() -> None:
    told = await Told().run(FakeRuns([a_task("1"), a_task("2")]))

    assert told.texts(Kind.STARTED) == ["2 tasks of job:1 started: 1, 2"]
    assert told.details(Kind.STARTED) == {"revision": "job:1", "tasks": [f"{ARN}1", f"{ARN}2"]}


async def test_without_patience_nobody_looks_at_what_was_started() -> None:
    runs = FakeRuns()

    told = await Told().run(runs, patience=None)

    assert told.status == 0
    assert runs.asked == []
    assert told.details(Kind.RESULT)["outcome"] == "started"


async def test_too_long_a_run_leaves_with_the_status_of_a_timeout_and_says_what_runs() -> None:
    told = await Told().run(FakeRuns(), patience=timedelta(seconds=10))

    assert told.status == 3
    assert "Still running: 1." in told.texts(Kind.RESULT)[0]
    assert told.details(Kind.RESULT) == {"outcome": "timed out", "running": ("1",), "exit_status": 3}


async def test_whoever_interrupts_is_told_what_runs_on_and_how_to_stop_it() -> None:
    told = Told()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(10):
            await told.run(FakeRuns())

    [stands] = told.texts(Kind.STANDS)
    assert stands == "Still running: 1. Stop a task with: aws ecs stop-task --cluster apps --task 1"


async def test_lost_credentials_leave_the_tasks_named() -> None:
    told = Told()

    with pytest.raises(AccessDeniedError):
        await told.run(FakeRuns(error=AccessDeniedError("AWS refused ecs:DescribeTasks.")))

    assert "Still running: 1." in told.texts(Kind.STANDS)[0]


async def test_whoever_interrupts_the_start_is_told_how_to_find_what_it_started() -> None:
    class Broken(FakeRuns):
        async def start(self, order: RunOrder) -> Sequence[str]:
            raise FleetError(f"ECS did not answer: {order.count}.")

    told = Told()

    with pytest.raises(FleetError):
        await told.run(Broken())

    assert told.texts(Kind.STANDS) == [
        "Whether tasks were started is told by: aws ecs list-tasks --cluster apps --started-by somebody"
    ]
