"""How ledgers spell what they keep, so that all of them spell it alike and texts compare as the values do."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from wakeproxy.core.observation import Stage


def spell_instant(at: datetime) -> str:
    """Write ISO 8601 in UTC, always with microseconds: texts then compare as instants do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def read_instant(text: str) -> datetime:
    """Read an instant.

    Raises:
        ValueError: it is none.
    """
    return datetime.fromisoformat(text)


def spell_stages(stages: Sequence[tuple[Stage, datetime]]) -> str:
    """Write when each stage of a wake began."""
    return json.dumps([(stage.name, spell_instant(at)) for stage, at in stages])


def read_stages(text: str) -> tuple[tuple[Stage, datetime], ...]:
    """Read when each stage of a wake began.

    Raises:
        ValueError: it is none of our texts.
    """
    try:
        return tuple((Stage[name], read_instant(at)) for name, at in json.loads(text))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{text!r} are no stages of a wake") from error


def spell_tasks(tasks: Sequence[str]) -> str:
    """Write the ARNs of tasks."""
    return json.dumps(tasks)


def read_tasks(text: str) -> tuple[str, ...]:
    """Read the ARNs of tasks.

    Raises:
        ValueError: it is none of our texts.
    """
    found = json.loads(text)
    if not isinstance(found, list) or not all(isinstance(arn, str) for arn in found):
        raise ValueError(f"{text!r} are no tasks")
    return tuple(found)
