"""The whole front behind TLS, behind a Network Load Balancer, and behind both."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import authority
from tests.front.conftest import PROGRAM, Site, make_service, open_site, read
from tests.upstream.wire import Line, Message, head
from wakeproxy.sandbox import Sandbox
from wakeproxy.settings import KeyPair, TlsSettings

LOOPBACK = (ip_network("127.0.0.0/8"),)
HEADER = b"PROXY TCP4 203.0.113.9 198.51.100.1 50000 443\r\n"


@asynccontextmanager
async def open_shop(sandbox: Sandbox, **fields: Any) -> AsyncIterator[Site]:
    sandbox.create_service("shop")
    async with open_site(sandbox, make_service("shop"), **fields) as site:
        yield site


async def ask(line: Line, *fields: str) -> Message:
    await line.say(head("GET /api/echo HTTP/1.1", "Host: shop.test", *PROGRAM, *fields))
    return await line.hear()


def told(answer: Message, name: str) -> list[str]:
    """What the app was told in a field."""
    assert answer.status == 200, answer
    return [value for key, value in read(answer)["headers"] if key == name]


async def test_over_tls_the_app_is_told_so(sandbox: Sandbox, tls: TlsSettings, client: ssl.SSLContext) -> None:
    async with open_shop(sandbox, tls=tls) as site:
        line = await Line.to(site.port, tls=client, name="shop.test")
        answer = await ask(line)
        again = await ask(line)
        await line.close()

    assert told(answer, "X-Forwarded-Proto") == ["https"]
    assert told(again, "X-Forwarded-For") == ["127.0.0.1"]


async def test_plain_http_on_a_tls_port_is_no_handshake(sandbox: Sandbox, tls: TlsSettings) -> None:
    async with open_shop(sandbox, tls=tls) as site:
        line = await Line.to(site.port)
        await line.say(head("GET / HTTP/1.1"))
        said = await line.ends()
        await line.close()

    assert not said.startswith(b"HTTP/"), said


async def test_a_load_balancer_says_who_has_come_and_by_which_port(sandbox: Sandbox) -> None:
    async with open_shop(sandbox, proxy_protocol=True, trusted_proxies=LOOPBACK) as site:
        line = await Line.to(site.port)
        await line.say(HEADER)
        answer = await ask(line, "X-Forwarded-For: 1.2.3.4")
        await line.close()

    assert told(answer, "X-Forwarded-For") == ["203.0.113.9"], "the visitor's own word is not the balancer's"
    assert told(answer, "X-Forwarded-Port") == ["443"]


async def test_a_load_balancers_header_comes_before_the_handshake(
    sandbox: Sandbox, tls: TlsSettings, client: ssl.SSLContext
) -> None:
    async with open_shop(sandbox, tls=tls, proxy_protocol=True, trusted_proxies=LOOPBACK) as site:
        line = await Line.to(site.port)
        await line.say(HEADER)
        await line.writer.start_tls(client, server_hostname="shop.test")
        answer = await ask(line)
        await line.close()

    assert told(answer, "X-Forwarded-For") == ["203.0.113.9"]
    assert told(answer, "X-Forwarded-Proto") == ["https"]


async def test_a_port_that_is_mapped_to_ours_must_be_named(sandbox: Sandbox) -> None:
    async with open_shop(sandbox, ports=(9000,)) as site:
        answers = {}
        for port in (9000, 9001):
            async with site.dial() as line:
                await line.say(head("GET /api/echo HTTP/1.1", f"Host: shop.test:{port}", *PROGRAM))
                answers[port] = await line.hear()

    assert (answers[9000].status, answers[9001].status) == (200, 400)
    assert "9001" in read(answers[9001])["detail"]


@pytest.fixture
def tls(tmp_path: Path) -> TlsSettings:
    issued = authority().issue(tmp_path, "shop", ["shop.test"])
    return TlsSettings((KeyPair(issued.cert, issued.key),))


@pytest.fixture
def client() -> ssl.SSLContext:
    return authority().context()
