"""Redirects to a task, ready-made but for where they lead."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from wakeproxy.core.observation import Endpoint, find_origin
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight
from wakeproxy.pages.replies import Ready, Reply, about, reply_redirect, write_reply

_CODE: Final = int(HTTPStatus.TEMPORARY_REDIRECT)
_MOST_KEPT = 1000
_PLACE = "wakeproxy-target"
"""Stands for the target until there is one; no field of ours holds it."""


@dataclass(slots=True)
class Redirects:
    """Sends visitors to tasks; ``date`` tells the time to the second."""

    date: Callable[[], str]
    _kept: dict[tuple[str, str, Endpoint], tuple[Sight, str, bytes, bytes]] = field(default_factory=dict)
    """By service, scheme or place, and task: what it was made from, and the answer before and after its target."""

    def make(self, sight: Sight, endpoint: Endpoint, service: Service, target: str) -> Reply:
        """Make an answer that leads to a task; ``target`` is a path and a query as they came."""
        return reply_redirect(find_origin(service, endpoint) + target, code=_CODE, fields=about(sight))

    def find(self, sight: Sight, endpoint: Endpoint, service: Service, target: bytes) -> Ready:
        """The same as it is written to who keeps his connection."""
        date = self.date()
        key = (sight.service, service.redirect_to or service.scheme, endpoint)
        kept = self._kept.get(key)
        if kept is None or kept[0] is not sight or kept[1] != date:
            reply = self.make(sight, endpoint, service, _PLACE)
            before, _, after = write_reply(reply, date=date, connection="", with_body=True).partition(_PLACE.encode())
            if len(self._kept) >= _MOST_KEPT:  # tasks come and go
                self._kept.clear()
            kept = self._kept[key] = (sight, date, before, after)
        return Ready(_CODE, kept[2] + target + kept[3])
