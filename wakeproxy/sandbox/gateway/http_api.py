"""HTTP APIs: a request to an API's own name, taken through stage, route, limits and authorisation to its function."""

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.door.answers import Answer
from wakeproxy.sandbox.door.calls import now
from wakeproxy.sandbox.gateway.cors import answer_preflight, is_preflight, with_cors
from wakeproxy.sandbox.gateway.event import Place, build_event, new_request_id
from wakeproxy.sandbox.gateway.patience import invoke_within
from wakeproxy.sandbox.gateway.reply import MalformedReplyError, message, read_reply
from wakeproxy.sandbox.gateway.request import Request
from wakeproxy.sandbox.gateway.routes import Match, match_route
from wakeproxy.sandbox.gateway.signature import identify
from wakeproxy.sandbox.gateway.throttle import Throttle
from wakeproxy.sandbox.lambdas.function import Function, region_of
from wakeproxy.sandbox.lambdas.invoking import Lambdas
from wakeproxy.sandbox.lambdas.outcome import LARGEST as LARGEST_EVENT
from wakeproxy.sandbox.lambdas.policy import Caller, is_permitted
from wakeproxy.sandbox.model.arns import ACCOUNT
from wakeproxy.sandbox.model.failure import AwsError
from wakeproxy.sandbox.moto_host import Moto

LARGEST = 10 * 1024 * 1024
"""Bytes of a request (AWS: HTTP API quotas)."""
LONGEST = 30.0
"""Seconds an integration may take (AWS: HTTP API quotas)."""
_DEFAULT_STAGE = "$default"
_FUNCTION = re.compile(r"(?:.*/functions/)?(arn:[^/]+:lambda:[^/]+?)(?:/invocations)?")

NOT_FOUND = message(404, "Not Found")
FORBIDDEN = message(403, "Forbidden")
TOO_MANY = message(429, "Too Many Requests")
TOO_LARGE = message(413, "Request Entity Too Large")
BROKEN = message(500, "Internal Server Error")
UNAVAILABLE = message(503, "Service Unavailable")
"""When the function takes too long, or Lambda has no room for it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a request leads: the API, the stage, the route, its integration."""

    api: Any
    stage: Any
    route: Any
    match: Match
    integration: Any
    path: str
    """Decoded, with the stage before it unless that is the default one."""


@dataclass(frozen=True, slots=True)
class HttpApis:
    """Serves APIs."""

    moto: Moto
    lambdas: Lambdas
    throttle: Throttle = field(default_factory=Throttle)

    def serve(self, region: str, api_id: str, request: Request) -> Answer:
        """Answer a request that was made to an API."""
        request_id = new_request_id()
        api = self._find(region, api_id)
        if api is None or api.disable_execute_api_endpoint or api.protocol_type != "HTTP":
            return NOT_FOUND
        cors = api.cors_configuration
        if cors and is_preflight(request):
            answer = answer_preflight(cors, request)
        else:
            answer = self._serve(region, api, request, request_id)
            answer = with_cors(cors, request, answer) if cors else answer
        return replace(answer, headers={**answer.headers, "Apigw-Requestid": request_id})

    def _find(self, region: str, api_id: str) -> Any:
        if region not in self.moto.regions("apigatewayv2"):
            return None
        return self.moto.backend("apigatewayv2", region).apis.get(api_id)

    def _serve(self, region: str, api: Any, request: Request, request_id: str) -> Answer:
        taken = take_route(api, request)
        if taken is None:
            return NOT_FOUND
        if len(request.body) > LARGEST:
            return TOO_LARGE
        if not self._admits(taken):
            return TOO_MANY
        caller = None
        if (kind := taken.route.authorization_type or "NONE") == "AWS_IAM":
            caller = identify(self.moto, request, service="execute-api", region=region, now=epoch())
            if caller is None:
                return FORBIDDEN
        elif kind != "NONE":
            return message(501, f"The sandbox knows no authorizers, and this route has one ({kind}).")
        place = Place(
            api=api.api_id,
            stage=taken.stage.name,
            route=taken.match.key,
            path=taken.path,
            parameters=taken.match.parameters,
            variables=taken.stage.stage_variables or {},
            caller=caller,
        )
        event = build_event(request, place, request_id=request_id, now=epoch())
        return self._integrate(region, taken, request.method, json.dumps(event).encode())

    def _admits(self, taken: Taken) -> bool:
        """Ask the route's own limit, or the one of all routes together."""
        own = (taken.stage.route_settings or {}).get(taken.match.key) or {}
        has_own = own.get("throttlingRateLimit") is not None
        name = (taken.api.api_id, taken.stage.name, taken.match.key if has_own else "")
        return self.throttle.admit(name, own if has_own else taken.stage.default_route_settings or {}, now())

    def _integrate(self, region: str, taken: Taken, method: str, event: bytes) -> Answer:
        integration = taken.integration
        found = _FUNCTION.fullmatch(integration.integration_uri or "")
        if integration.integration_type != "AWS_PROXY" or found is None:
            return message(501, f"The sandbox has functions answer only, not {integration.integration_type}.")
        if integration.payload_format_version != "2.0":
            said = integration.payload_format_version
            return message(501, f"The sandbox speaks payloadFormatVersion 2.0 only, not {said}.")
        if len(event) > LARGEST_EVENT:
            return TOO_LARGE
        try:
            function = self.lambdas.read(region_of(found[1]), found[1])
            if not integration.credentials_arn and not _may_invoke(region, taken, method, function):
                return BROKEN
            limit = min(LONGEST, (integration.timeout_in_millis or LONGEST * 1000) / 1000)
            outcome = invoke_within(limit, lambda: self.lambdas.invoke(function, event))
        except AwsError as error:
            return UNAVAILABLE if error.code == "TooManyRequestsException" else BROKEN
        if outcome is None:
            return UNAVAILABLE
        try:
            return BROKEN if outcome.error else read_reply(outcome.payload)
        except MalformedReplyError:
            return BROKEN


def take_route(api: Any, request: Request) -> Taken | None:
    """Find stage and route: the first part of the path may name a stage, else the default one is meant."""
    path = unquote(request.raw_path, errors="replace")
    first, _, rest = path.removeprefix("/").partition("/")
    name = first if first in api.stages and first != _DEFAULT_STAGE else _DEFAULT_STAGE
    stage = api.stages.get(name)
    if stage is None or not (stage.auto_deploy or stage.config.get("deploymentId")):
        return None
    routes = {route.route_key: route for route in list(api.routes.values())}
    match = match_route(routes, request.method, path if name == _DEFAULT_STAGE else f"/{rest}")
    if match is None:
        return None
    target = (routes[match.key].target or "").rsplit("/", 1)[-1]
    integration = api.integrations.get(target)
    return None if integration is None else Taken(api, stage, routes[match.key], match, integration, path)


def _may_invoke(region: str, taken: Taken, method: str, function: Function) -> bool:
    _, _, pattern = taken.match.key.partition(" ")
    route = f"{method}{pattern}" if pattern else taken.match.key
    arn = f"arn:aws:execute-api:{region}:{ACCOUNT}:{taken.api.api_id}/{taken.stage.name}/{route}"
    return is_permitted(function, Caller(principal="apigateway.amazonaws.com", source_arn=arn))
