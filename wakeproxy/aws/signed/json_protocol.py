"""AWS's JSON protocols: an operation's name in a header, its parameters and its answer as JSON.

"AWS JSON 1.0 protocol" and "1.1" in Smithy's documentation; they differ in their name alone.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from wakeproxy.aws.errors import StrangeAnswerError
from wakeproxy.aws.signed.connections import Answer

_ERROR_MEMBERS: Final = frozenset({"__type", "message", "Message", "code"})
_LOWEST_ERROR: Final = 300


class JsonProtocol(NamedTuple):
    """How one service is spoken to."""

    target: str
    """What stands before an operation's name."""
    version: str
    """``1.0`` or ``1.1``."""
    instants: frozenset[str]
    """The members that are instants, in seconds since 1970; no other member has one of these names."""
    trims: Mapping[str, Callable[[dict[str, Any]], None]] = MappingProxyType({})
    """By operation, what takes off an answer what nobody reads."""

    def write(self, operation: str, params: Mapping[str, Any]) -> tuple[Mapping[str, str], bytes]:
        """Make the headers and the body of a request."""
        headers = {
            "content-type": f"application/x-amz-json-{self.version}",
            "x-amz-target": f"{self.target}.{operation}",
        }
        return headers, json.dumps(params).encode()

    def read(self, operation: str, answer: Answer) -> dict[str, Any]:
        """Read an answer; an error is told by its member ``Error``.

        Raises:
            StrangeAnswerError: it is none of AWS's.
        """
        request_id = answer.headers.get("x-amzn-requestid", "")
        if answer.status >= _LOWEST_ERROR:
            return {**_read_error(answer), **metadata_of(answer, request_id)}
        try:
            told = json.loads(answer.body) if answer.body else {}
        except ValueError as error:
            raise StrangeAnswerError("its answer is not JSON") from error
        if not isinstance(told, dict):
            raise StrangeAnswerError("its answer is JSON of another kind")
        if trim := self.trims.get(operation):
            trim(told)
        return {**self._tidy(told), **metadata_of(answer, request_id)}

    def _tidy(self, told: Any) -> Any:
        """Make instants of numbers, and leave out what is null, however deep: as the client library does."""
        if isinstance(told, list):
            return [self._tidy(each) for each in told]
        if not isinstance(told, dict):
            return told
        return {
            name: datetime.fromtimestamp(value, UTC)
            if name in self.instants and isinstance(value, int | float)
            else self._tidy(value)
            for name, value in told.items()
            if value is not None
        }


def metadata_of(answer: Answer, request_id: str) -> Mapping[str, Any]:
    """Say of an answer what client libraries do."""
    return {
        "ResponseMetadata": {
            "RequestId": request_id,
            "HTTPStatusCode": answer.status,
            "HTTPHeaders": answer.headers,
            "RetryAttempts": 0,
        }
    }


def _read_error(answer: Answer) -> Mapping[str, Any]:
    """Read an error's name, its words, and what else it tells; a proxy's page of HTML has its status for a name."""
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = None
    told = told if isinstance(told, dict) else {}
    code = answer.headers.get("x-amzn-errortype") or told.get("__type") or told.get("code") or answer.status
    # A name may come with its namespace before it, and a URL of its explanation behind.
    code = str(code).split(":", 1)[0].rpartition("#")[2]
    message = told.get("message", told.get("Message", ""))
    more = {name: value for name, value in told.items() if name not in _ERROR_MEMBERS}
    return {"Error": {"Code": code, "Message": message}, **more}
