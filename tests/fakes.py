"""One fake per port, for tests with virtual time: a model of ECS, a ledger in memory, a prober that asks the model."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import repeat
from math import inf
from typing import Self

from wakeproxy.core.capacity import Capacity
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Container, Deployment, Endpoint, Observation, ServiceEvent, Task, missing
from wakeproxy.core.record import Intent, PastWake, Record, Use, note_ready, note_use
from wakeproxy.core.service import EcsService, Ready
from wakeproxy.core.signals import Quiet, Reading, Signal, SignalReading
from wakeproxy.errors import FleetError, LedgerError
from wakeproxy.ports import Look, SignalAsk, Tagged

EPOCH = datetime(2026, 11, 21, 12, tzinfo=UTC)
NO_CAPACITY = (
    "(service shop) was unable to place a task. Reason: Capacity is unavailable at this time. "
    "Please try again later or in a different availability zone."
)
_DRAINS_FOR = timedelta(seconds=2)
_WAKES_KEPT = 50


def clock() -> datetime:
    """The time on the loop's own clock, which a test may make virtual."""
    return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())


@dataclass(frozen=True, slots=True)
class Course:
    """How a task fares, in seconds after it was made; what is infinite never happens."""

    addressed: float = 2.0
    pulling: float = 3.0
    starting: float = 8.0
    running: float = 10.0
    listening: float = 12.0
    ends: float = inf
    stop_code: str = "EssentialContainerExited"
    stopped_reason: str = "Essential container in task exited"
    exit_code: int | None = 1
    image: str = "registry.example.com/shop:1"
    has_public_address: bool = False


@dataclass(slots=True)
class FakeTask:
    """One task: where it is on its course follows from the time alone."""

    arn: str
    host: str
    course: Course
    made_at: datetime
    told_to_stop_at: datetime | None = None

    def is_wanted(self, now: datetime) -> bool:
        """Whether ECS counts on it: it was not told to stop and has not ended by itself."""
        return self.told_to_stop_at is None and not self._has_reached(self.course.ends, now)

    def listens(self, now: datetime) -> bool:
        """Whether its app accepts connections."""
        return self.is_wanted(now) and self._has_reached(self.course.listening, now)

    def describe(self, now: datetime) -> Task:
        """Say what ECS would say of it."""
        course = self.course
        host = self.host if self._has_reached(course.addressed, now) else None
        task = Task(
            self.arn,
            "ecs-svc/1",
            self._last_status(now),
            "RUNNING" if self.is_wanted(now) else "STOPPED",
            private_address=host,
            public_address=host if course.has_public_address else None,
            created_at=self.made_at,
            pull_started_at=self._when(course.pulling, now),
            pull_stopped_at=self._when(course.starting, now),
            started_at=self._when(course.running, now),
            containers=(Container("app", course.image),),
        )
        return task if self.is_wanted(now) else self._describe_end(task, now)

    def _describe_end(self, task: Task, now: datetime) -> Task:
        if not self._has_reached(self.course.ends, now):
            return replace(task, stop_code="ServiceSchedulerInitiated", stopped_at=self.told_to_stop_at)
        return replace(
            task,
            stop_code=self.course.stop_code,
            stopped_reason=self.course.stopped_reason,
            stopped_at=self._when(self.course.ends, now),
            containers=(Container("app", self.course.image, exit_code=self.course.exit_code),),
        )

    def _last_status(self, now: datetime) -> str:
        has_drained = self.told_to_stop_at is not None and now - self.told_to_stop_at >= _DRAINS_FOR
        if has_drained or self._has_reached(self.course.ends, now):
            return "STOPPED"
        if self._has_reached(self.course.running, now):
            return "RUNNING"
        return "PENDING" if self._has_reached(self.course.addressed, now) else "PROVISIONING"

    def _has_reached(self, span: float, now: datetime) -> bool:
        return (now - self.made_at).total_seconds() >= span

    def _when(self, span: float, now: datetime) -> datetime | None:
        return self.made_at + timedelta(seconds=span) if self._has_reached(span, now) else None


