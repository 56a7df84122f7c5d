"""Function URLs: a function asked over HTTP without an API in between."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.door.answers import Answer
from wakeproxy.sandbox.gateway.cors import answer_preflight, is_preflight, with_cors
from wakeproxy.sandbox.gateway.event import Place, build_event
from wakeproxy.sandbox.gateway.reply import MalformedReplyError, message, read_reply
from wakeproxy.sandbox.gateway.request import Request
from wakeproxy.sandbox.gateway.signature import identify
from wakeproxy.sandbox.lambdas.function import Function
from wakeproxy.sandbox.lambdas.invoking import Lambdas
from wakeproxy.sandbox.lambdas.outcome import LARGEST
from wakeproxy.sandbox.lambdas.policy import INVOKE_URL, Caller, is_permitted
from wakeproxy.sandbox.model.arns import new_uuid
from wakeproxy.sandbox.model.failure import AwsError
from wakeproxy.sandbox.moto_host import Moto

FORBIDDEN = message(403, "Forbidden", key="Message")
NOT_FOUND = message(404, "Not Found", key="Message")
TOO_LARGE = message(413, "Request must be smaller than 6291456 bytes for the InvokeFunction operation", key="Message")
TOO_MANY = message(429, "Too Many Requests", key="Message")
BROKEN = Answer(502, b"Internal Server Error", {"Content-Type": "application/json"})


@dataclass(frozen=True, slots=True)
class FunctionUrls:
    """Serves function URLs."""

    moto: Moto
    lambdas: Lambdas

    def serve(self, region: str, url_id: str, request: Request) -> Answer:
        """Answer a request that was made to a function URL."""
        found = find_url(self.moto, region, url_id)
        if found is None:
            return NOT_FOUND
        settings = found.url_config.config
        cors = _lowered(settings.get("Cors") or {})
        if cors and is_preflight(request):
            return answer_preflight(cors, request)
        answer = self._serve(region, url_id, request, settings, found.function_name)
        return with_cors(cors, request, answer) if cors else answer

    def _serve(self, region: str, url_id: str, request: Request, settings: Mapping[str, Any], name: str) -> Answer:
        function, kind, caller = self.lambdas.read(region, name), settings.get("AuthType", "NONE"), None
        if kind == "AWS_IAM":
            caller = identify(self.moto, request, service="lambda", region=region, now=epoch())
        if (caller is None) if kind == "AWS_IAM" else not _is_public(function):
            return FORBIDDEN
        place = Place(api=url_id, path=request.raw_path, caller=caller)
        event = json.dumps(build_event(request, place, request_id=new_uuid(), now=epoch())).encode()
        if len(event) > LARGEST:
            return TOO_LARGE
        try:
            outcome = self.lambdas.invoke(function, event)
            return BROKEN if outcome.error else read_reply(outcome.payload, unsaid_type="application/json")
        except AwsError as error:
            return TOO_MANY if error.code == "TooManyRequestsException" else BROKEN
        except MalformedReplyError:
            return BROKEN


def find_url(moto: Moto, region: str, url_id: str) -> Any:
    """Find the function whose URL begins with this id."""
    if region not in moto.regions("awslambda"):
        return None
    functions = list(moto.backend("awslambda", region).list_functions())
    return next((each for each in functions if each.url_config and f"//{url_id}." in each.url_config.url), None)


def _is_public(function: Function) -> bool:
    return is_permitted(function, Caller(principal="*", action=INVOKE_URL, url_auth="NONE"))


def _lowered(cors: Mapping[str, Any]) -> dict[str, Any]:
    """Spell a configuration as HTTP APIs do."""
    return {key[0].lower() + key[1:]: value for key, value in cors.items()}
