"""A listener behind a load balancer that speaks the PROXY protocol: real sockets, on both loops."""

import asyncio
import logging
import os
import resource
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

import pytest
from blockbuster import blockbuster_ctx

from tests.certificates import Issued, authority
from tests.upstream.wire import PATIENCE
from wakeproxy.front.acceptor import Acceptor, Factory, Terms
from wakeproxy.front.tls import Certificates
from wakeproxy.settings import KeyPair
from wakeproxy.wire.proxy_protocol import ProxyHeader

CLIENT, SERVER = ("203.0.113.7", 4711), ("192.0.2.1", 443)
LINE = b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n"
BINARY = (
    bytes.fromhex("0d0a0d0a000d0a515549540a2111000c")
    + socket.inet_aton(CLIENT[0])
    + socket.inet_aton(SERVER[0])
    + struct.pack("!HH", CLIENT[1], SERVER[1])
)
HEALTH_CHECK = bytes.fromhex("0d0a0d0a000d0a515549540a20000000")
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))
LONG, SHORT = timedelta(seconds=PATIENCE), timedelta(milliseconds=200)

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a test on one of the loops; nothing in it may block, and nothing may be left over."""
    module = asyncio if request.param == "asyncio" else pytest.importorskip("uvloop")

    async def bounded(test: Coroutine[Any, Any, None]) -> None:
        async with asyncio.timeout(PATIENCE):
            with blockbuster_ctx("wakeproxy"):
                await test

    def run(test: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=module.new_event_loop) as runner:
            runner.run(bounded(test))

    return run


class Echo(asyncio.Protocol):
    """Says who the client is, then what it is told."""

    def __init__(self, header: ProxyHeader) -> None:
        self._header = header

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is none by class
        self._transport.write(f"{self._header.client}\n".encode())

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


HELLO = f"{CLIENT}\n".encode()


@asynccontextmanager
async def accept(
    *,
    factory: Factory = Echo,
    trusted: Any = LOOPBACK,
    within: timedelta = LONG,
    context: ssl.SSLContext | None = None,
    waiting: int = 1000,
) -> AsyncIterator[tuple[Acceptor, int]]:
    listener = socket.create_server(("127.0.0.1", 0))
    acceptor = Acceptor(listener, factory, Terms(trusted, within, context, waiting))
    acceptor.start()
    try:
        yield acceptor, listener.getsockname()[1]
    finally:
        await acceptor.close()


@asynccontextmanager
async def dial(
    port: int, *said: bytes, host: str = "127.0.0.1"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        for piece in said:
            writer.write(piece)
        yield reader, writer
    finally:
        writer.close()


async def hear(port: int, *said: bytes, host: str = "127.0.0.1") -> bytes:
    """Say something and hear everything until the connection ends."""
    async with dial(port, *said, host=host) as (reader, _):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("header", [LINE, BINARY], ids=["v1", "v2"])
@pytest.mark.parametrize("rest", [b"", b"G", b"hello"])
def test_who_is_behind_the_load_balancer_is_known_and_what_follows_is_theirs(
    run: Run, header: bytes, rest: bytes
) -> None:
    async def test() -> None:
        async with accept() as (_, port), dial(port, header + rest) as (reader, writer):
            assert await reader.readexactly(len(HELLO + rest)) == HELLO + rest
            writer.write(b"again")
            assert await reader.readexactly(5) == b"again"

    run(test())


@pytest.mark.parametrize("header", [LINE, BINARY], ids=["v1", "v2"])
def test_a_header_may_come_byte_by_byte(run: Run, header: bytes) -> None:
    async def test() -> None:
        async with accept() as (_, port), dial(port) as (reader, writer):
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in header + b"hello":
                writer.write(bytes([byte]))
                await asyncio.sleep(0.001)
            assert await reader.readexactly(len(HELLO) + 5) == HELLO + b"hello"

    run(test())


def test_waiting_for_the_rest_of_a_header_keeps_nobody_busy(run: Run) -> None:
    async def test() -> None:
        async with accept() as (_, port), dial(port, BINARY[:20]) as (reader, writer):
            await asyncio.sleep(0.05)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
            await asyncio.sleep(0.5)
            assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 0.2
            writer.write(BINARY[20:])
            assert await reader.readexactly(len(HELLO)) == HELLO

    run(test())


@pytest.mark.parametrize("said", [HEALTH_CHECK, b"PROXY UNKNOWN\r\n"])
def test_a_load_balancer_of_its_own_accord_has_no_client(run: Run, said: bytes) -> None:
    async def test() -> None:
        async with accept() as (_, port), dial(port, said) as (reader, _writer):
            assert await reader.readline() == b"None\n"

    run(test())


def issue(folder: Path) -> Issued:
    return authority().issue(folder, "a", ["a.example.com"])


def shake(tls: ssl.SSLObject) -> bool:
    tls.do_handshake()
    return True


def shake_hands(port: int, header: bytes) -> tuple[bytes, bytes]:
    """Send the header and TLS's first flight in one segment; tell what was heard and answered, over TLS."""
    there, here = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = authority().context().wrap_bio(here, there, server_hostname="a.example.com")
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as line:
        unsaid = header

        def until(step: Callable[[], Any]) -> Any:
            nonlocal unsaid
            while True:
                try:
                    done = step()
                except ssl.SSLWantReadError:
                    done = None
                line.sendall(unsaid + there.read())
                unsaid = b""
                if done is not None:
                    return done
                here.write(line.recv(65536))

        until(partial(shake, tls))
        told = until(lambda: tls.read(len(HELLO)))
        tls.write(b"hello")
        return told, until(lambda: tls.read(5))


