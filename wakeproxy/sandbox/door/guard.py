"""Keeps web pages out: the sandbox runs commands, and a browser on this machine can reach it.

No AWS client sends an Origin; a browser always does with what could do harm. A foreign Host is a rebound name.
"""

import re
from collections.abc import Mapping
from typing import Any

_LOCAL = re.compile(
    r"(?:[\w.-]+\.)?localhost|(?:[\w-]+[.-])*127\.\d+\.\d+\.\d+|\[::1\]|[\w.-]+\.amazonaws\.com(?:\.cn)?|",
    re.IGNORECASE,
)


def find_objection(environ: Mapping[str, Any]) -> str | None:
    """Say why a request is refused; `None` lets it in."""
    host = re.sub(r":\d+$", "", environ.get("HTTP_HOST", ""))
    if not _LOCAL.fullmatch(host):
        return f"The sandbox answers local names only, not {host!r}; use 127.0.0.1 or localhost."
    if environ.get("HTTP_ORIGIN") or environ.get("HTTP_SEC_FETCH_SITE") not in {None, "none", "same-origin"}:
        return "The sandbox answers AWS clients, not web pages."
    return None
