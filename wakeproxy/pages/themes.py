"""Finds a theme's files, compiles them and proves that they render.

A theme is a folder: whatever file it lacks is taken from the theme it stands on and at last from the built-in base.
Knows Jinja and the file system; must not know pages' meaning beyond the samples it is handed.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.loaders import ChoiceLoader
from jinja2.meta import find_referenced_templates
from markupsafe import Markup

import wakeproxy
from wakeproxy.errors import ConfigError

BUILT_IN = ("calm", "terminal", "plain")
ENTRIES = ("service.html.j2", "about.html.j2", "error.html.j2")
FILES = frozenset(
    {
        *ENTRIES,
        "base.html.j2",
        "parts.html.j2",
        "needs.html.j2",
        "words.html.j2",
        "visual.html.j2",
        "style.css",
        "about.css",
        "brand.css",
    }
)
# What a template can raise: Jinja's own errors, those of the expressions in it, and those of reading it.
BROKEN_TEMPLATE = (TemplateError, ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)

# Indentation and comments are a third of a page's bytes, and hundreds may wait for one wake.
_CSS_GAP = re.compile(
    r"""(?P<text>"[^"]*"|'[^']*'|url\([^)]*\))|/\*.*?\*/|\s*(?P<mark>[{};,])\s*(?P<property>[\w-]+:)?\s*|\s+""",
    re.DOTALL,
)
_SCRIPT_GAP = re.compile(r"""(?P<text>"[^"]*"|'[^']*'|`[^`]*`)| *(?P<mark>[=*<>?:,;{}()&|!+/%-]) *""")
# Where a line goes on, or has said itself that it ends, the next may follow at once.
_SCRIPT_BREAK = re.compile(r"(?<=[,;{])\n|\n(?=})")
# The blanks around it tell a comment from the "//" of an address.
_SCRIPT_COMMENT = re.compile(r"(^|\s)//\s.*$")

# What each kind of page wears and runs, by the names that templates know it under.
_STYLES = {"css": ("base.css", "style.css", "brand.css"), "about_css": ("about.css",)}
_SCRIPTS = {
    "service_js": ("tell.js", "paint.js", "open.js", "live.js"),
    "about_js": ("tell.js", "about.js"),
    "needs_js": ("needs.js",),
}

# Seconds below which a tenth is told.
_EXACT_BELOW = 10
_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60))
_UNITS_TOLD = 2


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme's compiled entries, ready to render."""

    name: str
    root: Path
    entries: Mapping[str, Template]


def templates_folder() -> Path:
    """Find the built-in templates: inside the installed package, or beside it in a checkout."""
    package = Path(wakeproxy.__file__).parent
    packed = package / "templates"
    return packed if packed.is_dir() else package.parent / "templates"


def load_built_in(name: str) -> Theme:
    """Load one of `BUILT_IN`."""
    root = templates_folder()
    return _load(name, [root / name, root])


def load_whole(name: str) -> Theme:
    """Load one of `BUILT_IN`, and all that its entries refer to: a visitor waits for no file."""
    theme = load_built_in(name)
    environment = next(iter(theme.entries.values())).environment
    assert environment.loader is not None
    pending, known = list(theme.entries), set[str]()
    while pending:
        found = pending.pop()
        if found not in known:
            known.add(found)
            environment.get_template(found)
            source, _, _ = environment.loader.get_source(environment, found)
            pending += filter(None, find_referenced_templates(environment.parse(source)))
    return theme


def load_custom(name: str, folder: Path) -> Theme:
    """Load a folder of somebody's own; what it lacks is taken from the theme calm.

    Raises:
        ConfigError: the folder is no theme, or an entry does not compile.
    """
    if name in BUILT_IN:
        raise ConfigError((f"{folder}: a theme named {name!r} is built in; give the folder another name.",))
    if not folder.is_dir():
        raise ConfigError((f"{folder}: the theme {name!r} is no folder; write a built-in name or a folder's path.",))
    if not any((folder / file).is_file() for file in FILES):
        raise ConfigError((f"{folder}: the theme {name!r} holds none of {', '.join(sorted(FILES))}.",))
    root = templates_folder()
    return _load(name, [folder, root / "calm", root])


