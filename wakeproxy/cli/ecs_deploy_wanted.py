"""What a command line of ``ecs-deploy`` asks for: checked in its order, refused with its exit statuses."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum, auto
from pathlib import Path
from typing import Final

from wakeproxy.cli.ecs_deploy_options import USAGE, Given, Name, read_options, refuse
from wakeproxy.cli.network_configuration import parse_network
from wakeproxy.core.image import Image, parse_image, parse_tag
from wakeproxy.core.release import Placement
from wakeproxy.deploy.request import PATIENCE
from wakeproxy.errors import UsageError

NO_TARGET: Final = 5
TWO_TARGETS: Final = 6
NO_CLUSTER: Final = 7
NO_IMAGE: Final = 8
NO_NUMBER: Final = 9
BAD_IMAGE: Final = 13
_RUN_ONLY: Final[tuple[tuple[Name, str, int], ...]] = (
    ("launch_type", "--launch-type", 10),
    ("network", "--network-configuration", 11),
    ("waits", "--wait-for-success", 11),
    ("platform_version", "--platform-version", 12),
)
"""Options that say something of ``--run-task`` alone, and how they are refused without."""
_TIMEOUT: Final = 90
_DEFAULT_TAG: Final = "latest"


class Asked(StrEnum):
    """What is told instead of deployed."""

    VERSION = auto()
    HELP = auto()


@dataclass(frozen=True, slots=True)
class Caller:
    """As whom AWS is called, and where; ``None`` leaves it to the surroundings."""

    region: str | None = None
    profile: str | None = None
    role: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Running:
    """A task definition is run once, when it is registered."""

    placement: Placement = field(default_factory=Placement)
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be deployed: a service or a family, one of the two."""

    service: str | None = None
    family: str | None = None
    cluster: str | None = None
    image: Image | None = None
    tag: str | None = None
    """Of every container's image, or of those that ``tagged`` names."""
    tagged: tuple[str, ...] = ()
    file: Path | None = None
    takes_latest: bool = False
    redeploys: bool = False
    copies_tags: bool = False
    desired_count: int | None = None
    min_percent: int | None = None
    max_percent: int | None = None
    timeout: timedelta = timedelta(seconds=2 * _TIMEOUT)
    rolls_back: bool = False
    keep_revisions: int | None = None
    runs: Running | None = None
    caller: Caller = field(default_factory=Caller)
    is_verbose: bool = False
    remarks: tuple[str, ...] = ()
    """What the caller should know, a sentence each."""


def parse_ecs_deploy(arguments: Sequence[str], environ: Mapping[str, str]) -> Wanted | Asked:
    """Read a command line of ``ecs-deploy``.

    Raises:
        UsageError: it would refuse it, or do something else than it says; the exit status is its own.
    """
    given = read_options(arguments)
    if "version" in given:
        return Asked.VERSION
    if "help" in given:
        return Asked.HELP
    _check_target(given)
    keep_revisions = _read_keep(given)
    _check_run(given)
    image, tag = _read_image(given, environ)
    return Wanted(
        service=given["service"],
        family=given["family"],
        cluster=given["cluster"],
        image=image,
        tag=tag,
        tagged=tuple(filter(None, (given["tagged"] or "").split(","))),
        file=Path(file) if (file := given["file"]) else None,
        takes_latest="takes_latest" in given,
        redeploys="redeploys" in given,
        copies_tags="copies_tags" in given,
        desired_count=_read_number(given, "desired_count", "-D"),
        min_percent=_read_number(given, "min_percent", "-m"),
        max_percent=_read_number(given, "max_percent", "-M"),
        timeout=_read_timeout(given),
        rolls_back="rolls_back" in given,
        keep_revisions=keep_revisions,
        runs=_read_run(given),
        caller=_read_caller(given, environ),
        is_verbose="verbose" in given,
        remarks=_remark(given),
    )


