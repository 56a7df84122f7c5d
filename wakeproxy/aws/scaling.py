"""`Scaling` on Application Auto Scaling: the targets of fifty services a call, asked about together."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from wakeproxy.aws.batches import batched, each
from wakeproxy.aws.faults import translated
from wakeproxy.core.capacity import Capacity
from wakeproxy.errors import AccessDeniedError, FleetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from types_aiobotocore_application_autoscaling import ApplicationAutoScalingClient

    from wakeproxy.core.service import EcsService

logger = logging.getLogger(__name__)

_NAMESPACE: Final = "ecs"
_DIMENSION: Final = "ecs:service:DesiredCount"
_TARGETS_A_CALL = 50
"""Application Auto Scaling API reference, DescribeScalableTargets."""
_GATHERS: Final = 0.05
"""Seconds in which those who ask are asked for together: a sweep puts many to sleep at once, each by itself."""


@dataclass(slots=True)
class _Batch:
    """What is asked about together."""

    services: set[EcsService] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by who asks AWS for all; when he fails to, the next one does."""
    answer: Mapping[EcsService, Capacity] | FleetError | None = None


class EcsScaling:
    """Knows and changes the capacity of ECS services' scalable targets."""

    def __init__(self, client: ApplicationAutoScalingClient) -> None:
        self._client = client
        self._batch = _Batch()
        self._is_denied = False

    async def capacities(self, services: Sequence[EcsService]) -> Mapping[EcsService, Capacity]:
        """Look up targets, along with those that others ask for at the same time."""
        batch = self._batch
        batch.services.update(services)
        async with batch.lock:
            if batch.answer is None:
                await asyncio.sleep(_GATHERS)
                if self._batch is batch:
                    self._batch = _Batch()
                batch.answer = await self._ask(batch.services)
        if isinstance(batch.answer, FleetError):
            raise batch.answer
        return {ecs: batch.answer[ecs] for ecs in services if ecs in batch.answer}

    async def set_minimum(self, ecs: EcsService, minimum: int) -> None:
        """Change a target's minimum by ``RegisterScalableTarget``, which leaves what is not named as it is."""
        with self._telling_of_denial(), translated(f"set the minimum capacity of {ecs} to {minimum}"):
            await self._client.register_scalable_target(
                ServiceNamespace=_NAMESPACE,
                ScalableDimension=_DIMENSION,
                ResourceId=_id_of(ecs),
                MinCapacity=minimum,
            )

    async def _ask(self, services: set[EcsService]) -> Mapping[EcsService, Capacity] | FleetError:
        try:
            with self._telling_of_denial():
                answers = await each(self._describe, batched(sorted(services), _TARGETS_A_CALL))
        except FleetError as error:
            return error
        return {ecs: capacity for answer in answers for ecs, capacity in answer.items()}

    async def _describe(self, services: Sequence[EcsService]) -> Mapping[EcsService, Capacity]:
        by_id = {_id_of(ecs): ecs for ecs in services}
        with translated("read the services' scalable targets"):
            answer = await self._client.describe_scalable_targets(
                ServiceNamespace=_NAMESPACE, ScalableDimension=_DIMENSION, ResourceIds=list(by_id)
            )
            targets = answer["ScalableTargets"]
        return {
            by_id[one["ResourceId"]]: Capacity(one["MinCapacity"], one["MaxCapacity"])
            for one in targets
            if one["ResourceId"] in by_id and not _is_suspended(one)
        }

    @contextmanager
    def _telling_of_denial(self) -> Iterator[None]:
        try:
            yield
        except AccessDeniedError as error:
            if not self._is_denied:
                logger.warning("services sleep and wake without regard to Application Auto Scaling: %s", error)
            self._is_denied = True
            raise
        self._is_denied = False


def _id_of(ecs: EcsService) -> str:
    return f"service/{ecs.cluster}/{ecs.service}"


def _is_suspended(target: Any) -> bool:
    """Whether a target adds no task of its own accord; that it removes none is our affair no more."""
    state = target.get("SuspendedState", {})
    return bool(state.get("DynamicScalingOutSuspended") and state.get("ScheduledScalingSuspended"))
