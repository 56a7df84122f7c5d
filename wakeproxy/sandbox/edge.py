"""The edge of the sandbox's AWS: functions that run, APIs that are served, schedules that fire.

One value for the door to hand requests to that neither ECS nor moto can answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wakeproxy.sandbox.door.answers import Answer, aws_error
from wakeproxy.sandbox.door.calls import Asked
from wakeproxy.sandbox.gateway.function_url import FunctionUrls
from wakeproxy.sandbox.gateway.http_api import HttpApis
from wakeproxy.sandbox.gateway.importing import answer_import
from wakeproxy.sandbox.gateway.request import Request
from wakeproxy.sandbox.lambdas.api import answer_invoke, is_invoke
from wakeproxy.sandbox.lambdas.invoking import Lambdas
from wakeproxy.sandbox.model.failure import AwsError
from wakeproxy.sandbox.moto_host import Moto

_PUBLIC_NAME = re.compile(
    r"([a-z0-9]+)\.(execute-api|lambda-url)\.([a-z0-9-]+)\.(?:localhost|amazonaws\.com|on\.aws)(?::\d+)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Edge:
    """What stands between the world and functions."""

    moto: Moto
    lambdas: Lambdas
    apis: HttpApis
    urls: FunctionUrls

    @classmethod
    def build(cls, moto: Moto, lambdas: Lambdas) -> "Edge":
        """Put it together."""
        return cls(moto, lambdas, HttpApis(moto, lambdas), FunctionUrls(moto, lambdas))

    def close(self) -> None:
        """End every function's processes."""
        self.lambdas.close()

    def serve(self, environ: Mapping[str, Any], body: bytes) -> Answer | None:
        """Answer a visitor of an API or a function URL; `None` if the name asked is none of these."""
        found = _PUBLIC_NAME.fullmatch(environ.get("HTTP_HOST", ""))
        if found is None:
            return None
        name, kind, region = found[1].lower(), found[2].lower(), found[3].lower()
        request = Request.read(environ, body)
        if kind == "lambda-url":
            return self.urls.serve(region, name, request)
        return self.apis.serve(region, name, request)

    def perform(self, asked: Asked, environ: Mapping[str, Any], body: bytes) -> Answer | None:
        """Carry out a call that moto cannot; `None` if it is none of these."""
        try:
            if asked.service == "lambda" and is_invoke(environ):
                return answer_invoke(self.lambdas, asked.region, environ, body)
            if asked.service == "apigateway":
                return answer_import(self.moto, asked.region, environ, body)
        except AwsError as error:
            return aws_error(asked, error.code, error.message, status=error.status)
        return None
