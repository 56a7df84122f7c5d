"""What is rendered, read as markup: every theme, every kind, every phase."""

from html.parser import HTMLParser
from itertools import product

import pytest

from wakeproxy.errors import UsageError
from wakeproxy.pages.page_kinds import (
    AboutPage,
    AskPage,
    ErrorPage,
    FailedPage,
    Page,
    WaitingPage,
    content_security_policy,
)
from wakeproxy.pages.page_samples import PHASES, STAGES, sample_pages, sample_status, sample_stay
from wakeproxy.pages.pages import Pages
from wakeproxy.pages.themes import BUILT_IN

NONCE = "bm9uY2U="
VOID = {"meta", "link", "input", "path", "circle", "stop", "br"}
IDLE = 900.0
EVENT = {"at": "2026-11-21T10:00:01+00:00", "text": "ECS has started 1 task"}


class Reader(HTMLParser):
    """The elements of a page, its text outside of scripts, and whether every element is closed in order."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page.decode())
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, text: str) -> None:
        if not {"script", "style"} & set(self._open):
            self.text += text

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def waiting(**changes: object) -> WaitingPage:
    return WaitingPage(sample_status("WAKING", reached=2) | changes, display_name="Shop", retry_after=5)


@pytest.mark.parametrize("theme", BUILT_IN)
def test_every_page_is_well_formed_and_obeys_its_own_policy(pages: Pages, theme: str) -> None:
    for page in sample_pages():
        reader = Reader(pages.render(theme, page, nonce=NONCE))
        for tag, attributes in reader.elements:
            is_data = attributes.get("type") == "application/json"
            assert tag not in {"script", "style"} or is_data or attributes.get("nonce") == NONCE
            assert "style" not in attributes
            assert not [name for name in attributes if name.startswith("on")]
            assert not (attributes.get("src") or attributes.get("href") or "").startswith(("http", "//"))
        assert len(reader.attributes("h1")) == len(reader.attributes("title")) == 1


@pytest.mark.parametrize(("theme", "phase", "reached"), list(product(BUILT_IN, PHASES, (0, 3, 5))))
def test_a_waiting_page_tells_the_status_it_was_given(pages: Pages, theme: str, phase: str, reached: int) -> None:
    status = sample_status(phase, reached=reached) | {"events": [EVENT]}
    reader = Reader(pages.render(theme, WaitingPage(status, display_name="Shop", retry_after=7), nonce=NONCE))
    stages = [attributes["data-state"] for attributes in reader.attributes("li") if "data-state" in attributes]
    assert stages == ["done"] * reached + ["current"] + ["ahead"] * (len(STAGES) - reached - 1)
    assert f"{status['percent']} %" in reader.text
    assert "about 13 s left" in reader.text
    assert EVENT["text"] in reader.text
    assert {"http-equiv": "refresh", "content": "7"} in reader.attributes("meta")
    assert reader.attributes("body") == [{"data-view": "waiting"}]


@pytest.mark.parametrize("theme", BUILT_IN)
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"eta_seconds": None}, "First wake: we do not know yet how long it takes"),
        ({"eta_seconds": 0.4}, "any moment now"),
        ({"eta_seconds": 0.0, "longer_than_usual": True}, "Longer than usual"),
        ({"eta_seconds": 75.2}, "about 1 min 16 s left"),
        ({"elapsed_seconds": 120.0}, "2 min so far"),
        ({"reason": "No capacity in this zone."}, "No capacity in this zone."),
        ({"phase": "DRAINING"}, "It was just being put to sleep and is woken again."),
    ],
)
def test_a_waiting_page_is_honest(pages: Pages, theme: str, changes: dict[str, object], sentence: str) -> None:
    assert sentence in Reader(pages.render(theme, waiting(**changes), nonce=NONCE)).text


@pytest.mark.parametrize("theme", BUILT_IN)
def test_a_failed_page_gives_reason_remedy_next_attempt_and_an_open_log(pages: Pages, theme: str) -> None:
    told = {"reason": "The image was not found.", "remedy": "Push it.", "retry_in_seconds": 299.2, "events": [EVENT]}
    page = FailedPage(sample_status("FAILED", reached=2) | told, "Shop", retry_after=30, next_path="/a?b=1&c=%22")
    reader = Reader(pages.render(theme, page, nonce=NONCE))
    for sentence in ("The image was not found.", "Push it.", "It can be tried again in 5 min.", EVENT["text"]):
        assert sentence in reader.text
    assert "open" in reader.attributes("details")[0]
    assert reader.attributes("form")[0]["action"] == "/.wakeproxy/wake"
    assert reader.attributes("form")[0]["method"] == "post"
    assert reader.attributes("input") == [{"type": "hidden", "name": "next", "value": "/a?b=1&c=%22"}]


@pytest.mark.parametrize("theme", BUILT_IN)
def test_an_ask_page_asks_and_does_not_reload(pages: Pages, theme: str) -> None:
    page = AskPage(sample_status("ASLEEP", reached=0), display_name="Shop", next_path="/x")
    reader = Reader(pages.render(theme, page, nonce=NONCE))
    assert "Shop is asleep" in reader.text
    assert "Wake it" in reader.text
    assert reader.attributes("body") == [{"data-view": "ask"}]
    assert not [meta for meta in reader.attributes("meta") if "http-equiv" in meta]


@pytest.mark.parametrize("theme", BUILT_IN)
def test_a_waiting_page_leads_to_the_services_own_page_where_there_is_something_to_do(pages: Pages, theme: str) -> None:
    status = sample_status("WAKING", reached=2)
    there = WaitingPage(status, "Shop", retry_after=5, about_path="/a b")
    assert {"href": "/.wakeproxy/?path=/a%20b"} in Reader(pages.render(theme, there, nonce=NONCE)).attributes("a")
    assert b"/.wakeproxy/?" not in pages.render(theme, waiting(), nonce=NONCE)


def about(phase: str, stays: str = "used", **changes: object) -> AboutPage:
    status = sample_status(phase, reached=2) | sample_stay(phase, stays) | changes
    return AboutPage(status, display_name="Shop", path="/shop", full_seconds=IDLE)


@pytest.mark.parametrize("theme", BUILT_IN)
@pytest.mark.parametrize(
    ("page", "sentences"),
    [
        (about("AWAKE"), ("Shop is awake", "2 h 5 min", "in 14 min 30 s if unused", "not long ago")),
        (about("AWAKE", "in_use"), ("Somebody is using it right now.", "not while it is used")),
        (about("AWAKE", "kept"), ("It is kept awake until 2026-11-21 18:00 UTC",)),
        (about("AWAKE", "other"), ("A deployment is in progress.", "nobody knows when")),
        (about("AWAKE", "other", stays_reason=None), ("Something else keeps it awake.",)),
        (about("AWAKE", sleeps_in_seconds=0.0), ("any moment now",)),
        (about("ASLEEP"), ("Shop is asleep", "Nobody is using it, so it costs nothing right now.")),
        (about("ASLEEP", "kept"), ("Once woken, it will stay awake until 2026-11-21 18:00 UTC.",)),
        (about("DRAINING"), ("Shop is falling asleep",)),
        (about("WAKING"), ("Shop is waking up",)),
        (about("FAILED", reason="The image was not found."), ("Shop could not be woken", "The image was not found.")),
    ],
    ids=lambda each: each.status["phase"] if isinstance(each, AboutPage) else "",
)
def test_the_page_about_a_service_tells_how_it_stands(
    pages: Pages, theme: str, page: AboutPage, sentences: tuple[str, ...]
) -> None:
    reader = Reader(pages.render(theme, page, nonce=NONCE))
    for sentence in sentences:
        assert sentence in reader.text
    assert reader.attributes("body") == [{"data-view": page.status["phase"].lower()}]
    assert {"http-equiv": "refresh", "content": "30"} in reader.attributes("meta")


@pytest.mark.parametrize("theme", BUILT_IN)
def test_the_page_about_a_service_has_a_button_where_visitors_have_a_say(pages: Pages, theme: str) -> None:
    reader = Reader(pages.render(theme, about("AWAKE"), nonce=NONCE))
    [form] = reader.attributes("form")
    assert "Keep it awake for 2 h" in reader.text
    assert (form["action"], form["method"]) == ("/.wakeproxy/keep-awake?path=/shop", "post")
    assert reader.attributes("input") == [{"type": "hidden", "name": "next", "value": "/.wakeproxy/?path=/shop"}]
    assert {"href": "/shop"} in reader.attributes("a")
    silent = Reader(pages.render(theme, about("AWAKE", keep_awake_for_seconds=None), nonce=NONCE))
    assert silent.attributes("form") == []


@pytest.mark.parametrize(
    ("page", "percent"),
    [
        (about("AWAKE", sleeps_in_seconds=450.0), 50),
        (about("AWAKE", sleeps_in_seconds=7200.0), 100),
        (about("AWAKE", "in_use"), 100),
        (about("AWAKE", sleeps_in_seconds=0.0), 0),
        (about("WAKING", percent=40), 40),
        (about("ASLEEP", percent=40), 0),
    ],
)
def test_the_picture_of_the_page_shows_how_much_of_the_stay_is_left(
    pages: Pages, page: AboutPage, percent: int
) -> None:
    assert f"--percent: {percent} ".encode() in pages.render("calm", page, nonce=NONCE)


@pytest.mark.parametrize("theme", BUILT_IN)
@pytest.mark.parametrize(("code", "again"), [(404, False), (429, True), (502, True), (503, True), (504, True)])
def test_an_error_page_says_what_to_do_and_runs_no_script(pages: Pages, theme: str, code: int, again: bool) -> None:  # noqa: FBT001  # a pytest parameter
    page = ErrorPage(code=code, title="Out of luck", sentence="That did not work.", remedy="Ask <Ann>.")
    reader = Reader(pages.render(theme, page, nonce=NONCE))
    for text in (str(code), "Out of luck", "That did not work.", "Ask <Ann>."):
        assert text in reader.text
    assert ("Try again" in reader.text) is again
    assert reader.attributes("script") == []


@pytest.mark.parametrize("theme", BUILT_IN)
@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "{{7*7}}", "\"'><svg onload=x>", "</title></script>", "ü\u202e"]
)
def test_a_hostile_name_stays_text(pages: Pages, theme: str, name: str) -> None:
    status = sample_status("FAILED", reached=2)
    status |= {"service": name, "display_name": name, "reason": name, "remedy": name}
    status["events"] = [{"at": name, "text": name}]
    kinds: list[Page] = [
        WaitingPage(status, name, retry_after=5),
        FailedPage(status, name, retry_after=5, next_path=name),
        AskPage(status, name, next_path=name),
        AboutPage(status, name, path=name, full_seconds=IDLE),
        ErrorPage(code=502, title=name, sentence=name, remedy=name),
    ]
    plain = Reader(pages.render(theme, FailedPage(status, "Shop", retry_after=5), nonce=NONCE))
    for page in kinds:
        reader = Reader(pages.render(theme, page, nonce=NONCE))
        assert name in reader.text
        known = {"noscript", "a", "dl", "div", "dt", "dd"}
        assert {tag for tag, _ in reader.elements} <= {tag for tag, _ in plain.elements} | known
        assert len(reader.attributes("script")) == (0 if isinstance(page, ErrorPage) else 2)


@pytest.mark.parametrize("theme", BUILT_IN)
def test_a_page_is_smaller_than_twenty_kilobytes(pages: Pages, theme: str) -> None:
    status = sample_status("WAKING", reached=4) | {"events": [EVENT] * 4}
    kinds: list[Page] = [
        WaitingPage(status, "Shop", retry_after=5),
        FailedPage(status, "Shop", retry_after=5),
        AskPage(status, "Shop"),
        AboutPage(status, "Shop", path="/", full_seconds=IDLE),
    ]
    for page in kinds:
        assert len(pages.render(theme, page, nonce=NONCE)) < 20 * 1024


def test_a_page_stays_small_however_much_happened(pages: Pages) -> None:
    endless = waiting(events=[EVENT | {"text": f"event {number}"} for number in range(5000)])
    text = Reader(pages.render("calm", endless, nonce=NONCE)).text
    assert "event 4999" in text
    assert "event 4949" not in text


def test_an_unknown_theme_is_refused_with_the_known_ones(pages: Pages) -> None:
    with pytest.raises(UsageError, match=r"'neon'; there are calm, terminal, plain\.$"):
        pages.render("neon", waiting(), nonce=NONCE)


def test_the_policy_allows_only_what_bears_the_nonce() -> None:
    directives = dict(part.strip().split(" ", 1) for part in content_security_policy(NONCE).split(";"))
    assert directives == {
        "default-src": "'none'",
        "style-src": f"'nonce-{NONCE}'",
        "script-src": f"'nonce-{NONCE}'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
