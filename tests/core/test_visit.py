import pytest

from tests.core.build import a_visit
from wakeproxy.core.service import IgnoreRules
from wakeproxy.core.visit import Visit, is_navigation, is_prefetch, why_ignored

NO_RULES = IgnoreRules()

MACHINES = [
    "",
    "ELB-HealthChecker/2.0",
    "Amazon-Route53-Health-Check-Service (ref 12345678-90ab; report http://amzn.to/1vsZADi)",
    "kube-probe/1.31",
    "GoogleHC/1.0",
    "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
    "Uptime-Kuma/1.23.16",
    "Better Uptime Bot Mozilla/5.0",
    "Blackbox Exporter/0.25.0",
    "check_http/v2.4 (monitoring-plugins 2.4)",
    "Slackbot 1.0 (+https://api.slack.com/robots)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Twitterbot/1.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    (
        "Mozilla/5.0 (Linux; Android 6.0.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36 "
        "(compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    ),
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "Mozilla/5.0 zgrab/0.x",
]

NAMES_OF_MACHINES = [
    "StatusCake",
    "Site24x7",
    "DatadogSynthetics",
    "NewRelicSynthetics",
    "Checkly",
    "BetterUptime",
    "Nagios",
    "Zabbix",
    "YandexBot",
    "YandexImages",
    "Baiduspider",
    "DuckDuckBot",
    "Applebot",
    "AhrefsBot",
    "SemrushBot",
    "MJ12bot",
    "DotBot",
    "PetalBot",
    "Bytespider",
    "ClaudeBot",
    "CCBot",
    "Amazonbot",
    "PerplexityBot",
    "Facebot",
    "SkypeUriPreview",
    "MicrosoftPreview",
    "Pinterestbot",
    "redditbot",
    "Embedly",
    "Iframely",
    "Mastodon",
    "Bluesky",
    "CensysInspect",
    "masscan",
    "Nmap",
    "Expanse",
]

PEOPLE_AND_THEIR_PROGRAMS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
        "Safari/537.36 Edg/142.0.0.0"
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
        "Safari/605.1.15"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
        "Mobile/15E148 Safari/604.1"
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 [FBAN/FBIOS;FBAV/480]",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/138.0 YaBrowser/25.8 Safari/537.36",
    "Lynx/2.9.2 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/3.4.0",
    "curl/8.11.0",
    "Wget/1.25.0",
    "python-requests/2.32.3",
    "python-httpx/0.28.1",
    "Python/3.12 aiohttp/3.13.2",
    "Go-http-client/1.1",
    "Go-http-client/2.0",
    "grpc-go/1.76.0",
    "okhttp/4.12.0",
    "axios/1.7.7",
    "PostmanRuntime/7.43.0",
    # What a CDN puts in place of every visitor's own unless told to forward it (CloudFront developer guide,
    # "User-Agent header"): ignoring it would ignore everybody.
    "Amazon CloudFront",
]


@pytest.mark.parametrize("user_agent", MACHINES)
def test_a_machine_that_asks_on_its_own_is_nobodys_visit(user_agent: str) -> None:
    assert why_ignored(a_visit(user_agent=user_agent), NO_RULES) == "user agent"


@pytest.mark.parametrize("name", NAMES_OF_MACHINES)
def test_a_machine_is_known_by_its_name_anywhere_in_its_user_agent(name: str) -> None:
    assert why_ignored(a_visit(user_agent=f"Mozilla/5.0 (compatible; {name}/1.0)"), NO_RULES) == "user agent"


@pytest.mark.parametrize("user_agent", MACHINES)
def test_a_machine_is_known_in_any_case(user_agent: str) -> None:
    assert why_ignored(a_visit(user_agent=user_agent.upper()), NO_RULES) == "user agent"


@pytest.mark.parametrize("user_agent", PEOPLE_AND_THEIR_PROGRAMS)
def test_browsers_and_ordinary_clients_are_visits(user_agent: str) -> None:
    assert why_ignored(a_visit(user_agent=user_agent), NO_RULES) is None


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
    assert why_ignored(a_visit(path=path), NO_RULES) == "path"


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
        (a_visit(method="HEAD"), "head"),
        (a_visit(method="OPTIONS", is_navigation=False), "options"),
        (a_visit(is_prefetch=True), "prefetch"),
        (a_visit(method="OPTIONS", is_preflight=True), None),
        (a_visit(method="POST"), None),
        (a_visit(method="DELETE"), None),
    ],
)
def test_methods_and_prefetches_that_use_nothing_are_nobodys_visit(visit: Visit, rule: str | None) -> None:
    assert why_ignored(visit, NO_RULES) == rule


def test_a_request_is_a_programs_until_it_says_otherwise() -> None:
    plain = Visit("GET", "/")

    assert (plain.is_navigation, plain.is_prefetch, plain.is_preflight) == (False, False, False)


def test_the_owners_paths_are_ignored_besides_the_built_in_ones() -> None:
    rules = IgnoreRules(paths=("/healthz",))

    assert why_ignored(a_visit(path="/healthz"), rules) == "path"
    assert why_ignored(a_visit(path="/robots.txt"), rules) == "path"
    assert why_ignored(a_visit(path="/healthz/x"), rules) is None


@pytest.mark.parametrize("user_agent", ["Acme-Monitor/1.0", "acme-monitor/2", "ACME-MONITOR/"])
def test_the_owners_user_agents_are_ignored_without_regard_to_case(user_agent: str) -> None:
    rules = IgnoreRules(user_agents=("Acme-Monitor/*",))

    assert why_ignored(a_visit(user_agent=user_agent), rules) == "user agent"
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
