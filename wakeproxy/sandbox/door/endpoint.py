"""What happens to a request: read, logged, befallen by faults, answered by ECS or by moto."""

import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

from wakeproxy.sandbox.door.answers import Answer, aws_answer, aws_error, json_answer, throttled
from wakeproxy.sandbox.door.calls import DROPPED, Asked, CallLog, now, read_call
from wakeproxy.sandbox.door.control import Control
from wakeproxy.sandbox.door.guard import find_objection
from wakeproxy.sandbox.ecs.catalog import perform
from wakeproxy.sandbox.ecs.operation import Ecs, Request, View
from wakeproxy.sandbox.faults import Fault, FaultKind, FaultScript
from wakeproxy.sandbox.model.failure import AwsError
from wakeproxy.sandbox.moto_host import Moto

Environ = dict[str, Any]

_ADMISSION = ("SecurityGroup", "ModifyNetworkInterfaceAttribute")
"""EC2 operations with these in their name may change who reaches a public address."""

_MOTO_LACKS = {404, 500}
"""With a page of HTML: what moto answers for what it lacks. SDKs take it for an outage and retry for minutes."""


class Edge(Protocol):
    """Who answers for functions, APIs and schedules."""

    def serve(self, environ: Environ, body: bytes) -> Answer | None:
        """Answer a visitor of an API or a function URL; `None` if the name asked is none of these."""

    def perform(self, asked: Asked, environ: Environ, body: bytes) -> Answer | None:
        """Carry out a call that moto cannot; `None` if it is none of these."""

    def heed(self, asked: Asked) -> None:
        """Take note of a call that moto carried out."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Answers every request."""

    ecs: Ecs
    moto: Moto
    faults: FaultScript
    calls: CallLog
    control: Control
    edge: Edge
    region: str
    closing: threading.Event = field(default_factory=threading.Event)
    """Set when the sandbox stops: nothing is delayed any longer."""

    def answer(self, environ: Environ) -> Answer | None:
        """Answer one request whose body has been read; `None` to break its connection."""
        body = environ["wsgi.input"].getvalue()
        if (answer := self.edge.serve(environ, body)) is not None:
            return answer
        if objection := find_objection(environ):
            return json_answer({"message": objection}, status=403)
        if environ["PATH_INFO"].startswith("/_sandbox/"):
            return self.control.answer(environ, body)
        asked, at = read_call(environ, body, region=self.region), now()
        faults = self.faults.take_for_call(asked.service, asked.operation, asked.targets())
        answer = self._befallen(environ, asked, faults)
        self.calls.add(asked, at, answer.status if answer else DROPPED)
        return answer

    def _befallen(self, environ: Environ, asked: Asked, faults: tuple[Fault, ...]) -> Answer | None:
        refusal = None
        for fault in faults:
            match fault.kind:
                case FaultKind.DELAY:
                    self.closing.wait(fault.seconds)
                case FaultKind.LOSE_REQUEST:
                    return None
                case FaultKind.THROTTLE:
                    refusal = refusal or throttled(asked)
                case FaultKind.ERROR:
                    message = fault.message or "A fault of the sandbox."
                    refusal = refusal or aws_error(asked, fault.code, message, status=fault.status)
                case _:
                    pass
        answer = refusal or self._answer(environ, asked, faults)
        return None if any(fault.kind is FaultKind.LOSE_ANSWER for fault in faults) else answer

    def _answer(self, environ: Environ, asked: Asked, faults: tuple[Fault, ...]) -> Answer:
        if asked.service == "ecs":
            return self._ask_ecs(asked, faults)
        answer = self.edge.perform(asked, environ, environ["wsgi.input"].getvalue())
        if answer is None:
            answer = self._ask_moto(environ, asked)
            self.edge.heed(asked)
        if asked.service == "application-autoscaling" and answer.status == HTTPStatus.OK:
            region = self.ecs.region(asked.region)
            self.ecs.roster.platform.timeline.call(lambda: self.ecs.scaling.hear(region, asked.operation, asked.params))
        if asked.service == "ec2" and any(each in asked.operation for each in _ADMISSION):
            self.ecs.roster.platform.timeline.post(self.ecs.network.reopen)
        return answer

    def _ask_ecs(self, asked: Asked, faults: tuple[Fault, ...]) -> Answer:
        lag = max((fault.seconds for fault in faults if fault.kind is FaultKind.LAG), default=0.0)
        view = View(lag, any(fault.kind is FaultKind.EMPTY for fault in faults))

        def act() -> Answer:
            request = Request(self.ecs, self.ecs.region(asked.region), asked.params, view)
            return aws_answer(perform(asked.operation, request))

        try:
            return self.ecs.roster.platform.timeline.call(act)
        except AwsError as error:
            return aws_error(asked, error.code, error.message, status=error.status)

    def _ask_moto(self, environ: Environ, asked: Asked) -> Answer:
        head: list[Any] = []
        chunks = self.moto.serve(asked.service, environ, lambda *found: head.extend(found[:2]))
        body = b"".join(chunks)
        status, headers = int(head[0].split()[0]), dict(head[1])
        if status in _MOTO_LACKS and headers.get("Content-Type", "").startswith("text/html") and asked.service != "s3":
            message = f"The sandbox does not implement {asked.service}:{asked.operation} as it was asked."
            return aws_error(asked, "NotImplemented", message, status=501)
        return Answer(status, body, headers)
