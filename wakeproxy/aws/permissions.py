"""What the caller may do, by IAM's policy simulator: nothing is done for it, and no policy is read here."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from wakeproxy.aws.batches import each
from wakeproxy.aws.faults import translated
from wakeproxy.aws.pace import calling
from wakeproxy.aws.persistence import persist
from wakeproxy.core.permissions import can_be_simulated, read_verdicts, role_behind
from wakeproxy.errors import AccessDeniedError, FleetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wakeproxy.aws.access import Others
    from wakeproxy.core.permissions import Question, Verdict


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls AWS here."""

    account: str
    arn: str


class AwsPermissions:
    """Asks IAM's policy simulator about the caller."""

    def __init__(self, others: Others) -> None:
        self._others = others

    async def read_caller(self) -> Caller:
        """Read who calls; that needs no permission."""

        async def ask() -> Caller:
            with translated("tell whose credentials these are"):
                answer = await (await self._others.get("sts")).get_caller_identity()
                return Caller(answer["Account"], answer["Arn"])

        return await persist(ask, is_repeatable=False)

    async def find_entity(self, caller: Caller) -> str:
        """Find the user or role whose policies the caller has, as the simulator wants it.

        Raises:
            FleetError: it is neither's, or the role cannot be looked up.
        """
        if can_be_simulated(caller.arn):
            return caller.arn
        role = role_behind(caller.arn)
        if role is None:
            raise FleetError(f"IAM simulates users and roles only, and these are the credentials of {caller.arn}.")
        try:
            return await self._find_role(role.rpartition("/")[2])
        except AccessDeniedError:
            return role

    async def _find_role(self, name: str) -> str:
        """Find a role's ARN with its path, which the ARN of a session leaves out and the simulator wants."""

        async def ask() -> str:
            with translated(f"look up role {name}"):
                answer = await (await self._others.get("iam")).get_role(RoleName=name)
                return str(answer["Role"]["Arn"])

        return await persist(ask, is_repeatable=False)

    async def simulate(self, entity: str, questions: Iterable[Question]) -> Sequence[Verdict]:
        """Ask whether an entity may do what is asked."""

        async def ask(question: Question) -> Sequence[Verdict]:
            with translated("simulate what these credentials may do"):
                pages = (
                    (await self._others.get("iam"))
                    .get_paginator("simulate_principal_policy")
                    .paginate(
                        PolicySourceArn=entity,
                        ActionNames=list(question.actions),
                        ResourceArns=list(question.resources),
                        ContextEntries=[
                            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
                            for key, value in question.context.items()
                        ],
                    )
                )
                results: list[Any] = [one async for page in pages for one in page["EvaluationResults"]]
            return list(read_verdicts(question, results))

        with calling(is_urgent=True):
            # Where there is no simulator, as before another implementation of AWS, that is not worth waiting for.
            told = await each(lambda one: persist(lambda: ask(one), is_repeatable=False), questions)
        return list(chain.from_iterable(told))