@dataclass(slots=True)
class FakeEcsService:
    """One ECS service: it keeps as many tasks as were last asked for."""

    ecs: EcsService
    course: Course = Course()
    """That of the tasks made from now on."""
    has_capacity: bool = True
    status: str = "ACTIVE"
    deployments: tuple[Deployment, ...] = ()
    target_groups: tuple[str, ...] = ()
    protected_until: datetime | None = None
    asked: list[tuple[datetime, int]] = field(default_factory=lambda: [(datetime.min.replace(tzinfo=UTC), 0)])
    tasks: list[FakeTask] = field(default_factory=list)

    @property
    def desired(self) -> int:
        """The desired count as it truly is."""
        return self.asked[-1][1]

    def pass_time(self, now: datetime) -> None:
        """Start and stop tasks as the scheduler would."""
        wanted = [task for task in self.tasks if task.is_wanted(now)]
        for task in wanted[self.desired :]:
            task.told_to_stop_at = now
        if self.has_capacity:
            for _ in range(self.desired - len(wanted)):
                self._make_task(now)

    def describe(self, now: datetime, *, lag: timedelta) -> Observation:
        """Say what ECS would say, the desired count as it was ``lag`` ago."""
        if self.status == "MISSING":
            return missing(self.ecs, seen_at=now)
        tasks = tuple(task.describe(now) for task in self.tasks)
        return Observation(
            self.ecs,
            now,
            self.status,
            desired=[count for at, count in self.asked if at <= now - lag][-1],
            running=sum(task.last_status == "RUNNING" for task in tasks),
            pending=sum(task.last_status in {"PROVISIONING", "PENDING"} for task in tasks),
            deployments=self.deployments,
            tasks=tasks,
            events=() if self.has_capacity else (ServiceEvent(now, NO_CAPACITY),),
            target_groups=self.target_groups,
        )

    def _make_task(self, now: datetime) -> None:
        number = len(self.tasks) + 1
        arn = f"arn:aws:ecs:eu-central-1:123456789012:task/{self.ecs}/{number}"
        self.tasks.append(FakeTask(arn, f"10.0.{number // 256}.{number % 256}", self.course, now))


@dataclass(frozen=True, slots=True)
class Trouble:
    """What becomes of one call that changes something: whether it is carried out, and what the caller hears."""

    error: FleetError | None = None
    is_carried_out: bool = False


FINE = Trouble(is_carried_out=True)
LOST_WRITE = Trouble()
LOST_ANSWER = Trouble(FleetError("The connection to ECS broke off."), is_carried_out=True)


