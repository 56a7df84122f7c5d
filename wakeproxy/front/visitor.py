"""The visitor's way: a request comes in, is matched to a service, and gets the answer the truth table chose for it.

Read `Visitor.answer` and you know the product; the tables are `core.routes` and `core.answers`. Everything here is
decided from memory and at once; `connection` carries it out, and comes back when the ground went away meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from wakeproxy.core.answers import Answer, choose_answer, may_retry
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.observation import Endpoint, Stage
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.traffic import Traffic
from wakeproxy.errors import UpstreamError
from wakeproxy.front.actions import Action, Carry, Hold
from wakeproxy.front.gate import Gate
from wakeproxy.front.own import OwnPrefix
from wakeproxy.front.redirects import Redirects
from wakeproxy.front.turn import Turn
from wakeproxy.front.wakes import Wakes
from wakeproxy.pages.forms import OWN_PREFIX
from wakeproxy.pages.replies import reply_machine
from wakeproxy.pages.speech import NO_SUCH_HOST, TOO_MANY_HELD, TOO_MANY_WAKES, Speech
from wakeproxy.upstream.relay import Relay
from wakeproxy.upstream.trouble import BrokenAppError, SilentAppError

_REFUSALS = 4
"""How often one request may find its task gone before its visitor is told; each time AWS is asked anew."""
_PROXY: Final = Answer.PROXY
_WAIT_PAGE: Final = Answer.WAIT_PAGE
_WAKING: Final = Phase.WAKING
_FAILED: Final = Phase.FAILED
"""An enum's member costs more to look up than the comparison."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Answers visitors; one instance serves them all."""

    catalog: Catalog
    waker: Wakes
    gate: Gate
    traffic: Traffic
    relay: Relay
    speech: Speech
    redirects: Redirects
    own: OwnPrefix
    clock: Callable[[], datetime]
    uptime: Callable[[], float]
    """The loop's time, by which turns are measured."""

    def answer(self, turn: Turn) -> Action:
        """Answer one request: find its service, look at it, choose an answer, give it."""
        visit = turn.asked.visit
        if visit.path.startswith(OWN_PREFIX):
            return self.own.answer(turn)
        service = self.catalog.routes.match(turn.asked.host, visit.path)
        if service is None:
            return self.speech.tell(NO_SUCH_HOST, turn.asked, None)
        turn.service = service
        sight = self.waker.look(service.name)
        is_due = sight.phase is not _FAILED or may_retry(sight, self.clock())
        choice = choose_answer(service, sight, visit, is_due=is_due)
        if choice.wakes and sight.phase is not _WAKING:  # what wakes already needs no leave
            if not self.gate.ask(service.name):
                return self.speech.tell(TOO_MANY_WAKES, turn.asked, sight)
            sight = self.waker.look(service.name)
        if choice.is_use and not turn.is_use:
            turn.is_use = True
            self.traffic.begin(service.name)
        turn.answer, turn.ignored = choice.answer, choice.ignored
        return self._give(choice.answer, service, turn, sight)

    def end(self, turn: Turn) -> None:
        """Take note that a request's answer is through, or that there will be none."""
        if turn.is_use and turn.service is not None:
            self.traffic.end(turn.service.name)

    def since_ready(self, turn: Turn) -> float | None:
        """Say how long an app has been ready that a request waited for, in seconds."""
        if not turn.is_held or turn.service is None:
            return None
        stages = self.waker.look(turn.service.name).stages
        if not stages or stages[-1][0] is not Stage.ANSWERING:
            return None
        return max((self.clock() - stages[-1][1]).total_seconds(), 0.0)

    def _give(self, answer: Answer, service: Service, turn: Turn, sight: Sight) -> Action:
        if answer is _PROXY:  # nearly always, once awake
            added = self._cold_start(turn) if turn.is_held else ()
            return Carry(self.relay.choose(sight.endpoints), service.scheme, added)
        if answer is _WAIT_PAGE:  # by hundreds, until then
            gzip = turn.asked.takes_gzip
            return self.speech.show_waiting(service, sight, is_plain=turn.is_plain, takes_gzip=gzip)
        match answer:
            case Answer.REDIRECT:
                return self._redirect(service, turn, sight)
            case Answer.HOLD:
                return self._hold(service, turn, sight)
            case Answer.ASK_PAGE:
                return self.speech.show_ask(service, sight, turn.asked)
            case Answer.FAILED_PAGE:
                self.waker.ask(service.name)  # who may have to wait no longer: somebody may have mended it
                return self.speech.show_failed(service, sight, turn.asked)
            case Answer.FAILED:
                self.waker.ask(service.name)
                return self.speech.tell_not_awake(service, sight)
            case Answer.ASLEEP:
                return self.speech.tell_not_awake(service, sight)
            case Answer.IGNORE:
                return reply_machine(turn.asked.visit.path, sight) or self.speech.tell_not_awake(service, sight)
        assert_never(answer)

    def _hold(self, service: Service, turn: Turn, sight: Sight) -> Action:
        left = service.hold_for.total_seconds() - (self.uptime() - turn.began_at)
        if turn.is_held and left <= 0:
            return self.speech.tell_not_awake(service, sight)
        turn.is_held = True
        return Hold(service, max(left, 0.0))

    def _redirect(self, service: Service, turn: Turn, sight: Sight) -> Action:
        endpoint = self.relay.choose(sight.endpoints)
        if turn.is_plain:
            return self.redirects.find(sight, endpoint, service, turn.read.target)
        return self.redirects.make(sight, endpoint, service, turn.asked.target)

    def _cold_start(self, turn: Turn) -> tuple[tuple[str, str], ...]:
        return (("Wakeproxy-Cold-Start", f"{self.uptime() - turn.began_at:.3f}"),)

    # When the ground goes away.

    def _answer_anew(self, turn: Turn) -> Action:
        """Choose again, of the services as they are now: the one that was chosen first may not be served any more."""
        self.end(turn)
        turn.is_use, turn.service, turn.answer = False, None, None
        return self.answer(turn)

    def held(self, turn: Turn, sight: Sight | None) -> Action:
        """Go on after a hold: ``sight`` is what ended it, ``None`` when the time did."""
        assert turn.service is not None
        if sight is not None and sight.phase is not Phase.FAILED:
            return self._answer_anew(turn)
        return self.speech.tell_not_awake(turn.service, self.waker.look(turn.service.name))

    def too_many_held(self, turn: Turn) -> Action:
        """There is no place for another held request."""
        assert turn.service is not None
        return self.speech.tell(TOO_MANY_HELD, turn.asked, self.waker.look(turn.service.name))

    def app_failed(self, turn: Turn, endpoint: Endpoint, error: UpstreamError) -> Action:
        """Answer a request whose app failed before a byte of its answer reached the visitor."""
        assert turn.service is not None
        name = turn.service.name
        match error:
            case SilentAppError():
                return self.speech.tell_silent(turn.asked, self.waker.look(name), error)
            case BrokenAppError():
                self.waker.look_again(name)
                return self.speech.tell_broken(turn.asked, self.waker.look(name), error)
            case _:
                self.waker.refuse(name, endpoint)
                turn.refusals += 1
                if turn.refusals >= _REFUSALS:
                    return self.speech.tell_gone(turn.asked, self.waker.look(name))
                return self._answer_anew(turn)
