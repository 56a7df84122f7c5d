"""What we say when the app cannot speak for itself: a page to people, a problem document to programs."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.service import Service, WakeOn
from wakeproxy.core.sight import Sight, describe
from wakeproxy.errors import UpstreamError
from wakeproxy.front.page_kinds import AskPage, ErrorPage, FailedPage, WaitingPage
from wakeproxy.front.pages import Pages
from wakeproxy.front.replies import Trouble, about, reply_page, reply_problem
from wakeproxy.front.requests import Asked

_SOONEST, _LATEST, _UNKNOWN = 1, 60, 5
"""Bounds of ``Retry-After`` in seconds, and its value while nobody knows how long a wake takes."""

NO_SUCH_HOST = Trouble(
    HTTPStatus.NOT_FOUND, "Nothing is served here", "No service is known under this address.", "Check the address."
)
NO_SUCH_PAGE = Trouble(HTTPStatus.NOT_FOUND, "No such page", "wakeproxy has no page of this name.")
FOREIGN_WAKE = Trouble(
    HTTPStatus.FORBIDDEN, "Not from here", "A service can be woken only from its own pages.", "Open the service itself."
)
TOO_MANY_HELD = Trouble(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Too many are waiting",
    "More requests wait for this service than can be held.",
    "Try again shortly.",
    retry_after=_UNKNOWN,
)
TOO_MANY_WAKES = Trouble(
    HTTPStatus.TOO_MANY_REQUESTS,
    "Too many wakes",
    "More services are being woken than is allowed at once.",
    "Try again in a minute.",
    retry_after=_LATEST,
)


@dataclass(frozen=True, slots=True)
class Speech:
    """Words for every answer of ours."""

    pages: Pages
    clock: Callable[[], datetime]
    default_theme: str = "calm"

    def describe(self, service: Service, sight: Sight) -> Mapping[str, Any]:
        """The status document of a service, as its visitors may read it."""
        status = describe(sight, self.clock(), with_reasons=service.show_reasons)
        return {**status, "display_name": service.title}

    def show_waiting(self, service: Service, sight: Sight) -> web.Response:
        """Show the page that follows the wake and becomes the app."""
        seconds = self._retry_after(sight)
        page = WaitingPage(self.describe(service, sight), service.title, seconds)
        return self._page(service, sight, page, retry_after=seconds)

    def show_failed(self, service: Service, sight: Sight, asked: Asked) -> web.Response:
        """Show why the wake failed."""
        seconds = self._retry_after(sight)
        page = FailedPage(self.describe(service, sight), service.title, seconds, asked.target)
        return self._page(service, sight, page, retry_after=seconds)

    def show_ask(self, service: Service, sight: Sight, asked: Asked) -> web.Response:
        """Ask whether the service should be woken."""
        page = AskPage(self.describe(service, sight), service.title, asked.target)
        return self._page(service, sight, page, retry_after=_LATEST)

    def tell_not_awake(self, service: Service, sight: Sight) -> web.Response:
        """Tell a program that the service is not there, why, and when to ask again."""
        status = self.describe(service, sight)
        failed = sight.phase is Phase.FAILED
        told = "could not be woken" if failed else "is asleep" if sight.phase is Phase.ASLEEP else "is being woken"
        trouble = Trouble(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "The service could not be woken" if failed else "The service is not awake yet",
            status["reason"] or f"{service.title} {told}.",
            status["remedy"] or _remedy(service, sight),
            retry_after=self._retry_after(sight),
        )
        return self._problem(trouble, sight, {key: status[key] for key in ("service", "phase", "stage", "reason")})

    def tell_broken(self, asked: Asked, sight: Sight, error: UpstreamError) -> web.Response:
        """Tell that the app broke off in a way that cannot be made good."""
        again = "was not sent again" if error.sent else "was sent again, to no avail"
        sentence = f"{error} The request may have reached it and {again}."
        return self.tell(Trouble(HTTPStatus.BAD_GATEWAY, "The app broke off", sentence), asked, sight)

    def tell_gone(self, asked: Asked, sight: Sight) -> web.Response:
        """Tell that every attempt found the app gone."""
        sentence = "The app went away each time the request was passed on."
        return self.tell(Trouble(HTTPStatus.BAD_GATEWAY, "The app is gone", sentence, "Try again."), asked, sight)

    def tell_silent(self, asked: Asked, sight: Sight, error: Exception) -> web.Response:
        """Tell that the app took the request and did not answer."""
        return self.tell(Trouble(HTTPStatus.GATEWAY_TIMEOUT, "The app is silent", str(error)), asked, sight)

    def tell(self, trouble: Trouble, asked: Asked | None, sight: Sight | None) -> web.Response:
        """Tell what is wrong: a page where a person reads it, a problem document otherwise."""
        if asked is None or not asked.visit.is_navigation:
            return self._problem(trouble, sight, {})
        page = ErrorPage(int(trouble.code), trouble.title, trouble.sentence, trouble.remedy)
        headers = dict(about(sight))
        if trouble.retry_after is not None:
            headers["Retry-After"] = str(trouble.retry_after)
        return reply_page(self.pages, self.default_theme, page, code=trouble.code, headers=headers)

    def _page(
        self, service: Service, sight: Sight, page: WaitingPage | FailedPage | AskPage, *, retry_after: int
    ) -> web.Response:
        headers = {"Retry-After": str(retry_after), **about(sight)}
        return reply_page(self.pages, service.theme, page, code=HTTPStatus.SERVICE_UNAVAILABLE, headers=headers)

    def _problem(self, trouble: Trouble, sight: Sight | None, extra: Mapping[str, Any]) -> web.Response:
        return reply_problem(trouble, headers=about(sight), extra=extra)

    def _retry_after(self, sight: Sight) -> int:
        now = self.clock()
        if sight.phase is Phase.FAILED:
            left = None if sight.retry_at is None else sight.retry_at - now
        else:
            left = sight.progress(now).eta
        if left is None:
            return _UNKNOWN
        return min(max(math.ceil(left.total_seconds()), _SOONEST), _LATEST)


def _remedy(service: Service, sight: Sight) -> str:
    if service.wake_on is WakeOn.CLICK and sight.phase is Phase.ASLEEP:
        return "Open it in a browser and wake it there."
    return "Try again after the time given in Retry-After."
