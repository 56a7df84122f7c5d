"""What stands for the internet gateway: TCP from a task's public address to its private one.

One event loop in a thread of its own carries all connections; nothing blocks in it.
"""

import asyncio
import contextlib
import threading
from functools import partial


class _Half(asyncio.Protocol):
    """One side of a connection; what it receives goes to its `other` side. `open_halves` holds all that are open."""

    def __init__(self, open_halves: "set[_Half]", other: "_Half | None" = None) -> None:
        self.open_halves = open_halves
        self.other = other
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.open_halves.add(self)

    def data_received(self, data: bytes) -> None:
        if self.other and self.other.transport:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        if self.other and self.other.transport and self.other.transport.can_write_eof():
            with contextlib.suppress(OSError):
                self.other.transport.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.open_halves.discard(self)
        if self.other and self.other.transport:
            if exc is None:
                self.other.transport.close()
            else:
                self.other.transport.abort()

    def pause_writing(self) -> None:
        if self.other and self.other.transport:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other and self.other.transport:
            self.other.transport.resume_reading()


class _Entrance(_Half):
    """The side that dialled the public address."""

    def __init__(self, open_halves: set[_Half], target: tuple[str, int]) -> None:
        super().__init__(open_halves)
        self._target = target
        self._dialling: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.transport is not None
        self.transport.pause_reading()
        loop = asyncio.get_running_loop()
        self._dialling = loop.create_task(self._dial(loop), name=f"forward to {self._target}")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._dialling is not None:
            self._dialling.cancel()
        super().connection_lost(exc)

    async def _dial(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self.transport is not None
        try:
            _, self.other = await loop.create_connection(lambda: _Half(self.open_halves, self), *self._target)
        except OSError:
            self.transport.abort()  # nobody listens: a reset, as the task's own address would answer
        else:
            self.transport.resume_reading()


class Forwarder:
    """Listens on public addresses; its methods may be called from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sandbox-forwarder", daemon=True)
        self._servers: dict[tuple[str, int], asyncio.Server] = {}
        self._halves: set[_Half] = set()

    def start(self) -> None:
        """Begin to carry connections."""
        self._thread.start()

    def stop(self) -> None:
        """Close every listener and connection."""
        asyncio.run_coroutine_threadsafe(self._close_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def set_listeners(self, public: str, private: str, ports: frozenset[int]) -> None:
        """Listen on exactly these ports of a public address, beginning and ending with the next turn of the loop."""
        asyncio.run_coroutine_threadsafe(self._adjust(public, private, ports), self._loop).result()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _adjust(self, public: str, private: str, ports: frozenset[int]) -> None:
        for host, port in [key for key in self._servers if key[0] == public and key[1] not in ports]:
            self._servers.pop((host, port)).close()
        for port in ports:
            if (public, port) not in self._servers:
                with contextlib.suppress(OSError):  # a port below 1024 without the right to it stays closed
                    entrance = partial(_Entrance, self._halves, (private, port))
                    self._servers[public, port] = await self._loop.create_server(entrance, public, port)

    async def _close_all(self) -> None:
        for server in self._servers.values():
            server.close()
        me = asyncio.current_task()
        while self._halves or asyncio.all_tasks() - {me}:  # a connection may still be on its way in
            for half in list(self._halves):
                if half.transport is not None:
                    half.transport.abort()
            await asyncio.sleep(0)
