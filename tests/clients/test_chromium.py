"""A browser loads, uploads and speaks by WebSocket through us."""

import hashlib

import pytest
from playwright.async_api import async_playwright

from tests.clients.apps import run_echo, tell
from tests.pages.conftest import FLAGS, find_chromium
from tests.upstream.conftest import open_door
from tests.upstream.wire import run_app

UPLOAD = """async () => {
  const answer = await fetch("/upload", { method: "POST", body: "x".repeat(2000000) });
  return await answer.json();
}"""
SPEAK = """(url) => new Promise((resolve, reject) => {
  const socket = new WebSocket(url);
  socket.onopen = () => socket.send("from a browser");
  socket.onmessage = (event) => resolve(event.data);
  socket.onerror = reject;
})"""


@pytest.mark.chromium
async def test_a_browser_loads_uploads_and_speaks() -> None:
    async with (
        run_app(tell) as app,
        open_door(app) as door,
        run_echo() as echo,
        open_door(echo) as other,
        async_playwright() as playwright,
    ):
        path = find_chromium(playwright.chromium.executable_path)
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{door.port}/page")
        uploads = [await page.evaluate(UPLOAD) for _ in range(3)]
        spoken = await page.evaluate(SPEAK, f"ws://127.0.0.1:{other.port}/")
        await browser.close()

    assert {each["sha256"] for each in uploads} == {hashlib.sha256(b"x" * 2_000_000).hexdigest()}
    assert spoken == "from a browser"
