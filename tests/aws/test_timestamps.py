"""Timestamps are read quickly, and as the client library reads them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.utils import parse_timestamp

from wakeproxy.aws.timestamps import read_timestamp

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "told",
    [
        NOON.timestamp(),
        int(NOON.timestamp()),
        "2026-11-21T12:00:00Z",
        "2026-11-21T12:00:00.000Z",
        "2026-11-21T13:00:00+01:00",
        "2026-W47-6T12:00:00Z",
        str(int(NOON.timestamp())),
        "Sat, 21 Nov 2026 12:00:00 GMT",
    ],
)
def test_every_way_to_tell_an_instant_is_understood(told: object) -> None:
    assert read_timestamp(told) == NOON


@pytest.mark.parametrize("told", [1795262400.123, "2026-11-21T12:00:00.123Z"])
def test_it_is_read_as_the_client_library_reads_it(told: Any) -> None:
    assert read_timestamp(told) == parse_timestamp(told)
    assert read_timestamp(told).utcoffset() == UTC.utcoffset(None) == timedelta()


@pytest.mark.parametrize("told", ["never", "2026-11-21TnoonZ", "", None])
def test_what_is_no_instant_is_refused(told: object) -> None:
    with pytest.raises((ValueError, TypeError, RuntimeError)):
        read_timestamp(told)
