"""An exchange: one request and its answer.

It carries out what `visitor` decides, and is made anew for each request: nothing of one is ever seen by another.
The answer comes from one of four: an app (`Line`), a stream of events, ourselves, or, after a hold, whichever then.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import assert_never

from wakeproxy.errors import UpstreamError
from wakeproxy.front.actions import Action, Carry, Follow, Hold
from wakeproxy.front.door import Door
from wakeproxy.front.half_closed import CONTINUE, HalfClosed
from wakeproxy.front.holds import TooManyHeldError
from wakeproxy.front.turn import Turn, make_body
from wakeproxy.front.way import Way
from wakeproxy.pages.forms import LONGEST_BODY, OWN_PREFIX
from wakeproxy.pages.replies import Ready, Reply, sign, write_head, write_reply
from wakeproxy.upstream.asker import Line
from wakeproxy.upstream.passage import Passage
from wakeproxy.upstream.pulse import NEVER
from wakeproxy.wire.bodies import Body, Counted, take_content
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.forwarding import compose_request, identify
from wakeproxy.wire.passing import compose_answer, compose_interim, compose_switch
from wakeproxy.wire.responses import ResponseHead

logger = logging.getLogger(__name__)

_CONTINUE_STATUS = 100
_CONTINUE_SECONDS = 1.0
"""An app that ignores expectations waits for the body, as its visitor waits for it to say so."""
_MOST_UNHEARD = 256 * 1024
"""Bytes of events that a listener may lag behind."""
_NO_BODY = Counted(0)
_OWN = OWN_PREFIX.encode()


class Exchange:
    """One request on its way; an `Asker` to the relay, a `Listener` to the streams.

    What most requests never change stands at the class, so that making one costs few assignments.
    """

    _line: Line | None = None
    _passage: Passage | None = None
    _task: asyncio.Task[None] | None = None
    _stream: Follow | None = None
    _half_closed: HalfClosed | None = None
    _has_begun: bool = False
    _is_over: bool = False
    _said_continue: bool = False
    _is_gathering: bool = False
    _is_lagging: bool = False
    is_blocked: bool = False

    def __init__(self, way: Way, door: Door, turn: Turn) -> None:
        self._way = way
        self._door = door
        self.turn = turn
        read = turn.read
        self._may_keep = read.keeps_alive
        self.body: Body = _NO_BODY
        if read.has_body:
            self.body = make_body(read, door.limits)
            self._is_gathering = read.target.startswith(_OWN)

    # The request's direction.

    @property
    def has_sent_all(self) -> bool:
        """Whether the request's body is through."""
        return self.body.is_over

    @property
    def wants_body(self) -> bool:
        """Whether a piece of the body has somewhere to go now."""
        return not self.body.is_over and (self._line is not None or self._is_gathering)

    def take(self, piece: bytes) -> int:
        """Pass on what of a piece belongs to the body; how much that was.

        Raises:
            BadMessageError: it is no body.
        """
        if self._line is None:
            return self._gather(piece)
        end = self.body.follow(piece, 0)
        self._line.send(piece if end == len(piece) else piece[:end])
        self._arm()
        return end

    def _gather(self, piece: bytes) -> int:
        """Take in the body of a request to ourselves, and answer it once it is whole."""
        end, content = take_content(self.body, piece)
        self.turn.body += content
        if len(self.turn.body) > LONGEST_BODY:
            raise BadMessageError("The body is longer than anything we ask for.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if self.body.is_over:
            self._is_gathering = False
            self._decide()
        return end

    def start(self) -> None:
        """Have the request answered; one to ourselves once its body is here."""
        if not self._is_gathering:
            self._decide()
        elif self.turn.read.expects_continue:
            self._say_continue()

    def _decide(self) -> None:
        visitor = self._door.visitor
        try:
            action = visitor.answer(self.turn)
        except Exception:
            logger.exception("a defect: a request for %s could not be answered", self.turn.read.host)
            action = visitor.speech.own_defect()
        self._act(action)

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
        if self._door.tracing is not None:
            self._door.tracing.carry(self.turn, self._way.hop)
        read = self.turn.read
        try:
            head = compose_request(read, self._way.hop, self._door.me, self._identify())
        except BadMessageError as error:
            self._reply(self._door.visitor.speech.refuse(error))
            return
        self.turn.endpoint = action.endpoint
        self.turn.added = action.added
        relay = self._door.relay
        self._passage = passage = Passage(relay.pool(action.endpoint), action.scheme, head, read)
        relay.carry(self, passage)

    def _identify(self) -> bytes:
        turn = self.turn
        if not turn.request_id:
            turn.request_id = identify(turn.read, self._door.me)
        return turn.request_id

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
        self._say(ready.code, ready.close() if self._door.is_draining else ready.data, ready.body_bytes)
        self._end(keeps_alive=True)

    def _reply(self, reply: Reply) -> None:
        way = self._way
        way.skip_body()
        keeps = self._may_keep and self.body.is_over and not reply.closes and not self._door.is_draining
        read = self.turn.read
        connection = "" if keeps and not read.is_old else "keep-alive" if keeps else "close"
        if reply.code >= HTTPStatus.BAD_REQUEST and not reply.is_expected:
            reply = sign(reply, self._identify())
        with_body = read.method != b"HEAD"
        out = write_reply(reply, date=self._door.dates.tell(), connection=connection, with_body=with_body)
        self._say(reply.code, out, len(reply.body) if with_body else 0)
        self._end(keeps_alive=keeps)

    def _say(self, code: int, out: bytes, body_bytes: int = 0) -> None:
        """Write an answer of ours from its beginning."""
        self._has_begun = True
        self.turn.code = code
        self.turn.head_bytes = len(out) - body_bytes
        self.write(out)

    def _follow(self, action: Follow) -> None:
        self._stream = action
        self.turn.service = action.service
        is_old = self.turn.read.is_old
        coding = () if is_old else (("Transfer-Encoding", "chunked"),)
        fields = (*self._door.streams.fields(action.service), *coding)
        self._may_keep = self._may_keep and not is_old and self.body.is_over
        connection = "" if self._may_keep else "close"
        self._say(200, write_head(200, fields, date=self._door.dates.tell(), connection=connection) + b"\r\n")
        self._door.streams.join(action.service, self)

    # What an app answers: the relay's `Asker`.

    def app_taken(self, line: Line) -> None:
        """The head was written to an app; the body may follow."""
        self._line = line
        if not self.body.is_over:
            self._arm()
            self._way.pump()

    def app_blocked(self) -> None:
        """The app takes no more of the body for now."""
        self.is_blocked = True
        self._arm()
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
            self._way.write(compose_interim(head))

    def answer_began(self, head: ResponseHead, *, ends_with_connection: bool) -> bytes:
        """Write the answer's head as it goes on."""
        self._has_begun = True
        turn = self.turn
        turn.code = head.status
        if ends_with_connection or self._door.is_draining:
            self._may_keep = False
        added = self._added() if turn.added else ()
        out = compose_answer(head, added, keeps_alive=self._may_keep, is_old=turn.read.is_old)
        turn.head_bytes = len(out)
        return out

    def _added(self) -> list[bytes]:
        if self.turn.added and (waited := self._door.visitor.since_ready(self.turn)) is not None:
            self._door.journal.ready_to_served.add(waited)
        return [f"{name}: {value}".encode() for name, value in self.turn.added]

    def write(self, piece: bytes) -> None:
        """Write to the visitor."""
        self.turn.sent += len(piece)
        self._way.write(piece)

    def answer_ended(self) -> None:
        """The answer is through."""
        self._line = None
        self._end(keeps_alive=self._may_keep and self.body.is_over)

    def switched(self, head: ResponseHead, app: asyncio.Transport, rest: bytes) -> None:
        """The app switched to the protocol that was asked for."""
        self._line = None
        self._has_begun = True
        self.turn.code = head.status
        self._way.enter_tunnel(app, compose_switch(head, self._added()), rest)

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
        self._is_lagging = True
        self._way.deadline = self._door.pulse.now + self._door.send_seconds
        if self._line is not None:
            self._line.hold_back()

    def visitor_goes_on(self) -> None:
        """He does again."""
        self._is_lagging = False
        self._arm()
        if self._line is not None:
            self._line.go_on()

    def visitor_said_all(self, *, is_last: bool) -> bool:
        """He will say no more: whether the connection stays open for the answer, or for several."""
        self._may_keep = self._may_keep and not is_last
        if self._stream is not None or not self.body.is_over:
            return False
        self._half_closed = HalfClosed(self._way, self.turn, self._door.pulse)
        self._half_closed.probe(has_begun=self._has_begun)
        return True

    def visitor_left(self) -> None:
        """He is gone: whoever works on his answer is told."""
        if self._is_over:
            return
        self.turn.is_torn = True
        self._leave_line()
        if self._stream is not None:
            self._door.streams.leave(self._stream.service, self)
        if self._task is not None:
            self._task.cancel()
        self._finish()

    def expire(self) -> None:
        """A deadline of the visitor's has passed."""
        if self._half_closed is not None:
            self._half_closed.probe(has_begun=self._has_begun)
        elif self.turn.read.expects_continue and not (self._said_continue or self._has_begun):
            self._say_continue()
        elif not self._has_begun and not self.body.is_over:
            self._leave_line()
            self._may_keep = False
            self._act(self._door.visitor.speech.too_slow())
        else:
            self._way.abort()

    def _arm(self) -> None:
        """Wait for the next piece of the body, but not for ever."""
        if self.wants_body and not (self.is_blocked or self._is_lagging):
            is_expecting = self.turn.read.expects_continue and not self._said_continue
            patience = _CONTINUE_SECONDS if is_expecting else self._door.timeouts.body.total_seconds()
            self._way.deadline = self._door.pulse.now + patience
        elif self._half_closed is None and not self._is_lagging:  # who lags has to take what is there first
            self._way.deadline = NEVER

    def _say_continue(self) -> None:
        self._said_continue = True
        self._way.write(CONTINUE)
        self._arm()

    def _leave_line(self) -> None:
        line, self._line = self._line, None
        if self._passage is not None:
            self._passage.is_abandoned = True
        if line is not None:
            line.give_up()

    def _tear(self) -> None:
        self.turn.is_torn = True
        self._finish()
        self._way.abort()

    def _end(self, *, keeps_alive: bool) -> None:
        self._finish()
        self._way.exchange_over(keeps_alive=keeps_alive and not self._door.is_draining)

    def _finish(self) -> None:
        if not self._is_over:
            self._is_over = True
            door, turn = self._door, self.turn
            door.visitor.end(turn)
            door.journal.note(turn, self._way.hop, now=door.visitor.uptime())
