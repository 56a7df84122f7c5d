"""Tasks that run once: followed in virtual time, until all have stopped."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.fakes import EPOCH
from wakeproxy.core.observation import Container, Task
from wakeproxy.core.release import Placement
from wakeproxy.core.taskdef import Revision
from wakeproxy.deploy.task_end import TaskEnd
from wakeproxy.deploy.task_run import RunPorts, TaskRun
from wakeproxy.deploy.telling import Event, Kind
from wakeproxy.errors import AccessDeniedError, FleetError, WakeTimeoutError
from wakeproxy.ports.rollouts import LogLine, LogStream, RunOrder

ARN = "arn:aws:ecs:eu-central-1:123456789012:task/apps/"
LIFE = {0.0: "PROVISIONING", 2.0: "PENDING", 4.0: "RUNNING", 30.0: "DEPROVISIONING", 32.0: "STOPPED"}
SLOW = {"timeout": timedelta(minutes=10)}


def a_container(name: str, *, essential: bool = True, prefix: str | None = "run") -> Mapping[str, Any]:
    options = {"awslogs-group": "/ecs/job", "awslogs-region": "eu-central-1"}
    if prefix is not None:
        options["awslogs-stream-prefix"] = prefix
    logging = {"logDriver": "awslogs", "options": options}
    return {"name": name, "image": "acme/job:1", "essential": essential, "logConfiguration": logging}


def a_revision(*containers: Mapping[str, Any]) -> Revision:
    return Revision({"family": "job", "containerDefinitions": list(containers or [a_container("job")])}, arn="job:1")


def a_task(name: str = "1", *exits: int | None, names: Sequence[str] = ("job",), **fields: Any) -> Task:
    """A task as it is when it has stopped."""
    containers = tuple(
        Container(one, "acme/job:1", exit_code=code) for one, code in zip(names, exits or (0,), strict=True)
    )
    stopped = {"stop_code": "EssentialContainerExited", "stopped_reason": "Essential container in task exited"}
    return Task(ARN + name, None, "STOPPED", "STOPPED", containers=containers, **{**stopped, **fields})


@dataclass
class FakeRuns:
    """`Runs` whose tasks live as they are told to, from the loop's time 0 on."""

    ends: Sequence[Task] = (a_task(),)
    life: Mapping[float, str] = field(default_factory=lambda: LIFE)
    shown_after: float = 0.0
    shown_until: float = 1e9
    error: FleetError | None = None
    orders: list[RunOrder] = field(default_factory=list)
    asked: list[Sequence[str]] = field(default_factory=list)

    async def start(self, order: RunOrder) -> Sequence[str]:
        self.orders.append(order)
        return [task.arn for task in self.ends]

    async def look(self, cluster: str, tasks: Sequence[str]) -> Sequence[Task]:
        assert cluster == "apps"
        assert tasks, "a call about nothing"
        self.asked.append(tuple(tasks))
        if self.error is not None:
            raise self.error
        now = asyncio.get_running_loop().time()
        if not self.shown_after <= now < self.shown_until:
            return []
        status = [each for at, each in self.life.items() if at <= now][-1]
        return [self._as_of(task, status) for task in self.ends if task.arn in tasks]

    def _as_of(self, task: Task, status: str) -> Task:
        if status == "STOPPED":
            return task
        return replace(task, last_status=status, desired_status="RUNNING", stop_code=None, stopped_reason=None)


@dataclass
class FakeLogs:
    """`Logs` where a line is shown some time after the loop's time 0; a place is how many were read."""

    lines: Mapping[str, Mapping[float, str]] = field(default_factory=dict)
    error: FleetError | None = None
    page: int = 2
    has_empty_pages: bool = False
    asked: list[tuple[float, LogStream]] = field(default_factory=list)

    async def read(self, stream: LogStream, *, since: str | None) -> tuple[Sequence[LogLine], str | None]:
        now = asyncio.get_running_loop().time()
        self.asked.append((now, stream))
        if self.error is not None:
            raise self.error
        shown = [LogLine(EPOCH, text) for at, text in self.lines.get(stream.name, {}).items() if at <= now]
        since = since or "0"
        begin = int(since.rstrip("-"))
        if self.has_empty_pages and begin < len(shown) and not since.endswith("-"):
            return [], f"{begin}-"
        page = shown[begin : begin + self.page]
        return page, str(begin + len(page)) if page else since


@dataclass
class Followed:
    """A run that was followed to its end."""

    ends: Sequence[TaskEnd]
    events: Sequence[Event]
    took: float

    @property
    def statuses(self) -> Sequence[str]:
        return [event.details["status"] for event in self.events if event.kind is Kind.TASK]

    @property
    def said(self) -> Sequence[str]:
        return [event.details["line"] for event in self.events if event.kind is Kind.LOG]


def an_order(count: int = 1) -> RunOrder:
    return RunOrder("apps", "job:1", count, Placement(), "somebody")


