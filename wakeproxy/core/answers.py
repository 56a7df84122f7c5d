"""Which answer a request gets: a truth table over the route, what is known of the service, and the visit.

Open `choose_answer` and you have read the product.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Final, assert_never

from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.machines import Rule
from wakeproxy.core.service import Serve, Service, Wait, WakeOn
from wakeproxy.core.sight import Sight
from wakeproxy.core.visit import Visit, why_ignored


class Answer(StrEnum):
    """The closed choice of answers to a routed request, by the names that logs and metrics know them under."""

    PROXY = auto()
    """Pass it on to an answering task."""
    REDIRECT = auto()
    """Send the visitor to an answering task's address."""
    WAIT_PAGE = auto()
    """Show the page that follows the wake and becomes the app."""
    HOLD = auto()
    """Keep the request as it came until the app answers."""
    ASK_PAGE = auto()
    """Ask the visitor to wake the service by a click."""
    ASLEEP = auto()
    """Tell a program that nothing wakes by itself here."""
    FAILED_PAGE = auto()
    """Show why the wake failed."""
    FAILED = auto()
    """Tell a program why the wake failed."""
    IGNORE = auto()
    """Answer a machine that is nobody's visit, without waking."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer, and what the visit means for the service."""

    answer: Answer
    wakes: bool = False
    is_use: bool = False
    ignored: Rule | None = None
    """The rule by which it is nobody's visit."""


# Looked up once: an enum's member costs more than the comparison.
_AWAKE: Final = Phase.AWAKE
_FAILED: Final = Phase.FAILED
_BY_PROXY: Final = Serve.PROXY
_ON_CLICK: Final = WakeOn.CLICK
_AUTO: Final = Wait.AUTO
_PROXY: Final = Choice(Answer.PROXY, is_use=True)
_REDIRECT: Final = Choice(Answer.REDIRECT, is_use=True)
_UNCOUNTED = {
    (answer, rule): Choice(answer, ignored=rule)
    for answer in (Answer.PROXY, Answer.REDIRECT, Answer.IGNORE)
    for rule in Rule
}
_WAIT_PAGE: Final = Choice(Answer.WAIT_PAGE, wakes=True, is_use=True)
_HOLD: Final = Choice(Answer.HOLD, wakes=True, is_use=True)


def choose_answer(service: Service, sight: Sight, visit: Visit, *, is_due: bool) -> Choice:
    """Choose what a request to ``service`` gets; ``is_due`` where a failed wake `may_retry` by now."""
    ignored = why_ignored(visit, service.ignore)
    if sight.phase is _AWAKE:
        choice = _PROXY if service.serve is _BY_PROXY else _REDIRECT
        return _UNCOUNTED[choice.answer, ignored] if ignored else choice
    if ignored:
        return _UNCOUNTED[Answer.IGNORE, ignored]
    wants_page = wants_wait_page(service, visit)
    if sight.phase is _FAILED and not is_due:
        return Choice(Answer.FAILED_PAGE if wants_page else Answer.FAILED)
    if service.wake_on is _ON_CLICK and sight.phase in {Phase.ASLEEP, Phase.FAILED, Phase.DRAINING}:
        return Choice(Answer.ASK_PAGE if wants_page else Answer.ASLEEP)
    return _WAIT_PAGE if wants_page else _HOLD


def wants_wait_page(service: Service, visit: Visit) -> bool:
    """Whether whoever asks can read a page: HTML never goes where JSON or a script is expected."""
    if service.wait is _AUTO:
        return visit.is_navigation
    match service.wait:
        case Wait.PAGE:
            return visit.method == "GET" and visit.is_navigation
        case Wait.HOLD:
            return False
        case never:
            assert_never(never)


def may_retry(sight: Sight, now: datetime) -> bool:
    """Whether a failed wake may be tried again; asked to often, a hopeless start would cost money."""
    return sight.retry_at is None or now >= sight.retry_at
