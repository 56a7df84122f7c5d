"""Reads AWS's timestamps quickly.

The client library reads each as if it might be in any format and of any zone, in some forty microseconds. Ten services
have eighty of them, and a call for metrics may be answered with a hundred thousand, in which time no visitor is served.
"""

from datetime import UTC, datetime
from typing import Any

from botocore.utils import parse_timestamp


def read_timestamp(value: Any) -> datetime:
    """Read seconds since 1970 (ECS), or ISO 8601 with its zone (CloudWatch, EC2); all else is the library's affair."""
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str) and value[10:11] == "T" and value[-1:] == "Z":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass  # some other ISO 8601
    found: datetime = parse_timestamp(value)
    return found
