"""Probing: every task whose address is known is asked, again and again, until its app answers."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint
from wakeproxy.core.service import Service
from wakeproxy.engine.tasks import Tasks
from wakeproxy.ports import Prober

_EAGER_FOR = 600
"""This many probes at the service's own pace; then one a second, for an app that late is not missed by a second."""
_PATIENT = timedelta(seconds=1)


async def find_answering(prober: Prober, service: Service, endpoints: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
    """Probe tasks once each, all at the same time; those whose app answers."""
    answers = await asyncio.gather(
        *(prober.probe(one, scheme=service.scheme, ready=service.ready) for one in endpoints)
    )
    return tuple(one for one, is_answer in zip(endpoints, answers, strict=True) if is_answer)


class Probing:
    """Runs one probe per task that has not answered yet."""

    def __init__(self, prober: Prober, *, on_answer: Callable[[ServiceName, Endpoint], None]) -> None:
        self._prober = prober
        self._on_answer = on_answer
        self._tasks = Tasks("probing")
        self._probes: dict[tuple[ServiceName, Endpoint], asyncio.Task[None]] = {}

    def aim(self, service: Service, endpoints: Iterable[Endpoint]) -> None:
        """Probe exactly these endpoints of a service from now on; others' probes end."""
        wanted = dict.fromkeys((service.name, endpoint) for endpoint in endpoints)  # a set would lose the order
        for key in [key for key in self._probes if key[0] == service.name and key not in wanted]:
            self._probes.pop(key).cancel()
        for key in wanted:
            running = self._probes.get(key)
            if running is None or running.done():  # done, yet here: it ended by an error nobody foresaw
                name = f"{service.name} at {key[1].host}"
                self._probes[key] = self._tasks.start(self._probe(service, key[1]), name=name)

    async def stop(self) -> None:
        """End all probes."""
        await self._tasks.stop()

    async def _probe(self, service: Service, endpoint: Endpoint) -> None:
        loop = asyncio.get_running_loop()
        count = 0
        while True:
            began = loop.time()
            if await self._prober.probe(endpoint, scheme=service.scheme, ready=service.ready):
                break
            count += 1
            pace = service.ready.every if count < _EAGER_FOR else max(service.ready.every, _PATIENT)
            await asyncio.sleep(max(began + pace.total_seconds() - loop.time(), 0))
        self._probes.pop((service.name, endpoint), None)
        self._on_answer(service.name, endpoint)
