"""What a page of ours can be about: a closed union of plain values.

`status` is exactly the document of ``GET /.wakeproxy/status``, so that what the page was rendered from and what it
hears afterwards are one thing. Nothing here knows templates, HTTP or where a status comes from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

Status: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """The service is being woken; `retry_after` is the reload interval in seconds where there is no JavaScript.

    `shows_needs`, here and below, makes room for the services that it needs.
    """

    status: Status
    display_name: str
    retry_after: int
    shows_needs: bool = False
    about_path: str | None = None
    """The service's path, where there is something to do about it on its own page."""


@dataclass(frozen=True, slots=True)
class FailedPage:
    """The wake failed; `next_path` (path and query) is where the retry form leads back to."""

    status: Status
    display_name: str
    retry_after: int
    next_path: str = "/"
    shows_needs: bool = False


@dataclass(frozen=True, slots=True)
class AskPage:
    """The service sleeps and is only woken when somebody presses the button."""

    status: Status
    display_name: str
    next_path: str = "/"
    shows_needs: bool = False


@dataclass(frozen=True, slots=True)
class AboutPage:
    """What is known of a service, whatever its phase; ``path`` leads to it."""

    status: Status
    display_name: str
    path: str
    full_seconds: float
    """How long it stays after a use: the whole of what is left to stay."""


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """An answer of the proxy itself; `sentence` and `remedy` must not name any service on a 404."""

    code: int
    title: str
    sentence: str
    remedy: str | None = None


Page: TypeAlias = WaitingPage | FailedPage | AskPage | AboutPage | ErrorPage


@dataclass(frozen=True, slots=True)
class Site:
    """Where a page stands: what goes before the paths of ours that it names, and what it can hear of us."""

    base: str = ""
    """A path without a slash at its end, where services share a host by their names."""
    streams: bool = True
    """Events are sent as they happen; else the page has to ask."""


HERE: Final = Site()


class Renderer(Protocol):
    """Makes pages."""

    def render(self, theme: str, page: Page, *, nonce: str, site: Site = HERE) -> bytes:
        """Render the whole page as UTF-8; send it with ``content_security_policy(nonce)``."""
        ...


def content_security_policy(nonce: str) -> str:
    """Write the policy a page rendered with `nonce` must be sent with."""
    return (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
