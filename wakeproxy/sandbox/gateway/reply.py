"""What a function returned, as the answer a visitor gets (AWS: Lambda function response for format 2.0)."""

import base64
import json
import re
from typing import Any, TypeVar

from wakeproxy.sandbox.door.answers import Answer

T = TypeVar("T", dict[str, Any], list[Any], str)

_OURS = {"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade", "trailer", "date", "server"}
"""Headers that a function's answer does not decide."""
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_STATUS = re.compile(r"[1-5][0-9]{2}")
_PLAIN = "text/plain;charset=UTF-8"


class MalformedReplyError(ValueError):
    """The function's answer is none that can be sent to a visitor."""


def read_reply(payload: bytes, *, unsaid_type: str = _PLAIN) -> Answer:
    """Read what a function returned; `unsaid_type` is the content type of a structured answer that names none.

    Raises:
        MalformedReplyError: it has a status, headers or a body that HTTP has no place for.

    """
    returned = json.loads(payload)
    if not isinstance(returned, dict) or "statusCode" not in returned:
        text = returned if isinstance(returned, str) else json.dumps(returned)
        return Answer(200, _encoded(text), {"Content-Type": "application/json"})
    headers = {"Content-Type": unsaid_type}
    for name, value in _typed(returned, "headers", dict).items():
        if name.lower() not in _OURS and value is not None:
            headers.pop("Content-Type" if name.lower() == "content-type" else name, None)
            headers[_checked_name(name)] = _checked_value(value)
    cookies = tuple(_checked_value(cookie) for cookie in _typed(returned, "cookies", list))
    return Answer(_status(returned["statusCode"]), _body(returned), headers, cookies)


def message(status: int, text: str, *, key: str = "message") -> Answer:
    """Answer as the gateway itself does: `{"message": ...}`."""
    return Answer(status, json.dumps({key: text}, separators=(",", ":")).encode(), {"Content-Type": "application/json"})


def _typed(returned: dict[str, Any], key: str, kind: type[T]) -> T:
    found = returned.get(key)
    if found is not None and not isinstance(found, kind):
        raise MalformedReplyError(f"{key} is {found!r}; a {kind.__name__} is wanted.")
    return kind() if found is None else found


def _status(said: object) -> int:
    if isinstance(said, bool) or not _STATUS.fullmatch(str(said)):
        raise MalformedReplyError(f"statusCode is {said!r}; a number from 100 to 599 is wanted.")
    return int(str(said))


def _body(returned: dict[str, Any]) -> bytes:
    body = _typed(returned, "body", str)
    if not returned.get("isBase64Encoded"):
        return _encoded(body)
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise MalformedReplyError(f"body is not base64, although isBase64Encoded says so: {error}.") from error


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise MalformedReplyError(f"{text[:40]!r} is no text that can be sent: {error.reason}.") from error


def _checked_name(name: str) -> str:
    if not _FIELD_NAME.fullmatch(name):
        raise MalformedReplyError(f"{name!r} is no header's name.")
    return name


def _checked_value(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not _FIELD_VALUE.fullmatch(text):
        raise MalformedReplyError(f"{text!r} is no header's value.")
    return _encoded(text).decode("latin-1")
