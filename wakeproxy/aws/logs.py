"""`Logs` on CloudWatch Logs: one page a call, in the stream's own order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wakeproxy.aws.faults import is_refused, translated
from wakeproxy.aws.persistence import persist
from wakeproxy.errors import FleetError
from wakeproxy.ports.rollouts import LogLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wakeproxy.aws.access import Others
    from wakeproxy.ports.rollouts import LogStream


class CloudWatchLogs:
    """Reads log streams."""

    def __init__(self, others: Others) -> None:
        self._others = others

    async def read(self, stream: LogStream, *, since: str | None) -> tuple[Sequence[LogLine], str | None]:
        """Read a page of at most 1 MB; all is read when the place to go on is the one that was given."""
        asked = {"logGroupName": stream.group, "logStreamName": stream.name, "startFromHead": True}
        if since is not None:
            asked["nextToken"] = since

        async def get() -> Any:
            with translated(f"read log stream {stream.name} of {stream.group}"):
                client = await self._others.get("logs", region=stream.region)
                return await client.get_log_events(**asked)

        try:
            answer = await persist(get)
        except FleetError as error:
            if is_refused(error, "ResourceNotFoundException"):
                return (), since  # it is made when the container starts
            raise
        return tuple(_read(event) for event in answer["events"]), answer["nextForwardToken"]


def _read(event: Any) -> LogLine:
    return LogLine(datetime.fromtimestamp(event["timestamp"] / 1000, UTC), event["message"])
