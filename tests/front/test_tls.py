"""Which certificate a visitor gets, and how new ones come into use: real handshakes over loopback."""

import asyncio
import logging
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from tests.certificates import Issued, authority
from tests.upstream.wire import PATIENCE, Line
from wakeproxy.engine.tasks import Tasks
from wakeproxy.errors import UsageError
from wakeproxy.front.tls import Certificates
from wakeproxy.settings import KeyPair

OFTEN = timedelta(milliseconds=10)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def serve(*issued: Issued) -> AsyncIterator[tuple[Certificates, int]]:
    """Serve with certificates; yields them and the port."""
    certificates = Certificates([KeyPair(one.cert, one.key) for one in issued])
    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=certificates.context)
    try:
        yield certificates, server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def shake(port: int, host: str = "", context: ssl.SSLContext | None = None) -> AsyncIterator[Line]:
    """Connect and ask for a host; for none when it is empty."""
    context = context or authority().context()
    async with asyncio.timeout(PATIENCE):
        streams = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=host)
    line = Line(*streams)
    try:
        yield line
    finally:
        await line.close()


def serial(line: Line) -> int:
    return int(line.writer.get_extra_info("ssl_object").getpeercert()["serialNumber"], 16)


async def serial_for(port: int, host: str = "") -> int:
    async with shake(port, host) as line:
        return serial(line)


def issue(folder: Path, stem: str, *hosts: str, common_name: str = "test") -> Issued:
    return authority().issue(folder, stem, hosts, common_name=common_name)


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("shop.example.com", "shop"),
        ("SHOP.example.com", "shop"),
        ("blog.example.com", "wild"),
        ("example.com", "first"),  # a wildcard stands for one label,
        ("a.blog.example.com", "first"),  # and for no more
        ("old.example.org", "old"),  # named by its common name only
        ("ignored.example.org", "first"),  # a common name beside other names
        ("elsewhere.example.net", "first"),
        ("localhost", "first"),
        ("", "first"),
    ],
)
async def test_a_visitor_gets_the_certificate_for_the_host_asked_for(tmp_path: Path, asked: str, served: str) -> None:
    issued = {
        "first": issue(tmp_path, "first", "first.example.com"),
        "wild": issue(tmp_path, "wild", "*.Example.com", common_name="ignored.example.org"),
        "shop": issue(tmp_path, "shop", "shop.example.com"),
        "late": issue(tmp_path, "late", "shop.example.com"),
        "old": issue(tmp_path, "old", common_name="old.example.org"),
    }
    async with serve(*issued.values()) as (_, port):
        assert await serial_for(port, asked) == issued[served].serial


async def test_the_certificate_is_one_that_the_visitor_can_verify(tmp_path: Path) -> None:
    context = authority().context()
    context.check_hostname = True
    async with (
        serve(issue(tmp_path, "a", "a.example.com"), issue(tmp_path, "b", "b.example.com")) as (_, port),
        shake(port, "b.example.com", context) as line,
    ):
        await line.say(b"hello\n")
        assert await line.reader.readline() == b"hello\n"


@pytest.mark.parametrize("host", ["a.example.com", "b.example.com"])
async def test_http_1_1_is_agreed_on_whichever_certificate_it_is(tmp_path: Path, host: str) -> None:
    context = authority().context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with (
        serve(issue(tmp_path, "a", "a.example.com"), issue(tmp_path, "b", "b.example.com")) as (_, port),
        shake(port, host, context) as line,
    ):
        assert line.writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"


def test_what_is_older_than_tls_1_2_is_refused(tmp_path: Path) -> None:
    issued = issue(tmp_path, "a", "a.example.com")
    certificates = Certificates([KeyPair(issued.cert, issued.key)])
    context = authority().context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # or OpenSSL would not even ask
    hello, answer = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(answer, hello).do_handshake()
    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_PROTOCOL"):
        certificates.context.wrap_bio(hello, answer, server_side=True).do_handshake()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda version: version.name)
async def test_both_versions_of_today_are_spoken(tmp_path: Path, version: ssl.TLSVersion) -> None:
    context = authority().context()
    context.minimum_version = context.maximum_version = version
    async with (
        serve(issue(tmp_path, "a", "a.example.com")) as (_, port),
        shake(port, "a.example.com", context) as line,
    ):
        assert line.writer.get_extra_info("ssl_object").version() == version.name.replace("_", ".")


