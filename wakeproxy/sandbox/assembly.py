"""Puts the parts of a sandbox together, and takes them apart in the right order."""

import threading
from dataclasses import dataclass

from wakeproxy.sandbox.ecs.operation import Ecs
from wakeproxy.sandbox.edge import Edge
from wakeproxy.sandbox.errands import Errands
from wakeproxy.sandbox.fargate.announce import Announcer
from wakeproxy.sandbox.fargate.network import Network
from wakeproxy.sandbox.fargate.platform import Platform
from wakeproxy.sandbox.fargate.roster import Roster
from wakeproxy.sandbox.fargate.scaling import AutoScaling
from wakeproxy.sandbox.fargate.scheduler import Scheduler
from wakeproxy.sandbox.faults import FaultScript
from wakeproxy.sandbox.lambdas.invoking import Ground
from wakeproxy.sandbox.model.arns import last_name
from wakeproxy.sandbox.moto_host import Moto
from wakeproxy.sandbox.moto_mirror import EcsView
from wakeproxy.sandbox.processes.house import House
from wakeproxy.sandbox.timeline import Timeline
from wakeproxy.sandbox.timings import Timings

LAST_WORDS = 5.0
"""Seconds that killed tasks get to go through the rest of their lives when the sandbox stops."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything behind the port, running."""

    ecs: Ecs
    platform: Platform
    edge: Edge

    @classmethod
    def start(cls, *, url: str, region: str, timings: Timings, pull: str, faults: FaultScript) -> "Machine":
        """Start threads and guardian; moto begins to load."""
        moto, timeline, errands = Moto(region), Timeline(), Errands()
        house = House(
            {
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": "sandbox",
                "AWS_SECRET_ACCESS_KEY": "sandbox",
                "AWS_EC2_METADATA_DISABLED": "true",
            }
        )
        network = Network(moto)
        platform = Platform(
            timeline=timeline,
            errands=errands,
            timings=timings,
            faults=faults,
            moto=moto,
            house=house,
            network=network,
            announcer=Announcer(moto, errands),
            pull=pull,
        )
        for part in (timeline, errands, network):
            part.start()
        moto.open()
        roster = Roster(platform)
        scheduler = Scheduler(roster)
        ecs = Ecs(scheduler, roster, network, AutoScaling(scheduler))
        moto.show(_view(ecs, timeline))
        edge = Edge.build(Ground(moto, house, errands, timeline, timings))
        return cls(ecs, platform, edge)

    def stop(self) -> None:
        """Kill every container, then end every thread; leaves no process and no file."""
        emptied = threading.Event()
        self.edge.close()
        self.platform.timeline.call(self.ecs.scheduler.close)
        self.platform.timeline.call(lambda: self.ecs.roster.stop_all(emptied.set))
        emptied.wait(LAST_WORDS)
        self.platform.errands.stop()
        self.platform.timeline.stop()
        self.platform.network.stop()
        self.platform.house.close()
        self.platform.moto.close()


def _view(ecs: Ecs, timeline: Timeline) -> EcsView:
    def services(region: str, cluster: str, names: list[str]) -> list[object]:
        known = ecs.region(region).services
        found = [known.get((last_name(cluster), name)) for name in names]
        return [service for service in found if service is not None and service.status == "ACTIVE"]

    return EcsView(
        tags_of=lambda region: timeline.call(lambda: ecs.region(region).tagged()),
        services=lambda region, cluster, names: timeline.call(lambda: services(region, cluster, names)),
    )
