"""Streams of events: everybody who waits for a service hears of every change at once.

One task per service composes each event once; a waiter is a connection in a set, and costs nothing else. Ten thousand
are told by ten thousand writes of the same bytes.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final, Protocol

from wakeproxy.core.lifecycle import DOWN, Phase
from wakeproxy.core.service import Service, WakeOn
from wakeproxy.core.sight import Sight
from wakeproxy.engine.board import Board
from wakeproxy.engine.tasks import Tasks
from wakeproxy.front.gate import Gate
from wakeproxy.front.wakes import Wakes
from wakeproxy.pages.replies import Fields, about
from wakeproxy.pages.speech import Speech

_PROGRESS_SECONDS = 2.0
"""A wake's percentage moves between its stages too; the page moves it by itself in between."""
_AT_ONCE: Final = 256
"""Listeners told before others get their turn again."""


class Listener(Protocol):
    """Who follows a stream: a connection."""

    def hear(self, event: bytes) -> None:
        """Take an event; one who does not take any in time is dropped by itself."""

    def hear_end(self) -> None:
        """There will be no more."""


class Streams:
    """Tells listeners of every change of their service until its app is there."""

    def __init__(self, waker: Wakes, gate: Gate, board: Board, speech: Speech, *, heartbeat: float = 15.0) -> None:
        self._waker = waker
        self._gate = gate
        self._board = board
        self._speech = speech
        self._heartbeat = heartbeat
        """Seconds between two signs of life on a quiet stream; proxies on the way close one silent for a minute."""
        self._tasks = Tasks("events")
        self._criers: dict[str, asyncio.Task[None]] = {}
        self._listeners: dict[str, set[Listener]] = {}

    def fields(self, service: Service) -> Fields:
        """The fields that a stream begins with."""
        return (
            ("Content-Type", "text/event-stream"),
            ("Cache-Control", "no-store"),
            ("X-Accel-Buffering", "no"),
            *about(self._waker.look(service.name)),
        )

    def join(self, service: Service, listener: Listener) -> None:
        """Tell a listener how things stand, and of every change from now on."""
        sight = self._waker.look(service.name)
        listener.hear(self._event(service, sight))
        if sight.phase is Phase.AWAKE:
            listener.hear_end()
            return
        self._listeners.setdefault(service.name, set()).add(listener)
        if service.name not in self._criers:
            crier = self._tasks.start(self._cry(service, sight), name=service.name)
            self._criers[service.name] = crier
        self._ask(service, sight)

    def leave(self, service: Service, listener: Listener) -> None:
        """Tell a listener nothing more."""
        self._listeners.get(service.name, set()).discard(listener)

    def end(self, name: str) -> None:
        """End a service's stream: it is not what it was, and pages ask anew."""
        crier = self._criers.pop(name, None)
        if crier is not None:
            crier.cancel()
        for listener in tuple(self._listeners.pop(name, ())):
            listener.hear_end()

    async def stop(self) -> None:
        """End every stream: a page follows for as long as it likes, and must not keep us from stopping."""
        await self._tasks.stop()
        for name in tuple(self._listeners):
            self.end(name)

    async def _cry(self, service: Service, told: Sight) -> None:
        """Tell everybody of every change, for as long as anybody listens."""
        listeners = self._listeners[service.name]
        try:
            async for event, is_last in self._events(service, told):
                for count, listener in enumerate(tuple(listeners), 1):
                    listener.hear(event)
                    if is_last:
                        listeners.discard(listener)
                        listener.hear_end()
                    if count % _AT_ONCE == 0:
                        await asyncio.sleep(0)
                if not listeners:
                    return
        finally:
            if self._criers.get(service.name) is asyncio.current_task():
                del self._criers[service.name]

    async def _events(self, service: Service, sight: Sight) -> AsyncGenerator[tuple[bytes, bool], None]:
        """Every change from ``sight`` on, and signs of life in between; the second value ends the stream."""
        loop = asyncio.get_running_loop()
        spoke_at = loop.time()
        while True:
            if self._waker.look(service.name) is sight:
                await self._changes(
                    service, seconds=_PROGRESS_SECONDS if sight.phase is Phase.WAKING else self._heartbeat
                )
            before, sight = sight, self._waker.look(service.name)
            self._ask(service, sight)
            if sight is not before or sight.phase is Phase.WAKING:
                spoke_at = loop.time()
                yield self._event(service, sight), sight.phase is Phase.AWAKE
            elif loop.time() - spoke_at >= self._heartbeat:
                spoke_at = loop.time()
                yield b": still here\n\n", False

    def _ask(self, service: Service, sight: Sight) -> None:
        """Somebody looks at the wait page: that is a visit that goes on."""
        if sight.phase in DOWN and service.wake_on is WakeOn.VISIT:
            self._gate.ask(service.name)

    async def _changes(self, service: Service, *, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._board.changed(service.name)

    def _event(self, service: Service, sight: Sight) -> bytes:
        kind = {Phase.AWAKE: "ready", Phase.FAILED: "failed"}.get(sight.phase, "progress")
        return f"event: {kind}\ndata: {json.dumps(self._speech.describe(service, sight))}\n\n".encode()
