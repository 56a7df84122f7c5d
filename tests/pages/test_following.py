"""The wait page in Chromium while the wake goes on."""

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.pages.conftest import OpenPage, open_stopped, until
from tests.pages.wake_site import WakeSite
from wakeproxy.pages.page_kinds import Site

pytestmark = pytest.mark.chromium

RECORD_PERCENT = """
const look = () => parseInt(document.getElementById("percent").textContent);
window.seen = [look()];
setInterval(() => window.seen.push(look()), 10);
"""


async def run_until(page: Page, condition: Callable[[], Awaitable[bool]]) -> None:
    """Let the page's clock run, a minute at most, until `condition` holds."""
    for _ in range(120):
        if await condition():
            return
        await page.clock.run_for(500)
    pytest.fail("the condition did not hold within a minute of the page's time")


async def percent(page: Page) -> int:
    return int(re.sub(r"\D", "", await page.inner_text("#percent")))


async def test_progress_moves_forward_and_never_back(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page()
    await until(lambda: site.listeners == 1)
    await page.evaluate(RECORD_PERCENT)
    for told in (10, 30, 20, 60):
        site.tell(percent=told)
        await page.wait_for_function("told => window.seen.at(-1) >= told", arg=told)
    seen = await page.evaluate("window.seen")
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (5, 60)


async def test_the_bar_runs_towards_the_eta_but_two_seconds_at_most(site: WakeSite, open_page: OpenPage) -> None:
    site.set(percent=50, eta_seconds=10.0)
    page = await open_stopped(site, open_page)
    await page.clock.run_for(1000)
    assert 53 <= await percent(page) <= 56
    await page.clock.run_for(60_000)
    assert await percent(page) <= 60


async def test_the_bar_does_not_move_on_an_unknown_eta(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page("/elsewhere")
    await page.clock.install()
    await page.goto(site.origin)
    await page.clock.run_for(30_000)
    assert await percent(page) == 5
    await expect(page.locator("#eta")).to_have_text("First wake: we do not know yet how long it takes")


async def test_it_says_so_when_a_wake_takes_longer_than_usual(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page()
    site.tell(longer_than_usual=True, eta_seconds=0.0, percent=97, elapsed_seconds=75.0)
    await until(lambda: site.listeners == 1)
    site.tell()
    await expect(page.locator("#eta")).to_have_text("Longer than usual")
    await expect(page.locator("#elapsed")).to_have_text(re.compile(r"^1 min 1\d s so far$"))


async def test_stages_and_their_times_are_shown_as_they_are_told(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page()
    await until(lambda: site.listeners == 1)
    site.reach("starting", percent=60)
    site.tell()
    await expect(page.locator("#stages [data-state=done]")).to_have_count(3)
    await expect(page.locator("#stages [aria-current=step]")).to_have_text(re.compile("Starting the container.*3.4 s"))


async def test_what_it_needs_is_shown_as_it_is_told(site: WakeSite, open_page: OpenPage) -> None:
    site.needs_others = True
    page = await open_page()
    await until(lambda: site.listeners == 1)
    await expect(page.locator("#needs")).to_be_hidden()
    database = {"service": "db", "display_name": "The database", "phase": "WAKING", "percent": 40}
    site.tell(needs=[database])
    await expect(page.locator("#needs li")).to_have_text("The database 40 % ")
    site.tell(needs=[database | {"phase": "AWAKE"}])
    await expect(page.locator("#needs [data-state=done] .seconds")).to_have_text("ready")
    site.fail("It needs The database.", needs=[database | {"phase": "FAILED"}])
    await expect(page.locator("#needs [data-state=failed] .seconds")).to_be_visible()


async def test_a_reason_told_while_waking_is_shown_without_ending_the_wait(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page()
    await expect(page.locator("#notice")).to_be_hidden()
    await until(lambda: site.listeners == 1)
    site.tell(reason="Fargate has no capacity in this zone right now; ECS keeps trying.")
    await expect(page.locator("#reason")).to_have_text(re.compile("no capacity"))
    await expect(page.locator("h1")).to_have_text("Shop is waking up", use_inner_text=True)


async def test_the_title_and_the_icon_tell_the_progress(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page()
    icon = await page.get_attribute("#icon", "href")
    await until(lambda: site.listeners == 1)
    site.tell(percent=42)
    await expect(page).to_have_title("42 % Shop is waking")
    assert await page.get_attribute("#icon", "href") != icon


async def test_a_screen_reader_hears_stages_and_not_percents(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page()
    await until(lambda: site.listeners == 1)
    site.tell(percent=30)
    await expect(page.locator("#percent")).to_have_text("30 %")
    await expect(page.locator("#announcer")).to_be_empty()
    site.reach("pulling", percent=40)
    site.tell()
    await expect(page.locator("#announcer")).to_have_text("Stage 3 of 6: Pulling the image")
    await expect(page.locator("#progress")).to_have_attribute("aria-valuenow", "40")


async def test_news_do_not_steal_the_focus(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page()
    await until(lambda: site.listeners == 1)
    await page.focus("summary")
    site.reach("running", percent=70)
    site.tell(events=[{"at": "2026-11-21T10:00:05+00:00", "text": "The container runs"}])
    await expect(page.locator("#events")).to_contain_text("The container runs")
    assert await page.evaluate("document.activeElement.tagName") == "SUMMARY"


async def test_the_first_paint_changes_no_word_of_the_server(site: WakeSite, open_page: OpenPage) -> None:
    site.reach("pulling", percent=42, eta_seconds=72.3, elapsed_seconds=9.7, reason="Slow registry.", remedy="Wait.")
    without = await open_page(java_script_enabled=False)
    page = await open_stopped(site, open_page)
    assert await page.inner_text("main") == await without.inner_text("main")
    assert await page.title() == await without.title()


async def test_without_a_stream_it_asks_every_second(site: WakeSite, open_page: OpenPage) -> None:
    site.streams_open = False
    page = await open_page()
    site.set(percent=33)
    await expect(page.locator("#percent")).to_have_text("33 %")


async def test_without_event_source_it_asks_every_second(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page("/elsewhere")
    await page.add_init_script("delete window.EventSource")
    await page.goto(site.origin)
    site.set(percent=33)
    await expect(page.locator("#percent")).to_have_text("33 %")
    assert site.listeners == 0


async def test_a_stream_that_breaks_is_replaced_by_asking_and_then_tried_again(
    site: WakeSite, open_page: OpenPage
) -> None:
    page = await open_page("/elsewhere")
    await page.clock.install()
    await page.goto(site.origin)
    await until(lambda: site.listeners == 1)
    site.hang_up()
    await until(lambda: site.listeners == 0)
    site.set(percent=44)
    await page.clock.run_for(1500)
    await expect(page.locator("#percent")).to_have_text("44 %")
    site.streams_open = True
    await page.clock.run_for(15_000)
    await until(lambda: site.listeners == 1)


async def test_a_silent_stream_is_backed_by_asking(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page("/elsewhere")
    await page.clock.install()
    await page.goto(site.origin)
    await until(lambda: site.listeners == 1)
    site.set(percent=55)
    await page.clock.run_for(5500)
    await expect(page.locator("#percent")).to_have_text("55 %")


async def test_it_says_when_the_server_cannot_be_reached_and_recovers(site: WakeSite, open_page: OpenPage) -> None:
    site.streams_open, site.status_code = False, 502
    page = await open_page("/elsewhere")
    await page.clock.install()
    await page.goto(site.origin)
    trouble = page.locator("#trouble")
    await run_until(page, trouble.is_visible)
    await expect(trouble).to_contain_text("No contact with the server")
    assert site.asked >= 3
    site.status_code = 200
    await run_until(page, trouble.is_hidden)


async def test_a_hidden_tab_gives_its_connection_back(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page()
    await until(lambda: site.listeners == 1)
    await _hide(page, hidden=True)
    await until(lambda: site.listeners == 0)
    site.set(percent=61)
    await expect(page.locator("#percent")).to_have_text("61 %")
    await _hide(page, hidden=False)
    await until(lambda: site.listeners == 1)


async def _hide(page: Page, *, hidden: bool) -> None:
    await page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


async def test_a_page_brought_back_from_the_cache_asks_at_once(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_stopped(site, open_page)
    await until(lambda: site.listeners == 1)
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    await until(lambda: site.asked == 1)


async def test_where_nothing_streams_it_asks_from_the_start_below_the_path_it_stands_at(
    site: WakeSite, open_page: OpenPage
) -> None:
    site.place = Site("/shop", streams=False)
    page = await open_page("/shop/cart")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(site.origin).partition("?")[0]))
    await until(lambda: len(asked) > 1)
    site.finish()

    await expect(page).to_have_title("The app")
    assert page.url == f"{site.origin}/shop/cart"
    assert set(asked) <= {"/shop/.wakeproxy/status", "/shop/cart", "/favicon.ico"}


async def test_a_button_below_a_path_wakes_there(site: WakeSite, open_page: OpenPage) -> None:
    site.place = Site("/shop", streams=False)
    site.set(phase="ASLEEP", stage=None)
    page = await open_page("/shop/cart")

    await page.click("#wake button")

    await until(lambda: len(site.wakes) == 1)
