"""Themes of somebody's own: what they inherit, and how their faults are told."""

from pathlib import Path

import pytest
from jinja2 import FileSystemLoader

from wakeproxy.errors import ConfigError
from wakeproxy.pages.page_kinds import ErrorPage, WaitingPage
from wakeproxy.pages.page_samples import sample_pages, sample_status
from wakeproxy.pages.pages import Pages
from wakeproxy.pages.theme_lint import lint_theme
from wakeproxy.pages.themes import BUILT_IN, load_whole, templates_folder, write_duration

WAITING = WaitingPage(sample_status("WAKING", reached=1), display_name="Shop", retry_after=5)
WORDS = {"seconds": "{n} s", "minutes": "{n} min", "hours": "{n} h", "days": "{n} d"}


def theme(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def load(folder: Path) -> str:
    return Pages.load(folders={"mine": folder}).render("mine", WAITING, nonce="n").decode()


def findings(folder: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        Pages.load(folders={"mine": folder})
    return caught.value.findings


def test_a_theme_of_one_brand_file_is_calm_in_other_colours(tmp_path: Path) -> None:
    calm = Pages.load(folders={}).render("calm", WAITING, nonce="n").decode()
    mine = load(theme(tmp_path, brand__css=":root { --accent: hotpink }"))
    assert mine.replace(":root{--accent:hotpink}", "") == calm


def test_a_theme_may_replace_one_part_of_a_built_in_template(tmp_path: Path) -> None:
    own = '{% extends "builtin/service.html.j2" %}{% block hero %}<p>Our logo</p>{% endblock %}'
    page = load(theme(tmp_path, service__html__j2=own))
    assert "<p>Our logo</p>" in page
    assert "Pulling the image" in page


def test_a_theme_may_speak_another_language(tmp_path: Path) -> None:
    words = (templates_folder() / "words.html.j2").read_text()
    german = words.replace('"lang": "en"', '"lang": "de"').replace("{name} is waking up", "{name} wacht auf")
    page = load(theme(tmp_path, words__html__j2=german))
    assert '<html lang="de">' in page
    assert "<bdi>Shop</bdi> wacht auf" in page


def test_an_own_error_page_gets_the_error(tmp_path: Path) -> None:
    pages = Pages.load(folders={"mine": theme(tmp_path, error__html__j2="{{ code }} {{ title }} {{ sentence }}")})
    error = ErrorPage(code=502, title="A & B", sentence="Broke.")
    assert pages.render("mine", error, nonce="n") == b"502 A &amp; B Broke."


def test_css_keeps_its_meaning_when_it_is_made_smaller(tmp_path: Path) -> None:
    source = """
    /* don't mind the apostrophe */
    .a > .b , .c:hover { content: "two  blanks; {kept}: /* */" ; margin: 0 -1px calc(1px + 2px) }
    @media (min-width: 10em) { .d { background: url(data:image/png;base64, AA==) } }
    """
    page = load(theme(tmp_path, brand__css=source))
    assert '.a > .b,.c:hover{content:"two  blanks; {kept}: /* */";margin:0 -1px calc(1px + 2px)}' in page
    assert "@media (min-width: 10em){.d{background:url(data:image/png;base64, AA==)}}" in page


def test_what_comes_with_us_holds_nothing_that_a_browser_would_block() -> None:
    assert list(lint_theme(templates_folder())) == []


@pytest.mark.parametrize("name", BUILT_IN)
def test_no_visitor_waits_until_what_comes_with_us_is_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Pages({name: load_whole(name)})
    monkeypatch.delattr(FileSystemLoader, "get_source")
    for page in sample_pages():
        assert pages.render(name, page, nonce="n")


def test_a_syntax_error_is_told_with_file_and_line(tmp_path: Path) -> None:
    found = findings(theme(tmp_path, visual__html__j2="<p>fine</p>\n<p>{% if %}</p>\n"))
    assert len(found) == 1
    assert found[0].startswith(f"{tmp_path}/visual.html.j2:2: the theme 'mine' does not render: Expected an expression")


def test_a_syntax_error_in_an_entry_is_told_with_file_and_line(tmp_path: Path) -> None:
    found = findings(theme(tmp_path, error__html__j2="\n\n{{ code "))
    assert len(found) == 1
    assert found[0].startswith(f"{tmp_path}/error.html.j2:3: ")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("<p>\n{{ colour }}</p>", "'colour' is undefined"),
        ("<p>\n{{ status.colour }}</p>", "has no attribute 'colour'"),
        ("<p>\n{{ 1 + display_name }}</p>", "unsupported operand"),
        ("<p>\n{{ status.percent // 0 }}</p>", "by zero"),
        ('<p>\n{% include "gone.html.j2" %}</p>', "the template 'gone.html.j2' is not found"),
        ("<p>\n{% if view == 'failed' %}{{ colour }}{% endif %}</p>", "'colour' is undefined"),
        (
            "<p>\n{% if status.longer_than_usual and status.phase == 'DRAINING' %}{{ colour }}{% endif %}</p>",
            "'colour'",
        ),
    ],
)
def test_what_would_fail_in_any_moment_of_a_wake_is_told_at_start(tmp_path: Path, source: str, sentence: str) -> None:
    found = findings(theme(tmp_path, service__html__j2=source))
    assert len(found) == 1
    assert found[0].startswith(f"{tmp_path}/service.html.j2:2: the theme 'mine' does not render: ")
    assert sentence in found[0]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('<p style="color: red">', "<p> has a style attribute"),
        ('<p onclick="go()">', "<p> has the inline handler onclick"),
        ("<script>go()</script>", '<script> needs nonce="{{ nonce }}"'),
        ("<style>p {}</style>", '<style> needs nonce="{{ nonce }}"'),
        ('<img src="https://cdn.example.com/logo.png">', "<img> loads 'https://cdn.example.com/logo.png'"),
        ('<link rel="stylesheet" href="/own.css">', "<link> may only hold a data: URL"),
    ],
)
def test_markup_the_policy_would_block_is_told_with_its_line(tmp_path: Path, source: str, fault: str) -> None:
    found = findings(theme(tmp_path, visual__html__j2=f'{{# <b style="">\n#}}\n{source}'))
    assert [finding for finding in found if finding.startswith(f"{tmp_path}/visual.html.j2:3: {fault}")] == list(found)
    assert len(found) == 1


