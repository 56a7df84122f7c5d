"""The Python runtime of a Lambda environment: a program of its own, started by path, with the standard library alone.

It imports the function's module, then takes one event after the other from a socket and sends back what the handler
returned or raised, in AWS's words. Between two events the sandbox freezes it.

A frame is a line of JSON with the `size` of what follows it. In come `{"id", "arn", "deadline", "trace"}` and the
event; out go `{"kind": "ready" | "failed" | "answer" | "error"}` and a document.
"""

import importlib
import json
import logging
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, BinaryIO, cast

Json = dict[str, Any]
HERE = __file__


class Refusal(Exception):  # noqa: N818 - not an error of the function's code, but AWS's word for one
    """What AWS's runtime calls by a name of its own: `kind`, and a sentence."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Context:
    """What a handler gets as its second argument."""

    client_context = None
    identity = None

    def __init__(self, head: Json) -> None:
        environ = os.environ  # noqa: TID251 - it is this program's own
        self.aws_request_id: str = head["id"]
        self.invoked_function_arn: str = head["arn"]
        self.function_name = environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline: float = head["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is killed."""
        return max(0, int((self._deadline - time.time()) * 1000))  # noqa: TID251 - AWS gives a wall clock's deadline


class Logged(logging.Formatter):
    """Lines as AWS's runtime writes them, with the request they belong to."""

    request = ""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        at = f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03}Z"
        lines = [record.getMessage()]
        if record.exc_info:
            lines.append(self.formatException(record.exc_info))
        return f"[{record.levelname}]\t{at}\t{self.request}\t" + "\n".join(lines) + "\n"


class Wire:
    """The socket to the sandbox."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)
        self._input = cast("BinaryIO", self._socket.makefile("rb"))

    def read(self) -> tuple[Json, bytes] | None:
        """Wait for a frame; `None` once the sandbox is gone."""
        line = self._input.readline()
        if not line:
            return None
        head: Json = json.loads(line)
        return head, self._input.read(head["size"])

    def write(self, kind: str, document: bytes) -> None:
        """Send a frame, after all that was printed before."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._socket.sendall(json.dumps({"kind": kind, "size": len(document)}).encode() + b"\n" + document)


def attempt(action: Callable[[], bytes], request: str | None = None) -> tuple[bool, bytes]:
    """Do what the function's author wrote, whatever comes of it; an error becomes AWS's document."""
    try:
        return True, action()
    except Refusal as error:
        document = {"errorMessage": str(error), "errorType": error.kind, "stackTrace": []}
        lines: list[str] = []
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is its caller's to hear
        lines = _own_frames(error.__traceback__)
        document = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": lines}
    told = "".join(lines)
    sys.stdout.write(f"[ERROR] {document['errorType']}: {document['errorMessage']}\n")
    sys.stdout.write(f"Traceback (most recent call last):\n{told}" if told else "")
    return False, json.dumps(document | ({"requestId": request} if request else {})).encode()


def load(handler: str) -> Callable[[Any, Context], Any]:
    """Import `MODULE.FUNCTION`, where the module may be written with slashes."""
    module_name, dot, function_name = handler.rpartition(".")
    if not dot:
        raise Refusal("Runtime.MalformedHandlerName", f"Bad handler '{handler}': not enough values to unpack")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Refusal("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        raise Refusal("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}") from error
    found: Callable[[Any, Context], Any] | None = getattr(module, function_name, None)
    if found is None:
        raise Refusal("Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'")
    return found


def invoke(handler: Callable[[Any, Context], Any], head: Json, event: bytes) -> bytes:
    """Call the handler with an event; its answer in JSON."""
    answer = handler(json.loads(event), Context(head))
    try:
        return json.dumps(answer).encode()
    except (TypeError, ValueError) as error:
        raise Refusal("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def _own_frames(trace: TracebackType | None) -> list[str]:
    frames = [frame for frame in traceback.extract_tb(trace) if frame.filename != HERE]
    return traceback.format_list(frames)


def _log_as_aws_does() -> Logged:
    written = Logged()
    written.converter = time.gmtime
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(written)
    output.terminator = ""
    logging.getLogger().addHandler(output)
    return written


def main() -> None:
    """Serve events until the sandbox is gone."""
    environ = os.environ  # noqa: TID251 - it is this program's own
    wire, written = Wire(int(sys.argv[1])), _log_as_aws_does()
    sys.path[:0] = sys.argv[2].split(":")
    sys.argv = ["/var/runtime/bootstrap.py"]
    found: list[Callable[[Any, Context], Any]] = []

    def begin() -> bytes:
        found.append(load(environ["_HANDLER"]))
        return b"null"

    is_ready, document = attempt(begin)
    wire.write("ready" if is_ready else "failed", document)
    while is_ready and (frame := wire.read()) is not None:
        head, event = frame
        written.request = head["id"]
        environ["_X_AMZN_TRACE_ID"] = head["trace"]
        is_answer, document = attempt(lambda: invoke(found[0], head, event), head["id"])  # noqa: B023 - called at once
        wire.write("answer" if is_answer else "error", document)


if __name__ == "__main__":
    main()
