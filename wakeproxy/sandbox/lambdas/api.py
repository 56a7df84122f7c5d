"""Lambda's Invoke, the one operation of its API that moto does not carry out."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from wakeproxy.sandbox.door.answers import Answer
from wakeproxy.sandbox.lambdas.invoking import TAIL, Lambdas
from wakeproxy.sandbox.lambdas.outcome import LARGEST
from wakeproxy.sandbox.model.failure import AwsError

LARGEST_LATER = 1024 * 1024
"""Bytes of an asynchronous event (AWS: Lambda quotas)."""
_INVOCATIONS = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")
_KINDS = ("RequestResponse", "Event", "DryRun")


def is_invoke(environ: Mapping[str, Any]) -> bool:
    """Whether a request to Lambda invokes a function."""
    return environ["REQUEST_METHOD"] == "POST" and _INVOCATIONS.fullmatch(environ["PATH_INFO"]) is not None


def answer_invoke(lambdas: Lambdas, region: str, environ: Mapping[str, Any], body: bytes) -> Answer:
    """Carry an Invoke out.

    Raises:
        AwsError: as Lambda refuses one.

    """
    path = _INVOCATIONS.fullmatch(environ["PATH_INFO"])
    assert path is not None
    qualifier = parse_qs(environ["QUERY_STRING"]).get("Qualifier", [None])[0]
    function = lambdas.read(region, path[1], qualifier)
    kind = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
    event = _check(kind, body)
    if kind == "DryRun":
        return Answer(204, b"")
    if kind == "Event":
        lambdas.invoke_later(region, function.invoked_arn, event)
        return Answer(202, b"")
    outcome = lambdas.invoke(function, event)
    headers = {
        "Content-Type": "application/json",
        "x-amzn-RequestId": outcome.request,
        "X-Amz-Executed-Version": function.version,
    }
    if outcome.error:
        headers["X-Amz-Function-Error"] = "Unhandled"
    if environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail":
        headers["X-Amz-Log-Result"] = base64.b64encode(outcome.log.encode()[-TAIL:]).decode()
    return Answer(200, outcome.payload, headers)


def _check(kind: str, body: bytes) -> bytes:
    if kind not in _KINDS:
        wanted = "Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
        message = f"Value '{kind}' at 'invocationType' failed to satisfy constraint: {wanted}"
        raise AwsError("InvalidParameterValueException", message)
    limit = LARGEST_LATER if kind == "Event" else LARGEST
    if len(body) > limit:
        message = f"{len(body)} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
        raise AwsError("RequestTooLargeException", message, status=413)
    try:
        json.loads(body or b"{}")
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise AwsError("InvalidRequestContentException", message) from error
    return body or b"{}"
