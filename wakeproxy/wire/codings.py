"""Content codings: what a client says it takes (RFC 9110, 12.5.3)."""

import re
from functools import lru_cache
from typing import Final

from wakeproxy.wire.fields import split_list

_ENTRY: Final = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9a-z]+)(?:[ \t]*;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?",
)


@lru_cache(maxsize=256)
def takes_gzip(value: bytes) -> bool:
    """Tell from an ``Accept-Encoding`` whether gzip is wanted, no less than no coding at all where that is named.

    A field that holds anything malformed wants nothing: what is not compressed is understood by everybody.
    """
    weights: dict[bytes, float] = {}
    for element in split_list(value):
        entry = _ENTRY.fullmatch(element)
        if entry is None:
            return False
        name = b"gzip" if entry[1] == b"x-gzip" else entry[1]
        weight = float(entry[2] or 1)
        weights[name] = min(weight, weights.get(name, weight))
    gzip = weights.get(b"gzip", weights.get(b"*", 0.0))
    return gzip > 0 and gzip >= weights.get(b"identity", 0.0)
