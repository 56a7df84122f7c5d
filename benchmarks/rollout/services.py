"""Cases of services: asleep, scaled, shared, refused, or somebody else's just now."""

from collections.abc import Sequence
from typing import Any, Final

from benchmarks.rollout.case import Case
from benchmarks.rollout.checks import (
    begins,
    fails,
    has_count,
    has_image,
    keeps,
    leaves_alone,
    litters_not,
    succeeds,
)
from benchmarks.rollout.scene import Seen, register
from benchmarks.rollout.tools import SERVICE
from tests.world import BROWSER, CLUSTER, World, call_ecs, run_front, visit

_TAG: Final = ("--tag", "2")
_CHEAP: Final = {"image": "example.com/shop:1", "command": ["sleep", "600"], "logs": False}
_NONE: Final = "registry.example/none:1"
_STUBBORN: Final = ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
_READY: Final = {"ready": {"path": "/healthz"}}


async def _share_revision(world: World, family: str) -> None:
    await _create_other(world, f"{family}:1", CLUSTER, "other")


async def _name_alike(world: World, family: str) -> None:
    await call_ecs(world.url, "CreateCluster", {"clusterName": "elsewhere"})
    like = await register(world, family, family=f"{family}-elsewhere")
    await _create_other(world, like, "elsewhere", SERVICE)


async def _create_other(world: World, revision: str, cluster: str, name: str) -> None:
    like = await world.describe(SERVICE)
    asked = {key: like[key] for key in ("launchType", "networkConfiguration", "deploymentConfiguration")}
    await call_ecs(
        world.url, "CreateService",
        {**asked, "cluster": cluster, "serviceName": name, "taskDefinition": revision, "desiredCount": 0},
    )  # fmt: skip


async def _visit(world: World, _: str) -> None:
    async with run_front(world.folder / "wakeproxy.yaml") as front, visit() as visitor:
        async with visitor.get(front.url(SERVICE), headers=BROWSER) as page:
            await page.read()
        await front.until(SERVICE, "AWAKE")


async def _scale_up(world: World, _: str) -> None:
    await world.scale(SERVICE, 3)


async def _roll_out_other(world: World, family: str) -> None:
    told = await call_ecs(world.url, "DescribeTaskDefinition", {"taskDefinition": f"{family}:1"})
    (container,) = told["taskDefinition"]["containerDefinitions"]
    container = {**container, "image": "wakeproxy/hello:other"}
    arn = await register(world, f"{family}:1", containerDefinitions=[container])
    await call_ecs(world.url, "UpdateService", {"cluster": CLUSTER, "service": SERVICE, "taskDefinition": arn})


async def _begin_other(world: World, family: str) -> None:
    """A rollout of somebody else's is under way, and takes long."""
    await world.control("POST", "faults", {"kind": "capacity", "times": None, "lasts": 4})
    await _roll_out_other(world, family)


async def _drain(world: World, _: str) -> None:
    await call_ecs(world.url, "DeleteService", {"cluster": CLUSTER, "service": SERVICE, "force": True})


async def _hand_over(world: World, family: str) -> None:
    """Make the service anew, for CodeDeploy to roll out."""
    like = await world.describe(SERVICE)
    await world.empty()
    await call_ecs(
        world.url, "CreateService",
        {
            "cluster": CLUSTER, "serviceName": SERVICE, "taskDefinition": f"{family}:1", "desiredCount": 0,
            "launchType": "FARGATE", "networkConfiguration": like["networkConfiguration"],
            "deploymentController": {"type": "CODE_DEPLOY"},
        },
    )  # fmt: skip


def _cuts_nobody_short(seen: Seen) -> str | None:
    """The other's rollout, which was there first, stands."""
    image = seen.after.container()["image"]
    return None if image == "wakeproxy/hello:other" else "another rollout was cut short unasked"


def _tag(what: str, *, of: Any = _CHEAP, **more: Any) -> Case:
    return Case(**{"what": what, "ours": _TAG, "theirs": _TAG, "service": of, **more})


