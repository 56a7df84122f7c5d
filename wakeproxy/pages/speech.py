"""What we say when the app cannot speak for itself: a page to people, a problem document to programs."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.service import Service, WakeOn
from wakeproxy.core.sight import Sight, describe
from wakeproxy.errors import UpstreamError
from wakeproxy.pages.asked import Asked
from wakeproxy.pages.page_kinds import (
    HERE,
    AboutPage,
    AskPage,
    ErrorPage,
    FailedPage,
    Page,
    Renderer,
    Site,
    WaitingPage,
)
from wakeproxy.pages.replies import Fields, Ready, Reply, Trouble, about, make_nonce, page_fields, reply_problem
from wakeproxy.pages.stays import Stays
from wakeproxy.pages.wait_pages import WaitPages
from wakeproxy.wire.errors import BadMessageError, TooLargeError

_SOONEST, _LATEST, _UNKNOWN = 1, 60, 5
"""Bounds of ``Retry-After`` in seconds, and its value while nobody knows how long a wake takes."""

NO_SUCH_HOST = Trouble(
    HTTPStatus.NOT_FOUND, "Nothing is served here", "No service is known under this address.", "Check the address."
)
NO_SUCH_PAGE = Trouble(HTTPStatus.NOT_FOUND, "No such page", "wakeproxy has no page of this name.")
FOREIGN_WAKE = Trouble(
    HTTPStatus.FORBIDDEN, "Not from here", "A service can be woken only from its own pages.", "Open the service itself."
)
FOREIGN_KEEPING = Trouble(
    HTTPStatus.FORBIDDEN, "Not from here", "A service can be kept awake only from its own pages.", "Open its page."
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

TOO_MANY_KEPT = Trouble(
    HTTPStatus.TOO_MANY_REQUESTS,
    "Too many wishes",
    "More services are being kept awake than is allowed at once.",
    "Try again in a minute.",
    retry_after=_LATEST,
)


@dataclass(frozen=True, slots=True)
class Speech:
    """Words for every answer of ours."""

    pages: Renderer
    clock: Callable[[], datetime]
    wait_pages: WaitPages
    stays: Stays
    default_theme: str = "calm"
    site: Site = HERE

    def describe(self, service: Service, sight: Sight) -> Mapping[str, Any]:
        """The status document of a service, as its visitors may read it."""
        status = describe(sight, self.clock(), with_reasons=service.show_reasons)
        return {**status, **self.stays.describe(service, sight), "display_name": service.title}

    def show_waiting(
        self, service: Service, sight: Sight, *, is_plain: bool, takes_gzip: bool = False
    ) -> Reply | Ready:
        """Show the page that follows the wake and becomes the app; ready-made where the request is a plain one.

        Only what is ready-made is compressed.
        """
        ready = self.wait_pages.find(sight, takes_gzip=takes_gzip) if is_plain else None
        if ready is not None:
            return ready
        seconds = self._retry_after(sight)
        about_path = None if service.keep_awake_for is None else service.path
        shown, needs = self.describe(service, sight), bool(service.all_needs)
        page = WaitingPage(shown, service.title, seconds, shows_needs=needs, about_path=about_path)
        reply = self.wait_pages.make(sight, page, theme=service.theme, retry_after=seconds, site=self.site)
        return (self.wait_pages.find(sight, takes_gzip=takes_gzip) if is_plain else None) or reply

    def show_failed(self, service: Service, sight: Sight, asked: Asked) -> Reply:
        """Show why the wake failed."""
        seconds = self._retry_after(sight)
        page = FailedPage(self.describe(service, sight), service.title, seconds, asked.target, bool(service.all_needs))
        return self._page(service, sight, page, retry_after=seconds)

    def show_ask(self, service: Service, sight: Sight, asked: Asked) -> Reply:
        """Ask whether the service should be woken."""
        page = AskPage(self.describe(service, sight), service.title, asked.target, bool(service.all_needs))
        return self._page(service, sight, page, retry_after=_LATEST)

    def show_about(self, service: Service, sight: Sight) -> Reply:
        """Show what is known of a service, and let visitors keep it awake where they may."""
        full_seconds = self.stays.longest(service).total_seconds()
        page = AboutPage(self.describe(service, sight), service.title, service.path, full_seconds)
        return self._show(page, service.theme, code=HTTPStatus.OK, fields=about(sight))

    def tell_not_awake(self, service: Service, sight: Sight) -> Reply:
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

    def tell_broken(self, asked: Asked, sight: Sight, error: UpstreamError) -> Reply:
        """Tell that the app broke off in a way that cannot be made good."""
        again = "was not sent again" if error.sent else "was sent again, to no avail"
        sentence = f"{error} The request may have reached it and {again}."
        return self.tell(Trouble(HTTPStatus.BAD_GATEWAY, "The app broke off", sentence), asked, sight)

    def tell_gone(self, asked: Asked, sight: Sight) -> Reply:
        """Tell that every attempt found the app gone."""
        sentence = "The app went away each time the request was passed on."
        return self.tell(Trouble(HTTPStatus.BAD_GATEWAY, "The app is gone", sentence, "Try again."), asked, sight)

    def refuse(self, error: BadMessageError) -> Reply:
        """Refuse a request that cannot be read; who sent it is no browser, or one that was lied to."""
        title = "The request is too long" if isinstance(error, TooLargeError) else error.status.phrase
        trouble = Trouble(error.status, title, str(error))
        return reply_problem(trouble, fields=(), extra={}, closes=True)

    def too_slow(self) -> Reply:
        """Refuse a request that comes drop by drop."""
        trouble = Trouble(HTTPStatus.REQUEST_TIMEOUT, "The request is too slow", "It did not come in time.")
        return reply_problem(trouble, fields=(), extra={}, closes=True)

    def own_defect(self) -> Reply:
        """Own up to a defect of ours."""
        sentence = "The error was logged; try again."
        trouble = Trouble(HTTPStatus.INTERNAL_SERVER_ERROR, "A defect in wakeproxy", sentence)
        return reply_problem(trouble, fields=(), extra={}, closes=True)

    def tell_silent(self, asked: Asked, sight: Sight, error: Exception) -> Reply:
        """Tell that the app took the request and did not answer."""
        return self.tell(Trouble(HTTPStatus.GATEWAY_TIMEOUT, "The app is silent", str(error)), asked, sight)

    def tell(self, trouble: Trouble, asked: Asked | None, sight: Sight | None) -> Reply:
        """Tell what is wrong: a page where a person reads it, a problem document otherwise."""
        if asked is None or not asked.visit.is_navigation:
            return self._problem(trouble, sight, {})
        page = ErrorPage(int(trouble.code), trouble.title, trouble.sentence, trouble.remedy)
        retry: Fields = () if trouble.retry_after is None else (("Retry-After", str(trouble.retry_after)),)
        return self._show(page, self.default_theme, code=int(trouble.code), fields=(*about(sight), *retry))

    def _page(self, service: Service, sight: Sight, page: FailedPage | AskPage, *, retry_after: int) -> Reply:
        fields = (("Retry-After", str(retry_after)), *about(sight))
        return self._show(page, service.theme, code=HTTPStatus.SERVICE_UNAVAILABLE, fields=fields)

    def _show(self, page: Page, theme: str, *, code: int, fields: Fields) -> Reply:
        """Answer with a page, rendered whole before the first byte."""
        nonce = make_nonce()
        body = self.pages.render(theme, page, nonce=nonce, site=self.site)
        return Reply(code, (*page_fields(nonce), *fields), body)

    def _problem(self, trouble: Trouble, sight: Sight | None, extra: Mapping[str, Any]) -> Reply:
        return reply_problem(trouble, fields=about(sight), extra=extra)

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
