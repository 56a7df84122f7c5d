"""What a task's life needs from around it, in one value."""

from dataclasses import dataclass

from wakeproxy.sandbox.errands import Errands
from wakeproxy.sandbox.fargate.announce import Announcer
from wakeproxy.sandbox.fargate.network import Network
from wakeproxy.sandbox.faults import FaultScript
from wakeproxy.sandbox.moto_host import Moto
from wakeproxy.sandbox.processes.house import House
from wakeproxy.sandbox.timeline import Timeline
from wakeproxy.sandbox.timings import Timings


@dataclass(frozen=True, slots=True)
class Platform:
    """The machine under the tasks."""

    timeline: Timeline
    errands: Errands
    timings: Timings
    faults: FaultScript
    moto: Moto
    house: House
    network: Network
    announcer: Announcer
    pull: str
    """`known`: only built-in images and images with a command; `any`: others run the echo app."""
