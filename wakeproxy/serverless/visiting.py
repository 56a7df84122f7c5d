"""The visitor's way through a Lambda: the same tables and words as the front's, decided anew from one look.

Read `Visiting.answer` beside `front.visitor`: what differs is that a hold ends with the invocation, that a page asks
instead of listening, and that a service may be reached by its name where no host leads to it.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final, assert_never

from wakeproxy.core.answers import Answer, Choice, choose_answer, may_retry
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.service import Service
from wakeproxy.engine.catalog import Catalog
from wakeproxy.errors import LedgerError
from wakeproxy.pages.asked import Asked, read_asked
from wakeproxy.pages.forms import OWN_PREFIX, find_next, find_page, is_same_origin, wants_html
from wakeproxy.pages.page_kinds import Site
from wakeproxy.pages.replies import Fields, Reply, about, reply_json, reply_machine, reply_redirect
from wakeproxy.pages.speech import FOREIGN_KEEPING, FOREIGN_WAKE, NO_SUCH_HOST, NO_SUCH_PAGE, TOO_MANY_WAKES, Speech
from wakeproxy.pages.speech import TOO_MANY_KEPT as UNHEARD_KEEPING
from wakeproxy.serverless.events import Arrival
from wakeproxy.serverless.looking import Found, Looker
from wakeproxy.serverless.results import Given
from wakeproxy.serverless.sending import Sender, Sending
from wakeproxy.serverless.uses import Uses
from wakeproxy.serverless.waking import Waking

_ANEW: Final = 3
"""How often one request may find its task gone before its visitor is told."""


@dataclass(slots=True)
class Case:
    """One request on its way."""

    arrival: Arrival
    asked: Asked
    """Path and query are the app's: without the service's name that may stand before them."""
    service: Service
    speech: Speech
    base: str
    """What stands before the app's paths in the visitor's."""
    began_at: float
    until: float
    """By the loop's clock: when it must be answered at last."""
    answer: Answer | None = None
    is_held: bool = False

    @property
    def target(self) -> str:
        """The path and query that the visitor sees."""
        return self.base + self.asked.target

    @property
    def shown(self) -> Asked:
        """The request with the target that the visitor sees; its visit is judged by the service's own path."""
        return self.asked.aimed_at(self.target, self.asked.visit.path)


