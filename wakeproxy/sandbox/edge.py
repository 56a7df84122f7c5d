"""The edge of the sandbox's AWS: functions that run, APIs that are served, schedules that fire.

One value for the door to hand requests to that neither ECS nor moto can answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wakeproxy.sandbox.door.answers import Answer, aws_error
from wakeproxy.sandbox.door.calls import Asked
from wakeproxy.sandbox.lambdas.api import answer_invoke, is_invoke
from wakeproxy.sandbox.lambdas.invoking import Lambdas
from wakeproxy.sandbox.model.failure import AwsError


@dataclass(frozen=True, slots=True)
class Edge:
    """What stands between the world and functions."""

    lambdas: Lambdas

    def close(self) -> None:
        """End every function's processes."""
        self.lambdas.close()

    def perform(self, asked: Asked, environ: Mapping[str, Any], body: bytes) -> Answer | None:
        """Carry out a call that moto cannot; `None` if it is none of these."""
        try:
            if asked.service == "lambda" and is_invoke(environ):
                return answer_invoke(self.lambdas, asked.region, environ, body)
        except AwsError as error:
            return aws_error(asked, error.code, error.message, status=error.status)
        return None
