"""The watchers of all clusters: one for each, for as long as a service is in it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from wakeproxy.core.names import ServiceName
from wakeproxy.core.service import Service
from wakeproxy.engine.tasks import Tasks
from wakeproxy.engine.waker import Waker
from wakeproxy.engine.watcher import Cadence, Watcher
from wakeproxy.errors import FleetError
from wakeproxy.ports import Fleet


class Watchers:
    """Looks at every service, in whichever cluster it is."""

    def __init__(self, services: Iterable[Service], *, fleet: Fleet, waker: Waker, cadence: Cadence) -> None:
        self._fleet = fleet
        self._waker = waker
        self._tasks = Tasks("watcher")
        self._watchers: dict[str, Watcher] = {}
        self._cancel: dict[str, Callable[[], object]] = {}
        self._cluster_of: dict[ServiceName, str] = {}
        self._has_begun = False
        self.replace(services, cadence)

    @property
    def errors(self) -> Sequence[FleetError]:
        """Why clusters could not be looked at the last time."""
        return [watcher.error for watcher in self._watchers.values() if watcher.error is not None]

    def start(self) -> None:
        """Begin to look at AWS."""
        self._has_begun = True
        for cluster in self._watchers:
            self._begin(cluster)

    async def stop(self) -> None:
        """Look no more."""
        await self._tasks.stop()

    def poke(self, name: ServiceName) -> None:
        """Look at a service at once; one that was removed is nobody's business any more."""
        cluster = self._cluster_of.get(name)
        if cluster is not None:
            self._watchers[cluster].poke(name)

    def replace(self, services: Iterable[Service], cadence: Cadence) -> None:
        """Look at these services, so often, from now on."""
        clusters: dict[str, list[Service]] = defaultdict(list)
        for service in services:
            clusters[service.ecs.cluster].append(service)
        cadence = cadence.stretched(sum(map(len, clusters.values())))
        self._cluster_of = {service.name: cluster for cluster, members in clusters.items() for service in members}
        for cluster in self._watchers.keys() - clusters:
            self._end(cluster)
        for cluster, members in clusters.items():
            if cluster in self._watchers:
                self._watchers[cluster].replace(members, cadence)
            else:
                self._watchers[cluster] = Watcher(members, fleet=self._fleet, waker=self._waker, cadence=cadence)
                self._begin(cluster)

    def _begin(self, cluster: str) -> None:
        if self._has_begun:
            self._cancel[cluster] = self._tasks.repeat(self._watchers[cluster].turn, name=cluster).cancel

    def _end(self, cluster: str) -> None:
        del self._watchers[cluster]
        if self._has_begun:
            self._cancel.pop(cluster)()
