"""The edge of the sandbox's AWS: functions that run, APIs that are served, schedules that fire.

One value for the door to hand requests to that neither ECS nor moto can answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wakeproxy.sandbox.door.answers import Answer, aws_error
from wakeproxy.sandbox.door.calls import Asked
from wakeproxy.sandbox.events.firing import CHANGES, EventBridge, check_schedule
from wakeproxy.sandbox.gateway.function_url import FunctionUrls
from wakeproxy.sandbox.gateway.http_api import HttpApis
from wakeproxy.sandbox.gateway.importing import answer_import
from wakeproxy.sandbox.gateway.names import PublicName, list_urls
from wakeproxy.sandbox.gateway.request import Request
from wakeproxy.sandbox.lambdas.api import answer_invoke, is_invoke
from wakeproxy.sandbox.lambdas.invoking import Ground, Lambdas
from wakeproxy.sandbox.model.failure import AwsError
from wakeproxy.sandbox.moto_host import Moto
from wakeproxy.sandbox.pull_through import PullThroughRules

_READS = ("Describe", "List", "PutEvents", "GET ")


@dataclass(frozen=True, slots=True)
class Edge:
    """What stands between the world and functions."""

    moto: Moto
    lambdas: Lambdas
    apis: HttpApis
    function_urls: FunctionUrls
    events: EventBridge
    pull_through: PullThroughRules = field(default_factory=PullThroughRules)

    @classmethod
    def build(cls, ground: Ground) -> "Edge":
        """Put it together."""
        moto, lambdas = ground.moto, Lambdas(ground)
        return cls(moto, lambdas, HttpApis(moto, lambdas), FunctionUrls(moto, lambdas), EventBridge(ground, lambdas))

    def close(self) -> None:
        """End every function's processes; nothing starts any more."""
        self.events.close()
        self.lambdas.close()

    def serve(self, environ: Mapping[str, Any], body: bytes) -> Answer | None:
        """Answer a visitor of an API or a function URL; `None` if the name asked is none of these."""
        name = PublicName.read(environ.get("HTTP_HOST", ""))
        if name is None:
            return None
        served = self.function_urls if name.kind == "lambda-url" else self.apis
        return served.serve(name.region, name.label, Request.read(environ, body))

    def perform(self, asked: Asked, environ: Mapping[str, Any], body: bytes) -> Answer | None:
        """Carry out a call that moto cannot; `None` if it is none of these."""
        try:
            if asked.service in CHANGES:
                self.events.prepare()
                check_schedule(body)
            if asked.service == "lambda" and is_invoke(environ):
                return answer_invoke(self.lambdas, asked.region, environ, body)
            if asked.service == "ecr":
                return self.pull_through.answer(asked)
            if asked.service == "apigateway":
                return answer_import(self.moto, asked.region, environ, body)
        except AwsError as error:
            return aws_error(asked, error.code, error.message, status=error.status)
        return None

    def heed(self, asked: Asked) -> None:
        """Take note of a call that moto carried out."""
        if asked.operation.startswith(_READS):
            return
        if asked.service in CHANGES:
            self.events.look(asked.region)
        if asked.service == "lambda":
            self.lambdas.heed_changes()

    def urls(self, region: str, port: int) -> list[dict[str, str]]:
        """List what can be opened in a browser."""
        return list(list_urls(self.moto, region, port))
