"""Sending visitors on: to the app's own address, or through the Lambda to the app and back."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from typing import Final

from wakeproxy.core.observation import Endpoint, find_origin
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight
from wakeproxy.errors import UpstreamError
from wakeproxy.pages.asked import Asked
from wakeproxy.pages.replies import Fields, Reply, about, reply_redirect
from wakeproxy.pages.speech import Speech
from wakeproxy.serverless.events import Arrival
from wakeproxy.serverless.results import MOST_BYTES, Given, too_large
from wakeproxy.upstream.asker import Line
from wakeproxy.upstream.passage import Passage
from wakeproxy.upstream.relay import Relay
from wakeproxy.upstream.trouble import BrokenAppError, SilentAppError
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.forwarding import Pseudonym, compose_request, identify
from wakeproxy.wire.requests import RequestHead
from wakeproxy.wire.responses import ResponseHead

_PREFIX: Final = b"x-forwarded-prefix"


@dataclass(frozen=True, slots=True)
class Sending:
    """How one request is passed on: ``base`` stands before its path for the visitor, ``seconds`` are left."""

    speech: Speech
    base: str
    added: Fields
    seconds: float


@dataclass(slots=True)
class Sender:
    """Sends visitors on; the relay is made for the first who is passed through, for it takes a moment."""

    make_relay: Callable[[], Relay]
    me: Pseudonym = field(default_factory=Pseudonym)
    _turns: "count[int]" = field(default_factory=count)
    _relay: Relay | None = None

    def redirect(self, asked: Asked, service: Service, sight: Sight) -> Reply:
        """Lead a visitor to a task."""
        location = find_origin(service, self._choose(sight.endpoints)) + asked.target
        return reply_redirect(location, code=HTTPStatus.TEMPORARY_REDIRECT, fields=about(sight))

    async def send(
        self, arrival: Arrival, asked: Asked, to: tuple[Service, Sight], how: Sending
    ) -> Given | Reply | None:
        """Pass a request on to a task and its answer back; ``None`` when the task was gone before it heard of it."""
        service, sight = to
        read = _turn_on(arrival.read, asked, how.base)
        try:
            head = compose_request(read, arrival.hop, self.me, identify(read, self.me))
        except BadMessageError as error:
            return how.speech.refuse(error)
        read.is_old = True  # so that the relay takes chunks apart: a result holds a body as it is
        relay = self._relay = self._relay or self.make_relay()
        collector = Collector(arrival.body)
        passage = Passage(relay.pool(self._choose(sight.endpoints)), service.scheme, head, read)
        try:
            async with asyncio.timeout(max(how.seconds, 0)):
                relay.carry(collector, passage)
                await collector.ended.wait()
        except TimeoutError:
            collector.error = SilentAppError("The app took the request and did not answer in time.", sent=True)
        finally:
            passage.is_abandoned = True
            await relay.stop()  # nothing is kept until the next invocation, which may be hours away
        return _answer(collector, asked, sight, how)

    def _choose(self, endpoints: Sequence[Endpoint]) -> Endpoint:
        """Take one task after the other: what is under way elsewhere is not known here."""
        return endpoints[next(self._turns) % len(endpoints)]


class Collector:
    """An `Asker` that takes an answer in whole."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._pieces: list[bytes] = []
        self._size = 0
        self._line: Line | None = None
        self.head: ResponseHead | None = None
        self.error: UpstreamError | None = None
        self.is_too_large = False
        self.ended = asyncio.Event()

    @property
    def body(self) -> bytes:
        """The answer's body so far."""
        return b"".join(self._pieces)

    @property
    def has_sent_all(self) -> bool:
        """Whether the request's body is through: it goes in one piece."""
        return True

    def app_taken(self, line: Line) -> None:
        """Send the body after the head."""
        self._line = line
        if self._body:
            line.send(self._body)

    def app_blocked(self) -> None:
        """Everything was handed over already."""

    def app_unblocked(self) -> None:
        """Nothing waits."""

    def interim(self, head: ResponseHead) -> None:
        """A result has no place for interim answers."""

    def answer_began(self, head: ResponseHead, *, ends_with_connection: bool) -> bytes:
        """Keep the head."""
        del ends_with_connection  # every answer of an invocation does
        self.head = head
        return b""

    def write(self, piece: bytes) -> None:
        """Keep a piece of the body, up to what a result may hold."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > MOST_BYTES and not self.is_too_large:
            self.is_too_large = True
            self._pieces.clear()
            self.ended.set()

    def answer_ended(self) -> None:
        """The answer is whole."""
        self.ended.set()

    def switched(self, head: ResponseHead, app: asyncio.Transport, rest: bytes) -> None:
        """No gateway passes an upgrade on, so nobody asked for one."""
        del head, rest
        app.abort()
        self.app_failed(BrokenAppError("The app switched to another protocol unasked.", sent=True))

    def app_failed(self, error: UpstreamError) -> None:
        """There is no answer."""
        self.error = error
        self.ended.set()

    def answer_torn(self, error: UpstreamError) -> None:
        """There is only a part of an answer, which nobody may take for the whole."""
        self.error = error
        self.ended.set()


def _turn_on(read: RequestHead, asked: Asked, base: str) -> RequestHead:
    """Make the request as the app gets it; a path that was taken off its front is told of."""
    lines = [line for line in read.lines if line.partition(b":")[0].lower() != _PREFIX]
    if base:
        lines.append(b"X-Forwarded-Prefix: " + base.encode("ascii", "replace"))
    turned = read.with_lines(lines)
    turned.target = asked.target.encode("ascii")
    return turned


def _answer(collector: Collector, asked: Asked, sight: Sight, how: Sending) -> Given | Reply | None:
    if collector.is_too_large:
        return too_large()
    match collector.error:
        case None:
            assert collector.head is not None
            fields = tuple(_field(line, how.base) for line in collector.head.lines)
            return Given(collector.head.status, (*fields, *how.added), collector.body)
        case SilentAppError() as error:
            return how.speech.tell_silent(asked, sight, error)
        case BrokenAppError() as error:
            return how.speech.tell_broken(asked, sight, error)
        case _:
            return None


def _field(line: bytes, base: str) -> tuple[str, str]:
    """Read a field; a redirect within the app leads to where the visitor finds the app."""
    name, _, raw = line.decode("latin-1").partition(":")
    value = raw.strip(" \t")
    is_within = name.lower() == "location" and value.startswith("/") and not value.startswith("//")
    return name, base + value if is_within else value
