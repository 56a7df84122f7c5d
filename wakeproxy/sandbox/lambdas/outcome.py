"""What comes of an event, in AWS's words."""

import json
import signal
from dataclasses import dataclass

from wakeproxy.sandbox.lambdas.environment import Reply

LARGEST = 6 * 1024 * 1024
"""Bytes of an event or an answer (AWS: Lambda quotas)."""
_LARGEST_SAID = 6291556
"""What AWS's refusal of an answer calls the limit."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of an invocation."""

    request: str
    """Its id."""
    payload: bytes
    """JSON: the handler's answer, or the error's document."""
    error: str = ""
    """The error's type; empty when the handler answered."""
    log: str = ""
    """What the invocation wrote to its log."""


def judge(reply: Reply, request: str, timeout: float) -> tuple[bytes, str, list[str]]:
    """Read a reply: the payload, the type of the error if it is one, and what the log says of it."""
    match reply.kind:
        case "answer" if len(reply.document) > LARGEST:
            message = f"Response payload size exceeded maximum allowed payload size ({_LARGEST_SAID} bytes)."
            return _error("Function.ResponseSizeTooLarge", message)
        case "answer":
            return reply.document, "", []
        case "timeout":
            told = f"Task timed out after {timeout:.2f} seconds"
            payload, kind, _ = _error("Sandbox.Timedout", f"RequestId: {request} Error: {told}")
            return payload, kind, [f"{request} {told}"]
        case "exit":
            told = (
                f"Runtime exited with error: {_exit(reply.status)}" if reply.status else "Runtime exited without error"
            )
            payload, kind, _ = _error("Runtime.ExitError", f"RequestId: {request} Error: {told}")
            return payload, kind, [f"RequestId: {request} Error: {told}"]
        case _:
            return reply.document, str(json.loads(reply.document)["errorType"]), []


def _error(kind: str, message: str) -> tuple[bytes, str, list[str]]:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode(), kind, [f"{kind}: {message}"]


def _exit(status: int) -> str:
    return (
        f"exit status {status}" if status > 0 else f"signal: {signal.Signals(-status).name.removeprefix('SIG').lower()}"
    )
