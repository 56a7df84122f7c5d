"""Account settings, and container instances, of which there are none."""

from collections.abc import Mapping

from wakeproxy.sandbox.ecs.operation import Operation, Request
from wakeproxy.sandbox.model.arns import ACCOUNT
from wakeproxy.sandbox.model.cluster import Document

_ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def put_account_setting(request: Request) -> Document:
    """Store a setting; the sandbox behaves as with the long ARN formats, whatever it says."""
    name, value = request.need("name"), request.need("value")
    request.region.account_settings[name] = value
    return {"setting": _rendered(name, value)}


def delete_account_setting(request: Request) -> Document:
    """Forget a setting."""
    name = request.need("name")
    return {"setting": _rendered(name, request.region.account_settings.pop(name, ""))}


def list_account_settings(request: Request) -> Document:
    """List the settings made."""
    wanted = request.params.get("name")
    found = [_rendered(*each) for each in request.region.account_settings.items() if wanted in {None, each[0]}]
    return {"settings": found}


def list_container_instances(request: Request) -> Document:
    """List nothing: only Fargate runs tasks here."""
    request.region.cluster(request.params.get("cluster"))
    return {"containerInstanceArns": []}


def describe_container_instances(request: Request) -> Document:
    """Miss every container instance asked for."""
    request.region.cluster(request.params.get("cluster"))
    failures = [{"arn": each, "reason": "MISSING"} for each in request.need("containerInstances")]
    return {"containerInstances": [], "failures": failures}


def _rendered(name: str, value: str) -> Document:
    return {"name": name, "value": value, "principalArn": _ROOT, "type": "user"}


OPERATIONS: Mapping[str, Operation] = {
    "DeleteAccountSetting": delete_account_setting,
    "DescribeContainerInstances": describe_container_instances,
    "ListAccountSettings": list_account_settings,
    "ListContainerInstances": list_container_instances,
    "PutAccountSetting": put_account_setting,
    "PutAccountSettingDefault": put_account_setting,
}
