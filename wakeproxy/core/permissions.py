"""Whether somebody may do what a policy lists, asked of IAM's simulator and judged by its answers.

The simulator knows a request only by what it is told: each statement is asked about for things that it names, with the
context that its conditions want. A denial that hangs on more context than that is not certain.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from wakeproxy.core.checkup import Finding, Severity
from wakeproxy.core.iam import Statement
from wakeproxy.core.pieces import batched

SUBJECT: Final = "permissions"
_CLUSTER: Final = "ecs:cluster"
_ANY: Final = "wakeproxy-check"
"""What is asked about where a statement says ``*``: one thing of many."""
_RESOURCES_A_CALL: Final = 25
"""So that an answer of all actions of a statement is one or two pages of a hundred."""
_SHOWN: Final = 3
_ASSUMED = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/.+")
_SIMULATED = re.compile(r"arn:[^:]+:iam::\d{12}:(?:user|role)/.+")


@dataclass(frozen=True, slots=True)
class Question:
    """One call of the simulator: each action on each resource."""

    statement: str
    """The ``Sid`` of the statement that it is about."""
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The simulator's answer about one action on one resource."""

    statement: str
    action: str
    resource: str
    is_allowed: bool
    missing: tuple[str, ...] = ()
    """Context keys that policies ask for and the question did not tell."""


def list_questions(policy: Mapping[str, Any]) -> Iterator[Question]:
    """List what to ask the simulator about a policy."""
    for statement in policy["Statement"]:
        for resources, context in _split(statement):
            concrete = [_make_concrete(one) for one in resources]
            for some in batched(concrete, _RESOURCES_A_CALL):
                yield Question(statement["Sid"], tuple(statement["Action"]), tuple(some), context)


def read_verdicts(question: Question, results: Sequence[Mapping[str, Any]]) -> Iterator[Verdict]:
    """Read the ``EvaluationResults`` of an answer; where resources are told apart, each counts by itself."""
    for result in results:
        action = result["EvalActionName"]
        specific = result.get("ResourceSpecificResults") or ()
        for one in specific:
            is_allowed = one["EvalResourceDecision"] == "allowed"
            missing = tuple(one.get("MissingContextValues", ()))
            yield Verdict(question.statement, action, one["EvalResourceName"], is_allowed, missing)
        if not specific:
            is_allowed = result["EvalDecision"] == "allowed"
            missing = tuple(result.get("MissingContextValues", ()))
            yield Verdict(question.statement, action, result.get("EvalResourceName", "*"), is_allowed, missing)


def judge_permissions(who: str, verdicts: Sequence[Verdict]) -> Iterator[Finding]:
    """Judge the simulator's answers: one finding for each action of each statement that is denied."""
    denied: dict[tuple[str, str, tuple[str, ...]], dict[str, None]] = {}
    for one in verdicts:
        if not one.is_allowed:
            denied.setdefault((one.statement, one.action, one.missing), {})[one.resource] = None
    for (statement, action, missing), resources in denied.items():
        remedy = f"attach the statement {statement} of `wakeproxy iam front`"
        yield (
            Finding(
                Severity.WARNING,
                SUBJECT,
                f"{who} may not be allowed {action} on {_show(resources)}: that hangs on {', '.join(missing)}, "
                f"which is not known here; {remedy} unless it is allowed.",
            )
            if missing
            else Finding(Severity.ERROR, SUBJECT, f"{who} is not allowed {action} on {_show(resources)}; {remedy}.")
        )


def say_unchecked(reason: str) -> Finding:
    """Say that permissions were not checked."""
    return Finding(Severity.INFO, SUBJECT, f"They were not checked: {reason}")


def role_behind(arn: str) -> str | None:
    """Say of which role a session is, as if the role had no path: a session's ARN leaves it out; else ``None``."""
    found = _ASSUMED.fullmatch(arn)
    return "arn:{partition}:iam::{account}:role/{role}".format_map(found.groupdict()) if found else None


def can_be_simulated(arn: str) -> bool:
    """Whether an ARN is a user's or a role's, as the simulator wants it: neither the root nor a session."""
    return _SIMULATED.fullmatch(arn) is not None


def _split(statement: Statement) -> Iterator[tuple[Sequence[str], Mapping[str, str]]]:
    """Tell a statement's resources apart by their cluster, where it is bound to clusters: a request is in one."""
    conditions = [each for key, each in statement.get("Condition", {}).items() if key != "ArnEquals"]
    context = {
        key: values if isinstance(values, str) else values[0] for one in conditions for key, values in one.items()
    }
    clusters = statement.get("Condition", {}).get("ArnEquals", {}).get(_CLUSTER)
    resources = statement["Resource"]
    if clusters is None:
        yield resources, context
        return
    for cluster in clusters:
        within = f"/{cluster.rpartition('/')[2]}/"
        its = [one for one in resources if one == "*" or within in one]
        yield its, {**context, _CLUSTER: _make_concrete(cluster)}


def _make_concrete(resource: str) -> str:
    return resource if resource == "*" else resource.replace("*", _ANY)


def _show(resources: Mapping[str, None]) -> str:
    shown = list(resources)[:_SHOWN]
    more = len(resources) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
