"""Answers in the protocols of AWS: JSON, and the two forms of XML errors. Pure."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from typing import Any

from wakeproxy.sandbox.door.calls import Asked


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    """A `Set-Cookie` each."""

    @property
    def status_line(self) -> str:
        """`400 Bad Request`."""
        known = {each.value: each.phrase for each in HTTPStatus}
        return f"{self.status} {known.get(self.status, 'Unknown')}"


def json_answer(document: object, *, status: int = 200) -> Answer:
    """Plain JSON, for the sandbox's own controls."""
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/json"})


def aws_answer(document: Mapping[str, Any]) -> Answer:
    """What ECS answers."""
    return Answer(200, json.dumps(document).encode(), _headers("application/x-amz-json-1.1"))


def aws_error(asked: Asked, code: str, message: str, *, status: int = 400) -> Answer:
    """Refuse a call in its own protocol."""
    if asked.is_json:
        body = json.dumps({"__type": code, "message": message})
        return Answer(status, body.encode(), {**_headers("application/x-amz-json-1.1"), "x-amzn-ErrorType": code})
    request_id = str(uuid.uuid4())
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if asked.service == "ec2":
        body = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    elif asked.service == "s3":
        body = f"<Error>{error}<RequestId>{request_id}</RequestId></Error>"
    else:
        kind = "<Type>Sender</Type>"
        body = f"<ErrorResponse><Error>{kind}{error}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    return Answer(status, f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode(), _headers("text/xml"))


def throttled(asked: Asked) -> Answer:
    """Say that the rate is too high, by the name each protocol gives it."""
    if asked.service == "ec2":
        return aws_error(asked, "RequestLimitExceeded", "Request limit exceeded.", status=503)
    return aws_error(asked, "ThrottlingException" if asked.is_json else "Throttling", "Rate exceeded")


def _headers(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "x-amzn-RequestId": str(uuid.uuid4())}
