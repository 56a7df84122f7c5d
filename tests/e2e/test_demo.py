"""The README's promise: `wakeproxy demo`, a browser, and the app at the very path that was asked for."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.world import PROGRAM, drain, visit

Find = Callable[[str, str], str]


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[tuple[Process, Find]]:
    command = (sys.executable, "-m", "wakeproxy", "demo", "--port", "0", "--admin-port", "0")
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(*command, stderr=PIPE, env=environment)
    assert process.stderr
    port = ""
    async with asyncio.timeout(60):
        while not port:
            line = (await process.stderr.readline()).decode()
            assert line, "the demo ended"
            port = found[1] if (found := re.search(r"http://hello\.localhost:(\d+)/", line)) else ""
    drain(process.stderr)
    yield process, lambda name, path: f"http://{name}.localhost:{port}{path}"
    if process.returncode is None:
        process.terminate()
    assert await process.wait() == 0
    left = await asyncio.to_thread(
        lambda: [*tmp_path.glob("wakeproxy-demo-*"), *tmp_path.glob("wakeproxy-sandbox-*/run-*")]
    )
    assert left == [], "it leaves no files behind"


@pytest.mark.chromium
async def test_a_cold_visit_becomes_the_app_at_the_very_path(browser: Browser, demo: tuple[Process, Find]) -> None:
    _, find = demo
    page = await browser.new_page()
    wanted = find("hello", "/some/path?x=1#part")

    answer = await page.goto(wanted)

    assert answer
    assert (answer.status, answer.headers["content-encoding"]) == (503, "gzip")
    await expect(page.get_by_text("Hello is waking up", exact=True)).to_be_visible()
    await expect(page.get_by_role("progressbar")).to_be_attached()
    await expect(page.locator("body")).to_contain_text("/some/path", timeout=20_000)
    assert page.url == wanted
    assert await page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") == 200


@pytest.mark.chromium
async def test_a_service_that_cannot_start_says_why_and_spins_no_more(
    browser: Browser, demo: tuple[Process, Find]
) -> None:
    _, find = demo
    page = await browser.new_page()

    await page.goto(find("broken", "/"))

    await expect(page.get_by_text("Broken could not be woken", exact=True)).to_be_visible(timeout=20_000)
    await expect(page.get_by_text("The image cannot be pulled").first).to_be_visible()
    await expect(page.get_by_role("button", name="Try again")).to_be_visible()


async def test_a_program_is_held_and_gets_the_app(demo: tuple[Process, Find]) -> None:
    _, find = demo
    async with (
        visit() as session,
        session.post(find("hello", "/api/echo?x=1"), data=b"kept", headers=PROGRAM) as answer,
    ):
        told = await answer.text()

    assert answer.status == 200
    assert "kept" in told
    assert float(answer.headers["Wakeproxy-Cold-Start"]) > 1
