"""Ready-made wait pages: what is written is the same page, compressed or not."""

import gzip
import re
from datetime import UTC, datetime

import pytest

from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.sight import Sight
from wakeproxy.pages.page_kinds import WaitingPage
from wakeproxy.pages.page_samples import sample_status
from wakeproxy.pages.pages import Pages
from wakeproxy.pages.replies import Ready, Reply
from wakeproxy.pages.wait_pages import WaitPages

SIGHT = Sight(ServiceName("shop"), Phase.WAKING)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
async def kept(pages: Pages) -> WaitPages:
    """Wait pages, one of them just made."""
    made = WaitPages(pages, lambda: NOON)
    make(made)
    return made


def make(pages: WaitPages) -> Reply:
    page = WaitingPage(sample_status("WAKING", reached=2), "Shop", 5)
    return pages.make(SIGHT, page, theme="calm", retry_after=5)


def find(pages: WaitPages, *, takes_gzip: bool) -> Ready:
    found = pages.find(SIGHT, takes_gzip=takes_gzip)
    assert found
    return found


def read(ready: Ready) -> tuple[str, bytes, str]:
    """Read an answer: its head without its nonce, its page without it, and the nonce."""
    head, _, body = ready.data.partition(b"\r\n\r\n")
    assert b"\r\nContent-Length: %d" % len(body) in head
    [nonce] = set(re.findall(r"'nonce-([^']+)'", head.decode()))
    page = gzip.decompress(body) if b"\r\nContent-Encoding: gzip" in head else body
    assert page.count(nonce.encode()) == page.count(b'nonce="') > 0
    return head.decode().replace(nonce, ""), page.replace(nonce.encode(), b""), nonce


def test_compressed_or_not_it_is_the_same_page(kept: WaitPages) -> None:
    plain_head, plain, _ = read(find(kept, takes_gzip=False))
    head, page, _ = read(find(kept, takes_gzip=True))

    assert page == plain
    lines = set(head.split("\r\n")) ^ set(plain_head.split("\r\n"))
    assert {line.partition(":")[0] for line in lines} == {"Content-Encoding", "Content-Length"}


def test_both_say_that_it_is_a_matter_of_who_asks(kept: WaitPages) -> None:
    for takes_gzip in (False, True):
        assert b"\r\nVary: Accept-Encoding\r\n" in find(kept, takes_gzip=takes_gzip).data
    assert ("Vary", "Accept-Encoding") in make(kept).fields


def test_every_visitor_has_a_nonce_of_his_own(kept: WaitPages) -> None:
    nonces = {read(find(kept, takes_gzip=takes_gzip))[2] for takes_gzip in (False, True) * 50}

    assert len(nonces) == 100


def test_a_page_is_compressed_once_and_anew_when_it_is_rendered_anew(kept: WaitPages) -> None:
    find(kept, takes_gzip=True)
    first = kept._kept["shop"].compressed
    find(kept, takes_gzip=True)
    assert kept._kept["shop"].compressed is first is not None
    make(kept)
    assert kept._kept["shop"].compressed is None


def test_a_connection_that_ends_with_it_is_told_so(kept: WaitPages) -> None:
    ready = find(kept, takes_gzip=True)
    head, _, body = ready.data.partition(b"\r\n\r\n")

    assert ready.close() == head + b"\r\nConnection: close\r\n\r\n" + body
