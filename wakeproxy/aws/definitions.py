"""`Definitions` on ECS: task definitions read and registered whole, members unknown to the client library included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wakeproxy.aws.faults import is_refused, is_unanswered, translated
from wakeproxy.aws.persistence import persist
from wakeproxy.aws.verbatim import VERBATIM, verbatim
from wakeproxy.core.taskdef import Revision, read_revision, would_be_same
from wakeproxy.errors import FleetError, UnknownRevisionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wakeproxy.aws.access import Clients

_UNKNOWN: Final = "Unable to describe task definition"
"""What ECS says of a family or revision that does not exist; the error's name is that of many others."""


class EcsDefinitions:
    """Reads, registers, lists and deregisters task definitions."""

    def __init__(self, clients: Clients) -> None:
        # What goes through `verbatim` is not what the library's types say.
        self._ecs: Any = clients.ecs

    async def read(self, name: str) -> Revision:
        """Read a revision with its tags."""

        async def describe() -> Revision:
            with verbatim(), translated(f"read task definition {name}"):
                return _read(await self._ecs.describe_task_definition(taskDefinition=name, include=["TAGS"]))

        try:
            return await persist(describe)
        except FleetError as error:
            if is_refused(error, "ClientException", _UNKNOWN):
                raise UnknownRevisionError(
                    f"There is no task definition {name}, or no active revision of it; check its name and the region."
                ) from error
            raise

    async def register(self, revision: Revision) -> Revision:
        """Register the next revision; where the answer is lost, the newest one tells whether it is registered."""
        asked = dict(revision.document)
        if revision.tags:
            asked["tags"] = [{"key": key, "value": value} for key, value in revision.tags.items()]

        async def register() -> Revision:
            with verbatim(), translated(f"register a revision of {revision.family}"):
                return _read(await self._ecs.register_task_definition(**asked))

        try:
            return await persist(register, is_repeatable=False)
        except FleetError as error:
            if not is_unanswered(error):
                raise
        found = await self._find_newest(revision.family)
        if found is not None and would_be_same(revision, found):
            return found
        return await persist(register, is_repeatable=False)

    async def _find_newest(self, family: str) -> Revision | None:
        try:
            return await self.read(family)
        except UnknownRevisionError:
            return None

    async def list_active(self, family: str) -> Sequence[str]:
        """List the ARNs of a family's active revisions, the newest first."""

        async def find() -> list[str]:
            with translated(f"list the revisions of {family}"):
                pages = self._ecs.get_paginator("list_task_definitions").paginate(
                    familyPrefix=family, status="ACTIVE", sort="DESC"
                )
                return [arn async for page in pages for arn in page["taskDefinitionArns"]]

        return [arn for arn in await persist(find) if family_of(arn) == family]

    async def deregister(self, arn: str) -> None:
        """Make a revision inactive."""

        async def deregister() -> None:
            with translated(f"deregister {arn}"):
                await self._ecs.deregister_task_definition(taskDefinition=arn)

        await persist(deregister)


def family_of(arn: str) -> str:
    """Say of which family a revision is."""
    return arn.rpartition("/")[2].rpartition(":")[0]


def _read(answer: Any) -> Revision:
    told = answer[VERBATIM]
    return read_revision(told["taskDefinition"], told.get("tags", ()))
