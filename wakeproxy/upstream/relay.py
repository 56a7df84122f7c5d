"""The relay: passes requests on to tasks and their answers back, both as streams, byte for byte.

Nothing is followed, unpacked, cached or remembered: redirects are the visitor's, bodies stay encoded, and no cookie
of one visitor is ever seen by another.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast

from wakeproxy.core.limits import Limits, Timeouts
from wakeproxy.core.observation import Endpoint
from wakeproxy.engine.tasks import Tasks
from wakeproxy.errors import UpstreamError
from wakeproxy.upstream.app import BROKE_OFF, AppConnection
from wakeproxy.upstream.asker import Asker
from wakeproxy.upstream.guard import Guard
from wakeproxy.upstream.passage import Passage, Pool
from wakeproxy.upstream.pulse import Pulse
from wakeproxy.upstream.trouble import BrokenAppError
from wakeproxy.upstream.trust import trust_all


class Relay:
    """Keeps the connections to all apps.

    An idle connection may be closed by the app at the very moment a request is written to it. What is safe to send
    again is; the rest gets a connection of its own, where that cannot happen.
    """

    def __init__(self, guard: Guard, pulse: Pulse, *, limits: Limits, timeouts: Timeouts) -> None:
        self._guard = guard
        self.pulse = pulse
        self.limits = limits
        self.first_byte = timeouts.first_byte.total_seconds()
        self.silence = timeouts.idle.total_seconds()
        self._connect_seconds = timeouts.connect.total_seconds()
        self._idle_seconds = timeouts.upstream_keep_alive.total_seconds()
        self._tasks = Tasks("relay")
        self._pools: dict[Endpoint, Pool] = {}
        self._open: set[AppConnection] = set()
        self._tls = trust_all()

    @property
    def in_flight(self) -> Mapping[Endpoint, int]:
        """How much is under way to each task."""
        return {endpoint: pool.in_flight for endpoint, pool in self._pools.items() if pool.in_flight}

    @property
    def connections(self) -> Mapping[Endpoint, int]:
        """How many connections there are to each task: idle, in use (tunnels too), or being made."""
        usable = {endpoint: sum(each.is_usable for each in pool.idle) for endpoint, pool in self._pools.items()}
        return {endpoint: pool.in_flight + usable[endpoint] for endpoint, pool in self._pools.items()}

    def choose(self, endpoints: Sequence[Endpoint]) -> Endpoint:
        """Choose the task with the fewest requests in flight."""
        return endpoints[0] if len(endpoints) == 1 else min(endpoints, key=self._load)

    def _load(self, endpoint: Endpoint) -> int:
        pool = self._pools.get(endpoint)
        return 0 if pool is None else pool.in_flight

    def pool(self, endpoint: Endpoint) -> Pool:
        """Find a task's pool."""
        pool = self._pools.get(endpoint)
        if pool is None:
            pool = self._pools[endpoint] = Pool(endpoint)
        return pool

    def carry(self, asker: Asker, passage: Passage) -> None:
        """Pass a request on; the asker is told of everything that follows, maybe before this returns."""
        pool = passage.pool
        pool.in_flight += 1
        if passage.may_be_stale:
            idle = pool.idle
            while idle:
                connection = idle.pop()
                if connection.is_usable:
                    connection.ask(asker, passage)
                    return
        self._dial(asker, passage)

    async def expire_idle(self) -> None:
        """Close what has been idle for so long that the app may be about to."""
        await asyncio.sleep(min(self._idle_seconds / 4, 1.0))
        oldest = self.pulse.now - self._idle_seconds
        for endpoint, pool in tuple(self._pools.items()):
            if pool.expire(oldest=oldest):
                del self._pools[endpoint]

    def start(self) -> None:
        """Begin to close what is idle."""
        self._tasks.repeat(self.expire_idle, name="idle connections")

    async def stop(self) -> None:
        """Close everything."""
        await self._tasks.stop()
        for connection in tuple(self._open):
            connection.give_up()

    # What connections tell.

    def is_lost(self, connection: AppConnection) -> None:
        """Forget a connection; one that was idle is not taken any more, being no longer usable."""
        self._open.discard(connection)

    def ask_again(self, asker: Asker, passage: Passage) -> None:
        """Try once more, over a connection of its own.

        A task that is stopped ends what it was asked and, at that very moment, what it is asked again. So what broke
        off twice is blamed on the app only if that still takes connections; else it was refused, like all that follows.
        """
        passage.pool.in_flight += 1
        self._dial(asker, passage)

    # Connecting.

    def _dial(self, asker: Asker, passage: Passage) -> None:
        self._tasks.start(self._connect(asker, passage), name=f"to {passage.pool.endpoint.task}")

    async def _connect(self, asker: Asker, passage: Passage) -> None:
        connection = await self._try_to_connect(passage)
        if isinstance(connection, AppConnection) and not connection.is_usable:
            connection = UpstreamError("The app refuses connections: it ended one at once.", sent=False)
        if isinstance(connection, UpstreamError):
            passage.pool.in_flight -= 1
            if not passage.is_abandoned:
                asker.app_failed(connection)
        elif passage.is_given_up and not passage.is_abandoned:
            passage.pool.in_flight -= 1
            connection.give_up()
            asker.app_failed(BrokenAppError(BROKE_OFF, sent=False))
        elif passage.is_abandoned:
            passage.pool.in_flight -= 1
            connection.give_up()
        else:
            self._open.add(connection)
            connection.ask(asker, passage)

    async def _try_to_connect(self, passage: Passage) -> AppConnection | UpstreamError:
        endpoint = passage.pool.endpoint
        if not self._guard.admits(endpoint.host):
            return UpstreamError(f"{endpoint.host} is no address a task may have.", sent=False)
        connection = AppConnection(self, passage)
        try:
            async with asyncio.timeout(self._connect_seconds):
                await asyncio.get_running_loop().create_connection(
                    lambda: cast("asyncio.Protocol", connection),
                    endpoint.host,
                    endpoint.port,
                    ssl=self._tls if passage.scheme == "https" else None,
                )
        except TimeoutError:
            return UpstreamError("The app does not take connections.", sent=False)
        except OSError as error:
            return UpstreamError(
                f"The app refuses connections: {error.strerror or 'it ended the handshake'}.", sent=False
            )
        return connection
