"""How a wait ends in Chromium: in the app, or in a failure told in place; with JavaScript and without."""

import re
from itertools import pairwise

import pytest
from playwright.async_api import Page, expect

from tests.pages.conftest import OpenPage, until
from tests.pages.wake_site import WakeSite

pytestmark = pytest.mark.chromium


async def expect_app(page: Page) -> None:
    await expect(page.locator("h1")).to_have_text("The app")


async def test_it_becomes_the_app_at_the_same_url_with_no_trace_in_the_history(
    site: WakeSite, open_page: OpenPage
) -> None:
    page = await open_page("/elsewhere")
    await page.goto(f"{site.origin}/cart?item=1&q=a%20b#total")
    before = await page.evaluate("history.length")
    await until(lambda: site.listeners == 1)
    site.finish()
    await expect_app(page)
    assert page.url == f"{site.origin}/cart?item=1&q=a%20b#total"
    assert await page.evaluate("history.length") == before
    await page.wait_for_function("document.getElementById('total').getBoundingClientRect().top < innerHeight")
    await page.go_back()
    await expect(page).to_have_title("Elsewhere")


async def test_the_scroll_position_of_a_reloaded_app_survives_the_wait(site: WakeSite, open_page: OpenPage) -> None:
    site.app_answers = True
    page = await open_page("/")
    await page.evaluate("scrollTo(0, 1500)")
    site.app_answers = False
    await page.reload()
    await until(lambda: site.listeners == 1)
    site.finish()
    await expect_app(page)
    await page.wait_for_function("scrollY === 1500")


