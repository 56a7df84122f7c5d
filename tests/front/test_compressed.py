"""The wait page, compressed for those who take it so."""

import gzip
import re
from collections.abc import AsyncIterator

import pytest

from tests.clients import tools
from tests.front.conftest import BROWSER, PROGRAM, Site, make_service, open_site, read
from tests.upstream.wire import Message, head
from wakeproxy.sandbox import Fault, Sandbox

GZIP = (*BROWSER, "Accept-Encoding: gzip, deflate, br, zstd")


@pytest.fixture
async def waiting(sandbox: Sandbox) -> AsyncIterator[Site]:
    """A front with a service that does not come to wake."""
    sandbox.create_service("shop")
    sandbox.faults.add(Fault(kind="capacity", target="apps/*", times=None))
    async with open_site(sandbox, make_service("shop")) as site:
        yield site


def read_page(answer: Message) -> tuple[str, bytes]:
    """Read a wait page, and the nonce that it may use."""
    assert (answer.status, answer["Vary"]) == (503, "Accept-Encoding")
    [nonce] = set(re.findall("'nonce-([^']+)'", answer["Content-Security-Policy"]))
    page = gzip.decompress(answer.body) if answer.all("Content-Encoding") == ["gzip"] else answer.body
    assert page.startswith(b"<!doctype html>")
    assert page.rstrip().endswith(b"</html>")
    assert set(re.findall(b'nonce="([^"]+)"', page)) == {nonce.encode()}
    return nonce, page


async def test_a_browser_gets_it_compressed_from_the_first_visit_on(waiting: Site) -> None:
    answers = [await waiting.ask("shop", "/", *GZIP) for _ in range(5)]

    assert [answer["Content-Encoding"] for answer in answers] == ["gzip"] * 5
    assert all(len(answer.body) < 10_000 < len(read_page(answer)[1]) for answer in answers)
    assert len({read_page(answer)[0] for answer in answers}) == 5


NOT_COMPRESSED = {
    "who says nothing": (BROWSER, "HTTP/1.1"),
    "who refuses it": ((*BROWSER, "Accept-Encoding: gzip;q=0, *"), "HTTP/1.1"),
    "who wants another": ((*BROWSER, "Accept-Encoding: br"), "HTTP/1.1"),
    "who says two things": ((*GZIP, "accept-encoding: gzip;q=0"), "HTTP/1.1"),
    "who leaves": ((*GZIP, "Connection: close"), "HTTP/1.1"),
    "old clients": (GZIP, "HTTP/1.0"),
}


@pytest.mark.parametrize(("fields", "version"), NOT_COMPRESSED.values(), ids=NOT_COMPRESSED)
async def test_others_get_it_as_it_is(waiting: Site, fields: tuple[str, ...], version: str) -> None:
    for _ in range(2):
        async with waiting.dial() as line:
            await line.say(head(f"GET / {version}", "Host: shop.test", *fields))
            answer = await line.hear()
        assert "Content-Encoding" not in answer
        read_page(answer)


async def test_each_request_of_a_connection_says_anew_what_it_takes(waiting: Site) -> None:
    async with waiting.dial() as line:
        for fields, is_compressed in ((GZIP, True), (GZIP, True), (BROWSER, False), (BROWSER, False), (GZIP, True)):
            await line.say(waiting.request("shop", "/", *fields))
            answer = await line.hear()
            assert ("Content-Encoding" in answer) is is_compressed
            read_page(answer)


async def test_head_and_programs_get_their_problem_document_as_it_is(waiting: Site) -> None:
    await waiting.ask("shop", "/", *GZIP)

    told = await waiting.ask("shop", "/", *GZIP, method="HEAD")
    problem = await waiting.ask("shop", "/.wakeproxy/none", *PROGRAM, "Accept-Encoding: gzip")

    assert told["Content-Type"] == "application/problem+json"
    assert "Content-Encoding" not in told
    assert "Content-Encoding" not in problem
    assert read(problem)["status"] == 404


async def test_curl_reads_it(waiting: Site) -> None:
    url = f"http://127.0.0.1:{waiting.port}/"
    fields = [option for field in (*BROWSER, "Host: shop.test") for option in ("--header", field)]
    command = (tools.find("curl"), "--silent", "--show-error", "--max-time", "20", "--noproxy", "*", *fields)
    written = await tools.run(*command, "--compressed", "--include", url, url)

    pages = written.split("HTTP/1.1 503 ")[1:]
    assert len(pages) == 2
    for page in pages:
        said, _, body = page.partition("\r\n\r\n")
        fields_said = [(name, value) for name, _, value in (line.partition(": ") for line in said.split("\r\n")[1:])]
        assert ("Content-Encoding", "gzip") in fields_said
        plain = [field for field in fields_said if field[0] != "Content-Encoding"]
        read_page(Message("HTTP/1.1 503 Service Unavailable", plain, body.encode()))


async def test_an_awake_app_hears_what_its_visitor_takes(site: Site) -> None:
    await site.wake("shop")

    answer = await site.ask("shop", "/api/echo", *BROWSER, "Accept-Encoding: GZIP;q=0.5, br", "accept-encoding:x")

    sent = [field for field in read(answer)["headers"] if field[0].lower() == "accept-encoding"]
    assert sent == [["Accept-Encoding", "GZIP;q=0.5, br"], ["accept-encoding", "x"]]
