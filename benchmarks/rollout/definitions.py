"""Cases of task definitions: what is changed, and what has to survive."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.rollout.case import Case, Deed, Options
from benchmarks.rollout.checks import (
    begins_anew,
    does,
    fails,
    has_container_member,
    has_image,
    has_member,
    has_secrets,
    has_variables,
    keeps,
    spares_what_runs,
    succeeds,
)
from benchmarks.rollout.scene import give, register
from benchmarks.rollout.tools import SERVICE
from tests.world import World, call_ecs, call_parameters

_CHEAP: Final = {"image": "example.com/shop:1", "command": ["sleep", "600"], "logs": False}
_TAG: Final = ("--tag", "2")
_PARAMETER: Final = "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/token"
_MESH: Final = {
    "type": "APPMESH",
    "containerName": SERVICE,
    "properties": [{"name": "AppPorts", "value": "8080"}, {"name": "IgnoredUID", "value": "1337"}],
}


def _with_members(**members: Any) -> Deed:
    async def prepare(world: World, family: str) -> None:
        await give(world, await register(world, family, **members))

    return prepare


def _with_container(**members: Any) -> Deed:
    async def prepare(world: World, family: str) -> None:
        told = await call_ecs(world.url, "DescribeTaskDefinition", {"taskDefinition": family})
        (container,) = told["taskDefinition"]["containerDefinitions"]
        await give(world, await register(world, family, containerDefinitions=[{**container, **members}]))

    return prepare


def _survives(name: str, value: Any) -> Case:
    judge = succeeds(has_member(name, value), has_image("example.com/shop:2"))
    prepare = _with_members(**{name: value})
    return Case(what=f"{name} survives", ours=_TAG, theirs=_TAG, judge=judge, service=_CHEAP, prepare=prepare)


def _survives_within(name: str, value: Any, *, what: str = "") -> Case:
    judge = succeeds(has_container_member(name, value), has_image("example.com/shop:2"))
    prepare = _with_container(**{name: value})
    words = what or f"a container's {name} survives"
    return Case(what=words, ours=_TAG, theirs=_TAG, judge=judge, service=_CHEAP, prepare=prepare)


def _variable(what: str, before: Mapping[str, str], given: tuple[str, str], after: Mapping[str, str]) -> Case:
    name, value = given
    return Case(
        what=what,
        ours=("--env", f"{name}={value}"),
        theirs=("--env", SERVICE, name, value),
        judge=succeeds(has_variables(**after)),
        service={**_CHEAP, "environment": before},
    )


async def _put_parameter(world: World, _: str) -> None:
    parameter = {"Name": "/shop/token", "Value": "x", "Type": "String", "Overwrite": True}
    await call_parameters(world.url, "PutParameter", parameter)


async def _give_parameter(world: World, family: str) -> None:
    await _put_parameter(world, family)
    await _with_container(secrets=[{"name": "TOKEN", "valueFrom": _PARAMETER}])(world, family)


async def _register_newer(world: World, family: str) -> None:
    told = await call_ecs(world.url, "DescribeTaskDefinition", {"taskDefinition": family})
    (container,) = told["taskDefinition"]["containerDefinitions"]
    newer = {**container, "environment": [{"name": "NEWER", "value": "yes"}]}
    await register(world, family, containerDefinitions=[newer])


async def _deregister(world: World, family: str) -> None:
    await call_ecs(world.url, "DeregisterTaskDefinition", {"taskDefinition": f"{family}:1"})


def _newer(what: str, ours: Options, theirs: Options, **variables: str) -> Case:
    judge = succeeds(has_image("example.com/shop:2"), has_variables(**variables))
    return Case(what=what, ours=ours, theirs=theirs, judge=judge, service=_CHEAP, prepare=_register_newer)


CASES: Sequence[Case] = (
    _survives("ephemeralStorage", {"sizeInGiB": 40}),
    _survives("runtimePlatform", {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}),
    _survives("enableFaultInjection", True),  # noqa: FBT003 - a value of AWS's
    _survives("pidMode", "task"),
    _survives("ipcMode", "none"),
    _survives("proxyConfiguration", _MESH),
    _survives("volumes", [{"name": "scratch", "configuredAtLaunch": False, "host": {}}]),
    _survives("memberOfNextYear", {"enabled": True}),
    _survives_within("restartPolicy", {"enabled": True, "restartAttemptPeriod": 60, "ignoredExitCodes": [0]}),
    _survives_within("memberOfNextYear", ["a"], what="a container's member that is new to both survives"),
    Case(
        what="tags are copied",
        ours=_TAG,
        theirs=_TAG,
        judge=succeeds(has_member("tags", [{"key": "team", "value": "web"}])),
        service=_CHEAP,
        prepare=_with_members(tags=[{"key": "team", "value": "web"}]),
    ),
    _variable("a variable is added", {"A": "1"}, ("B", "2"), {"A": "1", "B": "2"}),
    _variable("a variable is changed", {"A": "1", "B": "1"}, ("A", "2"), {"A": "2", "B": "1"}),
    _variable("a variable becomes empty", {"A": "1"}, ("A", ""), {"A": ""}),
    _variable("a value with = and blanks", {}, ("A", "x=1 y=2"), {"A": "x=1 y=2"}),
    Case(
        what="a secret becomes a variable",
        ours=("--env", "TOKEN=plain"),
        theirs=("--env", SERVICE, "TOKEN", "plain"),
        judge=does(has_variables(TOKEN="plain"), has_secrets()),
        service=_CHEAP,
        prepare=_give_parameter,
    ),
    Case(
        what="a variable becomes a secret",
        ours=("--secret", f"TOKEN={_PARAMETER}"),
        theirs=("--secret", SERVICE, "TOKEN", _PARAMETER),
        judge=does(has_secrets(TOKEN=_PARAMETER)),
        service={**_CHEAP, "environment": {"TOKEN": "plain"}},
        prepare=_put_parameter,
    ),
    Case(
        what="CPU and memory of the task",
        ours=("--cpu", "512", "--memory", "2048"),
        theirs=("--task-cpu", "512", "--task-memory", "2048"),
        judge=succeeds(has_member("cpu", "512"), has_member("memory", "2048")),
        service=_CHEAP,
    ),
    Case(
        what="CPU and memory that Fargate does not offer together",
        ours=("--cpu", "256", "--memory", "8192"),
        theirs=("--task-cpu", "256", "--task-memory", "8192"),
        judge=fails(keeps),
        service=_CHEAP,
    ),
    _newer("a newer revision is there: what runs is edited", _TAG, _TAG),
    _newer("a newer revision is there: it is edited", ("--latest", *_TAG), ("--task", "{family}", *_TAG), NEWER="yes"),
    Case(
        what="what runs was deregistered",
        ours=_TAG,
        theirs=_TAG,
        judge=succeeds(has_image("example.com/shop:2"), spares_what_runs),
        service=_CHEAP,
        prepare=_deregister,
    ),
    Case(
        what="the same is deployed anew",
        ours=("--redeploy",),
        theirs=("--force-new-deployment",),
        judge=succeeds(begins_anew, has_image("example.com/shop:1"), spares_what_runs),
        service=_CHEAP,
    ),
)
