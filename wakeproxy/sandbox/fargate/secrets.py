"""The values of a container's `secrets`, read from moto's Secrets Manager and Parameter Store as ECS reads them."""

import json
from collections.abc import Sequence
from typing import Any

from wakeproxy.sandbox.model.cluster import Document
from wakeproxy.sandbox.moto_host import Moto

_FAILED = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
_ARN_PARTS = 7
"""arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME; beyond stand a JSON key, a version stage and a version id."""


class MissingSecretError(Exception):
    """A value that cannot be had; `str()` is the task's stoppedReason."""


def read_secrets(moto: Moto, region: str, secrets: Sequence[Document]) -> dict[str, str]:
    """Read every value, by the name of its environment variable.

    Raises:
        MissingSecretError: one of them does not exist.

    """
    return {each["name"]: _read(moto, region, each["valueFrom"]) for each in secrets}


def _read(moto: Moto, region: str, source: str) -> str:
    return _read_secret(moto, region, source) if ":secretsmanager:" in source else _read_parameter(moto, region, source)


def _read_secret(moto: Moto, region: str, source: str) -> str:
    parts = source.split(":")
    key, stage, version = (*parts[_ARN_PARTS:], "", "", "")[:3]
    asked = {"SecretId": ":".join(parts[:_ARN_PARTS]), "VersionStage": stage, "VersionId": version}
    status, answer = moto.ask(region, "secretsmanager", "GetSecretValue", {k: v for k, v in asked.items() if v})
    if status != 200:  # noqa: PLR2004
        raise MissingSecretError(
            f"{_FAILED}unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch "
            f"secret {source} from secrets manager: {_kind(answer)}: {answer.get('message') or answer.get('Message')}"
        )
    value = str(answer.get("SecretString", ""))
    return _member(source, value, key) if key else value


def _member(source: str, value: str, key: str) -> str:
    try:
        return str(json.loads(value)[key])
    except (ValueError, KeyError, TypeError) as error:
        raise MissingSecretError(
            f"{_FAILED}unable to retrieve secret from asm: service call has been retried 1 time(s): "
            f"retrieved secret from Secrets Manager did not contain json key {key}: {source}"
        ) from error


def _read_parameter(moto: Moto, region: str, source: str) -> str:
    asked = {"Names": [source], "WithDecryption": True}
    _, answer = moto.ask(region, "ssm", "GetParameters", asked)
    found: list[dict[str, Any]] = answer.get("Parameters") or []
    if not found:
        raise MissingSecretError(
            f"{_FAILED}unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
            f"invalid parameters: {source}"
        )
    return str(found[0]["Value"])


def _kind(answer: Document) -> str:
    return str(answer.get("__type", "")).rsplit("#", 1)[-1]
