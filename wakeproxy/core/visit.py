"""A visit: what of a request decides its answer, and which requests are nobody's visit at all.

The built-in rules name machines that ask on their own: health checkers, crawlers, link previews, prefetches. A user
agent is a hint, not a lock; public sites additionally want ``wake_on: click``.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from wakeproxy.core.service import IgnoreRules

_PATHS = re.compile(
    r"/(?:favicon\.ico|robots\.txt|apple-touch-icon[^/]*\.png|browserconfig\.xml|\.well-known(?:/.*)?"
    r"|wp-login\.php|wp-admin(?:/.*)?|xmlrpc\.php|\.env|\.git(?:/.*)?)",
    re.ASCII,
)
_AGENTS = re.compile(
    r"^$|elb-healthchecker|amazon-route53-health-check|kube-probe|googlehc|uptimerobot|pingdom"
    r"|statuscake|uptime-kuma|better uptime|betteruptime|site24x7|datadogsynthetics|newrelicsynthetics|checkly"
    r"|blackbox|nagios|check_http|zabbix|googlebot|bingbot|yandex(?:bot|images)|baiduspider|duckduckbot|applebot"
    r"|ahrefsbot|semrushbot|mj12bot|dotbot|petalbot|bytespider|gptbot|claudebot|ccbot|amazonbot|perplexitybot"
    r"|facebookexternalhit|facebot|twitterbot|slackbot|slack-imgproxy|discordbot|linkedinbot|whatsapp|telegrambot"
    r"|skypeuripreview|microsoftpreview|pinterestbot|redditbot|embedly|iframely|mastodon|bluesky|censysinspect"
    r"|zgrab|masscan|nmap|expanse",
    re.IGNORECASE,
)


class Visit(NamedTuple):
    """The parts of a request that decide its answer; ``path`` is raw and without the query.

    A tuple, for one is made for every request, and a frozen dataclass takes three times as long.
    """

    method: str
    path: str
    user_agent: str = ""
    is_navigation: bool = False
    is_prefetch: bool = False
    is_preflight: bool = False


def is_navigation(*, method: str, fetch_mode: str | None, accept: str) -> bool:
    """Whether a person's browser asks for a page: it says so (Fetch Metadata), or accepts HTML by name."""
    if method not in {"GET", "HEAD"}:
        return False
    if fetch_mode:
        return fetch_mode == "navigate"
    return "text/html" in accept


def is_prefetch(purposes: str) -> bool:
    """Whether the browser fetches ahead of a click that may never come: ``Sec-Purpose``, ``Purpose`` and ``X-Moz``."""
    return "prefetch" in purposes or "preview" in purposes


def why_ignored(visit: Visit, rules: IgnoreRules) -> str | None:
    """Name the rule by which a request neither wakes nor counts as use; ``None`` for a real visit."""
    if visit.method == "HEAD":
        return "head"
    if visit.method == "OPTIONS" and not visit.is_preflight:
        return "options"
    if visit.is_prefetch:
        return "prefetch"
    if _PATHS.fullmatch(visit.path) or visit.path in rules.paths:
        return "path"
    if _is_machine(visit.user_agent) or _matches_own(visit.user_agent, rules):
        return "user agent"
    return None


@lru_cache(maxsize=4096)
def _is_machine(user_agent: str) -> bool:
    """Judge an agent by name; remembered, for the same few ask again and again."""
    return _AGENTS.search(user_agent) is not None


def _matches_own(user_agent: str, rules: IgnoreRules) -> bool:
    pattern = rules.agents
    return pattern is not None and pattern.match(user_agent.lower()) is not None
