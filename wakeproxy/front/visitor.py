"""The visitor's way: a request comes in, is matched to a service, and gets the answer the truth table chose for it.

Read `Visitor.answer` and you know the product; the tables are `core.routes` and `core.answers`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import assert_never

from aiohttp import web

from wakeproxy.core.answers import Answer, choose_answer
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.observation import Endpoint
from wakeproxy.core.routes import Routes
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight
from wakeproxy.engine.traffic import Traffic
from wakeproxy.engine.waker import Waker
from wakeproxy.errors import UpstreamError
from wakeproxy.front.gate import Gate
from wakeproxy.front.holds import Holds, TooManyHeldError
from wakeproxy.front.own import OWN_PREFIX, OwnPrefix
from wakeproxy.front.replies import about, reply_machine, reply_redirect
from wakeproxy.front.requests import Asked, Networks, read_request
from wakeproxy.front.speech import NO_SUCH_HOST, TOO_MANY_HELD, TOO_MANY_WAKES, Speech
from wakeproxy.upstream.relay import BrokenAppError, Passage, Relay, SilentAppError

_REFUSALS = 4
"""How often one request may find its task gone before its visitor is told; each time AWS is asked anew."""


@dataclass(slots=True)
class Turn:
    """One request on its way through the answers."""

    request: web.Request
    asked: Asked
    service: Service
    arrived_at: datetime
    is_held: bool = False
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class Visitor:
    """Answers visitors; one instance serves them all."""

    routes: Routes
    waker: Waker
    gate: Gate
    traffic: Traffic
    holds: Holds
    relay: Relay
    speech: Speech
    own: OwnPrefix
    trusted: Networks
    clock: Callable[[], datetime]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request: find its service, look at it, choose an answer, give it."""
        asked = read_request(request, self.trusted)
        if asked.visit.path.startswith(OWN_PREFIX):
            return await self.own.answer(request, asked)
        service = self.routes.match(asked.host, asked.visit.path)
        if service is None:
            return self.speech.tell(NO_SUCH_HOST, asked, None)
        turn = Turn(request, asked, service, self.clock())
        while (response := await self._take(turn)) is None:
            pass  # its ground went away: a task stopped, or the hold has ended; look and choose again
        return response

    async def hang_up(self) -> None:
        """End what would go on for ever; whatever else runs may finish."""
        await self.own.hang_up()

    async def _take(self, turn: Turn) -> web.StreamResponse | None:
        name = turn.service.name
        choice = choose_answer(turn.service, self.waker.look(name), turn.asked.visit, self.clock())
        if choice.wakes and not self.gate.ask(name):
            return self.speech.tell(TOO_MANY_WAKES, turn.asked, self.waker.look(name))
        if not choice.is_use:
            return await self._give(choice.answer, turn, self.waker.look(name))
        self.traffic.begin(name)
        try:
            return await self._give(choice.answer, turn, self.waker.look(name))
        finally:
            self.traffic.end(name)

    async def _give(self, answer: Answer, turn: Turn, sight: Sight) -> web.StreamResponse | None:
        """Give the chosen answer; ``None`` when its ground went away meanwhile and another must be chosen."""
        match answer:
            case Answer.PROXY:
                return await self._pass_on(turn, sight)
            case Answer.REDIRECT:
                return self._redirect(turn, sight)
            case Answer.HOLD:
                return await self._hold(turn)
            case Answer.WAIT_PAGE:
                return self.speech.show_waiting(turn.service, sight)
            case Answer.ASK_PAGE:
                return self.speech.show_ask(turn.service, sight, turn.asked)
            case Answer.FAILED_PAGE:
                return self.speech.show_failed(turn.service, sight, turn.asked)
            case Answer.FAILED | Answer.ASLEEP:
                return self.speech.tell_not_awake(turn.service, sight)
            case Answer.IGNORE:
                machine = reply_machine(turn.asked.visit.path, sight)
                return machine or self.speech.tell_not_awake(turn.service, sight)
        assert_never(answer)

    async def _pass_on(self, turn: Turn, sight: Sight) -> web.StreamResponse | None:
        endpoint = self.relay.choose(sight.endpoints)
        try:
            return await self.relay.carry(turn.request, self._passage(turn, endpoint))
        except SilentAppError as error:
            return self.speech.tell_silent(turn.asked, sight, error)
        except BrokenAppError as error:
            return self.speech.tell_broken(turn.asked, sight, error)
        except UpstreamError:
            self.waker.refuse(turn.service.name, endpoint)
            turn.refusals += 1
            return self.speech.tell_gone(turn.asked, sight) if turn.refusals >= _REFUSALS else None

    def _passage(self, turn: Turn, endpoint: Endpoint) -> Passage:
        waited = self.clock() - turn.arrived_at
        added = (("Wakeproxy-Cold-Start", f"{waited.total_seconds():.3f}"),) if turn.is_held else ()
        return Passage(endpoint, turn.service.scheme, turn.asked.hop, turn.asked.target, added)

    def _redirect(self, turn: Turn, sight: Sight) -> web.Response:
        endpoint = self.relay.choose(sight.endpoints)
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        location = f"{turn.service.scheme}://{host}:{endpoint.port}{turn.asked.target}"
        return reply_redirect(location, code=HTTPStatus.TEMPORARY_REDIRECT, headers=about(sight))

    async def _hold(self, turn: Turn) -> web.StreamResponse | None:
        left = turn.service.hold_for - (self.clock() - turn.arrived_at)
        turn.is_held = True
        try:
            sight = await self.holds.wait(turn.service, seconds=max(left, timedelta()).total_seconds())
        except TooManyHeldError:
            return self.speech.tell(TOO_MANY_HELD, turn.asked, self.waker.look(turn.service.name))
        if sight is not None and sight.phase is Phase.AWAKE:
            return None
        return self.speech.tell_not_awake(turn.service, self.waker.look(turn.service.name))
