"""Options of rollouts: what to change of a task definition, and how to go about it."""

import functools
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import click

from wakeproxy.cli.options import DURATION, Command, with_options
from wakeproxy.core.edits import Edits
from wakeproxy.core.image import parse_digest, parse_image, parse_tag
from wakeproxy.core.taskdef import Revision, read_written
from wakeproxy.deploy.request import PATIENCE, Conduct, Request
from wakeproxy.errors import UsageError

_EDITS: Final = (
    click.option(
        "--image",
        "images",
        multiple=True,
        metavar="REF",
        help="New image, of every container that has one of its repository; repeatable.",
    ),
    click.option("--container", metavar="NAME", help="The one container that is meant."),
    click.option("--tag", metavar="TAG", help="New tag, of all containers' images."),
    click.option("--tag-from", metavar="VARIABLE", help="New tag, from an environment variable."),
    click.option("--digest", metavar="sha256:...", help="New digest, of the one image that is meant."),
    click.option("--pin", "pins", is_flag=True, help="Name images by the digest that their tag has now, in ECR."),
    click.option("--env", "environment", multiple=True, metavar="NAME=VALUE", help="Environment variable; repeatable."),
    click.option(
        "--secret", "secrets", multiple=True, metavar="NAME=ARN", help="Secret or parameter in a variable; repeatable."
    ),
    click.option("--cpu", metavar="UNITS", help="CPU of the task."),
    click.option("--memory", metavar="MIB", help="Memory of the task."),
    click.option(
        "--task-definition-file",
        "written",
        type=click.Path(path_type=Path, allow_dash=True),
        help="Task definition to use instead of what runs, bare or as AWS describes it; - reads stdin.",
    ),
    click.option("--latest", "takes_latest", is_flag=True, help="Edit the family's newest revision, not what runs."),
    click.option(
        "--copy-tags/--no-copy-tags", "copies_tags", default=True, show_default=True, help="Tags of the revision."
    ),
    click.option("--redeploy", "redeploys", is_flag=True, help="Begin a deployment even if nothing changes."),
)

_OF_EDITS: Final = ("images", "container", "tag", "tag_from", "digest", "environment", "secrets", "cpu", "memory")

_CONDUCT: Final = (
    click.option("--timeout", type=DURATION, default=PATIENCE, help="How long it may take.  [default: 15m]"),
    click.option("--rollback-on-failure", "rolls_back", is_flag=True, help="Go back to what ran before if it fails."),
    click.option("--no-wait", "waits", flag_value=False, default=True, help="Leave when ECS has been told."),
    click.option("--no-verify", "verifies", flag_value=False, default=True, help="Do not wake what sleeps to see it."),
    click.option("--supersede", "supersedes", is_flag=True, help="Cut another rollout short that is under way."),
)

_SCALE: Final = (
    click.option("--desired-count", type=click.IntRange(0), help="Write the desired count, which is else left alone."),
    click.option("--min-percent", type=click.IntRange(0, 100), help="Least tasks during a rollout, in percent."),
    click.option("--max-percent", type=click.IntRange(100), help="Most tasks during a rollout, in percent."),
    click.option(
        "--keep-revisions",
        type=click.IntRange(1),
        metavar="N",
        help="Deregister older revisions afterwards, but none in use.",
    ),
)
_MANNER: Final = (
    click.option("--dry-run", "is_dry_run", is_flag=True, help="Say what would be done, and do nothing."),
    click.option("--diff", "shows_diff", is_flag=True, help="Show how the task definitions differ."),
    click.option("--json", "as_json", is_flag=True, help="JSON on stdout: a line for each event, the result last."),
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a plan is dealt with."""

    is_dry_run: bool = False
    shows_diff: bool = False
    as_json: bool = False


def with_request(command: Command) -> Command:
    """Give a command the options that say what to change, as a parameter ``request`` without a conduct."""

    @functools.wraps(command)
    def build(*, written: Path | None, **given: Any) -> Any:
        edits = _build_edits({name: given.pop(name) for name in _OF_EDITS})
        flags = {name: given.pop(name) for name in ("takes_latest", "redeploys", "pins", "copies_tags")}
        return command(request=Request(edits, read_file(written) if written else None, **flags), **given)

    return with_options(_EDITS)(build)


def with_conduct(command: Command) -> Command:
    """Give a command the options that say how to roll out, as a parameter ``conduct``."""

    @functools.wraps(command)
    def build(**given: Any) -> Any:
        conduct = Conduct(**{one.name: given.pop(one.name) for one in fields(Conduct) if one.name in given})
        return command(conduct=conduct, **given)

    return with_options(_CONDUCT)(build)


def with_scale(command: Command) -> Command:
    """Give a command with a conduct the options that change a service besides its revision, and what is kept of it."""
    return with_options(_SCALE)(command)


def read_file(path: Path) -> Revision:
    """Read a task definition from a file, or from stdin where it is ``-``.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
        return read_written(json.loads(text))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}. Name another file.") from error
    except ValueError as error:  # of JSON and of its encoding
        raise UsageError(f"{path} is no JSON: {error}. Write a task definition as AWS describes it.") from error


def with_manner(command: Command) -> Command:
    """Give a command the options that say whether to do it and how to tell of it, as a parameter ``manner``."""

    @functools.wraps(command)
    def build(**given: Any) -> Any:
        return command(manner=Manner(**{one.name: given.pop(one.name) for one in fields(Manner)}), **given)

    return with_options(_MANNER)(build)


def _build_edits(given: Mapping[str, Any]) -> Edits:
    if given["tag"] and given["tag_from"]:
        raise UsageError("--tag and --tag-from both say which tag; leave one of them out.")
    tag = _read_variable(given["tag_from"]) if given["tag_from"] else given["tag"]
    return Edits(
        images=tuple(map(parse_image, given["images"])),
        tag=None if tag is None else parse_tag(tag),
        digest=None if given["digest"] is None else parse_digest(given["digest"]),
        container=given["container"],
        environment=_split(given["environment"], "--env"),
        secrets=_split(given["secrets"], "--secret"),
        cpu=given["cpu"],
        memory=given["memory"],
    )


def _read_variable(name: str) -> str:
    value = os.environ.get(name)  # noqa: TID251 - the command line owns it
    if not value:
        raise UsageError(f"--tag-from {name}: the environment has no such variable, or it is empty.")
    return value


def _split(pairs: tuple[str, ...], option: str) -> Mapping[str, str]:
    found = {}
    for pair in pairs:
        name, joint, value = pair.partition("=")
        if not (name and joint):
            raise UsageError(f"{option} {pair}: write NAME=VALUE.")
        found[name] = value
    return found