def a_run(runs: FakeRuns, logs: FakeLogs, revision: Revision, events: list[Event]) -> TaskRun:
    return TaskRun(RunPorts(runs, logs), revision, an_order(len(runs.ends)), events.append)


async def follow(
    runs: FakeRuns | None = None, logs: FakeLogs | None = None, revision: Revision | None = None, **patience: timedelta
) -> Followed:
    events: list[Event] = []
    run = a_run(runs or FakeRuns(), logs or FakeLogs(), revision or a_revision(), events)
    await run.start()
    ends = await run.follow(**(patience or SLOW))
    assert run.live == ()
    return Followed(ends, events, asyncio.get_running_loop().time())


async def test_every_status_is_told_once_as_it_comes() -> None:
    followed = await follow()

    assert followed.statuses == list(LIFE.values())


async def test_a_task_whose_essential_containers_exit_with_0_is_a_success() -> None:
    followed = await follow()

    [end] = followed.ends
    assert end.is_success
    assert [(one.name, one.exit_code) for one in end.containers] == [("job", 0)]


@pytest.mark.parametrize(
    ("essential", "exits", "is_success"),
    [
        ((True,), (0,), True),
        ((True,), (1,), False),
        ((True,), (None,), False),
        ((True, False), (0, 1), True),
        ((True, False), (1, 0), False),
        ((True, True), (0, 0), True),
        ((True, True), (0, 143), False),
        ((False, True), (None, 0), True),
    ],
)
async def test_exactly_the_essential_containers_decide(
    essential: Sequence[bool], exits: Sequence[int | None], *, is_success: bool
) -> None:
    names = [f"c{number}" for number in range(len(exits))]
    revision = a_revision(*(a_container(name, essential=each) for name, each in zip(names, essential, strict=True)))

    followed = await follow(FakeRuns([a_task("1", *exits, names=names)]), revision=revision)

    assert [end.is_success for end in followed.ends] == [is_success]


async def test_a_container_is_essential_unless_its_definition_says_otherwise() -> None:
    followed = await follow(FakeRuns([a_task("1", 1)]), revision=a_revision({"name": "job", "image": "acme/job:1"}))

    assert not followed.ends[0].is_success


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        (a_task("1", 3), "Container job exited with code 3."),
        (a_task("1", 143), "Container job exited with code 143."),
        (a_task("1", None), "Container job has no exit code: it never ran."),
        (
            a_task("1", 0, 143, names=("job", "proxy")),
            (
                "Container proxy was ended by ECS (exit code 143); if it only accompanies the others, "
                "define it with essential: false."
            ),
        ),
        (
            a_task("1", 2, 143, names=("job", "proxy")),
            "Container job exited with code 2.",
        ),
        (
            a_task("1", 137),
            "The app was killed (exit code 137). Give the task more memory, or let the app use less.",
        ),
        (
            a_task(
                "1",
                None,
                stop_code="TaskFailedToStart",
                stopped_reason="CannotPullContainerError: pull image manifest has been retried: not found",
            ),
            (
                "The image cannot be pulled: pull image manifest has been retried: not found. "
                "Push the image or correct its name, and check the execution role's rights on the registry."
            ),
        ),
        (
            a_task("1", 0, stop_code="UserInitiated", stopped_reason="Task stopped by user"),
            (
                "The task stopped: Task stopped by user. "
                "Look at the stopped task in the ECS console; its reason and its containers' logs tell more."
            ),
        ),
    ],
)
async def test_a_failure_is_explained_in_plain_sentences(task: Task, sentence: str) -> None:
    names = [one.name for one in task.containers]

    followed = await follow(FakeRuns([task]), revision=a_revision(*(a_container(name) for name in names)))

    assert followed.ends[0].failures == (sentence,)


async def test_a_task_without_any_container_is_explained_by_its_reason() -> None:
    task = replace(a_task(stop_code="TaskFailedToStart", stopped_reason="Capacity is unavailable"), containers=())

    followed = await follow(FakeRuns([task]))

    assert "Capacity is unavailable" in followed.ends[0].failures[0]


async def test_a_container_that_was_ended_although_none_failed_is_explained_by_its_tasks_reason() -> None:
    task = a_task("1", 0, stop_code="SpotInterruption", stopped_reason="Your Spot Task was interrupted.")

    followed = await follow(FakeRuns([task]))

    assert followed.ends[0].failures[0].startswith("AWS took the Spot capacity back")


async def test_every_task_is_followed_to_its_own_end() -> None:
    followed = await follow(FakeRuns([a_task("1", 0), a_task("2", 1)]))

    assert [(end.id, end.is_success) for end in followed.ends] == [("1", True), ("2", False)]


@pytest.mark.parametrize("has_empty_pages", [False, True])
async def test_every_line_is_told_once_and_in_its_order_however_the_pages_are_filled(*, has_empty_pages: bool) -> None:
    lines = {4.0 + number / 4: f"line {number}" for number in range(20)} | {33.5: "the last words"}

    followed = await follow(logs=FakeLogs({"run/job/1": lines}, has_empty_pages=has_empty_pages))

    assert followed.said == list(lines.values())


