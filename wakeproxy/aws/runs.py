"""`Runs` on ECS: tasks that run once, started ten a call; a call repeated starts nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from wakeproxy.aws.faults import translated
from wakeproxy.aws.persistence import persist
from wakeproxy.aws.releases import describe_tasks
from wakeproxy.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wakeproxy.aws.access import Clients
    from wakeproxy.core.observation import Task
    from wakeproxy.core.release import Placement
    from wakeproxy.ports.rollouts import RunOrder

_A_CALL: Final = 10
"""The most tasks that ``RunTask`` starts (API reference of ECS)."""


class EcsRuns:
    """Starts tasks of no service, and looks at them."""

    def __init__(self, clients: Clients) -> None:
        self._ecs: Any = clients.ecs

    async def start(self, order: RunOrder) -> Sequence[str]:
        """Start tasks, and stop asking for more when some could not be started."""
        started: list[str] = []
        for begin in range(0, order.count, _A_CALL):
            try:
                answer = await self._start(order, count=min(_A_CALL, order.count - begin))
            except FleetError as error:
                if not started:
                    raise
                raise type(error)(f"{error} {_tell_started(started, order)}") from error
            started += [task["taskArn"] for task in answer["tasks"]]
            if answer["failures"]:
                reasons = dict.fromkeys(_tell_failure(failure) for failure in answer["failures"])
                raise FleetError(
                    f"ECS could not start {order.revision} in cluster {order.cluster}: {'; '.join(reasons)}. "
                    + _tell_started(started, order)
                )
        return started

    async def look(self, cluster: str, tasks: Sequence[str]) -> Sequence[Task]:
        """Look at tasks, in calls by hundreds."""
        return await describe_tasks(self._ecs, cluster, tasks)

    async def _start(self, order: RunOrder, *, count: int) -> Any:
        asked = {
            "cluster": order.cluster,
            "taskDefinition": order.revision,
            "count": count,
            "startedBy": order.started_by,
            "clientToken": str(uuid4()),
            **_spell(order.placement),
        }

        async def run() -> Any:
            with translated(f"run {order.revision}"):
                return await self._ecs.run_task(**asked)

        return await persist(run)


def _spell(placement: Placement) -> Mapping[str, Any]:
    told = {
        "launchType": placement.launch_type,
        "capacityProviderStrategy": list(placement.capacity_providers),
        "platformVersion": placement.platform_version,
        "networkConfiguration": placement.network,
    }
    return {key: value for key, value in told.items() if value}


def _tell_failure(failure: Mapping[str, str]) -> str:
    told = (failure.get(key, "").rstrip(".") for key in ("reason", "detail"))
    return ", ".join(filter(None, told)) or "it does not say why"


def _tell_started(started: Sequence[str], order: RunOrder) -> str:
    if not started:
        return "None was started."
    return f"{len(started)} of {order.count} tasks run all the same: {', '.join(started)}."