def _check_target(given: Given) -> None:
    if "service" not in given and "family" not in given:
        raise refuse("Nothing says what to deploy; name a service with -n, or a task definition with -d.", NO_TARGET)
    if "service" in given and "family" in given:
        raise refuse("-n and -d were both given; name a service or a task definition.", TWO_TARGETS)
    if "cluster" not in given and ("service" in given or "runs_task" in given):
        raise refuse("Nothing says in which cluster; name it with -c.", NO_CLUSTER)
    if "redeploys" in given and "service" not in given:
        raise refuse("--force-new-deployment deploys a service anew; name it with -n.", NO_TARGET)
    if not {"image", "tag", "redeploys"} & given.values.keys():
        raise refuse("Nothing says which image to deploy; name it with -i, or its tag with -to.", NO_IMAGE)


def _read_keep(given: Given) -> int | None:
    text = given["max_definitions"]
    if text is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise refuse(f"--max-definitions is {text!r}, no whole number; write how many revisions are kept.", NO_NUMBER)
    return max(int(text), 0) or None


def _check_run(given: Given) -> None:
    if "runs_task" in given:
        return
    for name, word, status in _RUN_ONLY:
        if name in given:
            raise refuse(f"{word} says how --run-task runs a task; add --run-task, or leave it out.", status)


def _read_image(given: Given, environ: Mapping[str, str]) -> tuple[Image | None, str | None]:
    """Read the image, or the tag alone, beside which any image is ignored: people write ``-i ignore``."""
    if (tag := given["tag"]) is not None:
        return None, _read_tag(tag, "-to")
    if "tagged" in given:
        raise refuse("-toc says whose images get the tag of -to; add -to, or leave it out.")
    text = given["image"]
    if text is None:
        return None, None
    try:
        image = parse_image(text)
    except UsageError as error:
        raise refuse(str(error), BAD_IMAGE) from error
    if image.tag or image.digest:
        return image, None
    return image.with_tag(_find_tag(given["tag_variable"], environ)), None


def _find_tag(variable: str | None, environ: Mapping[str, str]) -> str:
    if variable is None:
        return _DEFAULT_TAG
    if not (tag := environ.get(variable)):
        raise refuse(f"The variable {variable} has no tag in it; set it, or leave -e out.")
    return _read_tag(tag, f"The variable {variable}")


def _read_tag(text: str, source: str) -> str:
    try:
        return parse_tag(text)
    except UsageError as error:
        raise refuse(f"{source}: {error}") from error


def _read_number(given: Given, name: Name, word: str) -> int | None:
    text = given[name]
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise refuse(f"{word} is {text!r}; write a whole number.")
    return int(text)


def _read_timeout(given: Given) -> timedelta:
    """Give as much time as ``ecs-deploy`` does in all: it waits twice, for new tasks and for old ones to go.

    It may be told not to wait for the old ones, for they take long; then they are given long.
    """
    seconds = _read_number(given, "timeout", "-t")
    each = timedelta(seconds=_TIMEOUT if seconds is None else seconds)
    if "runs_task" in given:
        return each
    return max(2 * each, PATIENCE) if "skips_check" in given else 2 * each


def _read_run(given: Given) -> Running | None:
    if "runs_task" not in given or "service" in given:
        return None
    text = given["network"]
    try:
        network = {} if text is None else parse_network(text)
    except UsageError as error:
        raise refuse(str(error), USAGE) from error
    placement = Placement(given["launch_type"], platform_version=given["platform_version"], network=network)
    return Running(placement, waits="waits" in given)


def _read_caller(given: Given, environ: Mapping[str, str]) -> Caller:
    key, secret = given["access_key"], given["secret_key"]
    if key is not None and secret is None and not environ.get("AWS_SECRET_ACCESS_KEY"):
        raise refuse("-k names an access key without its secret; add -s, or set AWS_SECRET_ACCESS_KEY.")
    if secret is not None and key is None and not environ.get("AWS_ACCESS_KEY_ID"):
        raise refuse("-s is a secret without its access key; add -k, or set AWS_ACCESS_KEY_ID.")
    return Caller(given["region"], given["profile"], given["role"], key, secret)


def _remark(given: Given) -> tuple[str, ...]:
    remarks = (
        ("instance_profile" in given, "--aws-instance-profile changes nothing: an instance's role is found without."),
        (
            "runs_task" in given and "service" in given,
            "--run-task runs the task definition of -d; with -n it is ignored.",
        ),
    )
    return tuple(sentence for holds, sentence in remarks if holds)
