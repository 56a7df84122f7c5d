"""A turn: one request on its way through the answers, until the last byte of its answer."""

from wakeproxy.core.answers import Answer
from wakeproxy.core.limits import Limits
from wakeproxy.core.machines import Rule
from wakeproxy.core.observation import Endpoint
from wakeproxy.core.service import Service
from wakeproxy.pages.asked import Asked
from wakeproxy.pages.replies import Fields
from wakeproxy.wire.bodies import Body, Chunked, Counted
from wakeproxy.wire.requests import RequestHead


class Turn:
    """One request; ``began_at`` is the loop's time when its head was whole.

    What most requests never change stands at the class, so that making one costs three assignments.
    """

    body: bytes = b""
    """Of a request to ourselves, which is taken in whole."""
    service: Service | None = None
    answer: Answer | None = None
    is_use: bool = False
    """It is counted as a use that goes on."""
    ignored: Rule | None = None
    """The rule by which it is nobody's visit."""
    is_held: bool = False
    refusals: int = 0
    added: Fields = ()
    """Fields of ours that an app's answer carries besides its own."""
    endpoint: Endpoint | None = None
    """The task it was passed on to, or tried to be, last."""
    request_id: bytes = b""
    """By which logs find it, once anybody was told."""
    code: int = 0
    """Of the answer; 0 before it, and for ever if the visitor leaves before it."""
    sent: int = 0
    """Bytes of the answer so far, its head included."""
    head_bytes: int = 0
    is_torn: bool = False
    """The answer, or the visitor, broke off."""

    @property
    def is_plain(self) -> bool:
        """Whether an answer of ours may be written as it is to most: whole, to who keeps his connection."""
        read = self.read
        return read.method == b"GET" and read.keeps_alive and not (read.is_old or read.has_body)

    def __init__(self, read: RequestHead, asked: Asked, began_at: float) -> None:
        self.read = read
        self.asked = asked
        self.began_at = began_at


def make_body(read: RequestHead, limits: Limits) -> Body:
    """Begin to follow a request's body."""
    if read.body_is_chunked:
        return Chunked(most_bytes=limits.head_bytes, most_fields=limits.head_fields)
    return Counted(read.length)
