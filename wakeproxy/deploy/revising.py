"""Revisions: the next one of a task definition, made by edits, and what its tasks will not find."""

import asyncio
from dataclasses import dataclass, replace

from wakeproxy.core.comparison import Difference, compare
from wakeproxy.core.edits import Edits, edit
from wakeproxy.core.image import parse_image
from wakeproxy.core.release import family_of
from wakeproxy.core.taskdef import Revision, would_be_same
from wakeproxy.deploy.request import Request
from wakeproxy.deploy.telling import Event, Kind, Tell
from wakeproxy.deploy.yard import Yard
from wakeproxy.errors import NothingToDoError, PreflightError, UnknownImageError, UnknownRevisionError, UsageError


@dataclass(frozen=True, slots=True)
class Revised:
    """A revision and the one it is to follow."""

    former: Revision
    wanted: Revision
    """Without an ARN it is to be registered; otherwise it was before, by a rollout that was cut short, say."""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """How they differ."""
        return compare(self.former, self.wanted)

    @property
    def is_new(self) -> bool:
        """Whether it is to be registered."""
        return not self.wanted.arn


async def revise(yard: Yard, name: str, request: Request) -> Revised:
    """Make the revision that is asked for from the one of that name, or from its family's newest, or from a file.

    What is registered already is not registered again.

    Raises:
        NothingToDoError: an edit matches nothing.
        UsageError: edits do not fit, or an image that is to be pinned is in no registry of AWS's.
        UnknownRevisionError: there is no such task definition.
        UnknownImageError: an image that is to be pinned is not there.
    """
    former, newest = await asyncio.gather(yard.definitions.read(name), _read_newest(yard, family_of(name)))
    base = request.written or (newest if request.takes_latest and newest else former)
    wanted = edit(base, request.edits)
    if not request.copies_tags and request.written is None:
        wanted = replace(wanted, tags={})
    if request.pins:
        wanted = await _pin(yard, base, wanted)
    known = (one for one in (former, newest) if one and one.is_active and would_be_same(wanted, one))
    return Revised(former, next(known, wanted))


async def inspect(yard: Yard, revision: Revision, tell: Tell) -> None:
    """Look up what tasks of a revision need; what only could not be looked up is told as a warning.

    Raises:
        UnknownImageError: an image is missing.
        PreflightError: something else is.
    """
    findings = await yard.requirements.inspect(revision)
    for one in findings:
        if not one.is_certain:
            tell(Event(Kind.WARNING, one.sentence, {"subject": one.subject}))
    missing = [one for one in findings if one.is_certain]
    if missing:
        text = " ".join(f"{one.subject}: {one.sentence}" for one in missing)
        kind = UnknownImageError if all(one.subject.endswith("image") for one in missing) else PreflightError
        raise kind(f"Nothing was registered, for tasks would not find what they need. {text}")


async def register(yard: Yard, revised: Revised, tell: Tell) -> Revision:
    """Register the revision unless it is registered already."""
    if not revised.is_new:
        tell(Event(Kind.REGISTERED, f"{revised.wanted.label} is registered already", {"revision": revised.wanted.arn}))
        return revised.wanted
    registered = await yard.definitions.register(revised.wanted)
    tell(Event(Kind.REGISTERED, f"{registered.label} is registered", {"revision": registered.arn}))
    return registered


async def _read_newest(yard: Yard, family: str) -> Revision | None:
    """Read a family's newest active revision; services may go on with one that is not active any more."""
    try:
        return await yard.definitions.read(family)
    except UnknownRevisionError:
        return None


async def _pin(yard: Yard, base: Revision, wanted: Revision) -> Revision:
    """Name the images that are changed, or all if none is, by their digests."""
    images = {name: image for name, image in wanted.images.items() if not parse_image(image).digest}
    changed = {name: image for name, image in images.items() if image != base.images.get(name)}
    found = await asyncio.gather(*(_pin_one(yard, image) for image in (changed or images).values()))
    for container, (image, digest) in zip(changed or images, found, strict=True):
        wanted = edit(wanted, Edits(images=(parse_image(image).with_digest(digest),), container=container))
    return wanted


async def _pin_one(yard: Yard, image: str) -> tuple[str, str]:
    digest = await yard.images.find_digest(parse_image(image))
    if digest is None:
        raise UsageError(f"{image} cannot be pinned, for it is in no registry of ECR; give its digest with --digest.")
    return image, digest


def refuse_nothing(revised: Revised, whose: str) -> NothingToDoError:
    """Say that nothing would change."""
    images = ", ".join(f"{name} has {image}" for name, image in revised.wanted.images.items())
    return NothingToDoError(f"{whose} has {revised.wanted.label} already, and nothing would change: {images}.")
