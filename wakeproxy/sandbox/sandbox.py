"""The sandbox as others use it: started, stopped, asked, and made to fail."""

import threading
from types import TracebackType
from typing import Any, Self

from wakeproxy.sandbox.assembly import Machine
from wakeproxy.sandbox.door.calls import Call, CallLog
from wakeproxy.sandbox.door.control import Control, TaskView
from wakeproxy.sandbox.door.endpoint import Endpoint
from wakeproxy.sandbox.door.listener import Listener
from wakeproxy.sandbox.ecs.catalog import perform
from wakeproxy.sandbox.ecs.operation import Request
from wakeproxy.sandbox.errors import SandboxError
from wakeproxy.sandbox.faults import FaultScript
from wakeproxy.sandbox.model.task import Status, Task
from wakeproxy.sandbox.spec import ServiceSpec, definition_of, service_of
from wakeproxy.sandbox.timings import TIMINGS, Timings

PULLS = ("known", "any")
VISITORS = "0.0.0.0/0"


class Sandbox:
    """AWS on this machine: one endpoint, services that run as local processes.

    Runs in threads of its own; every method may be called from any thread.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        timings: Timings = TIMINGS["instant"],
        pull: str = "known",
        region: str = "eu-central-1",
    ) -> None:
        """Prepare a sandbox; port 0 takes a free one."""
        if pull not in PULLS:
            raise SandboxError(f"pull is {pull!r}; use one of: {', '.join(PULLS)}.")
        self.region = region
        self.faults = FaultScript()
        self._wanted_port, self._timings, self._pull = port, timings, pull
        self._calls = CallLog()
        self._changing = threading.Lock()
        self._machine: Machine | None = None
        self._endpoint: Endpoint | None = None
        self._listener: Listener | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The endpoint for any AWS client."""
        if self._listener is None:
            raise SandboxError("The sandbox is not running; call start() first.")
        return f"http://127.0.0.1:{self._listener.port}"

    @property
    def calls(self) -> tuple[Call, ...]:
        """The AWS calls made so far, oldest first; the last 20,000."""
        return self._calls.snapshot()

    def clear_calls(self) -> None:
        """Forget the calls made so far."""
        self._calls.clear()

    def fire(self, name: str) -> list[dict[str, Any]]:
        """Fire a rule or a schedule of this sandbox's Region now, and wait for its functions.

        Returns each function's ARN as `function`, its `answer`, and the type of its `error`, empty if it has none.

        Raises:
            SandboxError: there is none of this name.

        """
        return self._running().edge.events.fire(self.region, name)

    def urls(self) -> list[dict[str, str]]:
        """List what was made in this sandbox's Region that a browser can open: `kind`, `name` and `url` of each."""
        port = int(self.url.rsplit(":", 1)[1])
        return self._running().edge.urls(self.region, port)

    def start(self) -> Self:
        """Begin to serve.

        Raises:
            SandboxError: the port is taken, or this sandbox runs already.

        """
        with self._changing:
            self._start()
        return self

    def stop(self) -> None:
        """End every task, thread and process, and remove every file; harmless when not running."""
        with self._changing:
            self._stop()

    def create_service(self, name: str, **options: Any) -> str:
        """Make cluster, security group, task definition and service; returns the service's ARN.

        The options are the fields of `ServiceSpec`. The calls are not logged.
        """
        try:
            spec = ServiceSpec(name=name, **options)
        except TypeError as error:
            raise SandboxError(f"create_service: {error}; the options are the fields of ServiceSpec.") from error
        self._ask("CreateCluster", {"clusterName": spec.cluster})
        definition = self._ask("RegisterTaskDefinition", definition_of(spec, self.region))["taskDefinition"]
        subnets, group = self._default_network(spec)
        asked = service_of(spec, definition["taskDefinitionArn"], subnets, group)
        return str(self._ask("CreateService", asked)["service"]["serviceArn"])

    def tasks(self, cluster: str, service: str | None = None) -> tuple[TaskView, ...]:
        """Tasks of a cluster, or of one service, that have not stopped."""
        return self._running().platform.timeline.call(lambda: tuple(map(self._view, self._find(cluster, service))))

    def replace_task(self, cluster: str, service: str) -> str:
        """Kill a service's oldest running task; the scheduler starts another, which gets another address.

        Returns:
            The id of the task that was killed.

        Raises:
            SandboxError: none is running.

        """

        def kill() -> str:
            roster = self._running().ecs.roster
            for task in self._find(cluster, service):
                if task.is_live and task.last_status is Status.RUNNING and (life := roster.life(task)):
                    life.kill()
                    return task.id
            raise SandboxError(f"No task of {cluster}/{service} is running; wake it first.")

        return self._running().platform.timeline.call(kill)

    def _start(self) -> None:
        if self._listener is not None:
            raise SandboxError("The sandbox is running already; make another one.")
        self._listener = Listener(self._wanted_port, lambda environ: self._serving().answer(environ))
        try:
            self._machine = Machine.start(
                url=self.url, region=self.region, timings=self._timings, pull=self._pull, faults=self.faults
            )
        except BaseException:
            self._listener.abandon()
            self._listener = None
            raise
        control = Control(self, self.faults, self._calls)
        machine = self._machine
        self._endpoint = Endpoint(
            machine.ecs, machine.platform.moto, self.faults, self._calls, control, machine.edge, self.region
        )
        self._listener.start()

    def _stop(self) -> None:
        if self._listener is None or self._machine is None:
            return
        self._serving().closing.set()
        self._listener.stop()
        self._machine.stop()
        self._listener = self._machine = self._endpoint = None

    def _ask(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        ecs = self._running().ecs
        request = Request(ecs, ecs.region(self.region), params)
        return self._running().platform.timeline.call(lambda: perform(operation, request))

    def _default_network(self, spec: ServiceSpec) -> tuple[list[str], str]:
        """The default VPC's subnets, and a security group that admits the service's port to everybody."""
        name = f"{spec.cluster}-{spec.name}"
        with self._running().platform.moto.ec2(self.region) as ec2:
            subnets = [subnet for zone in ec2.subnets.values() for subnet, it in zone.items() if it.default_for_az]
            vpc = ec2.get_subnet(subnets[0]).vpc_id
            group = ec2.get_security_group_from_name(name, vpc)
            if group is None:
                group = ec2.create_security_group(name, f"admits port {spec.port}", vpc_id=vpc)
                port = str(spec.port)
                ec2.authorize_security_group_ingress(group.id, "tcp", port, port, ip_ranges=[{"CidrIp": VISITORS}])
        return subnets, group.id

    def _find(self, cluster: str, service: str | None) -> list[Task]:
        tasks = self._running().ecs.region(self.region).tasks.values()
        found = [task for task in tasks if task.launch.cluster.name == cluster and "stoppedAt" not in task.times]
        return [task for task in found if service is None or task.launch.group == f"service:{service}"]

    def _view(self, task: Task) -> TaskView:
        life = self._running().ecs.roster.life(task)
        running = [each for each in (life.containers if life else ()) if each.state.is_essential and each.pid]
        return TaskView(
            id=task.id,
            arn=task.arn,
            service=task.launch.group.removeprefix("service:"),
            status=task.last_status.value,
            desired_status=task.desired_status,
            private_ip=task.interface.private_ip if task.interface else "",
            public_ip=task.interface.public_ip if task.interface else None,
            pid=running[0].pid if running else None,
            log=tuple(line for each in (life.containers if life else ()) for line in each.log.tail),
        )

    def _running(self) -> Machine:
        if self._machine is None:
            raise SandboxError("The sandbox is not running; call start() first.")
        return self._machine

    def _serving(self) -> Endpoint:
        assert self._endpoint is not None
        return self._endpoint
