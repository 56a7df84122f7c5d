"""Holds: requests kept as they came until the app answers, bounded in number and time."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight
from wakeproxy.engine.board import Board
from wakeproxy.errors import UnknownServiceError


class TooManyHeldError(Exception):
    """There is no place for another held request."""


@dataclass(slots=True)
class Holds:
    """Counts the held requests; a visitor who leaves frees the place, for the wait is cancelled with the connection."""

    board: Board
    most: int
    most_per_service: int
    held: Counter[str] = field(default_factory=Counter)

    async def wait(self, service: Service, *, seconds: float) -> Sight | None:
        """Hold until the wake has ended, well or badly; ``None`` when it takes longer than ``seconds``.

        One that was called off has ended, too: somebody stopped the service, and whoever waits has to ask for it again.
        A service that is not served any more is told asleep, at once: it has another place by now, or none.

        Raises:
            TooManyHeldError: the bound for all services or for this one is reached.
        """
        if self.held.total() >= self.most or self.held[service.name] >= self.most_per_service:
            raise TooManyHeldError
        self.held[service.name] += 1
        try:
            async with asyncio.timeout(seconds):
                return await self.board.until(service.name, lambda sight: sight.phase is not Phase.WAKING)
        except TimeoutError:
            return None
        except UnknownServiceError:
            return Sight(service.name)
        finally:
            self.held[service.name] -= 1
            if not self.held[service.name]:
                del self.held[service.name]
