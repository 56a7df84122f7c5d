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
    time = _moment(round(began_at * 1000))
    if isinstance(entry, Refusal):
        told = f'"answer":"refused","request_id":{quote(entry.request_id.decode())}'
        return f'{{"time":"{time}","client":{quote(client)},"status":{entry.code},{told}}}\n'
    turn = entry.turn
    asked, read, endpoint = turn.asked, turn.read, turn.endpoint
    which = "" if turn.service is None else _which(turn.service.name, turn.ignored or "")
    where = "" if endpoint is None else _where(endpoint.host, endpoint.port)
    held, whole = "true" if turn.is_held else "false", "false" if turn.is_torn else "true"
    number = f',"request_id":{quote(turn.request_id.decode("latin-1"))}' if turn.request_id else ""
    who = _who(client, asked.visit.method, entry.hop.scheme, asked.host)
    return (
        f'{{"time":"{time}",{who},"path":{quote(asked.target)},'
        f'"protocol":"{_protocol(read)}","status":{turn.code or LEFT},"bytes":{turn.sent - turn.head_bytes},'
        f'"seconds":{_seconds(entry.seconds)},"answer":"{answer_of(turn)}","held":{held},'
        f'"whole":{whole}{which}{where}{number}{_said_of(read)}}}\n'
    )


def _seconds(seconds: float) -> str:
    """Write six digits after the point; a format would cost three times as much."""
    microseconds = int(seconds * 1_000_000 + 0.5)
    return f"{microseconds // 1_000_000}.{str(1_000_000 + microseconds % 1_000_000)[1:]}"


# Most of a line has been in another one just before; these are asked for every request and remember that.


@lru_cache(maxsize=4096)
def _who(client: str, method: str, scheme: str, host: str) -> str:
    return f'"client":{quote(client)},"method":{quote(method)},"scheme":"{scheme}","host":{quote(host)}'


@lru_cache(maxsize=4096)
def _which(service: str, ignored: str) -> str:
    return f',"service":{quote(service)}' + (f',"ignored":"{ignored}"' if ignored else "")


@lru_cache(maxsize=4096)
def _where(host: str, port: int) -> str:
    return f',"upstream":"[{host}]:{port}"' if ":" in host else f',"upstream":"{host}:{port}"'


def _said_of(read: RequestHead) -> str:
    """Tell what a request says of itself."""
    found = read.found
    agent, referer = found.get(Kind.AGENT), found.get(Kind.REFERER)
    is_short = len(agent or b"") + len(referer or b"") <= _LONGEST_KEPT
    out = _said_and_kept(agent, referer) if is_short else _said(agent, referer)
    if Kind.TRACE in found and (trace := _TRACE.fullmatch(read.value(Kind.TRACE))):
        out += f',"trace_id":"{trace[1]}"'
    return out


def _said(agent: bytes | None, referer: bytes | None) -> str:
    out = "" if agent is None else f',"user_agent":{_quote_value(agent)}'
    return out if referer is None else f'{out},"referer":{_quote_value(referer)}'


def _quote_value(value: bytes) -> str:
    return quote(value.strip(b" \t").decode("latin-1"))


_LONGEST_KEPT: Final = 1024
"""Bytes of an agent and a referer that are remembered; who sends longer ones must not fill the memory."""
_said_and_kept: Final = lru_cache(maxsize=4096)(_said)


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
def _moment(milliseconds: int) -> str:
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@lru_cache(maxsize=64)
def _second(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}"


@lru_cache(maxsize=64)
def _apache_second(at: int) -> str:
    when = datetime.fromtimestamp(at, UTC)
    return f"{when:%d}/{_MONTHS[when.month - 1]}/{when:%Y:%H:%M:%S} +0000"


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