CASES: Sequence[Case] = (
    Case(
        what="asleep, a good image: it has it, and sleeps",
        ours=_TAG,
        theirs=_TAG,
        judge=succeeds(has_image("wakeproxy/hello:2"), has_count(0)),
        service={"desired_count": 0},
        knows=_READY,
    ),
    Case(
        what="asleep, an image that is missing: no success",
        ours=("--image", _NONE, "--container", SERVICE),
        theirs=("--image", SERVICE, _NONE),
        judge=fails(has_count(0)),
        service={"desired_count": 0},
        knows=_READY,
    ),
    Case(
        what="asleep, an image that crashes: no success",
        ours=("--image", "wakeproxy/crasher:1", "--container", SERVICE),
        theirs=("--image", SERVICE, "wakeproxy/crasher:1"),
        judge=fails(has_count(0)),
        service={"desired_count": 0, "environment": {"LIVE_SECONDS": "0"}},
        knows=_READY,
    ),
    Case(
        what="asleep, a missing image, the tool rolls back",
        ours=("--image", _NONE, "--container", SERVICE, "--rollback-on-failure"),
        theirs=("--image", SERVICE, _NONE, "--rollback"),
        judge=fails(keeps, has_count(0)),
        service={"desired_count": 0},
        knows=_READY,
    ),
    Case(
        what="asleep, and a visitor comes while it is verified: it stays awake",
        ours=_TAG,
        theirs=None,
        judge=succeeds(has_count(1)),
        service={"desired_count": 0, "image": "wakeproxy/slow:1", "environment": {"START_SECONDS": "4"}},
        knows=_READY,
        meanwhile=_visit,
    ),
    _tag("3 tasks", of={**_CHEAP, "desired_count": 3}, judge=succeeds(has_image("example.com/shop:2"), has_count(3))),
    _tag("150 tasks", of={**_CHEAP, "desired_count": 150}, judge=succeeds(has_count(150))),
    _tag("autoscaling raises the count meanwhile", meanwhile=_scale_up, judge=succeeds(has_count(3))),
    _tag(
        "old tasks go before new ones come",
        of={**_CHEAP, "minimum_healthy_percent": 0, "maximum_percent": 100},
        judge=succeeds(has_image("example.com/shop:2")),
    ),
    _tag(
        "an old task that does not heed SIGTERM",
        of={**_CHEAP, "command": _STUBBORN, "stop_timeout": 8},
        judge=succeeds(has_image("example.com/shop:2")),
    ),
    Case(
        what="somebody else rolls out in the middle",
        ours=("--image", _NONE, "--container", SERVICE, "--timeout", "20s"),
        theirs=("--image", SERVICE, _NONE, "--timeout", "20"),
        judge=fails(has_image("wakeproxy/hello:other")),
        meanwhile=_roll_out_other,
    ),
    Case(
        what="somebody else's rollout is under way",
        ours=_TAG,
        theirs=None,
        judge=fails(_cuts_nobody_short),
        prepare=_begin_other,
    ),
    Case(
        what="nobody waits",
        ours=(*_TAG, "--no-wait"),
        theirs=(*_TAG, "--timeout", "-1"),
        judge=begins(has_image("example.com/shop:2")),
        service=_CHEAP,
    ),
    Case(
        what="old revisions are tidied up, but not another service's",
        ours=(*_TAG, "--keep-revisions", "1"),
        theirs=(*_TAG, "--deregister"),
        judge=succeeds(leaves_alone(f"{CLUSTER}/other")),
        service=_CHEAP,
        prepare=_share_revision,
    ),
    _tag(
        "a service of the same name in another cluster",
        prepare=_name_alike,
        judge=succeeds(has_image("example.com/shop:2"), leaves_alone(f"elsewhere/{SERVICE}")),
    ),
    _tag("a service that is being deleted", of={**_CHEAP, "command": _STUBBORN, "stop_timeout": 8}, prepare=_drain,
         judge=fails()),
    _tag("a service that CodeDeploy rolls out", prepare=_hand_over, judge=fails(keeps)),
    _tag("a cluster that does not exist", cluster="nowhere", judge=fails(keeps)),
    _tag("nothing to roll out", ours=(), theirs=None, judge=fails(keeps, litters_not)),
)  # fmt: skip
