"""What is fuzzed: any bytes, as a request, as an answer, or as a body in pieces; the oracle is that of `tests.wire`."""

from tests.wire.oracle import agree_on_answer, agree_on_request
from tests.wire.ours import follow, new_chunked
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.frames import Frames

REQUEST, ANSWER, ANSWER_TO_HEAD, BODY, FRAMES = range(5)
KINDS = 5


def judge(data: bytes) -> None:
    """Read bytes as the first of them says; whatever is wrong with our reading raises."""
    kind, data = (data[0] % KINDS, data[1:]) if data else (REQUEST, b"")
    if kind == REQUEST:
        agree_on_request(data)
    elif kind in {ANSWER, ANSWER_TO_HEAD}:
        agree_on_answer(data, to_head=kind == ANSWER_TO_HEAD)
    elif kind == BODY:
        assert _follow(data, len(data) or 1) == _follow(data, 1) == _follow(data, 3)
    else:
        whole, pieces = Frames(), Frames()
        whole.follow(data)
        for at in range(len(data)):
            pieces.follow(data[at : at + 1])
        assert whole.is_between is pieces.is_between


def _follow(data: bytes, step: int) -> tuple[bytes, bytes, bytes] | None:
    body = new_chunked()
    try:
        return follow(body, [data[at : at + step] for at in range(0, len(data), step)])
    except BadMessageError:
        return None