@dataclass(slots=True)
class FakeFleet:
    """`Fleet` over the model; keeps what it was asked."""

    services: Mapping[EcsService, FakeEcsService]
    latency: float = 0.02
    lag: timedelta = timedelta()
    scale_troubles: Iterator[Trouble] = field(default_factory=lambda: repeat(FINE))
    observe_troubles: Iterator[Exception | None] = field(default_factory=lambda: repeat(None))
    scaled: list[tuple[EcsService, int]] = field(default_factory=list)
    """Every ``UpdateService``, whatever became of it."""
    observed_at: list[datetime] = field(default_factory=list)
    protection_troubles: Iterator[Exception | None] = field(default_factory=lambda: repeat(None))
    protection_asked: list[tuple[EcsService, ...]] = field(default_factory=list)

    async def observe(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        """Look at the model."""
        assert looks, "a call about nothing"
        self.observed_at.append(clock())
        await asyncio.sleep(self.latency)
        error = next(self.observe_troubles, None)
        if error is not None:
            raise error
        for look in looks:
            self.services[look.ecs].pass_time(clock())
        return {look.ecs: self.services[look.ecs].describe(clock(), lag=self.lag) for look in looks}

    async def scale(self, ecs: EcsService, *, desired_count: int) -> None:
        """Change the model, unless trouble is due."""
        self.scaled.append((ecs, desired_count))
        await asyncio.sleep(self.latency)
        trouble = next(self.scale_troubles, FINE)
        if trouble.is_carried_out:
            self.services[ecs].asked.append((clock(), desired_count))
            self.services[ecs].pass_time(clock())
        if trouble.error is not None:
            raise trouble.error

    async def protected_until(self, observations: Sequence[Observation]) -> Mapping[EcsService, datetime]:
        """Tell what the model says of services with live tasks."""
        assert observations, "a call about nothing"
        self.protection_asked.append(tuple(one.ecs for one in observations))
        await asyncio.sleep(self.latency)
        error = next(self.protection_troubles, None)
        if error is not None:
            raise error
        ends = ((one.ecs, self.services[one.ecs].protected_until) for one in observations if one.live)
        return {ecs: end for ecs, end in ends if end is not None and end > clock()}

    def patient(self) -> Self:
        """The model has no limits, before which some would go first."""
        return self

    def turn(self) -> AbstractAsyncContextManager[None]:
        """The same."""
        return nullcontext()


@dataclass(slots=True)
class FakeScaling:
    """`Scaling` over the model: a service below its minimum is raised to it when that is set, as on AWS."""

    fleet: FakeFleet
    targets: dict[EcsService, Capacity]
    latency: float = 0.02
    troubles: Iterator[Trouble] = field(default_factory=lambda: repeat(FINE))
    """Of `set_minimum`."""
    silence: FleetError | None = None
    """What `capacities` raises."""
    calls: list[str] = field(default_factory=list)

    async def capacities(self, services: Sequence[EcsService]) -> Mapping[EcsService, Capacity]:
        """Look up the targets."""
        self.calls.append("capacities")
        await asyncio.sleep(self.latency)
        if self.silence is not None:
            raise self.silence
        return {ecs: self.targets[ecs] for ecs in services if ecs in self.targets}

    async def set_minimum(self, ecs: EcsService, minimum: int) -> None:
        """Change a target, and what lies outside of it."""
        self.calls.append(f"minimum {minimum}")
        await asyncio.sleep(self.latency)
        trouble = next(self.troubles, FINE)
        if trouble.is_carried_out:
            target = self.targets[ecs] = replace(self.targets[ecs], minimum=minimum)
            service = self.fleet.services[ecs]
            within = min(max(service.desired, target.minimum), target.maximum)
            if within != service.desired:
                service.asked.append((clock(), within))
                service.pass_time(clock())
        if trouble.error is not None:
            raise trouble.error


@dataclass(slots=True)
class FakeDirectory:
    """`Directory` that answers what it was told to, in turn, and then the last again and again."""

    answers: list[Sequence[Tagged] | FleetError]

    async def find(self) -> Sequence[Tagged]:
        """Give the next answer."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, FleetError):
            raise answer
        return answer


@dataclass(slots=True)
class FakeProber:
    """`Prober` that asks the model whether the task listens; keeps when it was asked of which."""

    fleet: FakeFleet
    troubles: Iterator[Exception | None] = field(default_factory=lambda: repeat(None))
    probed: list[tuple[datetime, Endpoint]] = field(default_factory=list)
    answers: bool = True
    """Without, no app can be reached from here."""

    async def probe(self, endpoint: Endpoint, *, scheme: str, ready: Ready) -> bool:
        """Ask once; a task that does not listen refuses at once."""
        assert (scheme, ready.timeout) == ("http", timedelta(seconds=1))
        self.probed.append((clock(), endpoint))
        await asyncio.sleep(0)
        error = next(self.troubles, None)
        if error is not None:
            raise error
        tasks = (task for service in self.fleet.services.values() for task in service.tasks)
        return self.answers and any(
            task.listens(clock()) for task in tasks if (task.arn, task.host) == (endpoint.task, endpoint.host)
        )


@dataclass(slots=True)
class FakeSignals:
    """`Signals` that says what it is told to; everything else is quiet."""

    readings: dict[EcsService, dict[Signal, Reading]] = field(default_factory=dict)
    asked: list[tuple[datetime, tuple[SignalAsk, ...]]] = field(default_factory=list)

    async def read(self, asks: Sequence[SignalAsk], now: datetime) -> Mapping[EcsService, SignalReading]:
        """Answer for every signal asked for."""
        assert asks, "a call about nothing"
        self.asked.append((now, tuple(asks)))
        await asyncio.sleep(0.1)
        return {
            ask.ecs: {one: self.readings.get(ask.ecs, {}).get(one, Quiet()) for one in ask.policy.wanted}
            for ask in asks
        }


@dataclass(slots=True)
class MemoryLedger:
    """`Ledger` in memory; with ``error`` set it cannot be reached."""

    error: LedgerError | None = None
    latency: float = 0.0
    records: dict[ServiceName, Record] = field(default_factory=dict)
    history: dict[ServiceName, list[PastWake]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    is_closed: bool = False

    async def read(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Record]:
        """Read what is there, or empty records."""
        await self._call("read")
        return {name: self.records.get(name, Record()) for name in names}

    async def swap(self, name: ServiceName, before: Record, after: Record) -> bool:
        """Compare and set."""
        await self._call("swap")
        found = self.records.get(name, Record())
        if (found.generation, found.last_used_at) != (before.generation, before.last_used_at):
            return False
        self.records[name] = after
        return True

    async def note_use(self, name: ServiceName, use: Use) -> Record:
        """Move the last use forward."""
        await self._call("note_use")
        self.records[name] = note_use(self.records.get(name, Record(intent=Intent.AWAKE)), use)
        return self.records[name]

    async def note_ready(self, name: ServiceName, generation: int, tasks: tuple[str, ...]) -> Record:
        """Name the tasks that answer, unless somebody claimed anew."""
        await self._call("note_ready")
        if name not in self.records:
            return Record()
        self.records[name] = note_ready(self.records[name], generation, tasks)
        return self.records[name]

    async def add_wake(self, name: ServiceName, wake: PastWake) -> None:
        """Append; a wake that began at the same time is replaced."""
        await self._call("add_wake")
        wakes = [one for one in self.history.get(name, ()) if one.began_at != wake.began_at]
        self.history[name] = sorted([*wakes, wake], key=lambda one: one.began_at)[-_WAKES_KEPT:]

    async def wakes(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Sequence[PastWake]]:
        """Read histories."""
        await self._call("wakes")
        return {name: list(self.history.get(name, ())) for name in names}

    async def close(self) -> None:
        """Take note of it."""
        self.is_closed = True

    async def _call(self, method: str) -> None:
        self.calls[method] += 1
        await asyncio.sleep(self.latency)
        if self.error is not None:
            raise self.error
