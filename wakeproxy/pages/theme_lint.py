"""Finds in a theme's source what the Content-Security-Policy would silently block in the browser.

A theme with an inline style or a foreign image looks right in its author's editor and wrong on the wait page; this
says so at start, with the line. It reads text and knows nothing of Jinja but its comments.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

_JINJA_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_LOADING_ATTRIBUTES = {"src", "srcset", "poster", "data"}
_CSS_FAULTS = (
    (re.compile(r"</", re.IGNORECASE), "CSS must not hold '</': it would end the page's <style> element"),
    (re.compile(r"@import", re.IGNORECASE), "@import is blocked by the page's security policy; put the rules here"),
    (
        re.compile(r"""url\(\s*['"]?(?!data:|#|['"\s])""", re.IGNORECASE),
        "url() may only hold data: or #id; the page loads nothing from outside",
    ),
)


def lint_theme(folder: Path) -> Iterator[str]:
    """Give one sentence per fault, each beginning with its file and line."""
    for path in sorted(folder.rglob("*.html.j2")):
        yield from (f"{path}:{line}: {fault}" for line, fault in _lint_markup(path.read_text("utf-8", "replace")))
    for path in sorted(folder.rglob("*.css")):
        yield from (f"{path}:{line}: {fault}" for line, fault in _lint_css(path.read_text("utf-8", "replace")))


def _lint_markup(source: str) -> list[tuple[int, str]]:
    reader = _Reader()
    reader.feed(_JINJA_COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), source))
    reader.close()
    return reader.faults


def _lint_css(source: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.splitlines(), start=1):
        yield from ((number, fault) for pattern, fault in _CSS_FAULTS if pattern.search(line))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag in {"script", "style"} and "nonce" not in names and ("type", "application/json") not in attrs:
            self._blame(f'<{tag}> needs nonce="{{{{ nonce }}}}": the page\'s security policy blocks it otherwise')
        if tag == "link" and not dict(attrs).get("href", "data:").startswith("data:"):  # type: ignore[union-attr]  # href without a value is a fault of its own
            self._blame("<link> may only hold a data: URL; the page loads nothing from outside")
        for name, value in attrs:
            self._judge(tag, name, value or "")

    def _judge(self, tag: str, name: str, value: str) -> None:
        if name == "style":
            self._blame(f"<{tag}> has a style attribute, which the page's security policy blocks; use a class")
        if name.startswith("on"):
            self._blame(f"<{tag}> has the inline handler {name}, which the page's security policy blocks")
        if name in _LOADING_ATTRIBUTES and not value.startswith(("data:", "{{")):
            self._blame(f"<{tag}> loads {value!r}; the page loads nothing from outside: use a data: URL")

    def _blame(self, fault: str) -> None:
        self.faults.append((self.getpos()[0], fault))
