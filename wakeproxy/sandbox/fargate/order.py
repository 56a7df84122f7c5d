"""Which containers of a task may start or must wait, from dependsOn alone. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True)
class Sight:
    """What a container waiting for another one sees of it."""

    has_started: bool
    exit_code: int | None
    health: str


class Verdict(Enum):
    """Whether a container may start."""

    GO = "go"
    WAIT = "wait"
    NEVER = "never"


def judge_start(depends_on: Sequence[Mapping[str, str]], others: Mapping[str, Sight]) -> Verdict:
    """Judge all conditions of one container."""
    verdicts = {_judge(each.get("condition", "START"), others[each["containerName"]]) for each in depends_on}
    if Verdict.NEVER in verdicts:
        return Verdict.NEVER
    return Verdict.WAIT if Verdict.WAIT in verdicts else Verdict.GO


def _judge(condition: str, other: Sight) -> Verdict:
    match condition:
        case "COMPLETE":
            return Verdict.WAIT if other.exit_code is None else Verdict.GO
        case "SUCCESS":
            if other.exit_code is None:
                return Verdict.WAIT
            return Verdict.GO if other.exit_code == 0 else Verdict.NEVER
        case "HEALTHY":
            if other.health == "UNHEALTHY" or other.exit_code is not None:
                return Verdict.NEVER
            return Verdict.GO if other.health == "HEALTHY" else Verdict.WAIT
        case _:
            return Verdict.GO if other.has_started else Verdict.WAIT


def find_complaint(containers: Sequence[Mapping[str, Any]]) -> str | None:
    """Say what is wrong with the dependencies: an unknown name, or a circle."""
    needs = {each["name"]: {d["containerName"] for d in each.get("dependsOn") or []} for each in containers}
    for name, needed in needs.items():
        if missing := needed - needs.keys():
            return f"Container '{name}' depends on unknown container '{min(missing)}'."
    while needs:
        free = {name for name, needed in needs.items() if not needed}
        if not free:
            return f"Containers have circular dependencies: {', '.join(sorted(needs))}."
        needs = {name: needed - free for name, needed in needs.items() if name not in free}
    return None
