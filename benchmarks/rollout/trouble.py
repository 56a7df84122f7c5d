"""Cases in which something goes wrong: images, crashes, AWS itself."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.rollout.case import Case, Deed, nothing
from benchmarks.rollout.checks import (
    all_of,
    does,
    fails,
    has_image,
    is_up,
    keeps,
    serves_on,
    spares_what_ran,
    succeeds,
)
from benchmarks.rollout.scene import Seen, register
from benchmarks.rollout.tools import SERVICE
from tests.world import World, call_ecs

_TAG: Final = ("--tag", "2")
_NONE: Final = "registry.example/none:1"
_OURS_NONE: Final = ("--image", _NONE, "--container", SERVICE)
_THEIRS_NONE: Final = ("--image", SERVICE, _NONE)
_CRASHER: Final = "wakeproxy/crasher:1"
_OURS_CRASHER: Final = ("--image", _CRASHER, "--container", SERVICE)
_THEIRS_CRASHER: Final = ("--image", SERVICE, _CRASHER)
_SHORT: Final = (("--timeout", "8s"), ("--timeout", "8"))
_CHECK: Final = ["CMD", "python3", "-c", "from urllib.request import urlopen; urlopen('http://localhost:8080/healthz')"]
_CRASHES: Final = {"environment": {"LIVE_SECONDS": "0"}, "health_check": _CHECK}
_WELL: Final = ["CMD-SHELL", '[ "$IS_WELL" = yes ]']
_BREAKER: Final = {"circuit_breaker": True}
_BACK: Final = all_of(keeps, spares_what_ran, serves_on)
_PARAMETER: Final = "/nobody/knows"


def _throttle(*operations: str, **more: Any) -> Sequence[Mapping[str, Any]]:
    return [{"kind": "throttle", "operation": one, "times": 2, **more} for one in operations]


def _despite(what: str, *faults: Mapping[str, Any], prepare: Deed = nothing, **service: Any) -> Case:
    judge = succeeds(has_image("wakeproxy/hello:2"))
    return Case(what=what, ours=_TAG, theirs=_TAG, judge=judge, faults=faults, prepare=prepare, service=service)


async def _let_time_pass(_: World, __: str) -> None:
    """Let there be a past to be answered with."""
    await asyncio.sleep(2.5)


def _says_time(seen: Seen) -> str | None:
    words = seen.attempt.said.lower()
    return None if "time" in words else "not that its time was up"


async def _register_with_logs(world: World, family: str) -> None:
    """Register a newer revision that logs to where nothing is."""
    told = await call_ecs(world.url, "DescribeTaskDefinition", {"taskDefinition": family})
    (container,) = told["taskDefinition"]["containerDefinitions"]
    options = {"awslogs-group": "/nobody/knows", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "x"}
    logs = {"logDriver": "awslogs", "options": options}
    await register(world, family, containerDefinitions=[{**container, "logConfiguration": logs}])


async def _lose_credentials(world: World, _: str) -> None:
    expired = {"kind": "error", "code": "ExpiredTokenException", "message": "The token is expired.", "status": 400}
    await world.control("POST", "faults", {**expired, "times": None, "operation": "Describe*"})


CASES: Sequence[Case] = (
    Case(
        what="a missing image, ECS rolls back",
        ours=(*_OURS_NONE, *_SHORT[0]),
        theirs=(*_THEIRS_NONE, *_SHORT[1]),
        judge=fails(_BACK),
        service=_BREAKER,
    ),
    Case(
        what="tasks that are never healthy, ECS rolls back",
        ours=("--env", "IS_WELL=no", "--timeout", "30s"),
        theirs=("--env", SERVICE, "IS_WELL", "no", "--timeout", "30"),
        judge=fails(_BACK),
        service={"environment": {"IS_WELL": "yes"}, "health_check": _WELL, **_BREAKER},
    ),
    Case(
        what="a missing image, the tool rolls back",
        ours=(*_OURS_NONE, *_SHORT[0], "--rollback-on-failure"),
        theirs=(*_THEIRS_NONE, *_SHORT[1], "--rollback"),
        judge=fails(_BACK, is_up),
    ),
    Case(
        what="a crash loop, the tool rolls back",
        ours=(*_OURS_CRASHER, *_SHORT[0], "--rollback-on-failure"),
        theirs=(*_THEIRS_CRASHER, *_SHORT[1], "--rollback"),
        judge=fails(_BACK, is_up),
        service=_CRASHES,
    ),
    Case(
        what="a missing image, nobody rolls back: told, and the old task serves on",
        ours=(*_OURS_NONE, *_SHORT[0]),
        theirs=(*_THEIRS_NONE, *_SHORT[1]),
        judge=fails(spares_what_ran, serves_on),
    ),
    Case(
        what="a crash loop, nobody rolls back: told, and the old task serves on",
        ours=(*_OURS_CRASHER, *_SHORT[0]),
        theirs=(*_THEIRS_CRASHER, *_SHORT[1]),
        judge=fails(spares_what_ran, serves_on),
        service=_CRASHES,
    ),
    Case(
        what="a missing image of 3 tasks, both rollbacks wanted",
        ours=(*_OURS_NONE, "--timeout", "20s", "--rollback-on-failure"),
        theirs=(*_THEIRS_NONE, "--timeout", "20", "--rollback"),
        judge=fails(_BACK, is_up),
        service={**_BREAKER, "desired_count": 3},
    ),
    Case(
        what="a start that takes longer than the time given",
        ours=("--image", "wakeproxy/slow:2", "--container", SERVICE, "--timeout", "3s"),
        theirs=("--image", SERVICE, "wakeproxy/slow:2", "--timeout", "3"),
        judge=fails(_says_time, serves_on, spares_what_ran),
        service={"environment": {"START_SECONDS": "30"}, "health_check": {"command": _CHECK, "startPeriod": 300}},
    ),
    Case(
        what="a parameter that is not there",
        ours=("--secret", f"TOKEN={_PARAMETER}"),
        theirs=("--secret", SERVICE, "TOKEN", _PARAMETER, *_SHORT[1]),
        judge=does(),
    ),
    Case(
        what="a log group that is not there",
        ours=("--latest", *_TAG),
        theirs=("--task", "{family}", *_TAG, *_SHORT[1]),
        judge=does(),
        prepare=_register_with_logs,
    ),
    Case(
        what="no capacity for a while: ECS tries again",
        ours=_TAG,
        theirs=(*_TAG, "--ignore-warnings"),
        judge=succeeds(has_image("wakeproxy/hello:2")),
        faults=[{"kind": "capacity", "times": 2}],
    ),
    Case(
        what="no capacity at all",
        ours=(*_TAG, *_SHORT[0]),
        theirs=(*_TAG, *_SHORT[1]),
        judge=fails(serves_on, spares_what_ran),
        faults=[{"kind": "capacity", "times": None}],
    ),
    _despite("the first of three new tasks crashes, its successor runs",
             {"kind": "pull_error", "times": 1, "message": "i/o timeout"}, desired_count=3),
    _despite("every call is throttled twice",
             *_throttle("DescribeServices", "DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService")),
    _despite("DescribeServices is throttled five times in the middle",
             *_throttle("DescribeServices", times=5, after=1)),
    _despite("the answer of RegisterTaskDefinition is lost",
             {"kind": "lose_answer", "operation": "RegisterTaskDefinition"}),
    _despite("the answer of UpdateService is lost", {"kind": "lose_answer", "operation": "UpdateService"}),
    _despite("DescribeServices breaks off five times in the middle",
             {"kind": "lose_request", "operation": "DescribeServices", "times": 5, "after": 1}),
    _despite("what ECS describes lags by two seconds",
             {"kind": "lag", "operation": "DescribeServices", "times": None, "seconds": 2}, prepare=_let_time_pass),
    Case(
        what="what ECS describes lags by two seconds, and the image is missing",
        ours=(*_OURS_NONE, *_SHORT[0]),
        theirs=(*_THEIRS_NONE, *_SHORT[1]),
        judge=fails(_BACK),
        service=_BREAKER,
        faults=[{"kind": "lag", "operation": "DescribeServices", "times": None, "seconds": 2}],
        prepare=_let_time_pass,
    ),
    Case(
        what="credentials are lost in the middle",
        ours=_OURS_NONE,
        theirs=_THEIRS_NONE,
        judge=fails(spares_what_ran),
        meanwhile=_lose_credentials,
    ),
    Case(
        what="CI ends it in the middle: it says what stands",
        ours=_OURS_NONE,
        theirs=_THEIRS_NONE,
        judge=fails(lambda seen: None if "goes on" in seen.attempt.said else "not a word of what stands"),
        ends_by=signal.SIGTERM,
    ),
)  # fmt: skip
