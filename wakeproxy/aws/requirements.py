"""`Requirements` on ECR, IAM, Secrets Manager, Parameter Store and CloudWatch Logs: no secret's value is ever read."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from wakeproxy.aws.batches import batched, each
from wakeproxy.aws.faults import is_refused, translated
from wakeproxy.aws.images import EcrImages
from wakeproxy.aws.named import Kind, Named, account_of, list_named
from wakeproxy.aws.pace import calling
from wakeproxy.aws.persistence import persist
from wakeproxy.core.image import find_ecr, parse_image
from wakeproxy.errors import FleetError, UnknownImageError, UsageError, WakeproxyError
from wakeproxy.ports.rollouts import Finding

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from wakeproxy.aws.access import Others
    from wakeproxy.core.image import Image
    from wakeproxy.core.taskdef import Revision

_PARAMETERS_A_CALL: Final = 50
"""Values of one filter of ``DescribeParameters`` (API reference of Systems Manager)."""
_AGENT: Final = "ecs-tasks.amazonaws.com"
_ALL_REPOSITORIES: Final = "ROOT"
"""The prefix of a pull-through cache rule that holds for every repository (API reference of ECR)."""


class AwsRequirements:
    """Looks up what a revision names, each once however often it is named."""

    def __init__(self, others: Others) -> None:
        self._others = others
        self._images = EcrImages(others)
        self._looks: Mapping[Kind, Callable[[Named], Awaitable[str | None]]] = {
            Kind.IMAGE: self._look_for_image,
            Kind.ROLE: self._look_for_role,
            Kind.SECRET: self._look_for_secret,
            Kind.LOG_GROUP: self._look_for_log_group,
        }

    async def inspect(self, revision: Revision) -> Sequence[Finding]:
        """Look up everything at the same time."""
        named = list_named(revision.document)
        account = account_of(revision.document)

        async def look(some: Sequence[Named]) -> Mapping[Named, tuple[str, bool]]:
            try:
                return {one: (sentence, True) for one, sentence in (await self._find_missing(some, account)).items()}
            except WakeproxyError as error:
                return dict.fromkeys(some, (str(error), False))

        with calling(is_urgent=True):
            answers = await each(look, _group(named))
        told = {one: found for answer in answers for one, found in answer.items()}
        return [
            Finding(", ".join(places), sentence, is_certain=is_certain)
            for one, places in named.items()
            if one in told
            for sentence, is_certain in [told[one]]
        ]

    async def _find_missing(self, some: Sequence[Named], account: str | None) -> Mapping[Named, str]:
        """Look for things that are asked for by one call; say what is wrong with those that tasks will not find."""
        if some[0].kind is Kind.PARAMETER:
            return await self._look_for_parameters(some, account)
        sentences = {one: await self._looks[one.kind](one) for one in some}
        return {one: sentence for one, sentence in sentences.items() if sentence is not None}

    async def _look_for_image(self, named: Named) -> str | None:
        try:
            image = parse_image(named.name)
        except UsageError as error:
            return str(error)
        try:
            await self._images.find_digest(image)
        except UnknownImageError as error:
            if await self._is_cached_when_pulled(image):
                raise UnknownImageError(
                    f"{error} Or a rule of its pull-through cache brings it when it is pulled."
                ) from error
            return str(error)
        return None

    async def _is_cached_when_pulled(self, image: Image) -> bool:
        """Whether ECR fetches from another registry what its own lacks."""
        repository = find_ecr(image)
        assert repository is not None
        answer = await self._ask(
            ("ecr", "describe_pull_through_cache_rules", repository.region),
            f"read the pull-through cache rules for {image.name}",
            registryId=repository.account,
        )
        prefixes = {rule["ecrRepositoryPrefix"] for rule in answer["pullThroughCacheRules"]}
        return _ALL_REPOSITORIES in prefixes or any(repository.name.startswith(f"{prefix}/") for prefix in prefixes)

    async def _look_for_role(self, named: Named) -> str | None:
        try:
            answer = await self._ask(("iam", "get_role", None), f"look up role {named.name}", RoleName=named.name)
        except FleetError as error:
            if is_refused(error, "NoSuchEntity"):
                return f"There is no role {named.name}; create it, or correct its ARN."
            raise
        trusted = json.dumps(answer["Role"].get("AssumeRolePolicyDocument", {}))
        if _AGENT in trusted or '"*"' in trusted:
            return None
        return f"Role {named.name} cannot be assumed by tasks; let its trust policy name {_AGENT}."

    async def _look_for_secret(self, named: Named) -> str | None:
        try:
            answer = await self._ask(
                ("secretsmanager", "describe_secret", named.region), f"look up {named.name}", SecretId=named.name
            )
        except FleetError as error:
            if is_refused(error, "ResourceNotFoundException"):
                return f"There is no secret {named.name}; create it, or correct its ARN, its last six characters too."
            raise
        if answer.get("DeletedDate"):
            return f"Secret {named.name} is to be deleted; restore it, or name another."
        return None if answer.get("VersionIdsToStages") else f"Secret {named.name} has no value yet; put one."

    async def _look_for_log_group(self, named: Named) -> str | None:
        # Groups come in the order of their names, so the one that is the whole prefix comes first.
        answer = await self._ask(
            ("logs", "describe_log_groups", named.region),
            f"look up log group {named.name}",
            logGroupNamePrefix=named.name,
            limit=1,
        )
        if named.name in {group["logGroupName"] for group in answer["logGroups"]}:
            return None
        return f"There is no log group {named.name}; create it, or set awslogs-create-group to true."

    async def _look_for_parameters(self, some: Sequence[Named], account: str | None) -> Mapping[Named, str]:
        if some[0].account not in {None, account}:
            raise FleetError(f"Parameters of account {some[0].account} cannot be looked up from another.")
        names = [one.name for one in some]

        async def find() -> set[str]:
            with translated(f"look up parameters {', '.join(names)}"):
                client = await self._others.get("ssm", region=some[0].region)
                pages = client.get_paginator("describe_parameters").paginate(
                    ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": names}]
                )
                return {parameter["Name"] async for page in pages for parameter in page["Parameters"]}

        found = await persist(find, is_repeatable=False)
        return {
            one: f"There is no parameter {one.name} in Parameter Store; create it, or correct its name."
            for one in some
            if one.name not in found
        }

    async def _ask(self, what: tuple[str, str, str | None], doing: str, **asked: Any) -> Any:
        """Call an operation of a service in a Region; what cannot be reached is not worth waiting for."""
        service, operation, region = what

        async def call() -> Any:
            with translated(doing):
                client = await self._others.get(service, region=region)
                return await getattr(client, operation)(**asked)

        return await persist(call, is_repeatable=False)


def _group(named: Mapping[Named, object]) -> Iterator[Sequence[Named]]:
    """Put together what one call can ask for."""
    parameters: defaultdict[tuple[str | None, str | None], list[Named]] = defaultdict(list)
    for one in named:
        if one.kind is Kind.PARAMETER:
            parameters[one.region, one.account].append(one)
        else:
            yield [one]
    for some in parameters.values():
        yield from batched(some, _PARAMETERS_A_CALL)
