"""What a proxy adds to a request: who asked, by which host, over how many hops."""

import pytest

from tests.wire.ours import parse_fields, read_ours, write
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.forwarding import Hop, Pseudonym, compose_request, identify

HOST = b"Host: Shop.test:8080"
ME = Pseudonym(b"wakeproxy-0a1b")
STRANGER = Hop("192.0.2.7", "http", 8080)
PROXY = Hop("10.0.0.1", "https", 443, is_trusted=True)


def compose(*fields: bytes, hop: Hop = STRANGER, first: bytes = b"GET /a?b HTTP/1.1") -> bytes:
    request = read_ours(write(first, HOST, *fields)).request
    assert request is not None
    return compose_request(request, hop, ME, identify(request, ME))


def told(*fields: bytes, hop: Hop = STRANGER) -> dict[bytes, bytes]:
    composed = parse_fields(compose(*fields, hop=hop))
    named = dict(composed)
    assert len(named) == len(composed), "nothing is said twice"
    return named


def test_what_we_see_ourselves_is_said() -> None:
    said = told()

    assert said[b"x-forwarded-for"] == b"192.0.2.7"
    assert said[b"x-forwarded-proto"] == b"http"
    assert said[b"x-forwarded-host"] == b"Shop.test:8080"
    assert said[b"x-forwarded-port"] == b"8080"
    assert said[b"forwarded"] == b'for=192.0.2.7;host="Shop.test:8080";proto=http'
    assert said[b"via"] == b"1.1 wakeproxy-0a1b"


def test_an_address_of_version_6_is_quoted() -> None:
    assert told(hop=Hop("2001:db8::1", "https", 443))[b"forwarded"].startswith(b'for="[2001:db8::1]";')


CLAIMS = (b"X-Forwarded-For: 1.1.1.1", b"Forwarded: for=evil", b"X-Forwarded-Host: evil", b"X_Forwarded_For: evil")


def test_a_strangers_claims_are_dropped() -> None:
    composed = compose(*CLAIMS)

    assert b"evil" not in composed
    assert b"1.1.1.1" not in composed


def test_a_trusted_proxys_word_passes_with_the_proxy_added() -> None:
    claims = (
        b"X-Forwarded-For: 1.1.1.1",
        b"x-forwarded-for: 2.2.2.2 ",
        b"Forwarded: for=3.3.3.3",
        b"X-Forwarded-Port: 444",
    )

    said = told(*claims, b"X-Forwarded-Host: told.test", b"X-Forwarded-Proto: http", hop=PROXY)

    assert said[b"x-forwarded-for"] == b"1.1.1.1, 2.2.2.2, 10.0.0.1"
    assert said[b"forwarded"] == b'for=3.3.3.3, for=10.0.0.1;host="Shop.test:8080";proto=https'
    assert (said[b"x-forwarded-host"], said[b"x-forwarded-proto"]) == (b"told.test", b"http")
    assert said[b"x-forwarded-port"] == b"444"


def test_what_a_trusted_proxy_leaves_out_is_said_as_we_see_it() -> None:
    said = told(b"X-Forwarded-Proto: http", hop=PROXY)

    assert said[b"x-forwarded-for"] == b"10.0.0.1"
    assert said[b"forwarded"] == b'for=10.0.0.1;host="Shop.test:8080";proto=https'
    assert (said[b"x-forwarded-host"], said[b"x-forwarded-port"]) == (b"Shop.test:8080", b"443")


def test_a_trusted_proxy_that_says_nothing_is_a_peer_like_any() -> None:
    assert told(hop=PROXY)[b"x-forwarded-for"] == b"10.0.0.1"


def test_even_a_trusted_proxys_ghosts_are_dropped() -> None:
    assert b"evil" not in compose(b"X_Forwarded_For: evil", b"X-Forwarded-For: 1.1.1.1", hop=PROXY)


def test_an_id_is_given_where_there_is_none() -> None:
    ids = {told()[b"x-request-id"] for _ in range(10)}

    assert len(ids) == 10
    assert all(each.startswith(b"0a1b-") for each in ids)
    assert told(b"X-Request-Id: theirs")[b"x-request-id"] == b"theirs"


def test_two_processes_call_themselves_differently() -> None:
    assert Pseudonym().name != Pseudonym().name


def test_a_request_goes_on_as_http_1_1_with_its_own_line_and_fields_first() -> None:
    composed = compose(b"X-B:2 ", b"x-a: 1", first=b"GET http://SHOP.test:8080/a?b HTTP/1.0")

    assert composed.startswith(b"GET /a?b HTTP/1.1\r\n" + HOST + b"\r\nX-B:2 \r\nx-a: 1\r\n")
    assert composed.count(b"\r\n\r\n") == 1
    assert composed.endswith(b"\r\n\r\n")


def test_an_upgrade_is_asked_for_anew() -> None:
    said = told(b"Connection: keep-alive, Upgrade", b"Upgrade: websocket", b"Keep-Alive: 5")

    assert (said[b"connection"], said[b"upgrade"]) == (b"Upgrade", b"websocket")
    assert b"keep-alive" not in said


def test_nothing_is_said_of_a_connection_that_is_not_upgraded() -> None:
    assert b"connection" not in told(b"Connection: keep-alive", b"Upgrade: h2c")


LOOPS = [
    (b"Via: 1.1 wakeproxy-0a1b",),
    (b"Via: 1.0 a", b"via: 1.1 WAKEPROXY, 1.1 wakeproxy-0a1b"),
    (b"Via: " + b"1.1 wakeproxy-x, " * 8,),
]


@pytest.mark.parametrize("fields", LOOPS)
def test_a_request_that_has_been_here_is_refused(fields: tuple[bytes, ...]) -> None:
    with pytest.raises(BadMessageError) as caught:
        compose(*fields)

    assert caught.value.status == 508


def test_other_proxies_on_the_way_are_no_loop() -> None:
    composed = parse_fields(compose(b"Via: 1.1 other, 1.1 wakeproxy-ffff"))

    assert [value for name, value in composed if name == b"via"] == [
        b"1.1 other, 1.1 wakeproxy-ffff",
        b"1.1 wakeproxy-0a1b",
    ]


def test_fields_are_composed_once_for_all_requests_that_have_them() -> None:
    request = read_ours(write(b"GET /one HTTP/1.1", HOST, b"X: 1")).request
    assert request is not None
    first = compose_request(request, STRANGER, ME, b"id-1")
    second = compose_request(request.again(b"GET", b"/two"), STRANGER, ME, b"id-2")

    assert second == first.replace(b"/one", b"/two").replace(b"id-1", b"id-2")


def test_other_lines_leave_the_other_requests_alone() -> None:
    request = read_ours(write(b"GET /one HTTP/1.1", HOST, b"X: 1")).request
    assert request is not None
    first = compose_request(request, STRANGER, ME, b"id")
    other = request.with_lines([HOST, b"Y: 2"])
    other.found[0] = b"changed"

    assert b"Y: 2" in compose_request(other, STRANGER, ME, b"id")
    assert compose_request(request, STRANGER, ME, b"id") == first
    assert 0 not in request.found


def test_the_version_that_a_request_came_by_is_told() -> None:
    assert b"\r\nVia: 1.0 " + ME.name in compose(first=b"GET / HTTP/1.0")
    assert b"\r\nVia: 1.1 " + ME.name in compose(first=b"GET / HTTP/1.1")


def test_a_request_whose_own_id_ends_here_gets_one_of_ours() -> None:
    said = told(b"X-Request-Id: theirs", b"Connection: X-Request-Id")

    assert said[b"x-request-id"] != b"theirs"
