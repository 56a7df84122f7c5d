"""A visit: what of a request decides its answer, and which requests are nobody's visit at all."""

import re

from wakeproxy.core.machines import Rule, recognise
from wakeproxy.core.service import IgnoreRules

_PATHS = re.compile(
    r"/(?:favicon\.ico|robots\.txt|apple-touch-icon[^/]*\.png|browserconfig\.xml|\.well-known(?:/.*)?"
    r"|wp-login\.php|wp-admin(?:/.*)?|xmlrpc\.php|\.env|\.git(?:/.*)?)",
    re.ASCII,
)


class Visit:
    """The parts of a request that decide its answer; ``path`` is raw and without the query.

    Nobody changes one. It is made for every request, and a frozen dataclass takes five times as long. By which rules it
    was judged last, and how, stays with it, for those who ask the same again and again.
    """

    __slots__ = ("is_navigation", "is_prefetch", "is_preflight", "judged", "judged_by", "method", "path", "user_agent")

    def __init__(  # noqa: PLR0913 - what decides
        self,
        method: str,
        path: str,
        user_agent: str = "",
        *,
        is_navigation: bool = False,
        is_prefetch: bool = False,
        is_preflight: bool = False,
    ) -> None:
        self.method = method
        self.path = path
        self.user_agent = user_agent
        self.is_navigation = is_navigation
        self.is_prefetch = is_prefetch
        self.is_preflight = is_preflight
        self.judged: Rule | None = None
        self.judged_by: IgnoreRules | None = None

    def aimed_at(self, path: str) -> "Visit":
        """Make the same visit to another path."""
        return Visit(
            self.method,
            path,
            self.user_agent,
            is_navigation=self.is_navigation,
            is_prefetch=self.is_prefetch,
            is_preflight=self.is_preflight,
        )


def is_navigation(*, method: str, fetch_mode: str | None, accept: str) -> bool:
    """Whether a person's browser asks for a page: it says so (Fetch Metadata), or accepts HTML by name."""
    if method not in {"GET", "HEAD"}:
        return False
    if fetch_mode:
        return fetch_mode == "navigate"
    return "text/html" in accept


def is_prefetch(purposes: str) -> bool:
    """Whether the browser fetches ahead of a click that may never come: ``Sec-Purpose``, and its forerunners.

    Fetch, 4.6 "Sec-Purpose"; ``Purpose`` is Chromium's, ``X-Moz`` was Firefox's, ``X-Purpose: preview`` Safari's.
    """
    return "prefetch" in purposes or "preview" in purposes


def why_ignored(visit: Visit, rules: IgnoreRules) -> Rule | None:
    """Name the rule by which a request neither wakes nor counts as use; ``None`` for a real visit."""
    if visit.judged_by is not rules:
        visit.judged, visit.judged_by = _judge(visit, rules), rules
    return visit.judged


def _judge(visit: Visit, rules: IgnoreRules) -> Rule | None:
    if visit.method == "HEAD":
        return Rule.HEAD
    if visit.method == "OPTIONS" and not visit.is_preflight:
        return Rule.OPTIONS
    if visit.is_prefetch:
        return Rule.PREFETCH
    if _PATHS.fullmatch(visit.path):
        return Rule.PATH
    if visit.path in rules.paths:
        return Rule.OWN_PATH
    return recognise(visit.user_agent) or (Rule.OWN_AGENT if _matches_own(visit.user_agent, rules) else None)


def _matches_own(user_agent: str, rules: IgnoreRules) -> bool:
    pattern = rules.agents
    return pattern is not None and pattern.match(user_agent.lower()) is not None
