"""Lines of the access log: one per request, in which nobody but us can begin a new one.

No control character gets through the reading of a head; here quotes, backslashes and whatever is not ASCII are escaped
as each format's readers expect it. Fields that carry credentials are never among what is written.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quote
from typing import Final, TypeAlias

from wakeproxy.front.journal import LEFT, Entry, Refusal, answer_of
from wakeproxy.front.turn import Turn
from wakeproxy.wire.fields import Kind
from wakeproxy.wire.requests import RequestHead

Form: TypeAlias = Callable[[Entry | Refusal, str, float], str]
"""Writes a line: what happened, who the client was, and when it began, in seconds since the epoch."""

_TRACE: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
"""W3C Trace Context, 3.2; later versions may add to it."""
_NOT_PLAIN: Final = re.compile(r"[^ !#-\[\]-~]")
_LETTERS: Final = {"\b": "\\b", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", '"': '\\"', "\\": "\\\\"}


def write_json(entry: Entry | Refusal, client: str, began_at: float) -> str:
    """Write a line of JSON; what a request does not have is left out."""
    second, thousandths = divmod(round(began_at * 1000), 1000)
    time = f"{_second(second)}.{thousandths:03d}Z"
    if isinstance(entry, Refusal):
        told = f'"answer":"refused","request_id":{quote(entry.request_id.decode())}'
        return f'{{"time":"{time}","client":{quote(client)},"status":{entry.code},{told}}}\n'
    turn, hop, seconds = entry
    asked, read = turn.asked, turn.read
    whole = "false" if turn.is_torn else "true"
    held = "true" if turn.is_held else "false"
    return (
        f'{{"time":"{time}","client":{quote(client)},"method":{quote(asked.visit.method)},"scheme":"{hop.scheme}",'
        f'"host":{quote(asked.host)},"path":{quote(asked.target)},"protocol":"{_protocol(read)}",'
        f'"status":{turn.code or LEFT},"bytes":{turn.sent - turn.head_bytes},"seconds":{seconds:.6f},'
        f'"answer":"{answer_of(turn)}","held":{held},"whole":{whole}{_optional(turn, read)}}}\n'
    )


def _optional(turn: Turn, read: RequestHead) -> str:
    found = read.found
    out = ""
    if turn.service is not None:
        out += f',"service":{quote(turn.service.name)}'
    if turn.ignored is not None:
        out += f',"ignored":"{turn.ignored}"'
    if turn.endpoint is not None:
        host = turn.endpoint.host
        out += (
            f',"upstream":"[{host}]:{turn.endpoint.port}"'
            if ":" in host
            else f',"upstream":"{host}:{turn.endpoint.port}"'
        )
    if turn.request_id:
        out += f',"request_id":{quote(turn.request_id.decode("latin-1"))}'
    if Kind.AGENT in found:
        out += f',"user_agent":{quote(read.value(Kind.AGENT))}'
    if Kind.REFERER in found:
        out += f',"referer":{quote(read.value(Kind.REFERER))}'
    if Kind.TRACE in found and (trace := _TRACE.fullmatch(read.value(Kind.TRACE))):
        out += f',"trace_id":"{trace[1]}"'
    return out


def write_combined(entry: Entry | Refusal, client: str, began_at: float) -> str:
    """Write a line in Apache's combined format, escaped as Apache escapes."""
    time = _apache_second(int(began_at))
    if isinstance(entry, Refusal):
        return f'{client} - - [{time}] "-" {entry.code} - "-" "-"\n'
    turn = entry.turn
    read = turn.read
    first = _escape(f"{turn.asked.visit.method} {turn.asked.target} {_protocol(read)}")
    size = turn.sent - turn.head_bytes or "-"
    referer, agent = _escape(read.value(Kind.REFERER)) or "-", _escape(read.value(Kind.AGENT)) or "-"
    return f'{client} - - [{time}] "{first}" {turn.code or LEFT} {size} "{referer}" "{agent}"\n'


def _protocol(read: RequestHead) -> str:
    return "HTTP/1.0" if read.is_old else "HTTP/1.1"


def _escape(text: str) -> str:
    return _NOT_PLAIN.sub(_escape_one, text)


def _escape_one(match: re.Match[str]) -> str:
    return _LETTERS.get(match[0]) or f"\\x{ord(match[0]):02x}"


@lru_cache(maxsize=64)
def _second(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}"


@lru_cache(maxsize=64)
def _apache_second(at: int) -> str:
    when = datetime.fromtimestamp(at, UTC)
    return f"{when:%d}/{_MONTHS[when.month - 1]}/{when:%Y:%H:%M:%S} +0000"


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
