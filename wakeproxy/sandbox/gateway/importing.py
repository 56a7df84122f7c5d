"""The calls about HTTP APIs that moto lacks or gets wrong: ImportApi, ReimportApi, UpdateStage."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from wakeproxy.sandbox.door.answers import Answer, json_answer
from wakeproxy.sandbox.gateway.openapi import Definition, DefinitionError, Route, read_definition
from wakeproxy.sandbox.model.failure import AwsError
from wakeproxy.sandbox.moto_host import Moto

_APIS = re.compile(r"/v2/apis(?:/([^/]+))?/?")
_STAGE = re.compile(r"/v2/apis/([^/]+)/stages/([^/]+)/?")
_LONGEST = 30_000
"""Milliseconds an HTTP API waits for an integration, unless it is told less."""


def answer_import(moto: Moto, region: str, environ: Mapping[str, Any], body: bytes) -> Answer | None:
    """Carry out one of these calls; `None` if it is none of them.

    Raises:
        AwsError: NotFoundException, BadRequestException.

    """
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if method == "PUT" and (found := _APIS.fullmatch(path)):
        return _import(moto, region, found[1], json.loads(body)["body"])
    if method == "PATCH" and (found := _STAGE.fullmatch(path)):
        api = _find_api(moto, region, found[1])
        stage = api.stages.get(unquote(found[2]))
        if stage is None:
            raise AwsError("NotFoundException", "Unable to find Stage by the specified name", status=404)
        created, changed = stage.created, {**stage.config, **json.loads(body)}
        stage.__init__(api, changed)
        stage.created = created
        return json_answer(stage.to_json())
    return None


def _import(moto: Moto, region: str, api_id: str | None, text: str) -> Answer:
    try:
        definition = read_definition(text)
    except DefinitionError as error:
        raise AwsError("BadRequestException", str(error)) from error
    api = _create(moto, region, definition) if api_id is None else _find_api(moto, region, api_id)
    replaced = [*((api.routes, key) for key in api.routes), *((api.integrations, key) for key in api.integrations)]
    for route in definition.routes:
        _add(api, route)
    for kept, key in replaced:  # last, so that no visitor finds nothing
        kept.pop(key, None)
    api.name = definition.title
    api.version = definition.version or api.version
    api.description = definition.description or api.description
    api.cors_configuration = definition.cors or api.cors_configuration
    return json_answer(api.to_json(), status=201)


def _create(moto: Moto, region: str, definition: Definition) -> Any:
    return moto.backend("apigatewayv2", region).create_api(
        api_key_selection_expression=None,
        cors_configuration=definition.cors,
        description=definition.description,
        disable_schema_validation=None,
        disable_execute_api_endpoint=None,
        name=definition.title,
        protocol_type="HTTP",
        route_selection_expression=None,
        tags={},
        version=definition.version,
    )


def _find_api(moto: Moto, region: str, api_id: str) -> Any:
    found = moto.backend("apigatewayv2", region).apis.get(api_id)
    if found is None:
        raise AwsError("NotFoundException", f"Invalid API identifier specified {api_id}", status=404)
    return found


def _add(api: Any, route: Route) -> None:
    said = route.integration
    integration = api.create_integration(
        connection_type=said.get("connectionType", "INTERNET"),
        connection_id=said.get("connectionId"),
        credentials_arn=said.get("credentials"),
        description=said.get("description", ""),
        integration_type=str(said.get("type", "")).upper(),
        integration_method=said.get("httpMethod"),
        integration_uri=said.get("uri"),
        payload_format_version=str(said.get("payloadFormatVersion", "1.0")),
        request_parameters=said.get("requestParameters"),
        response_parameters=said.get("responseParameters"),
        timeout_in_millis=said.get("timeoutInMillis", _LONGEST),
        tls_config=said.get("tlsConfig"),
    )
    api.create_route(
        api_key_required=False,
        authorization_scopes=[],
        authorization_type=route.authorization,
        operation_name=route.name or None,
        route_key=route.key,
        target=f"integrations/{integration.id}",
    )
