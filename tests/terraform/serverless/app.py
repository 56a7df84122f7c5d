"""The stack's function, with the SDK that the runtime brings along: HTTP wakes the service, a schedule stops it."""

import json
import os
from typing import Any

import boto3  # type: ignore[import-untyped] # its stubs are no dependency of ours

ECS = boto3.client("ecs")
TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event: dict[str, Any], _: object) -> dict[str, Any]:
    """Do what the event is for."""
    return wake(event) if "rawPath" in event else sleep(event)


def wake(event: dict[str, Any]) -> dict[str, Any]:
    """Start the service, count the visit, and tell of both."""
    started = _set_desired_count(1)
    counted = TABLE.update_item(
        Key={"pk": "visits"},
        UpdateExpression="ADD visits :one",
        ExpressionAttributeValues={":one": 1},
        ReturnValues="UPDATED_NEW",
    )
    told = {"path": event["rawPath"], "desired": started, "visits": int(counted["Attributes"]["visits"])}
    return {"statusCode": 202, "headers": {"content-type": "application/json"}, "body": json.dumps(told)}


def sleep(event: dict[str, Any]) -> dict[str, Any]:
    """Stop the service."""
    return {"desired": _set_desired_count(0), "weekend": event.get("weekend", False)}


def _set_desired_count(count: int) -> int:
    service = os.environ["SERVICE"]
    answer = ECS.update_service(cluster=os.environ["CLUSTER"], service=service, desiredCount=count)
    return int(answer["service"]["desiredCount"])