@dataclass(frozen=True, slots=True)
class Visiting:
    """Answers visitors, one at a time."""

    catalog: Catalog
    looker: Looker
    waking: Waking
    uses: Uses
    sender: Sender
    speech: Speech
    wait: timedelta
    clock: Callable[[], datetime]

    async def answer(self, arrival: Arrival, *, seconds: float) -> tuple[Given | Reply, Case | None]:
        """Answer one request within so many seconds; what became of it tells the case, if it is a service's."""
        asked = read_asked(arrival.read)
        speech = replace(self.speech, site=Site(arrival.base, streams=False))
        case = self._find(arrival, asked, speech, seconds)
        if case is None:
            return speech.tell(NO_SUCH_HOST, asked, None), None
        if case.asked.target == "":
            location = f"{case.base}/{_query(asked.target)}"
            return reply_redirect(location, code=HTTPStatus.PERMANENT_REDIRECT, fields=()), case
        if case.asked.visit.path.startswith(OWN_PREFIX):
            given: Given | Reply = await self._answer_own(case)
        else:
            given = await self._answer_visit(case)
        return given, case

    # Which service.

    def _find(self, arrival: Arrival, asked: Asked, speech: Speech, seconds: float) -> Case | None:
        """Find the service by the host, else by the name that the path begins with; one alone needs no name."""
        now = asyncio.get_running_loop().time()
        path = asked.visit.path
        page = find_page(arrival.read, asked, arrival.body) if path.startswith(OWN_PREFIX) else path
        base = arrival.base
        service = self.catalog.routes.match(asked.host, page)
        if service is None:
            service = self._only()
        if service is None:
            name, slash, rest = path[1:].partition("/")
            service = self.catalog.named.get(ServiceName(name))
            if service is None:
                return None
            base = f"{base}/{name}"
            path = f"/{rest}" if slash else ""
            asked = _at(asked, path)
            speech = replace(speech, site=Site(base, streams=False))
        return Case(arrival, asked, service, speech, base, now, now + seconds)

    def _only(self) -> Service | None:
        services = self.catalog.services
        return services[0] if len(services) == 1 and not services[0].hosts else None

    # Visits.

    async def _answer_visit(self, case: Case) -> Given | Reply:
        async with AsyncExitStack() as use:
            return await self._answer_while(case, use)

    async def _answer_while(self, case: Case, use: AsyncExitStack) -> Given | Reply:
        """Answer a visit, which is a use until ``use`` closes, if it is any."""
        service = case.service
        found = await self.looker.look(service)
        is_used = False
        for _ in range(_ANEW):
            choice = self._choose(case, found)
            if choice.is_use and not is_used:
                if choice.wakes and not await self.waking.is_admitted(found):
                    return case.speech.tell(TOO_MANY_WAKES, case.asked, found.sight)
                if found.is_wanted_anew:
                    found = await self.waking.wake(service, found)
                await use.enter_async_context(self.uses.going_on(service.name))
                is_used = True
            if choice.answer is Answer.HOLD:
                found = await self._hold(case, found)
                choice = self._choose(case, found)
            elif choice.wakes and found.sight.phase is Phase.FAILED:
                choice = Choice(Answer.FAILED_PAGE)
                case.answer = choice.answer
            given = await self._give(choice, case, found)
            if given is not None:
                return given
            found = await self.looker.look(service)
        return case.speech.tell_gone(case.asked, found.sight)

    def _choose(self, case: Case, found: Found) -> Choice:
        choice = choose_answer(case.service, found.sight, case.asked.visit, is_due=may_retry(found.sight, self.clock()))
        case.answer = choice.answer
        return choice

    async def _hold(self, case: Case, found: Found) -> Found:
        """Wait for the wake, within what the service, the settings and the invocation allow."""
        loop = asyncio.get_running_loop()
        case.is_held = True
        until = case.began_at + min(case.service.hold_for, self.wait).total_seconds()
        return await self.waking.wait(case.service, found, seconds=min(until, case.until) - loop.time())

    async def _give(self, choice: Choice, case: Case, found: Found) -> Given | Reply | None:
        """Give an answer; ``None`` when the app's task is gone, so that another look has to be taken."""
        service, sight, speech = case.service, found.sight, case.speech
        match choice.answer:
            case Answer.PROXY:
                return await self.sender.send(case.arrival, case.asked, (service, sight), self._sending(case))
            case Answer.REDIRECT:
                return self.sender.redirect(case.asked, service, sight)
            case Answer.HOLD:
                return speech.tell_not_awake(service, sight)
            case Answer.WAIT_PAGE:
                shown = (await self.waking.show_needs(service, found)).sight
                reply = speech.show_waiting(service, shown, is_plain=False)
                assert isinstance(reply, Reply)
            case Answer.ASK_PAGE:
                reply = speech.show_ask(service, sight, case.shown)
            case Answer.FAILED_PAGE:
                reply = speech.show_failed(service, sight, case.shown)
            case Answer.FAILED | Answer.ASLEEP:
                reply = speech.tell_not_awake(service, sight)
            case Answer.IGNORE:
                reply = reply_machine(case.asked.visit.path, sight) or speech.tell_not_awake(service, sight)
            case never:
                assert_never(never)
        return reply

    def _sending(self, case: Case) -> Sending:
        loop = asyncio.get_running_loop()
        waited = f"{loop.time() - case.began_at:.3f}"
        added: Fields = (("Wakeproxy-Cold-Start", waited),) if case.is_held else ()
        return Sending(case.speech, case.base, added, case.until - loop.time())

    # Our own prefix.

    async def _answer_own(self, case: Case) -> Reply:
        service, asked, speech = case.service, case.asked, case.speech
        found = await self.waking.show_needs(service, await self.looker.look(service))
        match asked.visit.method, asked.visit.path.removeprefix(OWN_PREFIX):
            case "GET" | "HEAD", "":
                return speech.show_about(service, found.sight)
            case "GET" | "HEAD", "status":
                return self._tell_status(case, found)
            case "POST", "wake":
                return await self._wake(case, found)
            case "POST", "keep-awake" if service.keep_awake_for is not None:
                return await self._keep_awake(case, found, service.keep_awake_for)
            case _:
                return speech.tell(NO_SUCH_PAGE, asked, found.sight)

    def _tell_status(self, case: Case, found: Found, *, code: int = HTTPStatus.OK) -> Reply:
        document = case.speech.describe(case.service, found.sight)
        return reply_json(document, code=code, fields=about(found.sight))

    async def _wake(self, case: Case, found: Found) -> Reply:
        if not is_same_origin(case.arrival.read):
            return case.speech.tell(FOREIGN_WAKE, case.asked, found.sight)
        if not await self.waking.is_admitted(found):
            return case.speech.tell(TOO_MANY_WAKES, case.asked, found.sight)
        if found.sight.phase is not Phase.AWAKE and may_retry(found.sight, self.clock()):
            found = await self.waking.wake(case.service, found)
        return self._go_on(case, found)

    async def _keep_awake(self, case: Case, found: Found, span: timedelta) -> Reply:
        if not is_same_origin(case.arrival.read):
            return case.speech.tell(FOREIGN_KEEPING, case.asked, found.sight)
        try:
            until = self.clock() + span
            record = await self.looker.claims.keep_awake(case.service.name, until, is_least=True)
        except LedgerError:
            return case.speech.tell(UNHEARD_KEEPING, case.asked, found.sight)
        outlook = replace(found.sight.outlook, kept_until=record.awake_until)
        found = replace(found, record=record, sight=replace(found.sight, outlook=outlook))
        if found.sight.phase is Phase.AWAKE and found.is_wanted_anew:
            found = await self.waking.wake(case.service, found)
        return self._go_on(case, found)

    def _go_on(self, case: Case, found: Found) -> Reply:
        """Tell a script how things stand now, and lead a form back to where it was sent from."""
        if not wants_html(case.arrival.read):
            return self._tell_status(case, found, code=HTTPStatus.ACCEPTED)
        following = find_next(case.arrival.read, case.arrival.body)
        return reply_redirect(following, code=HTTPStatus.SEE_OTHER, fields=about(found.sight))


def _at(asked: Asked, path: str) -> Asked:
    """Make the same request for another path."""
    target = path + _query(asked.target) if path else ""
    return asked.aimed_at(target, path)


def _query(target: str) -> str:
    _, mark, query = target.partition("?")
    return mark + query