async def test_a_page_without_a_fragment_becomes_the_app_at_its_top(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page("/cart?item=1")
    await until(lambda: site.listeners == 1)
    site.finish()
    await expect_app(page)
    assert page.url == f"{site.origin}/cart?item=1"
    assert await page.evaluate("scrollY") == 0


async def test_a_reloaded_wait_page_can_be_scrolled_and_shows_its_top(site: WakeSite, open_page: OpenPage) -> None:
    site.set(reason="word " * 900)
    site.app_answers = True
    page = await open_page("/", viewport={"width": 390, "height": 600})
    await page.evaluate("scrollTo(0, 1500)")
    site.app_answers = False
    await page.reload()
    await expect(page.locator("h1")).to_be_in_viewport()
    await page.locator("summary").scroll_into_view_if_needed()
    await expect(page.locator("summary")).to_be_in_viewport()
    assert await page.evaluate("scrollY") == 1500


@pytest.mark.parametrize("streams_open", [True, False], ids=["stream", "asking"])
async def test_two_tabs_both_become_the_app(site: WakeSite, open_page: OpenPage, streams_open: bool) -> None:  # noqa: FBT001  # a pytest parameter
    site.streams_open = streams_open
    first = await open_page("/a")
    second = await open_page("/b", context=first.context)
    if streams_open:
        await until(lambda: site.listeners == 2)
    site.finish()
    await expect_app(first)
    await expect_app(second)


async def test_a_wait_page_that_keeps_coming_back_is_no_reload_storm(site: WakeSite, open_page: OpenPage) -> None:
    site.set(ready=True)
    page = await open_page()
    await until(lambda: len(site.visits) == 6, within=20)
    site.app_answers = True
    await expect_app(page)
    pauses = [later - earlier for earlier, later in pairwise(site.visits)]
    # The first visit and three quick reloads; then one in two seconds at most (a timer's tick of tolerance).
    assert all(pause > 1.7 for pause in pauses[3:]), pauses


async def test_a_page_that_stays_after_its_reload_says_it_is_ready(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page()
    await until(lambda: site.listeners == 1)
    # A reload that ends in a download or in 204 leaves the wait page standing.
    await page.route(re.compile(r"/$"), lambda route: route.fulfill(status=204))
    site.finish()
    await expect(page.locator("h1")).to_have_text("Shop is ready", use_inner_text=True)
    await expect(page.get_by_role("link", name="Open it")).to_be_visible()
    await expect(page).to_have_title("Shop is ready")


async def test_a_failure_is_shown_in_place_with_reason_remedy_and_log(site: WakeSite, open_page: OpenPage) -> None:
    page = await open_page()
    await until(lambda: site.listeners == 1)
    events = [{"at": "2026-11-21T10:00:09+00:00", "text": "Task stopped: <b>image</b> not found"}]
    site.fail("The image was not found.", remedy="Push the image.", events=events, retry_in_seconds=240.0)
    await expect(page.locator("h1")).to_have_text("Shop could not be woken", use_inner_text=True)
    await expect(page.locator("#reason")).to_have_text("The image was not found.")
    await expect(page.locator("#remedy")).to_have_text("Push the image.")
    await expect(page.locator("#retry")).to_have_text(re.compile(r"^It can be tried again in (4 min|3 min 5\d s)\.$"))
    await expect(page.get_by_text("Task stopped: <b>image</b> not found")).to_be_visible()
    await expect(page.locator("#announcer")).to_contain_text("Shop could not be woken. The image was not found.")
    await expect(page).to_have_title("Shop could not be woken")
    await expect(page.locator("#progress")).to_be_hidden()
    assert len(site.visits) == 1


async def test_a_retry_asks_for_a_wake_and_follows_it_to_the_app(site: WakeSite, open_page: OpenPage) -> None:
    site.set(phase="FAILED", reason="The image was not found.", percent=80)
    page = await open_page()
    await page.get_by_role("button", name="Try again").click()
    await until(lambda: site.wakes)
    site.reach("requested", reason=None, percent=3)
    await expect(page.locator("h1")).to_have_text("Shop is waking up", use_inner_text=True)
    await expect(page.locator("#percent")).to_have_text("3 %")
    assert await page.evaluate("document.activeElement.id") == "heading"
    await until(lambda: site.listeners == 1)
    site.finish()
    await expect_app(page)
    assert [wake["origin"] for wake in site.wakes] == [site.origin]


async def test_a_refused_retry_says_so_and_may_be_pressed_again(site: WakeSite, open_page: OpenPage) -> None:
    site.set(phase="FAILED")
    site.wake_code = 429
    page = await open_page()
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("alert")).to_contain_text("That did not get through")
    await page.get_by_role("button", name="Try again").click()
    await until(lambda: len(site.wakes) == 2)


async def test_a_failed_page_follows_a_wake_that_is_tried_again_by_itself(site: WakeSite, open_page: OpenPage) -> None:
    site.set(phase="FAILED")
    page = await open_page("/elsewhere")
    await page.clock.install()
    await page.goto(site.origin)
    site.reach("provisioning", percent=9)
    await page.clock.run_for(5500)
    await expect(page.locator("h1")).to_have_text("Shop is waking up", use_inner_text=True)


async def test_a_sleeping_service_is_woken_only_by_the_button(site: WakeSite, open_page: OpenPage) -> None:
    site.set(phase="ASLEEP", stage=None, percent=0)
    page = await open_page()
    await expect(page.locator("h1")).to_have_text("Shop is asleep", use_inner_text=True)
    assert site.wakes == []
    await page.get_by_role("button", name="Wake it").click()
    await until(lambda: site.wakes)
    site.reach("provisioning", percent=8)
    await expect(page.locator("#percent")).to_have_text("8 %")


async def test_a_service_that_fell_asleep_meanwhile_asks_before_it_is_woken(
    site: WakeSite, open_page: OpenPage
) -> None:
    page = await open_page()
    await until(lambda: site.listeners == 1)
    site.tell(phase="ASLEEP", stage=None)
    await expect(page.locator("h1")).to_have_text("Shop is asleep", use_inner_text=True)


async def test_without_javascript_it_reloads_into_the_app(site: WakeSite, open_page: OpenPage) -> None:
    site.retry_after = 1
    page = await open_page("/cart?item=1", java_script_enabled=False)
    await expect(page.locator("#percent")).to_have_text("5 %")
    await until(lambda: len(site.visits) == 2)
    site.app_answers = True
    await expect_app(page)
    assert page.url == f"{site.origin}/cart?item=1"


@pytest.mark.parametrize(("phase", "button"), [("FAILED", "Try again"), ("ASLEEP", "Wake it")])
async def test_without_javascript_the_button_is_a_form_that_leads_back(
    site: WakeSite, open_page: OpenPage, phase: str, button: str
) -> None:
    site.set(phase=phase)
    page = await open_page("/cart?item=1&x=%22", java_script_enabled=False)
    site.app_answers = True
    await page.get_by_role("button", name=button).click()
    await expect_app(page)
    assert page.url == f"{site.origin}/cart?item=1&x=%22"
    # Under Referrer-Policy: no-referrer a form's POST bears no origin (Fetch, "append a request Origin header").
    assert [wake["origin"] for wake in site.wakes] == ["null"]