def test_data_that_no_policy_blocks_needs_no_nonce(tmp_path: Path) -> None:
    source = '<script type="application/json" id="mine">{"a": 1}</script>'

    assert source in load(theme(tmp_path, visual__html__j2=source))


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("</style><script>", "CSS must not hold '</'"),
        ('@import "other.css";', "@import is blocked"),
        ("p { background: url('https://example.com/a.png') }", "url() may only hold data: or #id"),
        ("p { background: url(/a.png) }", "url() may only hold data: or #id"),
    ],
)
def test_css_the_policy_would_block_is_told_with_its_line(tmp_path: Path, source: str, fault: str) -> None:
    found = findings(theme(tmp_path, brand__css=f"p {{}}\n{source}"))
    assert len(found) == 1
    assert found[0].startswith(f"{tmp_path}/brand.css:2: {fault}")


@pytest.mark.parametrize(
    "source", ["url(data:image/png;base64,AA==)", "url('data:image/svg+xml,x')", 'url("#glow")', "url(#glow)"]
)
def test_css_that_loads_nothing_is_fine(tmp_path: Path, source: str) -> None:
    assert source in load(theme(tmp_path, brand__css=f"p {{ background: {source} }}"))


def test_every_fault_of_every_theme_is_told_at_once(tmp_path: Path) -> None:
    first, second, empty = tmp_path / "first", tmp_path / "second", tmp_path / "empty"
    for folder in (first, second, empty):
        folder.mkdir()
    theme(first, visual__html__j2="{{ colour }}", brand__css="@import 'x';")
    theme(second, style__css="</style>")
    folders = {"first": first, "second": second, "empty": empty, "gone": tmp_path / "gone", "calm": first}
    with pytest.raises(ConfigError) as caught:
        Pages.load(folders=folders)
    places = [finding.split(": ")[0] for finding in caught.value.findings]
    expected = [
        first / "brand.css:1",
        first / "visual.html.j2:1",
        second / "style.css:1",
        empty,
        tmp_path / "gone",
        first,
    ]
    assert places == [str(place) for place in expected]


def test_a_file_that_is_no_utf_8_is_told(tmp_path: Path) -> None:
    (tmp_path / "brand.css").write_bytes(b"p { content: '\xff' }")
    assert "does not render" in findings(tmp_path)[0]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (0.25, "0.3 s"),
        (6.0, "6 s"),
        (9.94, "9.9 s"),
        (9.99, "10 s"),
        (12.5, "13 s"),
        (59.6, "1 min"),
        (60.0, "1 min"),
        (75.2, "1 min 15 s"),
        (3600.0, "1 h"),
        (7509.0, "2 h 5 min"),
        (7201.0, "2 h 1 s"),
        (86_400.0, "1 d"),
        (100_000.0, "1 d 3 h"),
    ],
)
def test_a_span_is_written_as_people_say_it(seconds: float, text: str) -> None:
    assert write_duration(seconds, WORDS) == text


def test_themes_are_loaded_anew_as_their_folders_are_now(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    theme(folder, brand__css=".first {}")
    pages = Pages.load(folders={"mine": folder})
    theme(folder, brand__css=".second {}")
    pages.take(pages.load_anew(folders={"mine": folder}))
    shown = pages.render("mine", ErrorPage(404, "Title", "Sentence."), nonce="n")

    assert b".second" in shown
    assert b".first" not in shown


def test_of_themes_that_cannot_be_loaded_anew_every_fault_is_told_and_the_old_ones_stay(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    theme(folder, brand__css=".first {}")
    pages = Pages.load(folders={"mine": folder})
    theme(folder, visual__html__j2="{{ colour }}")
    with pytest.raises(ConfigError):
        pages.load_anew(folders={"mine": folder})

    assert b".first" in pages.render("mine", ErrorPage(404, "Title", "Sentence."), nonce="n")


def test_a_theme_that_is_not_there_can_be_stood_in_for() -> None:
    pages = Pages.load(folders={})
    pages.stand_in(["mine", "plain"])
    page = ErrorPage(404, "Title", "Sentence.")

    assert pages.render("mine", page, nonce="n") == pages.render("calm", page, nonce="n")
    assert pages.render("plain", page, nonce="n") != pages.render("calm", page, nonce="n")
