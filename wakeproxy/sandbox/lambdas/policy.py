"""Functions' resource policies: who may invoke them, besides principals of the account itself."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wakeproxy.sandbox.lambdas.function import Function
from wakeproxy.sandbox.model.arns import ACCOUNT

Json = dict[str, Any]

INVOKE = "lambda:InvokeFunction"
INVOKE_URL = "lambda:InvokeFunctionUrl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who wants to invoke a function."""

    principal: str
    """A service such as `events.amazonaws.com`, or `*` for the world."""
    action: str = INVOKE
    source_arn: str = ""
    url_auth: str = ""
    """The authorisation type of the function URL that was called, if one was."""


def is_permitted(function: Function, caller: Caller) -> bool:
    """Whether a statement allows it and none denies it (IAM: policy evaluation)."""
    effects = {each.get("Effect") for each in function.statements if _applies(each, function, caller)}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Json, function: Function, caller: Caller) -> bool:
    return (
        any(_is_like(caller.action, pattern) for pattern in _listed(statement.get("Action")))
        and _names(statement.get("Principal"), caller.principal)
        and any(_is_arn_like(function.invoked_arn, pattern) for pattern in _resources(statement))
        and all(_holds(*each, caller) for each in _conditions(statement))
    )


def _resources(statement: Json) -> list[str]:
    """The ARNs a statement is about; moto leaves a colon where it cuts `$LATEST` off."""
    return [each.rstrip(":") for each in _listed(statement.get("Resource"))]


def _names(principal: object, wanted: str) -> bool:
    if principal == "*":
        return True
    named = principal if isinstance(principal, Mapping) else {"Service": principal}
    return any(each in {wanted, "*"} for kind in named.values() for each in _listed(kind))


def _conditions(statement: Json) -> Iterator[tuple[str, str, list[str]]]:
    """Each condition as operator, key and values; moto keeps some of AddPermission's parameters beside them."""
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, values in keys.items():
            yield operator, key.lower(), _listed(values)
    if "FunctionUrlAuthType" in statement:
        yield "StringEquals", "lambda:functionurlauthtype", [statement["FunctionUrlAuthType"]]


def _holds(operator: str, key: str, values: list[str], caller: Caller) -> bool:
    known = {
        "aws:sourcearn": caller.source_arn,
        "aws:sourceaccount": ACCOUNT if caller.source_arn else "",
        "lambda:functionurlauthtype": caller.url_auth,
    }
    found = known.get(key, "")
    if not found:
        return operator.endswith("IfExists")
    match operator.removesuffix("IfExists"):
        case "StringEquals":
            return found in values
        case "StringLike":
            return any(_is_like(found, value) for value in values)
        case "ArnLike" | "ArnEquals":
            return any(_is_arn_like(found, value) for value in values)
        case _:
            return False


def _is_arn_like(arn: str, pattern: str) -> bool:
    """Compare ARNs part by part: a wildcard does not reach beyond a colon, except in the last part."""
    parts, patterns = arn.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(patterns) and all(map(_is_like, parts, patterns))


def _is_like(text: str, pattern: str) -> bool:
    wanted = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(wanted, text, re.DOTALL) is not None


def _listed(value: object) -> list[str]:
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
