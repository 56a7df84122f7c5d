"""The page about a service in Chromium: it counts down, hears what changes, and has a button that works."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.pages.conftest import OpenPage, open_stopped, until
from tests.pages.test_accessible import CONTRASTS
from tests.pages.wake_site import WakeSite
from wakeproxy.pages.page_samples import PHASES, sample_status, sample_stay
from wakeproxy.pages.themes import BUILT_IN

pytestmark = pytest.mark.chromium

ABOUT = "/.wakeproxy/?path=/"


def stand(site: WakeSite, phase: str, stays: str = "used", **changes: Any) -> None:
    """Have the service in a phase, with all that is told of its stay."""
    site.status = sample_status(phase, reached=5) | sample_stay(phase, stays) | changes


async def test_it_counts_down_by_itself_and_asks_now_and_then(site: WakeSite, open_page: OpenPage) -> None:
    stand(site, "AWAKE", sleeps_in_seconds=62.0, awake_seconds=58.0)
    page = await open_stopped(site, open_page, ABOUT)
    await expect(page.locator("#left")).to_have_text("in 1 min 2 s if unused")
    await page.clock.run_for(4_000)
    await expect(page.locator("#left")).to_have_text("in 58 s if unused")
    await expect(page.locator("#awake")).to_have_text("1 min 2 s")
    assert not site.asked
    await page.clock.run_for(1_000)
    await until(lambda: site.asked == 1)


async def test_it_hears_that_somebody_uses_it_and_that_it_falls_asleep(site: WakeSite, open_page: OpenPage) -> None:
    stand(site, "AWAKE")
    page = await open_page(ABOUT)
    stand(site, "AWAKE", "in_use")
    await expect(page.locator("#why")).to_have_text("Somebody is using it right now.", timeout=10_000)
    await expect(page.locator("#left")).to_have_text("not while it is used")
    await expect(page.locator("#announcer")).to_have_text("Shop is awake. Somebody is using it right now.")
    stand(site, "ASLEEP")
    await expect(page.locator("h1 .when-asleep")).to_be_visible(timeout=10_000)
    await expect(page.locator("#facts")).to_be_hidden()
    await expect(page.locator("#keep")).to_be_hidden()
    await expect(page).to_have_title("Shop is asleep")


async def test_a_press_keeps_it_awake_and_says_so_at_once(site: WakeSite, open_page: OpenPage) -> None:
    stand(site, "AWAKE")
    page = await open_stopped(site, open_page, ABOUT)
    await page.get_by_role("button", name="Keep it awake for 2 h").click()
    await expect(page.locator("#why")).to_contain_text("It is kept awake until")
    await expect(page.locator("#left")).to_have_text("in 2 h if unused")
    assert site.keeps == [{"path": "/"}]
    assert page.url == site.origin + ABOUT


async def test_a_press_that_does_not_get_through_says_so(site: WakeSite, open_page: OpenPage) -> None:
    stand(site, "AWAKE")
    site.keep_code = 429
    page = await open_page(ABOUT)
    await page.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_have_text("That did not get through. Please try again in a moment.")


async def test_without_javascript_the_button_is_a_form(site: WakeSite, open_page: OpenPage) -> None:
    stand(site, "AWAKE")
    page = await open_page(ABOUT, java_script_enabled=False)
    await expect(page.locator("#left")).to_have_text("in 14 min 30 s if unused")
    await page.get_by_role("button", name="Keep it awake for 2 h").click()
    await expect(page.locator("#why")).to_contain_text("It is kept awake until 2026-11-21 18:00 UTC")
    assert site.keeps == [{"path": "/", "next": ["/.wakeproxy/?path=/"]}]
    assert page.url == site.origin + ABOUT


async def test_the_script_and_the_template_say_the_same(site: WakeSite, open_page: OpenPage) -> None:
    ids = ("why", "left", "awake")
    for phase, stays in [("AWAKE", "used"), ("AWAKE", "in_use"), ("AWAKE", "other"), ("ASLEEP", "used")]:
        stand(site, phase, stays, sleeps_in_seconds=870.0 if stays == "used" and phase == "AWAKE" else None)
        silent = await open_page(ABOUT, java_script_enabled=False)
        live = await open_stopped(site, open_page, ABOUT)
        rendered = [await silent.locator(f"#{each}").text_content() for each in ids]
        await expect(live.locator("#announcer")).to_be_attached()
        painted = [await live.locator(f"#{each}").text_content() for each in ids]
        assert painted == rendered


async def test_no_contact_is_told_and_forgotten(site: WakeSite, open_page: OpenPage) -> None:
    stand(site, "ASLEEP")
    site.status_code = 500
    page = await open_page(ABOUT)
    await expect(page.get_by_role("alert")).to_have_text(
        "No contact with the server right now; still trying.", timeout=20_000
    )
    site.status_code = 200
    await expect(page.locator("#trouble")).to_have_text("", timeout=10_000)


@pytest.mark.parametrize("theme", BUILT_IN)
async def test_it_is_readable_on_a_phone_in_light_and_dark(site: WakeSite, open_page: OpenPage, theme: str) -> None:
    site.theme = theme
    site.display_name = "preview-of-feature-" + "x" * 280
    for phase in PHASES:
        for scheme in ("light", "dark"):
            stand(site, phase, reason="arn:aws:ecs:eu-central-1:123456789012:task/" + "0" * 200)
            page = await open_page(ABOUT, color_scheme=scheme, viewport={"width": 320, "height": 640})
            contrasts = await page.evaluate(CONTRASTS)
            assert len(contrasts) >= 3
            assert [pair for pair in contrasts if pair[1] < 4.5] == []
            assert await page.evaluate("document.documentElement.scrollWidth") <= 320
            await page.close()


@pytest.mark.parametrize("theme", BUILT_IN)
async def test_the_keyboard_reaches_the_button(site: WakeSite, open_page: OpenPage, theme: str) -> None:
    site.theme = theme
    stand(site, "AWAKE")
    page = await open_page(ABOUT)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Keep it awake for 2 h")).to_be_focused()
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    await page.keyboard.press("Enter")
    await until(lambda: len(site.keeps) == 1)


async def test_nothing_moves_where_motion_is_unwelcome(site: WakeSite, open_page: OpenPage) -> None:
    stand(site, "AWAKE")
    page = await open_page(ABOUT, reduced_motion="reduce")
    await expect(page.locator("#left")).to_contain_text("in 14 min")
    assert await page.evaluate("document.getAnimations().length") == 0
