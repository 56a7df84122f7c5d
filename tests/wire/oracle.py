"""The oracle: what we take for a message, others take for the same; and what we pass on, too.

We may refuse what they accept. The other way round there are these exceptions, each with its reason:

- llhttp knows a list of methods; any token is one (RFC 9110, 9.1). Apps decide what they serve.
- To llhttp a request that asks for an upgrade ends with its head, whatever length it declares. It is not passed on as
  such: the app sees no upgrade, and reads it as we do.
- h11 knows answers to a `HEAD` as such; llhttp has to be told by its owner, and is asked about their heads only.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tests.wire.ours import Fields, Ours, parse_fields, read_our_answer, read_ours
from tests.wire.theirs import (
    RefusedError,
    Theirs,
    read_answer_by_h11,
    read_answer_by_llhttp,
    read_by_h11,
    read_by_llhttp,
)
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.fields import Kind
from wakeproxy.wire.forwarding import Hop, Pseudonym, compose_request, identify

KNOWN_METHODS: Final = frozenset(
    b"GET HEAD POST PUT DELETE OPTIONS PATCH PROPFIND PURGE COPY LOCK MKCOL MOVE PROPPATCH SEARCH UNLOCK BIND REBIND "
    b"UNBIND ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE MKCALENDAR LINK UNLINK "
    b"QUERY".split()
)
HOP: Final = Hop("192.0.2.1", "http", 80)
ME: Final = Pseudonym(b"wakeproxy-test")


def agree_on_request(data: bytes) -> bool:
    """Have every reader read a request; whether we accept it."""
    try:
        ours = read_ours(data)
    except BadMessageError:
        return False
    if ours.request is None:
        return True
    read = ours.request
    if read.body_is_chunked and not ours.is_whole:
        passed = compose_request(read, HOP, ME, identify(read, ME)) + ours.passed
        _is_whole_to_nobody(passed, read_by_h11, read_by_llhttp if read.method in KNOWN_METHODS else read_by_h11)
        return True
    by_h11 = _ask("h11", read_by_h11, ours, data)
    _compare("h11", ours, by_h11)
    assert (by_h11.method, by_h11.target.endswith(read.target) or read.target == b"/") == (read.method, True)
    is_upgrade_with_body = read.has_body and Kind.UPGRADE in read.found
    if read.method in KNOWN_METHODS and not is_upgrade_with_body:
        by_llhttp = _ask("llhttp", read_by_llhttp, ours, data)
        _compare("llhttp", ours, by_llhttp)
        assert by_llhttp.method == read.method
    _agree_on_what_passes(ours)
    return True


def _agree_on_what_passes(ours: Ours) -> None:
    """What an app gets is one request, whole exactly where ours is, with the fields that we meant."""
    read = ours.request
    assert read is not None
    head = compose_request(read, HOP, ME, identify(read, ME))
    passed = head + ours.passed
    for name, reader in (("h11", read_by_h11), ("llhttp", read_by_llhttp)):
        if name == "llhttp" and read.method not in KNOWN_METHODS:
            continue
        theirs = reader(passed)
        assert (theirs.method, theirs.target) == (read.method, read.target), name
        assert _plain(theirs.fields) == _plain(parse_fields(head)), name
        assert (theirs.content, theirs.is_whole, theirs.rest) == (ours.content, ours.is_whole, b""), name


def agree_on_answer(data: bytes, *, to_head: bool = False) -> bool:
    """Have every reader read an answer; whether we accept it."""
    try:
        ours = read_our_answer(data, to_head=to_head)
    except BadMessageError:
        return False
    if ours.response is None or ours.response.status < 200:
        return True
    if ours.response.body_is_chunked and not ours.is_whole:
        _is_whole_to_nobody(ours.message, read_answer_by_h11, read_answer_by_llhttp)
        return True
    by_h11 = _ask("h11", lambda wire: read_answer_by_h11(wire, to_head=to_head), ours, data)
    _compare("h11", ours, by_h11)
    if to_head:
        return True
    by_llhttp = _ask("llhttp", read_answer_by_llhttp, ours, data)
    _compare("llhttp", ours, by_llhttp)
    assert by_h11.status == by_llhttp.status == ours.response.status
    return True


def _is_whole_to_nobody(passed: bytes, *readers: Callable[[bytes], Theirs]) -> None:
    """What we have not judged to its end has no end to others: they wait for more, or refuse it sooner than we do."""
    for reader in readers:
        with suppress(RefusedError):
            assert not reader(passed).is_whole


def _ask(name: str, reader: Callable[[bytes], Theirs], ours: Ours, data: bytes) -> Theirs:
    try:
        return reader(data)
    except RefusedError as error:
        raise AssertionError(f"{name} refuses what we accept: {error}: {ours.message!r}") from error


def _compare(name: str, ours: Ours, theirs: Theirs) -> None:
    assert _plain(theirs.fields) == _plain(parse_fields(ours.head)), name
    assert (theirs.content, theirs.is_whole) == (ours.content, ours.is_whole), name
    if ours.is_whole:
        assert theirs.rest == ours.rest, f"{name} sees another end"


def _plain(fields: Fields) -> Fields:
    """Forget case, which h11 does not keep in a ``Transfer-Encoding``."""
    return [(name, value.lower()) for name, value in fields]
