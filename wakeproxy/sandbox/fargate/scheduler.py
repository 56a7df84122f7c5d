"""The service scheduler: looks at a service whenever something about it changed, and takes the next step.

There is no loop over services. A look is asked for by an API call, a task's change, or a deadline (back-off), and many
askings before the look make one look.
"""

from typing import TYPE_CHECKING

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.fargate import breaker
from wakeproxy.sandbox.fargate.rolling import Crew, plan_step, read_bounds
from wakeproxy.sandbox.fargate.roster import Roster
from wakeproxy.sandbox.faults import FaultKind
from wakeproxy.sandbox.model.region import Region
from wakeproxy.sandbox.model.render import render_service
from wakeproxy.sandbox.model.service import Deployment, Service
from wakeproxy.sandbox.model.task import Launch, Status, Task

if TYPE_CHECKING:
    from wakeproxy.sandbox.timeline import Timer

_HELP = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
CAPACITY = (
    "was unable to place a task. Reason: Capacity is unavailable at this time. "
    f"Please try again later or in a different availability zone. {_HELP}"
)
VCPU_LIMIT = (
    "was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently. "
    f"{_HELP}"
)
NO_INSTANCES = (
    "was unable to place a task because no container instance met all of its requirements. "
    f"Reason: No Container Instances were found in your cluster. {_HELP}"
)
IMPAIRED = "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section."
STUCK = "was unable to stop or start tasks during a deployment because of the service deployment configuration. "
UNHEALTHY = "Task failed container health checks"
IMPAIRED_AFTER = 3
"""Failed starts in a row after which ECS reports that it holds back; AWS does not document the number."""


class Scheduler:
    """Brings services to their desired count."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self._platform = roster.platform
        self._looks: dict[Service, tuple[float, Timer]] = {}
        self._is_open = True

    def close(self) -> None:
        """Take no further step."""
        self._is_open = False

    def changed(self, region: Region, service: Service) -> None:
        """Hear that somebody changed a service: failures so far no longer count, and it is looked at."""
        service.backoff.forget()
        service.is_steady = False
        self._record(service)
        self._look_in(region, service, self._platform.timings.schedule)

    def look_at(self, region: Region, service: Service) -> None:
        """Hear that something about a service's tasks changed."""
        self._look_in(region, service, 0)

    def _look_in(self, region: Region, service: Service, seconds: float) -> None:
        due = self._platform.timeline.now() + seconds
        planned = self._looks.get(service)
        if planned is not None:
            if planned[0] <= due:
                return
            planned[1].cancel()

        def look() -> None:
            del self._looks[service]
            self._look(region, service)

        self._looks[service] = (due, self._platform.timeline.after(seconds, look))

    def _look(self, region: Region, service: Service) -> None:
        if service.status == "INACTIVE" or not self._is_open:
            return
        self._end_unhealthy(service)
        if breaker.is_tripped(service):
            self._give_up(region, service)
        self._take_step(region, service)
        self._settle(region, service)
        self._record(service)

    def _take_step(self, region: Region, service: Service) -> None:
        new = service.tasks_of(service.primary)
        old = [task for task in service.tasks if task not in new]
        desired, configuration = service.desired_count, service.settings.get("deploymentConfiguration", {})
        step = plan_step(desired, read_bounds(desired, configuration), _crew(new), _crew(old))
        self._end(service, _chosen(old, step.stop_old) + _chosen(new, step.stop_new))
        self._await_protected(region, service)
        if step.is_stuck:
            service.report(f"{STUCK}{_HELP}")
        if step.start and service.primary.rollout_state != "FAILED":
            self._start(region, service, step.start)

    def _end(self, service: Service, tasks: list[Task]) -> None:
        if not tasks:
            return
        for task in tasks:
            reason = f"Scaling activity initiated by (deployment {task.launch.started_by})"
            self.roster.stop(task, "ServiceSchedulerInitiated", reason)
        service.is_steady = False
        listed = " ".join(f"(task {task.id})" for task in tasks)
        service.report(f"has stopped {len(tasks)} running tasks: {listed}.")

    def _await_protected(self, region: Region, service: Service) -> None:
        """Look again when the first protection runs out: what it kept from being stopped may be stopped then."""
        ends = [task.protected_until for task in service.tasks if task.is_live and task.protected_until is not None]
        pending = [end - epoch() for end in ends if end > epoch()]
        if pending:
            self._look_in(region, service, min(pending))

    def _start(self, region: Region, service: Service, number: int) -> None:
        service.is_steady = False
        if any(_has_failed_to_start(task) and task.last_status is not Status.STOPPED for task in service.tasks):
            return  # it is counted once it has stopped, and nothing may be started before that
        pause = service.backoff.not_before - self._platform.timeline.now()
        if pause > 0:
            self._look_in(region, service, pause)
            return
        if obstacle := self._obstacle(service):
            service.report(obstacle)
            self._platform.announcer.service_acted(
                region.name, service, "WARN", "SERVICE_TASK_PLACEMENT_FAILURE", "RESOURCE:FARGATE"
            )
            breaker.count_failure(service, service.primary)
            self._hold_back(region, service)
            return
        launch = _launch(region, service)
        started = [self._launch(region, service, launch) for _ in range(number)]
        listed = " ".join(f"(task {task.id})" for task in started)
        service.report(f"has started {number} tasks: {listed}.")

    def _launch(self, region: Region, service: Service, launch: Launch) -> Task:
        return self.roster.launch_for(region, service, launch, lambda task: self._task_changed(region, service, task))

    def _obstacle(self, service: Service) -> str | None:
        for kind, message in ((FaultKind.CAPACITY, CAPACITY), (FaultKind.VCPU_LIMIT, VCPU_LIMIT)):
            if self._platform.faults.take_for_task(kind, service.target):
                return message
        return NO_INSTANCES if service.settings.get("launchType") == "EC2" else None

    def _task_changed(self, region: Region, service: Service, task: Task) -> None:
        deployment = next((each for each in service.deployments if each.id == task.launch.started_by), None)
        if task.is_ready and deployment is not None:
            deployment.has_run, deployment.failed_tasks = True, 0
            service.backoff.forget()
        if task.last_status is Status.STOPPED and _has_failed_to_start(task):
            self._start_failed(region, service, deployment)
        self._look_in(region, service, 0)

    def _start_failed(self, region: Region, service: Service, deployment: Deployment | None) -> None:
        if deployment is not None:
            breaker.count_failure(service, deployment)
        self._hold_back(region, service)
        if service.backoff.failures == IMPAIRED_AFTER:
            service.report(IMPAIRED)
            self._platform.announcer.service_acted(region.name, service, "WARN", "SERVICE_TASK_START_IMPAIRED")

    def _hold_back(self, region: Region, service: Service) -> None:
        """Wait before the next start, twice as long each time."""
        timings, backoff = self._platform.timings, service.backoff
        pause = min(timings.longest_backoff, timings.first_backoff * 2**backoff.failures)
        backoff.failures = min(backoff.failures + 1, 30)
        backoff.not_before = self._platform.timeline.now() + pause
        self._look_in(region, service, pause)

    def _end_unhealthy(self, service: Service) -> None:
        for task in service.tasks:
            if task.is_live and task.last_status is Status.RUNNING and task.health == "UNHEALTHY":
                service.report(f"(task {task.id}) failed container health checks.")
                if task.launch.started_by == service.primary.id:
                    breaker.count_failure(service, service.primary)
                self.roster.stop(task, "ServiceSchedulerInitiated", UNHEALTHY)
                service.is_steady = False

    def _give_up(self, region: Region, service: Service) -> None:
        failed = service.primary
        successor = breaker.trip(service)
        self._platform.announcer.deployment_changed(region.name, service, failed, "ERROR")
        if successor is not None:
            self._platform.announcer.deployment_changed(region.name, service, successor, "INFO")

    def _settle(self, region: Region, service: Service) -> None:
        """Notice that the service is as wanted: end the deployment, report the steady state, finish a deletion."""
        tasks, primary = service.tasks, service.primary
        is_whole = sum(task.is_ready for task in tasks) == service.desired_count == sum(t.is_live for t in tasks)
        is_ours = all(task.launch.started_by == primary.id for task in tasks if task.is_live)
        is_quiet = all(task.is_live or task.last_status is not Status.RUNNING for task in tasks)
        if service.status == "DRAINING":
            service.status = "DRAINING" if tasks else "INACTIVE"
        elif is_whole and is_ours and is_quiet and primary.rollout_state != "FAILED":
            self._complete(region, service, primary)

    def _complete(self, region: Region, service: Service, primary: Deployment) -> None:
        del service.deployments[1:]
        announcer = self._platform.announcer
        if primary.rollout_state == "IN_PROGRESS":
            primary.move("COMPLETED", f"ECS deployment {primary.id} completed.")
            service.report(f"(deployment {primary.id}) deployment completed.")
            announcer.deployment_changed(region.name, service, primary, "INFO")
        if not service.is_steady:
            service.is_steady = True
            service.report("has reached a steady state.")
            announcer.service_acted(region.name, service, "INFO", "SERVICE_STEADY_STATE")

    def _record(self, service: Service) -> None:
        service.past.append((self._platform.timeline.now(), render_service(service)))


