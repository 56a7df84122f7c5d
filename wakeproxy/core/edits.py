"""Edits of a task definition: what to change, and the task definition as it is then.

Everything that is not asked for stays as it was, in its order; whether anything changed is for `comparison` to say.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from wakeproxy.core.completion import count_cpu, count_memory
from wakeproxy.core.image import Image, parse_image
from wakeproxy.core.taskdef import Document, Revision
from wakeproxy.errors import NothingToDoError, UsageError

_AMOUNTS: Final[Mapping[str, tuple[Callable[[str], str | None], str]]] = {
    "cpu": (count_cpu, "CPU units like 512, or 0.5 vCPU"),
    "memory": (count_memory, "MiB like 1024, or 1 GB"),
}


@dataclass(frozen=True, slots=True)
class Edits:
    """What to change."""

    images: tuple[Image, ...] = ()
    """Each replaces the image of every container that has one of its repository, or ``container``'s, whatever it is."""
    tag: str | None = None
    """Of ``images`` where there are some, else of every container's image, or of ``container``'s alone."""
    digest: str | None = None
    """Of the only image, else of the image of ``container`` or the only one."""
    container: str | None = None
    """Which container is meant."""
    tagged: tuple[str, ...] = ()
    """The containers whose images get ``tag``, where it is not for all of them."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Of ``container``, else of the only one, else of those that ``images`` replace the image of; ``secrets`` too."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """ARNs or names of parameters, by the variable that gets them."""
    cpu: str | None = None
    """Of the whole task, as ``memory`` is."""
    memory: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be changed."""
        return self == Edits(container=self.container)


def edit(revision: Revision, edits: Edits) -> Revision:
    """Apply edits; the result is not registered.

    Raises:
        NothingToDoError: an image or container matches nothing that is there; it says what is there.
        UsageError: it is not clear which container is meant, or edits contradict each other.
    """
    _check_container(revision, edits)
    images = _choose_images(revision, edits)
    with_variables = _choose_for_variables(revision, edits, with_images=images)
    containers = []
    for container in revision.containers:
        name = container["name"]
        edited = {**container, "image": str(images[name])} if name in images else container
        containers.append(_set_variables(edited, edits) if name in with_variables else edited)
    document = {**revision.document, "containerDefinitions": containers, **_read_amounts(edits)}
    return Revision(document, tags=revision.tags)


def _check_container(revision: Revision, edits: Edits) -> None:
    names = [one["name"] for one in revision.containers]
    for wanted in filter(None, (edits.container, *edits.tagged)):
        if wanted not in names:
            raise NothingToDoError(
                f"No container of {revision.label} is named {wanted!r}; there is {_enumerate(names)}."
            )


def _choose_images(revision: Revision, edits: Edits) -> Mapping[str, Image]:
    """Say which containers get which image."""
    if edits.tag is not None and edits.digest is not None:
        raise UsageError(f"A tag ({edits.tag!r}) and a digest ({edits.digest!r}) exclude each other; give one of them.")
    if edits.images:
        return _match_images(revision, edits.container, [_complete_image(one, edits) for one in edits.images])
    meant = [one for one in revision.containers if edits.container in (None, one["name"])]
    if edits.tag is not None:
        tagged = [one for one in meant if not edits.tagged or one["name"] in edits.tagged]
        return {one["name"]: _read_image(one).with_tag(edits.tag) for one in tagged}
    if edits.digest is not None:
        if len(meant) > 1:
            raise _refuse_unclear(revision, f"the digest {edits.digest!r}")
        return {one["name"]: _read_image(one).with_digest(edits.digest) for one in meant}
    return {}


def _complete_image(image: Image, edits: Edits) -> Image:
    """Give an image the tag or digest that was given beside it."""
    added = edits.tag if edits.digest is None else edits.digest
    if added is None:
        return image
    if image.tag is not None or image.digest is not None:
        raise UsageError(f"The image {str(image)!r} says already which one is meant; leave out {added!r}.")
    if edits.digest is None:
        return image.with_tag(added)
    if len(edits.images) > 1:
        raise UsageError(
            f"The digest {added!r} is one image's, and {len(edits.images)} are given; write it behind its own."
        )
    return image.with_digest(added)


def _match_images(revision: Revision, container: str | None, images: Sequence[Image]) -> Mapping[str, Image]:
    if container is not None:
        if len(images) > 1:
            raise UsageError(f"The container {container!r} takes one image, and {len(images)} are given; give one.")
        return {container: images[0]}
    by_repository = {image.repository: image for image in images}
    if len(by_repository) < len(images):
        raise UsageError(f"Two of {_enumerate(map(str, images))} are of the same repository; give one of them.")
    found = {one["name"]: _find_repository(one) for one in revision.containers}
    for repository, image in by_repository.items():
        if repository not in found.values():
            there = _enumerate(f"{one['name']} ({one['image']})" for one in revision.containers)
            raise NothingToDoError(
                f"No container of {revision.label} has an image of {image.name!r}; there is {there}. "
                "Name the container to change its repository."
            )
    return {name: by_repository[repository] for name, repository in found.items() if repository in by_repository}


def _find_repository(container: Document) -> str | None:
    try:
        return _read_image(container).repository
    except UsageError:
        return None


def _read_image(container: Document) -> Image:
    return parse_image(container["image"])


def _choose_for_variables(revision: Revision, edits: Edits, *, with_images: Mapping[str, Image]) -> frozenset[str]:
    """Say which containers get the variables."""
    names = [one["name"] for one in revision.containers]
    if doubled := sorted(edits.environment.keys() & edits.secrets.keys()):
        raise UsageError(f"{doubled[0]} cannot be both a variable and a secret; give one of them.")
    variables = [*edits.environment, *edits.secrets]
    if not variables:
        return frozenset()
    if edits.container is not None:
        return frozenset({edits.container})
    if len(names) == 1:
        return frozenset(names)
    if edits.images:
        return frozenset(with_images)
    raise _refuse_unclear(revision, f"the variable {variables[0]}")


def _set_variables(container: Document, edits: Edits) -> Document:
    """Set variables and secrets; each takes the other's place where it has the same name."""
    container = _set_entries(container, "environment", "value", edits.environment, dropped=edits.secrets)
    return _set_entries(container, "secrets", "valueFrom", edits.secrets, dropped=edits.environment)


def _set_entries(
    container: Document, key: str, value_key: str, wanted: Mapping[str, str], *, dropped: Iterable[str]
) -> Document:
    before: Sequence[Mapping[str, Any]] = container.get(key) or ()
    kept = [one for one in before if one["name"] not in dropped]
    changed = [{**one, value_key: wanted[one["name"]]} if one["name"] in wanted else one for one in kept]
    there = {one["name"] for one in kept}
    after = [*changed, *({"name": name, value_key: value} for name, value in wanted.items() if name not in there)]
    return {**container, key: after} if after or before else container


def _read_amounts(edits: Edits) -> Mapping[str, str]:
    amounts = {key: value for key, value in (("cpu", edits.cpu), ("memory", edits.memory)) if value is not None}
    for key, value in amounts.items():
        count, example = _AMOUNTS[key]
        if count(value) is None:
            raise UsageError(f"{value!r} is no amount of {key}: write {example}.")
    return amounts


def _refuse_unclear(revision: Revision, subject: str) -> UsageError:
    names = _enumerate(one["name"] for one in revision.containers)
    return UsageError(f"It is not clear which container of {revision.label} gets {subject}: name one of {names}.")


def _enumerate(names: Iterable[str]) -> str:
    return ", ".join(names)
