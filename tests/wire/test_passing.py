"""An app's answer's head as it goes on: its own bytes, and what must be said of the visitor's connection."""

import pytest

from tests.wire.ours import MOST_FIELDS, write
from wakeproxy.wire.fields import Kind
from wakeproxy.wire.passing import compose_answer, compose_interim, compose_switch
from wakeproxy.wire.responses import ResponseHead, read_response

OWN = (b"Server: app", b"set-cookie: a=1", b"Set-Cookie: b=2")
ADDED = (b"Wakeproxy-Cold-Start: 1.5",)


def judge(line: bytes, *fields: bytes) -> ResponseHead:
    return read_response(write(line, *fields), to_head=False, most_fields=MOST_FIELDS)


@pytest.mark.parametrize(
    ("keeps_alive", "is_old", "said"),
    [
        (True, False, ()),
        (False, False, (b"Connection: close",)),
        (True, True, (b"Connection: keep-alive",)),
        (False, True, (b"Connection: close",)),
    ],
)
@pytest.mark.parametrize("added", [(), ADDED], ids=["nothing of ours", "a field of ours"])
def test_what_is_added_comes_after_the_apps_own(
    keeps_alive: bool,  # noqa: FBT001 - a column of the table
    is_old: bool,  # noqa: FBT001 - a column of the table
    said: tuple[bytes, ...],
    added: tuple[bytes, ...],
) -> None:
    head = judge(b"HTTP/1.1 200 OK", *OWN, b"Content-Length: 2")

    composed = compose_answer(head, added, keeps_alive=keeps_alive, is_old=is_old)

    assert composed == write(b"HTTP/1.1 200 OK", *OWN, b"Content-Length: 2", *added, *said)


def test_a_head_that_serves_several_answers_is_the_same_for_each() -> None:
    head = judge(b"HTTP/1.1 200 OK", *OWN, b"Content-Length: 2")
    first = compose_answer(head, ADDED, keeps_alive=False, is_old=False)
    second = compose_answer(head, (), keeps_alive=True, is_old=False)

    assert first == write(b"HTTP/1.1 200 OK", *OWN, b"Content-Length: 2", *ADDED, b"Connection: close")
    assert second == write(b"HTTP/1.1 200 OK", *OWN, b"Content-Length: 2")


def test_a_head_without_a_field_leaves_the_other_as_it_was() -> None:
    head = judge(b"HTTP/1.1 200 OK", *OWN, b"Transfer-Encoding: chunked")
    compose_answer(head, (), keeps_alive=True, is_old=False)

    without = compose_answer(head.without(Kind.CODING), (), keeps_alive=False, is_old=True)

    assert without == write(b"HTTP/1.1 200 OK", *OWN, b"Connection: close")
    assert compose_answer(head, (), keeps_alive=True, is_old=False) == write(
        b"HTTP/1.1 200 OK", *OWN, b"Transfer-Encoding: chunked"
    )


def test_an_interim_answer_passes_as_it_came() -> None:
    assert compose_interim(judge(b"HTTP/1.1 103 Early Hints", b"Link: </x>")) == write(
        b"HTTP/1.1 103 Early Hints", b"Link: </x>"
    )


def test_a_switch_names_the_protocol_last() -> None:
    head = judge(b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade", b"X: 1")

    assert compose_switch(head, ADDED) == write(
        b"HTTP/1.1 101 Switching Protocols", b"X: 1", *ADDED, b"Connection: Upgrade", b"Upgrade: websocket"
    )