async def test_new_files_are_for_new_handshakes_and_old_connections_live_on(tmp_path: Path) -> None:
    hosts = ("a.example.com", "b.example.com")
    old = [issue(tmp_path, host, host) for host in hosts]
    async with serve(*old) as (certificates, port), shake(port, "b.example.com") as open_line:
        assert not certificates.reload()
        new = issue(tmp_path, "b.example.com", "b.example.com", "c.example.com")
        assert certificates.reload()
        assert not certificates.reload()

        assert await serial_for(port, "b.example.com") == new.serial
        assert await serial_for(port, "c.example.com") == new.serial
        assert await serial_for(port, "a.example.com") == old[0].serial
        await open_line.say(b"hello\n")
        assert await open_line.reader.readline() == b"hello\n"
        assert serial(open_line) == old[1].serial


async def test_the_first_pair_is_renewed_for_those_who_name_no_host_too(tmp_path: Path) -> None:
    async with serve(issue(tmp_path, "a", "a.example.com")) as (certificates, port):
        new = issue(tmp_path, "a", "a.example.com")
        certificates.reload()
        assert await serial_for(port) == new.serial


async def test_bad_files_keep_the_old_certificate_and_are_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = issue(tmp_path, "a", "a.example.com")
    fresh = issue(tmp_path, "b", "b.example.com")
    async with serve(old, fresh) as (certificates, port):
        old.cert.write_text("half a certifi")
        renewed = issue(tmp_path, "b", "b.example.com")
        assert certificates.reload()
        assert not certificates.reload()

        (told,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        assert told.endswith('a.pem" holds no certificate; write the path of a PEM file that begins with it.')
        assert list(certificates.trouble) == [told.partition(": ")[2]]
        assert await serial_for(port, "a.example.com") == old.serial
        assert await serial_for(port, "b.example.com") == renewed.serial

        old.cert.unlink()
        assert not certificates.reload()
        assert "cannot be read (No such file or directory)" in certificates.trouble[0]
        right = issue(tmp_path, "a", "a.example.com")
        assert certificates.reload()
        assert not certificates.trouble
        assert await serial_for(port, "a.example.com") == right.serial


async def test_a_certificate_without_its_key_waits_for_the_key(tmp_path: Path) -> None:
    old, new = issue(tmp_path, "a", "a.example.com"), issue(tmp_path, "new", "a.example.com")
    async with serve(old) as (certificates, port):
        new.cert.replace(old.cert)
        assert not certificates.reload()
        assert await serial_for(port) == old.serial
        new.key.replace(old.key)
        assert certificates.reload()
        assert await serial_for(port) == new.serial


async def test_files_that_change_are_noticed_without_holding_up_the_loop(tmp_path: Path) -> None:
    tasks = Tasks("test")
    async with serve(issue(tmp_path, "a", "a.example.com")) as (certificates, port), asyncio.timeout(PATIENCE):
        with blockbuster_ctx("wakeproxy"):
            tasks.repeat(partial(certificates.watch, OFTEN), name="watching certificates")
            new = await asyncio.to_thread(issue, tmp_path, "a", "a.example.com")
            while await serial_for(port) != new.serial:
                await asyncio.sleep(OFTEN.total_seconds())
        await tasks.stop()


def test_files_that_cannot_be_used_at_the_start_are_refused(tmp_path: Path) -> None:
    one, other = issue(tmp_path, "a", "a.example.com"), issue(tmp_path, "b", "b.example.com")
    with pytest.raises(UsageError, match="is not the key of"):
        Certificates([KeyPair(one.cert, other.key)])


def test_a_certificate_whose_names_cannot_be_read_is_refused(tmp_path: Path) -> None:
    issued = issue(tmp_path, "a", "a.example.com")
    text = issued.cert.read_text()
    issued.cert.write_text(text.replace("CERTIFICATE", "TRUSTED CERTIFICATE"))
    with pytest.raises(UsageError, match="holds a certificate that cannot be read"):
        Certificates([KeyPair(issued.cert, issued.key)])
