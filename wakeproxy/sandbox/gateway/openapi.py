"""An OpenAPI definition with API Gateway's extensions, read into the routes of an HTTP API. Pure.

moto's own reading takes no reference, no inline schema, no authorisation, and loses `$default` and `ANY`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

Json = dict[str, Any]

INTEGRATION = "x-amazon-apigateway-integration"
ANY = "x-amazon-apigateway-any-method"
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace", ANY}
_DEFAULT_PATHS = {"/$default", "$default"}


class DefinitionError(ValueError):
    """The definition cannot be imported; `str()` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation."""

    key: str
    integration: Mapping[str, Any]
    """With references followed."""
    authorization: str
    """`NONE` or `AWS_IAM`."""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What an API takes from its definition."""

    title: str
    version: str
    description: str
    cors: Json | None
    routes: tuple[Route, ...] = field(default=())


def read_definition(text: str) -> Definition:
    """Read JSON or YAML.

    Raises:
        DefinitionError: it is no OpenAPI 3 document, or an operation has no integration.

    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DefinitionError(f"Unable to parse API definition because of a malformed document: {error}") from error
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise DefinitionError("Invalid OpenAPI input: `openapi: 3.0.1` is wanted.")
    info = document.get("info") or {}
    if not info.get("title"):
        raise DefinitionError("Invalid OpenAPI input: info.title is missing.")
    return Definition(
        title=str(info["title"]),
        version=str(info.get("version", "")),
        description=str(info.get("description", "")),
        cors=document.get("x-amazon-apigateway-cors"),
        routes=tuple(_routes(document)),
    )


def _routes(document: Json) -> Iterator[Route]:
    for path, item in (document.get("paths") or {}).items():
        for method, operation in item.items():
            if method.lower() not in _METHODS:
                continue
            if INTEGRATION not in operation:
                raise DefinitionError(f"No integration defined for method: {method.upper()} {path}")
            yield Route(
                key=_key(path, method.lower()),
                integration=_followed(document, operation[INTEGRATION]),
                authorization=_authorization(document, operation),
                name=str(operation.get("operationId", "")),
            )


def _key(path: str, method: str) -> str:
    verb = "ANY" if method == ANY else method.upper()
    return "$default" if path in _DEFAULT_PATHS and verb == "ANY" else f"{verb} {path}"


def _followed(document: Json, value: Json) -> Json:
    reference = value.get("$ref")
    if reference is None:
        return value
    found: Any = document
    for part in str(reference).removeprefix("#/").split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise DefinitionError(f"Unable to resolve reference: {reference}")
    return found


def _authorization(document: Json, operation: Json) -> str:
    if (operation.get("x-amazon-apigateway-auth") or {}).get("type", "NONE") == "AWS_IAM":
        return "AWS_IAM"
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    wanted = operation.get("security", document.get("security")) or []
    named = [schemes.get(name) or {} for each in wanted for name in each]
    return "AWS_IAM" if any(each.get("x-amazon-apigateway-authtype") == "awsSigv4" for each in named) else "NONE"
