"""Cases of images: which container gets which, however they are written."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.rollout.case import Case, Options
from benchmarks.rollout.checks import does, fails, has_image, keeps, litters_not, succeeds
from benchmarks.rollout.tools import SERVICE

_DIGEST: Final = f"sha256:{'0a' * 32}"
_OTHER_DIGEST: Final = f"sha256:{'1b' * 32}"
_SLEEPS: Final = ["sleep", "600"]
_TAG: Final = ("--tag", "2")


def _with(image: str, *sidecars: str) -> Mapping[str, Any]:
    """A cheap service of these images; the sidecars are called `side1`, `side2`."""
    others = [{"name": f"side{n}", "image": one, "command": _SLEEPS} for n, one in enumerate(sidecars, 1)]
    return {"image": image, "command": _SLEEPS, "logs": False, "sidecars": others}


def _tagged(what: str, image: str, wanted: str) -> Case:
    judge = does(has_image(wanted))
    return Case(what=f"new tag: {what}", ours=_TAG, theirs=_TAG, judge=judge, service={"image": image})


def _refused(what: str, ours: Options, theirs: Options) -> Case:
    judge = fails(keeps)
    return Case(what=what, ours=ours, theirs=theirs, judge=judge, service={"image": "wakeproxy/hello:1"})


def _given(what: str, image: str, *, running: str = "example.com/shop:1") -> Case:
    ours, theirs = ("--image", image, "--container", SERVICE), ("--image", SERVICE, image)
    return Case(what=what, ours=ours, theirs=theirs, judge=succeeds(has_image(image)), service=_with(running))


CASES: Sequence[Case] = (
    _tagged("an ordinary image", "example.com/wakeproxy/hello:1", "example.com/wakeproxy/hello:2"),
    _tagged("no tag so far", "wakeproxy/hello", "wakeproxy/hello:2"),
    _tagged("a digest so far", f"wakeproxy/hello@{_DIGEST}", "wakeproxy/hello:2"),
    _tagged("tag and digest so far", f"wakeproxy/hello:1@{_DIGEST}", "wakeproxy/hello:2"),
    _tagged("a registry with a port", "registry:5000/wakeproxy/hello:1", "registry:5000/wakeproxy/hello:2"),
    _tagged(
        "a registry with a port, no tag so far", "registry:5000/wakeproxy/hello", "registry:5000/wakeproxy/hello:2"
    ),
    _tagged("underscores", "my__shop_app/wakeproxy/hello:1", "my__shop_app/wakeproxy/hello:2"),
    _given("an image by its digest", f"example.com/shop@{_OTHER_DIGEST}"),
    _given("an image by tag and digest", f"example.com/shop:2@{_OTHER_DIGEST}"),
    _given("an image of another repository, for a container by name", "example.com/new-shop:2"),
    Case(
        what="a new digest of the image that runs",
        ours=("--digest", _OTHER_DIGEST),
        theirs=("--image", SERVICE, f"example.com/shop@{_OTHER_DIGEST}"),
        judge=succeeds(has_image(f"example.com/shop@{_OTHER_DIGEST}")),
        service=_with(f"example.com/shop@{_DIGEST}"),
    ),
    Case(
        what="an image for whichever container has its repository",
        ours=("--image", "example.com/acct/shop:2"),
        theirs=None,
        judge=succeeds(
            has_image("example.com/acct/shop:2"),
            has_image("example.com/my-acct/shop:1", "side1"),
            has_image("other.example.com/acct/shop:1", "side2"),
        ),
        service=_with("example.com/acct/shop:1", "example.com/my-acct/shop:1", "other.example.com/acct/shop:1"),
    ),
    Case(
        what="an image whose repository no container has",
        ours=("--image", "example.com/acct/shop:2"),
        theirs=None,
        judge=fails(keeps, litters_not),
        service=_with("example.com/my-acct/shop:1"),
    ),
    Case(
        what="one of two containers, which share a repository",
        ours=("--image", "example.com/shop:2", "--container", SERVICE),
        theirs=("--image", SERVICE, "example.com/shop:2"),
        judge=succeeds(has_image("example.com/shop:2"), has_image("example.com/shop:1", "side1")),
        service=_with("example.com/shop:1", "example.com/shop:1"),
    ),
    Case(
        what="a tag for all containers, one of them by digest",
        ours=_TAG,
        theirs=_TAG,
        judge=succeeds(has_image("example.com/shop:2"), has_image("example.com/side:2", "side1")),
        service=_with("example.com/shop:1", f"example.com/side@{_DIGEST}"),
    ),
    Case(
        what="two images at once",
        ours=("--image", "example.com/shop:2", "--image", "example.com/side:3"),
        theirs=("--image", SERVICE, "example.com/shop:2", "--image", "side1", "example.com/side:3"),
        judge=succeeds(has_image("example.com/shop:2"), has_image("example.com/side:3", "side1")),
        service=_with("example.com/shop:1", "example.com/side:1"),
    ),
    Case(
        what="a container that does not exist",
        ours=("--image", "example.com/shop:2", "--container", "web"),
        theirs=("--image", "web", "example.com/shop:2"),
        judge=fails(keeps, litters_not),
        service=_with("example.com/shop:1"),
    ),
    _refused(
        "an image that can be none: upper case",
        ("--image", "wakeproxy/Hello:2", "--container", SERVICE),
        ("--image", SERVICE, "wakeproxy/Hello:2", "--timeout", "6"),
    ),
    _refused(
        "an image that can be none: a web address",
        ("--image", "https://example.com/hello:2", "--container", SERVICE),
        ("--image", SERVICE, "https://example.com/hello:2", "--timeout", "6"),
    ),
    _refused("a tag that can be none", ("--tag", "2/3"), ("--tag", "2/3", "--timeout", "6")),
    Case(
        what="the tag that runs already",
        ours=("--tag", "1"),
        theirs=None,
        judge=fails(keeps, litters_not),
        service=_with("example.com/shop:1"),
    ),
    Case(
        what="an image in ECR that is not there",
        ours=("--image", "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:2", "--container", SERVICE),
        theirs=("--image", SERVICE, "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:2", "--timeout", "6"),
        judge=does(),
    ),
)
