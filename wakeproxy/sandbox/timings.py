"""How long each stage of a task's life takes.

The real spans are other people's measurements of Fargate (10-20 s for the network interface, 10-40 s for the pull of
an ordinary image, 1-3 s from started to RUNNING); the presets keep their order and proportion.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Spans in seconds, except where said."""

    schedule: float
    """From a change of a service to the scheduler's next look at it."""
    provisioning: float
    """PROVISIONING: until the network interface is attached."""
    pull: float
    """PENDING: until the images are pulled and the containers start."""
    activating: float
    """ACTIVATING: until RUNNING."""
    notice: float
    """From desiredStatus STOPPED to DEACTIVATING; the task still says RUNNING."""
    deactivating: float
    """DEACTIVATING: targets are deregistered, then SIGTERM."""
    deprovisioning: float
    """DEPROVISIONING: until the network interface is gone."""
    first_backoff: float
    """Before the start that follows a failed one; doubled each time."""
    longest_backoff: float
    """The bound of that doubling; 27 minutes on AWS."""
    scaling: float
    """From a desired count's fall below a scalable target's minimum to its being raised again."""
    health_pace: float
    """Factor on a health check's interval and start period: AWS allows no interval below 5 s."""
    retry: float
    """From an asynchronous invocation's failure to its second try; twice as long to the third."""
    schedule_pace: float
    """Factor on what lies between two firings of a schedule: AWS allows nothing below a minute."""


TIMINGS: Mapping[str, Timings] = MappingProxyType(
    {
        "instant": Timings(
            schedule=0.005,
            provisioning=0.01,
            pull=0.01,
            activating=0.005,
            notice=0.005,
            deactivating=0.005,
            deprovisioning=0.005,
            first_backoff=0.05,
            longest_backoff=1.0,
            scaling=0.2,
            health_pace=0.01,
            retry=0.05,
            schedule_pace=0.05,
        ),
        "fast": Timings(
            schedule=0.4,
            provisioning=2.2,
            pull=2.8,
            activating=0.4,
            notice=0.2,
            deactivating=0.4,
            deprovisioning=0.8,
            first_backoff=2.0,
            longest_backoff=30.0,
            scaling=2.0,
            health_pace=0.1,
            retry=6.0,
            schedule_pace=0.2,
        ),
        "fargate": Timings(
            schedule=2.0,
            provisioning=14.0,
            pull=20.0,
            activating=3.0,
            notice=2.0,
            deactivating=5.0,
            deprovisioning=12.0,
            first_backoff=10.0,
            longest_backoff=27 * 60.0,
            scaling=60.0,
            health_pace=1.0,
            retry=60.0,
            schedule_pace=1.0,
        ),
    }
)
