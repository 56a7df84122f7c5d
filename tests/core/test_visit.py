import pytest

from tests.core.build import a_visit
from wakeproxy.core.machines import Rule
from wakeproxy.core.service import IgnoreRules
from wakeproxy.core.visit import Visit, is_navigation, is_prefetch, why_ignored

NO_RULES = IgnoreRules()


@pytest.mark.parametrize(
    "path",
    [
        "/favicon.ico",
        "/robots.txt",
        "/apple-touch-icon.png",
        "/apple-touch-icon-120x120-precomposed.png",
        "/browserconfig.xml",
        "/.well-known",
        "/.well-known/security.txt",
        "/wp-login.php",
        "/wp-admin/setup.php",
        "/xmlrpc.php",
        "/.env",
        "/.git/config",
    ],
)
def test_paths_that_only_machines_ask_for_are_nobodys_visit(path: str) -> None:
    assert why_ignored(a_visit(path=path), NO_RULES) is Rule.PATH


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.html",
        "/app/favicon.ico",
        "/favicon.ico/x",
        "/robots.txt.html",
        "/.well-knownish",
        "/.environment",
        "/.github",
        "/apple-touch-icon/x.png",
        "/docs/.env",
        "/healthz",
    ],
)
def test_paths_of_the_app_are_visits(path: str) -> None:
    assert why_ignored(a_visit(path=path), NO_RULES) is None


@pytest.mark.parametrize(
    ("visit", "rule"),
    [
        (a_visit(method="HEAD"), Rule.HEAD),
        (a_visit(method="OPTIONS", is_navigation=False), Rule.OPTIONS),
        (a_visit(is_prefetch=True), Rule.PREFETCH),
        (a_visit(method="OPTIONS", is_preflight=True), None),
        (a_visit(method="POST"), None),
        (a_visit(method="DELETE"), None),
        (a_visit(user_agent="Googlebot/2.1"), Rule.CRAWLER),
        (a_visit(user_agent=""), Rule.NO_AGENT),
    ],
)
def test_what_uses_nothing_is_nobodys_visit_by_a_rule_that_has_a_name(visit: Visit, rule: Rule | None) -> None:
    assert why_ignored(visit, NO_RULES) is rule


def test_a_request_is_a_programs_until_it_says_otherwise() -> None:
    plain = Visit("GET", "/")

    assert (plain.is_navigation, plain.is_prefetch, plain.is_preflight) == (False, False, False)


def test_the_owners_paths_are_ignored_besides_the_built_in_ones() -> None:
    rules = IgnoreRules(paths=("/healthz",))

    assert why_ignored(a_visit(path="/healthz"), rules) is Rule.OWN_PATH
    assert why_ignored(a_visit(path="/robots.txt"), rules) is Rule.PATH
    assert why_ignored(a_visit(path="/healthz/x"), rules) is None


@pytest.mark.parametrize("user_agent", ["Acme-Monitor/1.0", "acme-monitor/2", "ACME-MONITOR/"])
def test_the_owners_user_agents_are_ignored_without_regard_to_case(user_agent: str) -> None:
    rules = IgnoreRules(user_agents=("Acme-Monitor/*",))

    assert why_ignored(a_visit(user_agent=user_agent), rules) is Rule.OWN_AGENT
    assert why_ignored(a_visit(user_agent="My " + user_agent), rules) is None


@pytest.mark.parametrize(
    ("method", "fetch_mode", "accept", "expected"),
    [
        ("GET", "navigate", "*/*", True),
        ("HEAD", "navigate", "*/*", True),
        ("GET", None, "text/html,application/xhtml+xml", True),
        ("GET", "", "text/html", True),
        ("HEAD", None, "text/html", True),
        ("GET", "cors", "text/html", False),
        ("GET", "no-cors", "text/html", False),
        ("GET", "same-origin", "text/html", False),
        ("GET", "websocket", "text/html", False),
        ("GET", None, "*/*", False),
        ("GET", None, "", False),
        ("GET", None, "application/json", False),
        ("POST", "navigate", "text/html", False),
        ("PUT", None, "text/html", False),
    ],
)
def test_a_navigation_is_what_the_browser_calls_one_or_a_get_that_accepts_html(
    method: str, fetch_mode: str | None, accept: str, *, expected: bool
) -> None:
    assert is_navigation(method=method, fetch_mode=fetch_mode, accept=accept) is expected


@pytest.mark.parametrize(
    ("purposes", "expected"),
    [
        ("prefetch", True),
        ("prefetch;prerender", True),
        ("prefetch;anonymous-client-ip", True),
        ("preview", True),
        ("other, prefetch", True),
        ("", False),
        ("script, document", False),
    ],
)
def test_a_prefetch_says_so(purposes: str, *, expected: bool) -> None:
    assert is_prefetch(purposes) is expected


def test_a_visit_to_another_path_is_the_same_otherwise() -> None:
    visit = Visit("GET", "/shop/a", "curl/8", is_navigation=True, is_prefetch=True, is_preflight=True)
    moved = visit.aimed_at("/a")

    assert moved.path == "/a"
    assert [getattr(moved, name) for name in Visit.__slots__ if name != "path"] == [
        getattr(visit, name) for name in Visit.__slots__ if name != "path"
    ]


def test_a_visit_is_judged_anew_by_other_rules() -> None:
    visit, rules = a_visit(path="/up"), IgnoreRules(paths=("/up",))

    judged = [why_ignored(visit, each) for each in (NO_RULES, NO_RULES, rules, rules, NO_RULES)]

    assert judged == [None, None, Rule.OWN_PATH, Rule.OWN_PATH, None]
