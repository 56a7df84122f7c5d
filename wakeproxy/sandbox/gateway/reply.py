"""What a function returned, as the answer a visitor gets (AWS: Lambda function response for format 2.0)."""

import base64
import binascii
import json
import re
from typing import Any

from wakeproxy.sandbox.door.answers import Answer

_OURS = {"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade", "trailer", "date", "server"}
"""Headers that a function's answer does not decide."""
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_STATUSES = range(100, 600)
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
        return Answer(200, text.encode(), {"Content-Type": "application/json"})
    headers = {"Content-Type": unsaid_type}
    for name, value in (returned.get("headers") or {}).items():
        if name.lower() not in _OURS:
            headers.pop("Content-Type" if name.lower() == "content-type" else name, None)
            headers[_checked_name(name)] = _checked_value(value)
    cookies = tuple(_checked_value(cookie) for cookie in returned.get("cookies") or [])
    return Answer(_status(returned["statusCode"]), _body(returned), headers, cookies)


def message(status: int, text: str, *, key: str = "message") -> Answer:
    """Answer as the gateway itself does: `{"message": ...}`."""
    return Answer(status, json.dumps({key: text}, separators=(",", ":")).encode(), {"Content-Type": "application/json"})


def _status(said: object) -> int:
    if isinstance(said, bool) or not isinstance(said, int | str) or not str(said).isdigit():
        raise MalformedReplyError(f"statusCode is {said!r}; an integer such as 200 is wanted.")
    if int(said) not in _STATUSES:
        raise MalformedReplyError(f"statusCode is {said}; 100 to 599 are wanted.")
    return int(said)


def _body(returned: dict[str, Any]) -> bytes:
    body = returned.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedReplyError(f"body is of type {type(body).__name__}; a string is wanted.")
    try:
        return base64.b64decode(body, validate=True) if returned.get("isBase64Encoded") else body.encode()
    except binascii.Error as error:
        raise MalformedReplyError(f"body is not base64, although isBase64Encoded says so: {error}.") from error


def _checked_name(name: str) -> str:
    if not _FIELD_NAME.fullmatch(name):
        raise MalformedReplyError(f"{name!r} is no header's name.")
    return name


def _checked_value(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not _FIELD_VALUE.fullmatch(text):
        raise MalformedReplyError(f"{text!r} is no header's value.")
    return text.encode().decode("latin-1")
