"""Whoever receives visitors, as their connections see it: `Visitor`, or what stands for it."""

from collections.abc import Callable
from typing import Protocol

from wakeproxy.core.observation import Endpoint
from wakeproxy.core.sight import Sight
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.traffic import Traffic
from wakeproxy.errors import UpstreamError
from wakeproxy.front.actions import Action
from wakeproxy.front.gate import Gate
from wakeproxy.front.turn import Turn
from wakeproxy.front.wakes import Wakes
from wakeproxy.pages.speech import Speech


class Host(Protocol):
    """Decides what is done about every request, from memory and at once; see `Visitor`, which does."""

    @property
    def catalog(self) -> Catalog:
        """The services that are served."""
        ...

    @property
    def waker(self) -> Wakes:
        """Who knows them, and has them woken."""
        ...

    @property
    def gate(self) -> Gate:
        """Who bounds how many wakes visitors cause."""
        ...

    @property
    def traffic(self) -> Traffic:
        """Who counts their uses."""
        ...

    @property
    def speech(self) -> Speech:
        """What visitors are told."""
        ...

    @property
    def uptime(self) -> Callable[[], float]:
        """The loop's time, by which turns are measured."""
        ...

    def answer(self, turn: Turn) -> Action:
        """Answer one request."""
        ...

    def held(self, turn: Turn, sight: Sight | None) -> Action:
        """Go on after a hold: ``sight`` is what ended it, ``None`` when the time did."""
        ...

    def too_many_held(self, turn: Turn) -> Action:
        """There is no place for another held request."""
        ...

    def app_failed(self, turn: Turn, endpoint: Endpoint, error: UpstreamError) -> Action:
        """Answer a request whose app failed before a byte of its answer reached the visitor."""
        ...

    def since_ready(self, turn: Turn) -> float | None:
        """Say how long an app has been ready that a request waited for, in seconds."""
        ...

    def end(self, turn: Turn) -> None:
        """Take note that a request's answer is through, or that there will be none."""
        ...
