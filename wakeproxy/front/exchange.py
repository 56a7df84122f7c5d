"""An exchange: one request and its answer.

It carries out what `visitor` decides. It is made anew for each request: nothing of one is ever seen by another.

The answer comes from one of four: an app (`Line`), a stream of events, ourselves, or, after a hold, whichever then.
"""

import asyncio
from http import HTTPStatus
from typing import Protocol, assert_never

from wakeproxy.errors import UpstreamError
from wakeproxy.front.actions import Action, Carry, Follow, Hold, Ready
from wakeproxy.front.door import Door
from wakeproxy.front.holds import TooManyHeldError
from wakeproxy.front.own import LONGEST_BODY, OWN_PREFIX
from wakeproxy.front.replies import Reply, write_head, write_reply
from wakeproxy.front.turn import Turn
from wakeproxy.upstream.asker import Line
from wakeproxy.upstream.passage import Passage
from wakeproxy.upstream.pulse import NEVER
from wakeproxy.wire.bodies import Body, Chunked, Counted
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.forwarding import Hop, compose_request
from wakeproxy.wire.responses import ResponseHead

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_CONTINUE_STATUS = 100
_CONTINUE_SECONDS = 1.0
"""An app that ignores expectations waits for the body, as its visitor waits for it to say so."""
_PROBE_SECONDS = 0.5
_SILENT_SECONDS = 2.0
"""A visitor who says no more may still listen, or have left: which, only writing to him tells."""
_MOST_UNHEARD = 256 * 1024
"""Bytes of events that a listener may lag behind."""
_NO_BODY = Counted(0)
_OWN = OWN_PREFIX.encode()


class Way(Protocol):
    """The visitor's connection, as an exchange sees it."""

    hop: Hop
    deadline: float
    transport: asyncio.Transport

    def write(self, piece: bytes) -> None:
        """Write to the visitor."""

    def skip_body(self, exchange: "Exchange") -> None:
        """Pass over a body that is here already and that nobody needs."""

    def pump(self) -> None:
        """Pass on what came of the body, if the exchange wants it now; read on or pause accordingly."""

    def exchange_over(self, exchange: "Exchange", *, keeps_alive: bool) -> None:
        """Go on to the next request, or end."""

    def abort(self) -> None:
        """Tear the answer: its visitor must not take it for a whole one."""

    def enter_tunnel(self, exchange: "Exchange", app: asyncio.Transport, head: bytes, rest: bytes) -> None:
        """Pass bytes both ways from now on."""


