"""Every kind of event becomes the request that its visitor sent."""

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.serverless.arrivals import API, CLIENT, FUNCTION_URL, SIGNER, balancer_event, http_event, rest_event
from wakeproxy.serverless.events import Arrival, NoHttpEventError, Shape, read_event, recognise
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.fields import Kind
from wakeproxy.wire.forwarding import Hop

SHAPES = {
    "HTTP API": (http_event, Shape.HTTP),
    "REST API": (rest_event, Shape.REST),
    "load balancer": (balancer_event, Shape.BALANCER),
    "load balancer, many": (lambda *told, **more: balancer_event(*told, many=True, **more), Shape.BALANCER_MANY),
}
SEVERAL = pytest.mark.parametrize(("make", "shape"), SHAPES.values(), ids=SHAPES)


def read(event: dict[str, Any]) -> Arrival:
    return read_event(event, recognise(event), most_fields=100)


@SEVERAL
def test_every_kind_tells_of_method_path_and_host(make: Any, shape: Shape) -> None:
    arrival = read(make("POST", "/cart/7"))

    assert arrival.shape is shape
    assert (arrival.read.method, arrival.read.target) == (b"POST", b"/cart/7")
    assert arrival.read.host == "shop.example.com"
    assert not arrival.read.has_body


@SEVERAL
def test_every_kind_tells_of_a_body_as_text_and_as_bytes(make: Any, shape: Shape) -> None:
    del shape
    raw = bytes(range(256))
    text = read(make("POST", "/", body="grüße"))
    binary = read(make("POST", "/", body=base64.b64encode(raw).decode(), isBase64Encoded=True))

    assert text.body == "grüße".encode()
    assert (binary.body, binary.read.length) == (raw, 256)


QUERIES = {
    "HTTP API": http_event(query="a=1&a=%20x&b"),
    "REST API": rest_event(query={"a": ["1", " x"], "b": [""]}),
    "load balancer": balancer_event(query={"a": "%20x", "b": ""}),
}


def test_queries_are_what_was_sent_or_mean_the_same() -> None:
    assert read(QUERIES["HTTP API"]).read.target == b"/?a=1&a=%20x&b"
    assert read(QUERIES["REST API"]).read.target == b"/?a=1&a=+x&b="
    assert read(QUERIES["load balancer"]).read.target == b"/?a=%20x&b="


def test_an_http_api_hands_paths_on_decoded() -> None:
    assert read(http_event(path="/a b/ü/100%/x?y#z")).read.target == b"/a%20b/%C3%BC/100%25/x%3Fy%23z"
    assert read(http_event(path="/%41")).read.target == b"/%2541"


@pytest.mark.parametrize(
    "event",
    [http_event(path="/a%20b/%C3%BC/100%", host=FUNCTION_URL), balancer_event(path="/a%20b/%C3%BC/100%")],
    ids=["function URL", "load balancer"],
)
def test_others_hand_paths_on_as_they_came(event: dict[str, Any]) -> None:
    assert read(event).read.target == b"/a%20b/%C3%BC/100%25"


def test_a_stage_is_no_part_of_the_apps_path() -> None:
    named = read(http_event(path="/prod/cart", stage="prod", host=API))
    alone = read(http_event(path="/prod", stage="prod", host=API))
    default = read(http_event(path="/prod/cart", host=API))
    alike = read(http_event(path="/production", stage="prod", host=API))

    assert (named.base, named.read.target) == ("/prod", b"/cart")
    assert (alone.base, alone.read.target) == ("/prod", b"/")
    assert (default.base, default.read.target) == ("", b"/prod/cart")
    assert (alike.base, alike.read.target) == ("", b"/production")
    assert read(rest_event(path="/cart", host=API)).base == "/prod"
    assert read(rest_event(path="/cart")).base == ""


def test_cookies_of_an_http_api_are_one_field() -> None:
    arrival = read(http_event(cookies=["a=1", "b=2"]))

    assert b"Cookie: a=1; b=2" in arrival.read.lines


def test_repeated_fields_stay_apart_where_they_are_told_so() -> None:
    arrival = read(rest_event(fields={"X-Several": ["1", "2"]}))

    assert [line for line in arrival.read.lines if line.startswith(b"X-Several")] == [b"X-Several: 1", b"X-Several: 2"]


def test_who_asked_is_whom_the_gateway_saw_whatever_the_visitor_says() -> None:
    assert read(http_event()).hop == Hop(CLIENT, "https", 443)
    assert read(rest_event()).hop == Hop(CLIENT, "https", 443)
    assert read(balancer_event()).hop == Hop(CLIENT, "http", 80)
    assert read(balancer_event(fields={"x-forwarded-proto": "https", "x-forwarded-port": "8443"})).hop.port == 8443


def test_what_tells_of_the_gateways_own_connection_ends_there() -> None:
    fields = {"connection": "close, x-mine", "upgrade": "websocket", "expect": "100-continue", "x-mine": "1"}
    arrival = read(http_event(fields=fields))

    assert arrival.read.upgrade is None
    assert not arrival.read.expects_continue
    assert Kind.CONNECTION not in arrival.read.found
    assert b"x-mine: 1" in arrival.read.lines


def test_who_signed_stands_where_only_the_gateway_writes() -> None:
    assert read(http_event(signer=SIGNER)).caller == SIGNER
    assert read(rest_event(signer=SIGNER)).caller == SIGNER
    assert read(http_event(fields={"authorization": SIGNER})).caller is None
    assert read(balancer_event()).caller is None


@pytest.mark.parametrize(
    "event",
    [
        {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}},
        {"Records": [{"eventSource": "aws:sqs"}]},
        {"requestContext": {}},
        {"requestContext": "none"},
        {},
        [],
        "text",
        None,
        7,
    ],
)
def test_what_is_no_http_event_is_told_so(event: Any) -> None:
    with pytest.raises(NoHttpEventError, match=r"no HTTP request \(.*\): have it called by an HTTP API"):
        recognise(event)


@pytest.mark.parametrize(
    "event",
    [
        http_event(host=""),
        http_event("TRACE"),
        http_event("A METHOD"),
        http_event(fields={"x": "two\r\nlines: 1"}),
        http_event(fields={"no name": "1"}),
        http_event(body="no base64", isBase64Encoded=True),
    ],
    ids=["no host", "refused method", "no method", "line end", "no name", "no base64"],
)
def test_what_the_front_would_refuse_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(BadMessageError):
        read(event)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=10), each, max_size=3),
    max_leaves=10,
)
KEYS = sorted({*http_event(), *rest_event(), *balancer_event(many=True), "cookies", "body"})
CONTEXTS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("http", "elb", "stage", "domainName", "identity", "authorizer", "routeKey"), JSON),
)
BENT = st.sampled_from([http_event, rest_event, balancer_event]).flatmap(
    lambda make: st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4).map(lambda bent: {**make(), **bent})
)
ODD = st.builds(
    lambda told, context: {**told, "requestContext": context},
    st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6),
    CONTEXTS,
)


@settings(max_examples=200, deadline=None)
@given(event=JSON | BENT | ODD)
def test_an_event_is_read_or_refused_whatever_it_holds(event: Any) -> None:
    try:
        arrival = read(event)
    except (NoHttpEventError, BadMessageError):
        return

    assert arrival.read.target.startswith(b"/")
    assert arrival.read.length == len(arrival.body)