@pytest.mark.parametrize("header", [LINE, BINARY], ids=["v1", "v2"])
def test_tls_begins_right_after_the_header(run: Run, tmp_path: Path, header: bytes) -> None:
    issued = issue(tmp_path)
    certificates = Certificates([KeyPair(issued.cert, issued.key)])

    async def test() -> None:
        async with accept(context=certificates.context) as (_, port):
            assert await asyncio.to_thread(shake_hands, port, header) == (HELLO, b"hello")

    run(test())


def test_what_is_no_tls_after_the_header_hurts_nobody(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    issued = issue(tmp_path)
    certificates = Certificates([KeyPair(issued.cert, issued.key)])

    async def test() -> None:
        async with accept(context=certificates.context, within=SHORT) as (_, port):
            await hear(port, LINE + b"GET / HTTP/1.1\r\n\r\n")
            assert await hear(port, LINE) == b""  # a handshake that does not come
            async with dial(port, LINE):
                pass
            assert await asyncio.to_thread(shake_hands, port, LINE) == (HELLO, b"hello")

    run(test())
    assert messages(caplog) == []


def test_a_header_that_comes_too_late_is_not_waited_for(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with accept(within=SHORT) as (_, port):
            for said in (b"", LINE[:10], BINARY[:-1]):
                assert await hear(port, said) == b""

    run(test())
    (told,) = messages(caplog)  # the first of its kind; the others are noise
    assert told.endswith("The PROXY header did not come in time.")


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00", LINE[:-1] + b"x" * 100, b"\0"])
def test_what_begins_with_no_header_is_not_served(run: Run, said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with accept() as (_, port):
            assert await hear(port, said) == b""
            assert await hear(port, said) == b""
            async with dial(port, LINE) as (reader, _writer):
                assert await reader.readline() == HELLO

    run(test())
    (told,) = messages(caplog)
    assert told.startswith("127.0.0.1 was not served, for it does not speak it as it should: The ")


def test_a_stranger_is_refused_at_once_whatever_it_says(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    served: list[ProxyHeader] = []

    def factory(header: ProxyHeader) -> Echo:
        served.append(header)
        return Echo(header)

    async def test() -> None:
        async with accept(factory=factory, trusted=(ip_network("10.0.0.0/8"),)) as (_, port):
            for said in (b"", LINE, BINARY):
                assert await hear(port, said) == b""

    run(test())
    assert served == []
    assert messages(caplog) == [
        "127.0.0.1 was not served, for it may not speak the PROXY protocol: it is in none of the trusted_proxies"
    ]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_trust_is_the_same_on_a_listener_for_both_families(run: Run, host: str) -> None:
    async def test() -> None:
        listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        acceptor = Acceptor(listener, Echo, Terms(LOOPBACK, LONG))
        acceptor.start()
        async with dial(listener.getsockname()[1], LINE, host=host) as (reader, _writer):
            assert await reader.readline() == HELLO
        await acceptor.close()

    run(test())


def test_a_check_that_only_connects_is_no_news(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with accept() as (_, port):
            async with dial(port):
                pass
            async with dial(port, LINE) as (reader, _writer):
                assert await reader.readline() == HELLO

    run(test())
    assert messages(caplog) == []


def test_a_header_that_is_cut_short_is_told(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with accept() as (_, port), dial(port, LINE[:20]) as (reader, writer):
            writer.write_eof()
            assert await reader.read() == b""

    run(test())
    (told,) = messages(caplog)
    assert told.endswith("The connection ended within its PROXY header.")


def test_closing_ends_who_waits_and_keeps_who_is_served(run: Run) -> None:
    async def test() -> None:
        async with accept() as (acceptor, port), dial(port, LINE) as (reader, writer), dial(port, b"PRO") as (other, _):
            assert await reader.readline() == HELLO
            await acceptor.close()
            with pytest.raises(OSError, match=r"refused|Connect call failed"):
                await asyncio.open_connection("127.0.0.1", port)
            assert await ends(other) == b""
            writer.write(b"still")
            assert await reader.readexactly(5) == b"still"

    run(test())


async def ends(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Leave this process no file descriptor to open another with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_without_file_descriptors_it_rests_and_goes_on(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        with socket.socket() as line:
            line.settimeout(0)
            async with accept() as (_, port):
                with no_descriptors():
                    await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", port))
                    while not messages(caplog):
                        await asyncio.sleep(0.01)
                await asyncio.get_running_loop().sock_sendall(line, LINE)
                assert await asyncio.get_running_loop().sock_recv(line, 100) == HELLO

    run(test())
    assert messages(caplog) == ["no connection can be accepted (Too many open files); trying again in 1 s"]


def test_it_can_be_closed_while_it_rests(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        with socket.socket() as line:
            line.settimeout(0)
            async with accept() as (acceptor, port):
                with no_descriptors():
                    await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", port))
                    while not messages(caplog):
                        await asyncio.sleep(0.01)
                await acceptor.close()
                await asyncio.sleep(1.1)  # when it would have gone on

    run(test())
    assert len(messages(caplog)) == 1


def test_a_crowd_is_served_to_the_last(run: Run) -> None:
    async def one(port: int, number: int) -> None:
        line = f"PROXY TCP4 203.0.113.7 192.0.2.1 {number} 443\r\n".encode()
        async with dial(port, line) as (reader, _):
            assert await reader.readline() == f"{(CLIENT[0], number)}\n".encode()

    async def test() -> None:
        async with accept() as (_, port):
            await asyncio.gather(*(one(port, number) for number in range(200)))

    run(test())


def test_those_who_say_nothing_keep_the_others_waiting_only_until_their_time_is_up(run: Run) -> None:
    async def test() -> None:
        async with (
            accept(waiting=2, within=SHORT * 2) as (_, port),
            dial(port) as (silent, _one),
            dial(port) as (_other, leaving),
            dial(port, LINE) as (reader, _third),
        ):
            hello = asyncio.create_task(reader.readline())
            assert not (await asyncio.wait([hello], timeout=SHORT.total_seconds() / 2))[0]
            leaving.close()
            assert await hello == HELLO
            assert await silent.read() == b""

    run(test())


def test_a_defect_of_the_factory_leaves_no_socket_behind(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    def factory(_: ProxyHeader) -> Echo:
        raise LookupError

    async def test() -> None:
        async with accept(factory=factory) as (_, port):
            assert await hear(port, LINE) == b""

    run(test())
    assert messages(caplog) == ["proxy protocol: welcoming 127.0.0.1 failed"]