class Exchange:
    """One request on its way; an `Asker` to the relay, a `Listener` to the streams."""

    # What most requests never change stands here, so that making one costs few assignments.
    _body: Body = _NO_BODY
    _line: Line | None = None
    _passage: Passage | None = None
    _task: asyncio.Task[None] | None = None
    _stream: Follow | None = None
    _has_begun = _is_over = _is_half_closed = _said_continue = _is_gathering = False
    _heard_at = 0.0
    is_blocked = False

    def __init__(self, way: Way, door: Door, turn: Turn) -> None:
        self._way = way
        self._door = door
        self.turn = turn
        read = turn.read
        self._may_keep = read.keeps_alive
        if read.body_is_chunked:
            limits = door.limits
            self._body = Chunked(most_bytes=limits.head_bytes, most_fields=limits.head_fields)
        elif read.length:
            self._body = Counted(read.length)
        if self._body is not _NO_BODY:
            self._is_gathering = read.target.startswith(_OWN)

    # The request's direction.

    @property
    def has_sent_all(self) -> bool:
        """Whether the request's body is through."""
        return self._body.is_over

    @property
    def wants_body(self) -> bool:
        """Whether a piece of the body has somewhere to go now."""
        return not self._body.is_over and (self._line is not None or self._is_gathering)

    def take(self, piece: bytes) -> int:
        """Pass on what of a piece belongs to the body; how much that was.

        Raises:
            BadMessageError: it is no body.
        """
        if self._line is None:
            return self._gather(piece)
        end = self._body.follow(piece, 0)
        self._line.send(piece if end == len(piece) else piece[:end])
        self._arm()
        return end

    def _gather(self, piece: bytes) -> int:
        """Take in the body of a request to ourselves, and answer it once it is whole."""
        body = self._body
        if body.payload is None and isinstance(body, Chunked):
            body.payload = []
        end = body.follow(piece, 0)
        self.turn.body += piece[:end] if body.payload is None else b"".join(body.payload)
        if body.payload:
            body.payload.clear()
        if len(self.turn.body) > LONGEST_BODY:
            raise BadMessageError("The body is longer than anything we ask for.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if body.is_over:
            self._is_gathering = False
            self._decide()
        return end

    def skip(self, piece: bytes) -> int:
        """Pass over what of a piece belongs to the body, whose answer does not need it.

        Raises:
            BadMessageError: it is no body.
        """
        return self._body.follow(piece, 0)

    def start(self) -> None:
        """Have the request answered; one to ourselves once its body is here."""
        if not self._is_gathering:
            self._decide()
        elif self.turn.read.expects_continue:
            self._say_continue()

    def _decide(self) -> None:
        self._act(self._door.visitor.answer(self.turn))

    def refuse(self, error: BadMessageError) -> None:
        """Answer a body that is none: the app must not take it for whole."""
        self._leave_line()
        if self._has_begun:
            self._tear()
        else:
            self._may_keep = False
            self._reply(self._door.visitor.speech.refuse(error))

    # What the visitor decides.

    def _act(self, action: Action) -> None:
        match action:
            case Carry():
                self._carry(action)
            case Reply():
                self._reply(action)
            case Ready():
                self._give(action)
            case Hold():
                self._task = self._door.tasks.start(self._hold(action), name=f"hold for {action.service.name}")
            case Follow():
                self._follow(action)
            case never:
                assert_never(never)

    def _carry(self, action: Carry) -> None:
        read = self.turn.read
        try:
            head = compose_request(read, self._way.hop, self._door.me)
        except BadMessageError as error:
            self._reply(self._door.visitor.speech.refuse(error))
            return
        self.turn.added = action.added
        relay = self._door.relay
        self._passage = passage = Passage(relay.pool(action.endpoint), action.scheme, head, read)
        relay.carry(self, passage)

    async def _hold(self, action: Hold) -> None:
        visitor = self._door.visitor
        try:
            sight = await self._door.holds.wait(action.service, seconds=action.seconds)
        except TooManyHeldError:
            self._act(visitor.too_many_held(self.turn))
        else:
            self._act(visitor.held(self.turn, sight))

    def _give(self, ready: Ready) -> None:
        """Write an answer that was made beforehand, for whoever keeps his connection."""
        self._has_begun = True
        self.turn.code = ready.code
        self.write(ready.data)
        self._end(keeps_alive=True)

    def _reply(self, reply: Reply) -> None:
        way = self._way
        way.skip_body(self)
        keeps = self._may_keep and self._body.is_over and not reply.closes and not self._door.is_draining
        read = self.turn.read
        connection = "" if keeps and not read.is_old else "keep-alive" if keeps else "close"
        self._has_begun = True
        self.turn.code = reply.code
        out = write_reply(reply, date=self._door.dates.tell(), connection=connection, with_body=read.method != b"HEAD")
        self.write(out)
        self._end(keeps_alive=keeps)

    def _follow(self, action: Follow) -> None:
        self._stream = action
        self._has_begun = True
        self.turn.code = 200
        self.turn.service = action.service
        is_old = self.turn.read.is_old
        coding = () if is_old else (("Transfer-Encoding", "chunked"),)
        fields = (*self._door.streams.fields(action.service), *coding)
        self._may_keep = self._may_keep and not is_old and self._body.is_over
        connection = "" if self._may_keep else "close"
        self.write(write_head(200, fields, date=self._door.dates.tell(), connection=connection) + b"\r\n")
        self._door.streams.join(action.service, self)

    # What an app answers: the relay's `Asker`.

    def app_taken(self, line: Line) -> None:
        """The head was written to an app; the body may follow."""
        self._line = line
        if not self._body.is_over:
            self._arm()
            self._way.pump()

    def app_blocked(self) -> None:
        """The app takes no more of the body for now."""
        self.is_blocked = True
        self._way.deadline = NEVER
        self._way.pump()

    def app_unblocked(self) -> None:
        """It does again."""
        self.is_blocked = False
        self._arm()
        self._way.pump()

    def interim(self, head: ResponseHead) -> None:
        """Pass an interim answer on, to those who know such."""
        if head.status == _CONTINUE_STATUS:
            if self._said_continue:
                return
            self._said_continue = True
        if not self.turn.read.is_old:
            self._way.write(b"\r\n".join((head.status_line, *head.lines)) + b"\r\n\r\n")

    def answer_began(self, head: ResponseHead, *, ends_with_connection: bool) -> bytes:
        """Write the answer's head as it goes on."""
        self._has_begun = True
        turn = self.turn
        turn.code = head.status
        if ends_with_connection or self._door.is_draining:
            self._may_keep = False
        passed = head.passed
        if not passed:
            passed = head.passed = b"\r\n".join((head.status_line, *head.lines))
        if self._may_keep and not (turn.added or turn.read.is_old):
            return passed + b"\r\n\r\n"
        lines = [passed, *self._added()]
        if not self._may_keep:
            lines.append(b"Connection: close")
        elif turn.read.is_old:
            lines.append(b"Connection: keep-alive")
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _added(self) -> list[bytes]:
        return [f"{name}: {value}".encode() for name, value in self.turn.added]

    def write(self, piece: bytes) -> None:
        """Write to the visitor."""
        self.turn.sent += len(piece)
        self._way.write(piece)

    def answer_ended(self) -> None:
        """The answer is through."""
        self._line = None
        self._end(keeps_alive=self._may_keep and self._body.is_over)

    def switched(self, head: ResponseHead, app: asyncio.Transport, rest: bytes) -> None:
        """The app switched to the protocol that was asked for."""
        self._line = None
        self._has_begun = True
        self.turn.code = head.status
        upgrade = (b"Connection: Upgrade", b"Upgrade: " + head.upgrade)
        lines = (head.status_line, *head.lines, *self._added(), *upgrade, b"\r\n")
        self._way.enter_tunnel(self, app, b"\r\n".join(lines), rest)

    def tunnel_over(self) -> None:
        """The tunnel has ended, and with it the request."""
        assert self._passage is not None
        self._passage.pool.in_flight -= 1
        self._finish()

    def app_failed(self, error: UpstreamError) -> None:
        """Choose again: nothing of an answer has reached the visitor."""
        self._line = None
        passage, self._passage = self._passage, None
        if self._is_over:
            return
        assert passage is not None
        self._act(self._door.visitor.app_failed(self.turn, passage.pool.endpoint, error))

    def answer_torn(self, error: UpstreamError) -> None:
        """Tear the answer for the visitor, too."""
        del error
        self._line = None
        self._tear()

    # What a stream tells: its `Listener`.

    def hear(self, event: bytes) -> None:
        """Pass an event on; who does not listen is dropped."""
        if self._way.transport.get_write_buffer_size() > _MOST_UNHEARD:
            self._way.abort()
            return
        self.write(event if self.turn.read.is_old else b"%x\r\n%s\r\n" % (len(event), event))

    def hear_end(self) -> None:
        """The stream is over."""
        self._stream = None
        if not self.turn.read.is_old:
            self.write(b"0\r\n\r\n")
        self._end(keeps_alive=self._may_keep)

    # What the visitor's connection tells.

    def visitor_lags(self) -> None:
        """The visitor takes no more for now."""
        self._way.deadline = self._door.pulse.now + self._door.timeouts.send.total_seconds()
        if self._line is not None:
            self._line.hold_back()

    def visitor_goes_on(self) -> None:
        """He does again."""
        self._way.deadline = NEVER
        self._arm()
        if self._line is not None:
            self._line.go_on()

    def visitor_said_all(self) -> bool:
        """He will say no more: whether the connection stays open for the answer."""
        self._may_keep = False
        if self._stream is not None or not self._body.is_over:
            return False
        self._is_half_closed = True
        self._heard_at = self._door.pulse.now
        self._probe()
        return True

    def visitor_left(self) -> None:
        """He is gone: whoever works on his answer is told."""
        if self._is_over:
            return
        self._leave_line()
        if self._stream is not None:
            self._door.streams.leave(self._stream.service, self)
        if self._task is not None:
            self._task.cancel()
        self._finish()

    def expire(self) -> None:
        """A deadline of the visitor's has passed."""
        if self._is_half_closed:
            self._probe()
        elif self.turn.read.expects_continue and not (self._said_continue or self._has_begun):
            self._say_continue()
        elif not self._has_begun and not self._body.is_over:
            self._leave_line()
            self._may_keep = False
            self._act(self._door.visitor.speech.too_slow())
        else:
            self._way.abort()

    def _arm(self) -> None:
        """Wait for the next piece of the body, but not for ever."""
        if self._body.is_over or not self.wants_body:
            if not self._is_half_closed:
                self._way.deadline = NEVER
            return
        now = self._door.pulse.now
        if self.turn.read.expects_continue and not self._said_continue:
            self._way.deadline = now + _CONTINUE_SECONDS
        else:
            self._way.deadline = now + self._door.timeouts.body.total_seconds()

    def _say_continue(self) -> None:
        self._said_continue = True
        self._way.write(_CONTINUE)
        self._arm()

    def _probe(self) -> None:
        """Find out whether a visitor who says no more has left: if so, his system refuses what is written to him.

        Before the answer there is something that may always be written (RFC 9110, 15.2). Within it there is not: then
        an answer that goes on is the probe, and one that stands still is taken for nobody's.
        """
        now = self._door.pulse.now
        if self._has_begun or self.turn.read.is_old:
            before, self.turn.sent_before = self.turn.sent_before, self.turn.sent
            if self.turn.sent != before:
                self._heard_at = now
            if now - self._heard_at >= _SILENT_SECONDS:
                self._way.abort()
                return
        else:
            self._way.write(_CONTINUE)
        self._way.deadline = now + _PROBE_SECONDS

    # Ends.

    def _leave_line(self) -> None:
        line, self._line = self._line, None
        if self._passage is not None:
            self._passage.is_abandoned = True
        if line is not None:
            line.give_up()

    def _tear(self) -> None:
        self._finish()
        self._way.abort()

    def _end(self, *, keeps_alive: bool) -> None:
        self._finish()
        self._way.exchange_over(self, keeps_alive=keeps_alive and not self._door.is_draining)

    def _finish(self) -> None:
        if not self._is_over:
            self._is_over = True
            door, turn = self._door, self.turn
            door.visitor.end(turn)
            door.journal.note(turn, self._way.hop.peer, now=door.visitor.uptime())
