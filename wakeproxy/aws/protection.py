"""Scale-in protection of tasks, which they ask for themselves while they must not be stopped."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from wakeproxy.aws.batches import batched, each
from wakeproxy.aws.faults import translated
from wakeproxy.core.record import later
from wakeproxy.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from types_aiobotocore_ecs import ECSClient

    from wakeproxy.core.observation import Observation
    from wakeproxy.core.service import EcsService

_TASKS_A_CALL = 100  # ECS API reference, GetTaskProtection


async def read_protection(ecs: ECSClient, observations: Sequence[Observation]) -> Mapping[EcsService, datetime]:
    """Ask ``GetTaskProtection`` about live tasks of any number of clusters.

    A task that has ended meanwhile is protected no more.

    Raises:
        FleetError: AWS did not answer, or not about every task.
    """
    owner = {task.arn: one.ecs for one in observations for task in one.live}
    clusters: dict[str, list[str]] = defaultdict(list)
    for arn, service in owner.items():
        clusters[service.cluster].append(arn)
    asks = [(cluster, some) for cluster, arns in clusters.items() for some in batched(arns, _TASKS_A_CALL)]
    found: dict[EcsService, datetime] = {}
    for ends in await each(lambda ask: _ask(ecs, *ask), asks):
        for arn, end in ends.items():
            found[owner[arn]] = later(found.get(owner[arn]), end)
    return found


async def _ask(ecs: ECSClient, cluster: str, arns: Sequence[str]) -> Mapping[str, datetime]:
    with translated(f"read the scale-in protection of tasks in cluster {cluster}"):
        answer = await ecs.get_task_protection(cluster=cluster, tasks=list(arns))
        protected = answer["protectedTasks"]
    for failure in answer.get("failures", ()):
        if failure.get("reason") != "MISSING":
            raise FleetError(
                f"AWS does not tell the scale-in protection of task {failure.get('arn')} ({failure.get('reason')})."
            )
    return {one["taskArn"]: one["expirationDate"] for one in protected if one.get("protectionEnabled")}
