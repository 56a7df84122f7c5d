"""The prefix ``/.wakeproxy/`` of every routed host: the service's own page, its status, its events, and what to do.

It is ours on every host and never reaches an app. Asking here is no use of the service and wakes nothing, but for the
``POST`` to wake; only the service's own pages may send one.
"""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from wakeproxy.core.service import Service
from wakeproxy.engine.catalog import Catalog
from wakeproxy.front.actions import Action, Follow
from wakeproxy.front.gate import Gate
from wakeproxy.front.keeping import Keeping
from wakeproxy.front.turn import Turn
from wakeproxy.front.wakes import Wakes
from wakeproxy.pages.forms import OWN_PREFIX, find_next, find_page, is_same_origin, wants_html
from wakeproxy.pages.replies import Reply, about, reply_json, reply_redirect
from wakeproxy.pages.speech import (
    FOREIGN_KEEPING,
    FOREIGN_WAKE,
    NO_SUCH_HOST,
    NO_SUCH_PAGE,
    TOO_MANY_KEPT,
    TOO_MANY_WAKES,
    Speech,
)


@dataclass(frozen=True, slots=True)
class OwnPrefix:
    """Answers what stands below our prefix."""

    catalog: Catalog
    waker: Wakes
    gate: Gate
    keeping: Keeping
    speech: Speech

    def answer(self, turn: Turn) -> Action:
        """Answer one request; ``path`` in the query names the page that asks, where services share a host."""
        asked = turn.asked
        service = self.catalog.routes.match(asked.host, find_page(turn.read, turn.asked, turn.body))
        if service is None:
            return self.speech.tell(NO_SUCH_HOST, asked, None)
        match asked.visit.method, asked.visit.path.removeprefix(OWN_PREFIX):
            case "GET" | "HEAD", "":
                return self.speech.show_about(service, self.waker.look(service.name))
            case "GET" | "HEAD", "status":
                return self._status(service)
            case "GET", "events":
                return Follow(service)
            case "POST", "wake":
                return self._wake(turn, service)
            case "POST", "keep-awake" if service.keep_awake_for is not None:
                return self._keep_awake(turn, service, service.keep_awake_for)
            case _:
                return self.speech.tell(NO_SUCH_PAGE, asked, self.waker.look(service.name))

    def _status(self, service: Service, *, code: int = HTTPStatus.OK) -> Reply:
        sight = self.waker.look(service.name)
        return reply_json(self.speech.describe(service, sight), code=code, fields=about(sight))

    def _wake(self, turn: Turn, service: Service) -> Reply:
        if not is_same_origin(turn.read):
            return self.speech.tell(FOREIGN_WAKE, turn.asked, self.waker.look(service.name))
        if not self.gate.ask(service.name):
            return self.speech.tell(TOO_MANY_WAKES, turn.asked, self.waker.look(service.name))
        return self._go_on(turn, service)

    def _keep_awake(self, turn: Turn, service: Service, span: timedelta) -> Reply:
        if not is_same_origin(turn.read):
            return self.speech.tell(FOREIGN_KEEPING, turn.asked, self.waker.look(service.name))
        if not self.keeping.ask(service.name, span):
            return self.speech.tell(TOO_MANY_KEPT, turn.asked, self.waker.look(service.name))
        return self._go_on(turn, service)

    def _go_on(self, turn: Turn, service: Service) -> Reply:
        """Tell a script how things stand now, and lead a form back to where it was sent from."""
        if not wants_html(turn.read):
            return self._status(service, code=HTTPStatus.ACCEPTED)
        fields = about(self.waker.look(service.name))
        return reply_redirect(find_next(turn.read, turn.body), code=HTTPStatus.SEE_OTHER, fields=fields)
