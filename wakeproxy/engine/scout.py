"""The scout: finds services by their tags, and holds on to what was found where AWS's answers have gaps."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from wakeproxy.core.service import EcsService
from wakeproxy.errors import FleetError
from wakeproxy.ports import Directory, Tagged

logger = logging.getLogger(__name__)

_GONE_AFTER = 2
"""Answers in a row without a service until it is believed to be gone: the Tagging API is eventually consistent."""


class Scout:
    """Keeps what was found last."""

    def __init__(self, directory: Directory, *, clock: Callable[[], datetime], found: Iterable[Tagged] = ()) -> None:
        self._directory = directory
        self._clock = clock
        self._missed = Counter[EcsService]()
        self.found: tuple[Tagged, ...] = tuple(found)
        self.error: FleetError | None = None
        """Why nothing could be found the last time; ``None`` when something could."""
        self.succeeded_at: datetime | None = None

    async def look(self) -> bool:
        """Look once; whether anything is not as it was. What cannot be read changes nothing."""
        try:
            answer = await self._directory.find()
        except FleetError as error:
            if type(error) is not type(self.error):
                logger.warning("services cannot be found by their tags, so that those known stay: %s", error)
            self.error = error
            return False
        self.error, self.succeeded_at = None, self._clock()
        before, self.found = self.found, self._fill_gaps(answer)
        return self.found != before

    def _fill_gaps(self, answer: Iterable[Tagged]) -> tuple[Tagged, ...]:
        seen = {one.ecs: one for one in answer}
        gaps = [one for one in self.found if one.ecs not in seen]
        self._missed = Counter({one.ecs: self._missed[one.ecs] + 1 for one in gaps})
        missing = (one for one in gaps if self._missed[one.ecs] < _GONE_AFTER)
        return tuple(sorted((*seen.values(), *missing), key=lambda one: one.ecs))
