"""Requests that could be read in two ways, or lead somewhere else, are refused before anybody is asked about them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.front.conftest import BROWSER, PROGRAM, Site, make_service, open_site, read
from tests.upstream.wire import ask, head
from wakeproxy.sandbox import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    """One front for all: what is refused changes nothing. ``open`` may be woken, ``shop`` sleeps."""
    with Sandbox() as sandbox:
        for name in ("shop", "open"):
            sandbox.create_service(name)
        async with open_site(sandbox, make_service("shop"), make_service("open")) as site:
            yield site


REFUSED = {
    "absolute form of another host": head("GET http://evil.test/ HTTP/1.1", "Host: shop.test"),
    "absolute form that differs from Host": head("GET http://shop.test/ HTTP/1.1", "Host: other.test"),
    "absolute form with userinfo": head("GET http://shop.test@evil.test/ HTTP/1.1", "Host: shop.test"),
    "metadata": head("GET http://169.254.169.254/latest/meta-data/ HTTP/1.1", "Host: shop.test"),
    "another scheme": head("GET file:///etc/passwd HTTP/1.1", "Host: shop.test"),
    "CONNECT": head("CONNECT evil.test:443 HTTP/1.1", "Host: evil.test:443"),
    "CONNECT to a routed host": head("CONNECT shop.test:443 HTTP/1.1", "Host: shop.test:443"),
    "asterisk": head("OPTIONS * HTTP/1.1", "Host: shop.test"),
    "no path": head("GET evil.test HTTP/1.1", "Host: shop.test"),
    "backslash for a path": head("GET \\evil.test HTTP/1.1", "Host: shop.test"),
    "two hosts": head("GET / HTTP/1.1", "Host: shop.test", "Host: evil.test"),
    "the same host twice": head("GET / HTTP/1.1", "Host: shop.test", "Host: shop.test"),
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "an empty host": head("GET / HTTP/1.1", "Host: "),
    "a host with userinfo": head("GET / HTTP/1.1", "Host: user@shop.test"),
    "a host with a path": head("GET / HTTP/1.1", "Host: shop.test/x"),
    "two hosts in one": head("GET / HTTP/1.1", "Host: shop.test, evil.test"),
    "a host that is not ASCII": head("GET / HTTP/1.1", "Host: \xe2\x84\xaashop.test"),
    "length and chunks": head("POST / HTTP/1.1", "Host: shop.test", "Content-Length: 3", "Transfer-Encoding: chunked"),
    "two lengths": head("POST / HTTP/1.1", "Host: shop.test", "Content-Length: 3", "Content-Length: 4"),
    "a length with a sign": head("POST / HTTP/1.1", "Host: shop.test", "Content-Length: +3", body=b"abc"),
    "an unknown coding": head("POST / HTTP/1.1", "Host: shop.test", "Transfer-Encoding: chunked, identity"),
    "a folded field": b"GET / HTTP/1.1\r\nHost: shop.test\r\nX-A: 1\r\n 2\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost : shop.test\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: shop.test\n\n",
    "a zero byte": b"GET / HTTP/1.1\r\nHost: shop.test\r\nX-A: a\0b\r\n\r\n",
    "bytes in the path": head("GET /\xff HTTP/1.1", "Host: shop.test"),
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


OTHER_CODES = {"CONNECT": 501, "CONNECT to a routed host": 501, "an unknown coding": 501}


async def test_what_is_no_single_request_to_one_host_is_refused(site: Site) -> None:
    for name, request in REFUSED.items():
        answer = await ask(site.port, request)
        assert answer.status == OTHER_CODES.get(name, 400), name
        assert answer["Server"] == "wakeproxy", name
        assert answer["Content-Type"] == "application/problem+json", name
        assert answer["Cache-Control"] == "no-store", name
        assert b"shop" not in answer.body, name

    assert site.wakes() == 0
    assert (await site.status("shop"))["phase"] == "ASLEEP"


async def test_a_connection_that_was_refused_takes_no_second_request(site: Site) -> None:
    async with site.dial() as line:
        await line.say(REFUSED["absolute form of another host"] + site.request("shop", "/"))
        said = await line.ends()

    assert said.count(b"HTTP/1.1 ") == 1


async def test_the_absolute_form_of_the_very_host_is_served(site: Site) -> None:
    answer = await ask(site.port, head("GET http://open.test/api/echo?x HTTP/1.1", "Host: open.test", *PROGRAM))

    assert read(answer)["path"] == "/api/echo"
    assert read(answer)["query"] == "x"


@pytest.mark.parametrize(
    ("fields", "kind"), [(BROWSER, "text/html; charset=utf-8"), (PROGRAM, "application/problem+json")]
)
async def test_an_unknown_host_learns_nothing_and_costs_nothing(site: Site, fields: tuple[str, ...], kind: str) -> None:
    before = site.wakes()
    for host in ("nobody", "169.254.169.254", "x.shop", "SHOP.test.evil"):
        answer = await site.ask(host, "/", *fields)
        assert (answer.status, answer["Content-Type"]) == (404, kind)
        assert b"shop" not in answer.body.replace(f"{host}.test".encode(), b"")
        told = {name for name, _ in answer.fields if name.lower().startswith("wakeproxy")}
        assert told == {"Wakeproxy-Request-Id"}
        for own in ("status", "events", "wake"):
            assert (await site.ask(host, f"/.wakeproxy/{own}", *fields)).status == 404

    assert site.wakes() == before


async def test_fields_that_claim_another_host_or_path_change_nothing(site: Site) -> None:
    claims = (
        "X-Forwarded-Host: evil.test",
        "X-Original-URL: /evil",
        "X-Rewrite-URL: /evil",
        "X-HTTP-Method-Override: PUT",
    )

    told = read(await site.ask("open", "/api/echo", *PROGRAM, *claims))

    assert (told["path"], told["method"]) == ("/api/echo", "GET")
    assert ["X-Forwarded-Host", "open.test"] in told["headers"]
    assert ["X-Forwarded-Host", "evil.test"] not in told["headers"]


async def test_host_is_read_without_regard_to_case_port_and_final_dot(site: Site) -> None:
    for host in ("OPEN.TEST", f"open.test:{site.port}", "open.test:443", "open.test."):
        answer = await ask(site.port, head("GET /api/echo HTTP/1.1", f"Host: {host}", *PROGRAM))
        assert answer.status == 200, host
        assert ["Host", host] in read(answer)["headers"]