async def test_a_line_says_who_said_it() -> None:
    logs = FakeLogs({"run/web/1": {5.0: "hello"}, "run/proxy/1": {5.0: "hush"}})
    task = a_task("1", 0, 0, names=("web", "proxy"))

    followed = await follow(FakeRuns([task]), logs, a_revision(a_container("web"), a_container("proxy")))

    said = [event for event in followed.events if event.kind is Kind.LOG]
    assert {event.text for event in said} == {"web: hello", "proxy: hush"}
    assert {(event.details["task"], event.details["container"]) for event in said} == {("1", "web"), ("1", "proxy")}


async def test_lines_of_several_tasks_are_told_apart() -> None:
    logs = FakeLogs({"run/job/1234567890": {5.0: "hello"}, "run/job/2": {5.0: "hush"}})

    followed = await follow(FakeRuns([a_task("1234567890"), a_task("2")]), logs)

    assert {event.text for event in followed.events if event.kind is Kind.LOG} == {"job 12345678: hello", "job 2: hush"}


async def test_logs_are_asked_for_only_while_they_may_tell_more() -> None:
    logs = FakeLogs()

    await follow(logs=logs)

    assert min(at for at, _ in logs.asked) == 4.0
    assert max(at for at, _ in logs.asked) <= 36.0
    assert {stream for _, stream in logs.asked} == {LogStream("/ecs/job", "run/job/1", "eu-central-1")}


@pytest.mark.parametrize(
    "container",
    [
        {"name": "job", "image": "acme/job:1"},
        {"name": "job", "image": "acme/job:1", "logConfiguration": None},
        {"name": "job", "image": "acme/job:1", "logConfiguration": {"logDriver": "splunk", "options": {}}},
        a_container("job", prefix=None),
    ],
)
async def test_a_container_without_a_stream_is_waited_for_no_longer_than_it_runs(container: Mapping[str, Any]) -> None:
    logs = FakeLogs()

    followed = await follow(logs=logs, revision=a_revision(container))

    assert logs.asked == []
    assert followed.took == 32.0


async def test_logs_that_may_not_be_read_are_told_once_and_fail_nothing() -> None:
    logs = FakeLogs(error=AccessDeniedError("AWS refused logs:GetLogEvents."))

    followed = await follow(logs=logs)

    assert [event.text for event in followed.events if event.kind is Kind.WARNING] == [
        "The log of container job cannot be read: AWS refused logs:GetLogEvents."
    ]
    assert followed.ends[0].is_success


async def test_a_task_that_ecs_shows_late_is_waited_for() -> None:
    followed = await follow(FakeRuns(shown_after=20.0))

    assert followed.ends[0].is_success


@pytest.mark.parametrize("runs", [FakeRuns(shown_after=1e9), FakeRuns(shown_until=10.0)])
async def test_a_task_that_ecs_does_not_show_any_more_is_no_success(runs: FakeRuns) -> None:
    followed = await follow(runs)

    assert followed.ends[0].failures == ("ECS does not show the task 1; look for it in its cluster.",)


async def test_only_tasks_that_run_are_looked_at() -> None:
    runs = FakeRuns()

    await follow(runs)

    assert len(runs.asked) == 33


async def test_what_runs_for_long_is_looked_at_less_often_and_its_end_is_told_soon() -> None:
    runs = FakeRuns(life={0.0: "RUNNING", 3600.0: "STOPPED"})

    followed = await follow(runs, timeout=timedelta(hours=2))

    assert len(runs.asked) < 1000
    assert followed.took < 3610.0


async def test_who_waits_no_longer_is_told_what_runs_and_how_to_stop_it() -> None:
    with pytest.raises(WakeTimeoutError) as caught:
        await follow(timeout=timedelta(seconds=10))

    assert str(caught.value) == (
        "Not all tasks have stopped within 10 s. Still running: 1. "
        "Stop a task with: aws ecs stop-task --cluster apps --task 1"
    )


async def test_an_error_of_aws_leaves_the_tasks_to_be_named() -> None:
    run = a_run(FakeRuns(error=FleetError("ECS did not answer.")), FakeLogs(), a_revision(), [])
    await run.start()

    with pytest.raises(FleetError, match="ECS did not answer"):
        await run.follow(**SLOW)

    assert run.live == ("1",)


async def test_nothing_runs_before_the_start_and_after_the_end() -> None:
    run = a_run(FakeRuns(), FakeLogs(), a_revision(), [])

    assert run.say_what_runs() == "No task of this run is running."
    await run.start()
    assert run.say_what_runs().startswith("Still running: 1.")
    await run.follow(**SLOW)
    assert run.say_what_runs() == "No task of this run is running."


async def test_the_order_is_given_as_it_was() -> None:
    runs = FakeRuns([a_task("1"), a_task("2")])

    await follow(runs)

    assert runs.orders == [an_order(2)]
