"""The prefix ``/.wakeproxy/`` of every routed host: the service's own page, its status, its events, and what to do.

It is ours on every host and never reaches an app. Asking here is no use of the service and wakes nothing, but for the
``POST`` to wake; only the service's own pages may send one.
"""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from wakeproxy.core.service import Service
from wakeproxy.engine.catalog import Catalog
from wakeproxy.front.actions import Action, Follow
from wakeproxy.front.gate import Gate
from wakeproxy.front.keeping import Keeping
from wakeproxy.front.replies import Reply, about, reply_json, reply_redirect
from wakeproxy.front.speech import (
    FOREIGN_KEEPING,
    FOREIGN_WAKE,
    NO_SUCH_HOST,
    NO_SUCH_PAGE,
    TOO_MANY_KEPT,
    TOO_MANY_WAKES,
    Speech,
)
from wakeproxy.front.turn import Turn
from wakeproxy.front.wakes import Wakes
from wakeproxy.wire.fields import Kind
from wakeproxy.wire.requests import RequestHead

OWN_PREFIX: Final = "/.wakeproxy/"
LONGEST_BODY: Final = 8192
"""Bytes; the only body we read ourselves is a form with one field."""
_MOST_FORM_FIELDS = 10


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
        service = self.catalog.routes.match(asked.host, _page_path(turn))
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
        if not _is_same_origin(turn.read):
            return self.speech.tell(FOREIGN_WAKE, turn.asked, self.waker.look(service.name))
        if not self.gate.ask(service.name):
            return self.speech.tell(TOO_MANY_WAKES, turn.asked, self.waker.look(service.name))
        return self._go_on(turn, service)

    def _keep_awake(self, turn: Turn, service: Service, span: timedelta) -> Reply:
        if not _is_same_origin(turn.read):
            return self.speech.tell(FOREIGN_KEEPING, turn.asked, self.waker.look(service.name))
        if not self.keeping.ask(service.name, span):
            return self.speech.tell(TOO_MANY_KEPT, turn.asked, self.waker.look(service.name))
        return self._go_on(turn, service)

    def _go_on(self, turn: Turn, service: Service) -> Reply:
        """Tell a script how things stand now, and lead a form back to where it was sent from."""
        if "text/html" not in turn.read.value(Kind.ACCEPT):
            return self._status(service, code=HTTPStatus.ACCEPTED)
        fields = about(self.waker.look(service.name))
        return reply_redirect(_next_path(turn), code=HTTPStatus.SEE_OTHER, fields=fields)


def _page_path(turn: Turn) -> str:
    """Which page asks: said by the page itself, and by its form where it has no script."""
    path = _first(turn.asked.target.partition("?")[2], "path")
    if path is None and turn.asked.visit.method == "POST":
        path = _next_path(turn).partition("?")[0]
    return path if path and path.startswith("/") else "/"


def _next_path(turn: Turn) -> str:
    """Where a form leads back to: a path of this host, and nothing that a browser could take for another host."""
    kind = turn.read.value(Kind.TYPE).partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return "/"
    wanted = _first(turn.body.decode("latin-1"), "next") or "/"
    is_path = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_path and wanted.isprintable() and wanted.isascii() else "/"


def _first(form: str, name: str) -> str | None:
    """Look up the first value of a name in a query or a form; what is no form has none."""
    try:
        pairs = parse_qsl(form, keep_blank_values=True, max_num_fields=_MOST_FORM_FIELDS)
    except ValueError:
        return None
    return next((value for key, value in pairs if key == name), None)


def _is_same_origin(read: RequestHead) -> bool:
    """Whether a page of this host asks, or a program that is no browser.

    Fetch Metadata goes first: a form sent under ``Referrer-Policy: no-referrer`` says ``Origin: null``.
    """
    if Kind.FETCH_SITE in read.found:
        return read.value(Kind.FETCH_SITE) in {"same-origin", "none"}
    if Kind.ORIGIN not in read.found:
        return True
    return read.value(Kind.ORIGIN).partition("://")[2].lower() == read.value(Kind.HOST).lower()
