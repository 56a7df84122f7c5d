"""Token buckets: how many requests a stage or a route takes (AWS: "Throttle requests to your HTTP APIs")."""

import threading
from collections.abc import Mapping
from typing import Any


class Throttle:
    """The buckets of all routes. A setting that is changed begins with a full bucket."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[object, ...], tuple[float, float]] = {}
        self._lock = threading.Lock()

    def admit(self, name: tuple[str, ...], settings: Mapping[str, Any], now: float) -> bool:
        """Take a token, if there is one; without a rate every request is admitted. `now` is in seconds."""
        rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
        if rate is None or burst is None:
            return True
        key = (*name, rate, burst)
        with self._lock:
            left, at = self._buckets.get(key, (float(burst), now))
            left = min(float(burst), left + (now - at) * float(rate))
            is_admitted = left >= 1
            self._buckets[key] = (left - is_admitted, now)
            return is_admitted