def _has_failed_to_start(task: Task) -> bool:
    has_failed = task.stop_code in {"TaskFailedToStart", "EssentialContainerExited"}
    return has_failed and "startedAt" not in task.times


def _crew(tasks: list[Task]) -> Crew:
    live = [task for task in tasks if task.is_live]
    ready = sum(task.is_ready for task in live)
    return Crew(ready, len(live) - ready)


def _chosen(tasks: list[Task], number: int) -> list[Task]:
    """Those to stop first: tasks that are not ready before ready ones, young before old, and no protected one.

    Application Auto Scaling lowers a desired count by UpdateService, as anybody does; so ECS cannot tell who asks.
    """
    live = [task for task in tasks if task.is_live and (task.protected_until or 0) <= epoch()]
    return sorted(live, key=lambda task: (task.is_ready, -task.times["createdAt"]))[:number]


def _launch(region: Region, service: Service) -> Launch:
    settings, definition = service.settings, region.definition(service.task_definition)
    propagated = {"SERVICE": service.tags, "TASK_DEFINITION": definition.tags}.get(
        settings.get("propagateTags", ""), {}
    )
    managed = {"aws:ecs:serviceName": service.name, "aws:ecs:clusterName": service.cluster.name}
    strategy = settings.get("capacityProviderStrategy") or []
    return Launch(
        definition=definition,
        cluster=service.cluster,
        group=f"service:{service.name}",
        started_by=service.primary.id,
        network=settings.get("networkConfiguration"),
        tags={**propagated, **(managed if settings.get("enableECSManagedTags") else {})},
        capacity_provider=strategy[0]["capacityProvider"] if strategy else None,
        execute_command=bool(settings.get("enableExecuteCommand")),
    )
