"""Connections: kept while they are good, given up where they are not, and never waited for too long."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.aws.signed.conftest import EMPTY, Server, serve
from tests.certificates import Issued, authority
from wakeproxy.aws.access import Access
from wakeproxy.aws.errors import CallError, StrangeAnswerError, UnansweredError
from wakeproxy.aws.signed import open_signed_clients
from wakeproxy.aws.signed.connections import Answer, Connections, Patience
from wakeproxy.aws.signed.endpoints import parse_endpoint
from wakeproxy.bootstrap import now

PATIENT = Patience(connect=30, silence=30)
ASKED = b'{"tasks": []}'


def connect(server: Server, patience: Patience = PATIENT) -> Connections:
    return Connections(parse_endpoint(server.url, named="it"), patience, ssl.create_default_context)


async def ask(connections: Connections) -> Answer:
    async with asyncio.timeout(30):
        return await connections.ask("POST", {"host": connections.endpoint.authority}, ASKED)


async def test_a_connection_is_used_again() -> None:
    async with serve(EMPTY) as server:
        connections = connect(server)
        answers = [await ask(connections) for _ in range(3)]
        connections.close()

    assert [answer.body for answer in answers] == [b"{}"] * 3
    assert server.connections == 1
    assert server.requests[0].endswith(ASKED)


async def test_calls_at_once_have_a_connection_each() -> None:
    async with serve(EMPTY) as server:
        connections = connect(server)
        await asyncio.gather(*(ask(connections) for _ in range(4)))
        await asyncio.gather(*(ask(connections) for _ in range(4)))
        connections.close()

    assert 1 < server.connections <= 4


async def test_a_connection_that_was_ended_meanwhile_is_not_used_again() -> None:
    async with serve(EMPTY, ends=True) as server:
        connections = connect(server)
        await ask(connections)
        await ask(connections)
        connections.close()

    assert server.connections == 2
    assert len(server.requests) == 2


async def test_one_that_was_kept_too_long_is_not_used_again() -> None:
    async with serve(EMPTY) as server:
        connections = connect(server, Patience(connect=30, silence=30, kept=0))
        await ask(connections)
        await ask(connections)
        connections.close()

    assert server.connections == 2


async def test_one_that_ends_as_it_is_used_again_costs_a_second_try_and_no_error() -> None:
    async with serve(EMPTY, b"", EMPTY) as server:
        connections = connect(server)
        await ask(connections)
        answer = await ask(connections)
        connections.close()

    assert answer.status == 200
    assert server.connections == 2
    assert len(server.requests) == 3


async def test_a_new_one_that_ends_without_an_answer_is_not_tried_again() -> None:
    async with serve(b"") as server:
        with pytest.raises(UnansweredError, match="without an answer"):
            await ask(connect(server))

    assert len(server.requests) == 1


async def test_an_answer_that_says_it_is_the_last_ends_its_connection() -> None:
    async with serve(EMPTY.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")) as server:
        connections = connect(server)
        await ask(connections)
        await ask(connections)

    assert server.connections == 2


async def test_what_follows_an_answer_ends_its_connection() -> None:
    async with serve(EMPTY + b"HTTP/1.1 200 OK\r\n") as server:
        connections = connect(server)
        await ask(connections)
        await ask(connections)

    assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + EMPTY,
        b"HTTP/1.0 200 OK\r\n\r\n{}",
    ],
    ids=["chunked", "after an interim one", "to the connection's end"],
)
async def test_answers_are_read_however_they_are_framed(answer: bytes) -> None:
    async with serve(answer, ends=True) as server:
        connections = connect(server)
        assert (await ask(connections)).body == b"{}"
        connections.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", UnansweredError),
        (b"HTTP/1.1 200 OK\r\nConte", UnansweredError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", UnansweredError),
        (b"220 smtp.example ESMTP\r\n\r\n", StrangeAnswerError),
        (b"HTTP/1.1 200 OK\r\nX: " + 70_000 * b"x" + b"\r\n\r\n", StrangeAnswerError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n" + 65 * 2**20 * b" ", StrangeAnswerError),
    ],
    ids=["cut short", "within its head", "within a chunk", "no HTTP", "too long a head", "too long"],
)
async def test_half_answers_and_others_are_errors(answer: bytes, error: type[CallError]) -> None:
    async with serve(answer, ends=True) as server:
        with pytest.raises(error):
            await ask(connect(server))


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
async def test_silence_is_not_waited_for(answer: bytes) -> None:
    async with serve(answer) as server:
        with pytest.raises(UnansweredError, match="took too long"):
            await ask(connect(server, Patience(connect=30, silence=0.05)))


async def test_nobody_there_is_told_with_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(UnansweredError, match=f"no connection to 127.0.0.1:{port}"):
        await ask(connect(Server(port)))


async def test_a_call_that_nobody_waits_for_any_more_leaves_no_connection_behind() -> None:
    async with serve(b"HTTP/1.1 200 OK\r\n", EMPTY) as server:
        connections = connect(server)
        waiting = asyncio.create_task(ask(connections))
        async with asyncio.timeout(30):
            while not server.requests:
                await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

        assert (await ask(connections)).body == b"{}"
        assert server.connections == 2
        connections.close()


async def test_a_page_that_leads_to_itself_is_not_followed_for_ever() -> None:
    body = b'{"taskArns": [], "nextToken": "same"}'
    async with serve(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)) as server:
        access = Access("eu-central-1", server.url, takes_any_keys=True)
        async with open_signed_clients(access, {}, clock=now) as clients:
            with pytest.raises(StrangeAnswerError, match="leads to itself"):
                [page async for page in clients.ecs.get_paginator("list_tasks").paginate(cluster="apps")]

    assert len(server.requests) == 2


async def test_only_what_the_adapters_call_is_there() -> None:
    async with open_signed_clients(Access("eu-central-1", takes_any_keys=True), {}, clock=now) as clients:
        with pytest.raises(AttributeError, match="no delete_service among the calls"):
            await clients.ecs.delete_service(cluster="apps", service="shop")


# TLS.


@asynccontextmanager
async def serve_tls(issued: Issued) -> AsyncIterator[Access]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(issued.cert, issued.key)
    async with serve(EMPTY, tls=tls) as server:
        yield Access("eu-central-1", f"https://localhost:{server.port}", takes_any_keys=True)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_bytes(authority().cert.public_bytes(Encoding.PEM))
    return path


async def test_an_authority_of_ones_own_can_be_named(tmp_path: Path, bundle: Path) -> None:
    async with (
        serve_tls(authority().issue(tmp_path, "server", ["localhost"])) as access,
        open_signed_clients(access, {"AWS_CA_BUNDLE": str(bundle)}, clock=now) as clients,
    ):
        for _ in range(2):
            assert "ResponseMetadata" in await clients.ecs.list_tasks(cluster="apps")


async def test_others_are_not_believed(tmp_path: Path, bundle: Path) -> None:
    named, other = (authority().issue(tmp_path, host, [host]) for host in ("localhost", "example.com"))
    for issued, environ in ((named, {}), (other, {"AWS_CA_BUNDLE": str(bundle)})):
        async with serve_tls(issued) as access, open_signed_clients(access, environ, clock=now) as clients:
            with pytest.raises(UnansweredError, match="certificate verify failed"):
                await clients.ecs.list_tasks(cluster="apps")
