"""The pages a visitor sees while a service is not there, in the theme its operator chose.

Everything that can be wrong with a theme is found by `Pages.load`; `Pages.render` only fills in values and gives the
whole page as bytes, so that a broken template can never become half an answer. Knows no HTTP but the policy its pages
need, and nothing of services but the status it is handed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeAlias, assert_never

from wakeproxy.errors import ConfigError, UsageError
from wakeproxy.pages.page_kinds import HERE, AboutPage, AskPage, ErrorPage, FailedPage, Page, Site, Status, WaitingPage
from wakeproxy.pages.page_samples import sample_pages
from wakeproxy.pages.theme_lint import lint_theme
from wakeproxy.pages.themes import BROKEN_TEMPLATE, BUILT_IN, Theme, explain, load_built_in, load_custom, load_whole

_Source: TypeAlias = tuple[str, Callable[[], Theme]]
"""A theme's name, and what loads it."""
# 404 stays as it is however often it is asked for; these may pass by themselves.
_PASSING_CODES = frozenset({429, 502, 503, 504})
# What moves by itself until the first news; all else is in the page's markup already.
_FOR_SCRIPTS = ("phase", "percent", "eta_seconds", "elapsed_seconds", "longer_than_usual", "retry_in_seconds")
_FOR_ABOUT = ("phase", "percent", "reason", "awake_seconds", "sleeps_in_seconds", "stays", "stays_reason", "kept_until")
# Enough to tell the story of one wake; a page stays small whatever AWS has to say.
_SHOWN_EVENTS = 50


class Pages:
    """Every theme, compiled, and proven if it is an operator's own; built once at start."""

    def __init__(self, themes: Mapping[str, Theme]) -> None:
        self._themes = themes

    @classmethod
    def load(cls, *, folders: Mapping[str, Path]) -> Self:
        """Load the built-in themes and `folders` (theme name to folder), and render these in every kind and phase.

        Raises:
            ConfigError: with every fault of every theme, each with its file and line.
        """
        # What comes with us is proven by our tests: to do so again would be most of a front's start.
        return cls({name: load_whole(name) for name in BUILT_IN} | _load(_custom(folders)))

    @classmethod
    def trust(cls, *, folders: Mapping[str, Path]) -> Self:
        """Show the themes that `load` has proven before, each loaded when it is first shown."""
        built_in = {name: partial(load_built_in, name) for name in BUILT_IN}
        return cls(_Shelf({**built_in, **dict(_custom(folders))}))

    def load_anew(self, *, folders: Mapping[str, Path]) -> Self:
        """Load `folders` as they are now, besides the built-in themes, which stay as they are.

        Raises:
            ConfigError: with every fault of every theme, each with its file and line.
        """
        return type(self)({name: self._themes[name] for name in BUILT_IN} | _load(_custom(folders)))

    def take(self, other: Self) -> None:
        """Show these from now on."""
        self._themes = other._themes

    def stand_in(self, names: Iterable[str]) -> None:
        """Show the first built-in theme for those that are not there."""
        self._themes = {**dict.fromkeys(names, self._themes[BUILT_IN[0]]), **self._themes}

    @property
    def themes(self) -> tuple[str, ...]:
        """The names `render` knows."""
        return tuple(self._themes)

    def render(self, theme: str, page: Page, *, nonce: str, site: Site = HERE) -> bytes:
        """Render the whole page as UTF-8; send it with ``content_security_policy(nonce)``."""
        if theme not in self._themes:
            raise UsageError(f"There is no wait page theme {theme!r}; there are {', '.join(self._themes)}.")
        return _render(self._themes[theme], page, nonce=nonce, site=site)


class _Shelf(Mapping[str, Theme]):
    """Themes by name that are loaded when they are first taken."""

    def __init__(self, sources: Mapping[str, Callable[[], Theme]]) -> None:
        self._sources = sources
        self._loaded: dict[str, Theme] = {}

    def __getitem__(self, name: str) -> Theme:
        if name not in self._loaded:
            self._loaded[name] = self._sources[name]()
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def __contains__(self, name: object) -> bool:
        return name in self._sources


def _custom(folders: Mapping[str, Path]) -> list[_Source]:
    return [(name, partial(load_custom, name, folder)) for name, folder in folders.items()]


def _load(sources: Iterable[_Source]) -> dict[str, Theme]:
    themes: dict[str, Theme] = {}
    findings: list[str] = []
    for name, source in sources:
        try:
            themes[name] = source()
        except ConfigError as error:
            findings += error.findings
        else:
            findings += _faults(themes[name])
    if findings:
        raise ConfigError(tuple(findings))
    return themes


def _faults(theme: Theme) -> Iterator[str]:
    yield from lint_theme(theme.root)
    # One broken line fails in many samples: it is one finding.
    yield from dict.fromkeys(_prove(theme))


def _prove(theme: Theme) -> Iterator[str]:
    for page in sample_pages():
        try:
            _render(theme, page, nonce="sample", site=HERE)
        except BROKEN_TEMPLATE as error:
            yield explain(error, theme=theme.name, root=theme.root)


def _render(theme: Theme, page: Page, *, nonce: str, site: Site) -> bytes:
    match page:
        case ErrorPage():
            return theme.entries["error.html.j2"].render(_error_values(page), nonce=nonce).encode()
        case WaitingPage():
            values = _service_values("waiting", page)
            values |= {"retry_after": page.retry_after, "about_path": page.about_path}
        case FailedPage():
            values = _service_values("failed", page)
            values |= {"retry_after": page.retry_after, "next_path": page.next_path}
        case AskPage():
            values = _service_values("ask", page)
            values["next_path"] = page.next_path
        case AboutPage():
            return theme.entries["about.html.j2"].render(_about_values(page), nonce=nonce, base=site.base).encode()
        case _:
            assert_never(page)
    values |= {"base": site.base, "streams": site.streams}
    return theme.entries["service.html.j2"].render(values, nonce=nonce).encode()


def _service_values(view: str, page: WaitingPage | FailedPage | AskPage) -> dict[str, Any]:
    status = page.status
    return {
        "view": view,
        "status": status,
        "moving": {key: status[key] for key in _FOR_SCRIPTS},
        "events": status["events"][-_SHOWN_EVENTS:],
        "percent": int(status["percent"]),
        "display_name": page.display_name,
        "shows_needs": page.shows_needs,
        "retry_after": None,
        "next_path": "/",
        "about_path": None,
    }


def _about_values(page: AboutPage) -> dict[str, Any]:
    status = page.status
    return {
        "view": status["phase"].lower(),
        "status": status,
        "moving": {key: status[key] for key in _FOR_ABOUT},
        "percent": int(_share(status, page.full_seconds)),
        "display_name": page.display_name,
        "path": page.path,
        "full_seconds": page.full_seconds,
    }


def _share(status: Status, full_seconds: float) -> float:
    """Say how much of its stay is left, in percent; the twin of `share` in about.js."""
    if status["phase"] != "AWAKE":
        return float(status["percent"]) if status["phase"] == "WAKING" else 0.0
    left = status["sleeps_in_seconds"]
    return 100.0 if left is None else min(100 * left / full_seconds, 100.0)


def _error_values(page: ErrorPage) -> dict[str, Any]:
    return {
        "view": "error",
        "percent": 0,
        "code": page.code,
        "title": page.title,
        "sentence": page.sentence,
        "remedy": page.remedy,
        "may_pass": page.code in _PASSING_CODES,
    }