def _load(name: str, search: list[Path]) -> Theme:
    try:
        environment = _environment(search)
        entries = {entry: environment.get_template(entry) for entry in ENTRIES}
    except BROKEN_TEMPLATE as error:
        raise ConfigError((explain(error, theme=name, root=search[0]),)) from error
    return Theme(name=name, root=search[0], entries=entries)


def _environment(search: list[Path]) -> Environment:
    root = search[-1]
    own_first = FileSystemLoader(search)
    environment = Environment(
        # "builtin/service.html.j2" names the built-in file from within a theme's own service.html.j2.
        loader=ChoiceLoader([own_first, PrefixLoader({"builtin": FileSystemLoader(root)})]),
        autoescape=True,  # whatever the suffix: select_autoescape does not know .j2
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # a theme is read once, at start
        cache_size=-1,
    )
    environment.filters["duration"] = write_duration
    # The built-in key order is kept: sorting costs time and cannot compare what is no string.
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False, "separators": (",", ":")}
    # CSS and scripts are no templates: "{#" and "{{" mean something else there.
    css = {name: _squeeze_css("".join(_read(file, search) for file in files)) for name, files in _STYLES.items()}
    scripts = {
        name: "\n".join(_squeeze_script(_read(file, [root])) for file in files) for name, files in _SCRIPTS.items()
    }
    # Markup is right: these are the operator's files and ours, with no visitor's text in them.
    environment.globals |= {name: Markup(text) for name, text in (css | scripts).items()}  # noqa: S704  # see above
    return environment


def _read(file: str, search: list[Path]) -> str:
    found = next((folder / file for folder in search if (folder / file).is_file()), None)
    return found.read_text("utf-8") if found else ""


def _squeeze_css(source: str) -> str:
    return _CSS_GAP.sub(lambda gap: gap["text"] or (gap["mark"] or " ") + (gap["property"] or ""), source)


def _squeeze_script(source: str) -> str:
    # Only for our own scripts: none of them has a string over several lines, a regular expression with blanks, or an
    # operator before a sign.
    lines = (_SCRIPT_COMMENT.sub("", line).strip() for line in source.splitlines())
    squeezed = "\n".join(_SCRIPT_GAP.sub(lambda gap: gap["text"] or gap["mark"], line) for line in lines if line)
    return _SCRIPT_BREAK.sub("", squeezed)


def write_duration(seconds: float, words: Mapping[str, Any]) -> str:
    """Write a span as "0.4 s", "12 s", "1 min 5 s" or "2 h 5 min" in the theme's words; the twin of tell.js's."""
    # Half up, as Math.round does: Python's round() would make the page's first repaint change the text.
    digits = 10 if seconds < _EXACT_BELOW else 1
    n = math.floor(seconds * digits + 0.5) / digits
    parts: list[str] = []
    for unit, size in _UNITS:
        if n >= size and unit in words:  # a theme's own words may be older than a unit
            parts.append(words[unit].replace("{n}", f"{n // size:g}"))
            n %= size
    if n or not parts:
        parts.append(words["seconds"].replace("{n}", f"{n:g}"))
    return " ".join(parts[:_UNITS_TOLD])


def explain(error: BaseException, *, theme: str, root: Path) -> str:
    """Say in one sentence which line of which file broke a theme, and how."""
    place = next(_places(error), str(root))
    sentence = str(error).strip().rstrip(".") or type(error).__name__
    if isinstance(error, TemplateNotFound):
        sentence = f"the template {error.name!r} is not found"
    return f"{place}: the theme {theme!r} does not render: {sentence}."


def _places(error: BaseException) -> Iterator[str]:
    if isinstance(error, TemplateSyntaxError) and error.filename:
        yield f"{error.filename}:{error.lineno}"
    # Jinja rewrites tracebacks so that a template's frames bear its file and line; the innermost is the culprit.
    frames = reversed(extract_tb(error.__traceback__))
    yield from (f"{frame.filename}:{frame.lineno}" for frame in frames if frame.filename.endswith(".j2"))
