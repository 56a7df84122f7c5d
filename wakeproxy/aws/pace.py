"""A process's calls to AWS, each in its turn, so that AWS's limits are kept by construction.

AWS counts calls per account and Region in token buckets. Each of ours is a part of one of AWS's, and everything that
calls AWS in this process draws from it: wakes, watcher, sleeper. Whether a call is urgent goes with the context it is
made in; what says nothing is patient. `core.pace` has the arithmetic.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from wakeproxy.core.pace import Bucket, Rate

DEFAULT_SHARE: Final = 0.9
"""The rest is for consoles, Terraform and a second front; what they take beyond it slows us down when AWS says so."""

_ECS: Final = "ecs"
_LIMITS: Final[tuple[tuple[str, tuple[str, ...], Rate], ...]] = (
    # "Request throttling for the Amazon ECS API" in the ECS developer guide: service modify actions, service read
    # actions, cluster read actions, cluster resource read and modify actions, task definition read actions.
    (_ECS, ("CreateService", "DeleteService", "UpdateService"), Rate(50, 5)),
    (_ECS, ("DescribeServices", "ListServices"), Rate(100, 20)),
    (_ECS, ("ListClusters",), Rate(50, 20)),
    (_ECS, ("DescribeTasks", "ListTasks", "GetTaskProtection"), Rate(100, 20)),
    (_ECS, ("RunTask", "StopTask", "StartTask", "ExecuteCommand"), Rate(100, 40)),
    (_ECS, ("DescribeTaskDefinition", "ListTaskDefinitions"), Rate(50, 20)),
    (_ECS, ("RegisterTaskDefinition", "DeregisterTaskDefinition"), Rate(20, 1)),
    (_ECS, ("TagResource", "UntagResource"), Rate(20, 10)),
    # "Request throttling for the Amazon EC2 API": non-mutating actions, each by itself.
    ("ec2", ("DescribeNetworkInterfaces",), Rate(100, 20)),
    # "CloudWatch service quotas": 50 and 25 transactions a second, and no burst beyond it.
    ("cloudwatch", ("GetMetricData",), Rate(50, 50)),
    ("cloudwatch", ("ListMetrics",), Rate(25, 25)),
    # AWS publishes no rate for these two; what we ask of them is batched (50 targets, 100 resources a call) and little.
    ("application-auto-scaling", ("DescribeScalableTargets", "RegisterScalableTarget"), Rate(20, 10)),
    ("resource-groups-tagging-api", ("GetResources",), Rate(10, 5)),
)
"""AWS's buckets by service id, as botocore's events write it; calls of other operations do not wait (DynamoDB)."""


@dataclass(slots=True)
class _Ticket:
    """A turn that was waited for before the call was decided on."""

    lane: "_Lane"
    is_used: bool = False


_is_urgent: ContextVar[bool] = ContextVar("is_urgent", default=False)
_ticket: ContextVar[_Ticket | None] = ContextVar("ticket", default=None)


@contextmanager
def calling(*, is_urgent: bool) -> Iterator[None]:
    """Make the calls within urgent, for somebody waits for their answers, or patient."""
    before = _is_urgent.set(is_urgent)
    try:
        yield
    finally:
        _is_urgent.reset(before)


def is_urgent() -> bool:
    """Whether the calls made here are urgent."""
    return _is_urgent.get()


class Pace:
    """The buckets of one account and Region; without a share nothing waits, as before a sandbox without limits."""

    def __init__(self, share: float | None = DEFAULT_SHARE) -> None:
        self._lanes: Mapping[tuple[str, str], _Lane] = {}
        if share is not None:
            lanes = ((api, operations, _Lane(rate.part(share))) for api, operations, rate in _LIMITS)
            self._lanes = {(api, name): lane for api, operations, lane in lanes for name in operations}

    async def admit(self, api: str, operation: str) -> None:
        """Wait until a call may be made."""
        lane = self._lanes.get((api, operation))
        if lane is None:
            return
        ticket = _ticket.get()
        if ticket is not None and ticket.lane is lane and not ticket.is_used:
            ticket.is_used = True
            return
        await lane.enter(is_urgent=is_urgent())

    @asynccontextmanager
    async def turn(self, api: str, operation: str) -> AsyncIterator[None]:
        """Wait until a call may be made; one within is made at once, however much was decided in between."""
        lane = self._lanes.get((api, operation))
        if lane is None:
            yield
            return
        await lane.enter(is_urgent=is_urgent())
        ticket = _Ticket(lane)
        before = _ticket.set(ticket)
        try:
            yield
        finally:
            _ticket.reset(before)
            if not ticket.is_used:
                lane.give_back()

    def slow(self, api: str, operation: str) -> None:
        """Take note that AWS answered that a call came too fast."""
        lane = self._lanes.get((api, operation))
        if lane is not None:
            lane.slow()


class _Lane:
    """One bucket, and who waits before it: the urgent in one queue, the patient in another."""

    def __init__(self, rate: Rate) -> None:
        self._loop = asyncio.get_running_loop()
        self._bucket = Bucket.full(rate, self._loop.time())
        self._queues: Mapping[bool, deque[asyncio.Future[None]]] = {True: deque(), False: deque()}
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, *, is_urgent: bool) -> None:
        """Wait for a token and take it."""
        turn: asyncio.Future[None] = self._loop.create_future()
        self._queues[is_urgent].append(turn)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it came at the very moment when nobody wanted it any more
                self.give_back()
            raise

    def give_back(self) -> None:
        """Put back a token that was not used."""
        self._bucket = self._bucket.give_back()
        self._admit()

    def slow(self) -> None:
        """Begin anew, more slowly."""
        self._bucket = self._bucket.fill(self._loop.time()).slow()
        self._admit()

    def _admit(self) -> None:
        """Let in whoever may go now, and come back when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
        self._bucket = self._bucket.fill(self._loop.time())
        waits = [wait for is_urgent in self._queues if (wait := self._admit_queue(is_urgent=is_urgent))]
        self._timer = self._loop.call_later(min(waits), self._admit) if waits else None

    def _admit_queue(self, *, is_urgent: bool) -> float:
        """Let in the first of one queue; say how long the next one has to wait, 0 if there is none."""
        queue = self._queues[is_urgent]
        while queue:
            if not queue[0].done():
                if wait := self._bucket.wait(is_urgent=is_urgent):
                    return wait
                self._bucket = self._bucket.take(is_urgent=is_urgent)
                queue[0].set_result(None)
            queue.popleft()
        return 0.0
