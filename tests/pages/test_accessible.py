"""What eyes and keyboards meet in Chromium: contrast, dark mode, motion, small screens, hostile names."""

import pytest
from playwright.async_api import Page, expect

from tests.pages.conftest import OpenPage, until
from tests.pages.wake_site import WakeSite
from wakeproxy.pages.themes import BUILT_IN

pytestmark = pytest.mark.chromium

# Contrast as WCAG 2.2 defines it, of every visible text against the nearest opaque background beneath it.
CONTRASTS = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [R, G, B] = [r, g, b].map((c) => linear(c / 255));
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const results = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility() || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    const [a, b] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))];
    results.push([text, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]);
  }
  return results;
}"""
HOSTILE = [
    "<script>alert(1)</script>",
    "{{7*7}}{% raw %}",
    "\"'><img src=x onerror=alert(1)>",
    "x" * 300,
    "\u202e\u0637\u0644\u0628\u0627\u062a</title>",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("theme", BUILT_IN)
async def test_every_text_has_the_contrast_wcag_aa_asks_for(
    site: WakeSite, open_page: OpenPage, theme: str, scheme: str
) -> None:
    site.theme = theme
    for phase in ("WAKING", "FAILED", "ASLEEP"):
        site.set(phase=phase, reason="The image was not found.", remedy="Push it.", retry_in_seconds=9.0)
        site.set(events=[{"at": "2026-11-21T10:00:01+00:00", "text": "Wake requested"}])
        page = await open_page(color_scheme=scheme, java_script_enabled=False)
        contrasts = await page.evaluate(CONTRASTS)
        assert len(contrasts) >= 3
        assert [pair for pair in contrasts if pair[1] < 4.5] == []


@pytest.mark.parametrize("theme", BUILT_IN)
async def test_dark_and_light_follow_the_visitor(site: WakeSite, open_page: OpenPage, theme: str) -> None:
    site.theme = theme
    page = await open_page(color_scheme="light")
    light = await _background(page)
    await page.emulate_media(color_scheme="dark")
    dark = await _background(page)
    assert light > 230
    assert dark < 40


async def _background(page: Page) -> float:
    colour = await page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number)")
    return float(sum(colour[:3]) / 3)


@pytest.mark.parametrize("theme", BUILT_IN)
async def test_nothing_moves_where_motion_is_unwelcome(site: WakeSite, open_page: OpenPage, theme: str) -> None:
    site.theme = theme
    page = await open_page(reduced_motion="reduce")
    await expect(page.locator("#percent")).to_have_text("5 %")
    assert await page.evaluate("document.getAnimations().length") == 0


async def test_the_calm_theme_moves_where_motion_is_welcome(open_page: OpenPage) -> None:
    page = await open_page(reduced_motion="no-preference")
    await page.wait_for_function("document.getAnimations().length >= 2")


async def test_the_bar_is_a_named_progressbar_and_the_heading_is_the_only_h1(open_page: OpenPage) -> None:
    page = await open_page()
    await expect(page.get_by_role("progressbar", name="Shop is waking up")).to_have_attribute("aria-valuenow", "5")
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert await page.get_attribute("html", "lang") == "en"
    await expect(page.locator("svg:not([aria-hidden=true])")).to_have_count(0)


@pytest.mark.parametrize("theme", BUILT_IN)
async def test_the_keyboard_reaches_the_button_and_sees_where_it_is(
    site: WakeSite, open_page: OpenPage, theme: str
) -> None:
    site.theme = theme
    site.set(phase="ASLEEP")
    page = await open_page()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Wake it")).to_be_focused()
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    await page.keyboard.press("Enter")
    await until(lambda: len(site.wakes) == 1)


@pytest.mark.parametrize("theme", BUILT_IN)
async def test_a_phone_never_scrolls_sideways(site: WakeSite, open_page: OpenPage, theme: str) -> None:
    site.theme = theme
    site.display_name = "preview-of-feature-" + "x" * 280
    site.set(reason="arn:aws:ecs:eu-central-1:123456789012:task/" + "0" * 200)
    for phase in ("WAKING", "FAILED"):
        site.set(phase=phase)
        page = await open_page(viewport={"width": 320, "height": 640})
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_is_only_text(site: WakeSite, open_page: OpenPage, name: str) -> None:
    site.display_name = name
    site.set(reason=name, remedy=name, service=name, events=[{"at": "2026-11-21T10:00:01+00:00", "text": name}])
    page = await open_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    await expect(page.locator("#reason")).to_have_text(name)
    await expect(page.locator("#events span")).to_have_text(name)
    await expect(page.locator("h1 bdi").first).to_have_text(name if len(name) <= 60 else "x" * 59 + "…")
    await expect(page.locator("img, body script:not([nonce], [type='application/json'])")).to_have_count(0)
