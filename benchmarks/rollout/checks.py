"""What has to be true when a tool has ended: checks that say what is wrong."""

from collections.abc import Callable
from typing import Any

from benchmarks.rollout.case import Check
from benchmarks.rollout.scene import Document, Seen
from benchmarks.rollout.tools import SERVICE


def all_of(*checks: Check) -> Check:
    """Everything has to be true; the first that is not is told."""

    def judge(seen: Seen) -> str | None:
        return next((complaint for check in checks if (complaint := check(seen))), None)

    return judge


def does(*checks: Check) -> Check:
    """Success, with all tasks there and these things true; or a clear refusal that leaves everything as it was."""
    done, refused = all_of(*checks, is_up), keeps

    def judge(seen: Seen) -> str | None:
        if seen.attempt.status == 0:
            return _within("success was told", done(seen))
        return _within("it failed", refused(seen))

    return judge


def succeeds(*checks: Check) -> Check:
    """Success, with all tasks there and these things true."""
    return begins(*checks, is_up)


def begins(*checks: Check) -> Check:
    """Success is told, and these things are true; nobody waits for tasks."""
    return all_of(
        lambda seen: None if seen.attempt.status == 0 else f"it failed: {last_line(seen)}",
        lambda seen: _within("success was told", all_of(*checks)(seen)),
    )


def fails(*checks: Check) -> Check:
    """A failure is told by the exit status, and these things are true."""
    return all_of(
        lambda seen: "success was told" if seen.attempt.status == 0 else None,
        lambda seen: _within("failure was told", all_of(*checks)(seen)),
    )


def is_up(seen: Seen) -> str | None:
    """As many tasks as are wanted run the service's revision, and no others."""
    service = seen.after.service
    revisions = {one["taskDefinitionArn"] for one in seen.after.tasks}
    if len(seen.after.tasks) != service["desiredCount"] or revisions - {service["taskDefinition"]}:
        return f"{len(seen.after.tasks)} of {service['desiredCount']} tasks run"
    return None


def keeps(seen: Seen) -> str | None:
    """The service has the revision that it had."""
    before, after = seen.before.service.get("taskDefinition"), seen.after.service.get("taskDefinition")
    images = ", ".join(one["image"] for one in seen.after.revision.get("containerDefinitions", ()))
    return None if before == after else f"the service is left with {images}"


def litters_not(seen: Seen) -> str | None:
    """No revision was registered or made inactive."""
    return None if seen.before.active == seen.after.active else "revisions were registered or made inactive"


def spares_what_ran(seen: Seen) -> str | None:
    """The revision that ran before is still active."""
    ran = seen.before.service["taskDefinition"]
    return None if ran in seen.after.active else "the revision that ran is deregistered"


def spares_what_runs(seen: Seen) -> str | None:
    """The revision that the service has is active."""
    return None if seen.after.service["taskDefinition"] in seen.after.active else "the live revision is deregistered"


def serves_on(seen: Seen) -> str | None:
    """What ran before still runs."""
    ran = seen.before.service["taskDefinition"]
    return None if any(one["taskDefinitionArn"] == ran for one in seen.after.tasks) else "what ran is gone"


def has_image(wanted: str, container: str = SERVICE) -> Check:
    """A container has an image."""

    def check(seen: Seen) -> str | None:
        found = seen.after.container(container).get("image")
        return None if found == wanted else f"{container} has {found}"

    return check


def has_count(desired: int) -> Check:
    """The desired count is this."""

    def check(seen: Seen) -> str | None:
        found = seen.after.service["desiredCount"]
        return None if found == desired else f"the desired count is {found}"

    return check


def has_member(name: str, wanted: Any) -> Check:
    """The task definition has a member."""
    return _equals(name, wanted, lambda seen: seen.after.revision)


def has_container_member(name: str, wanted: Any, container: str = SERVICE) -> Check:
    """A container definition has a member."""
    return _equals(name, wanted, lambda seen: seen.after.container(container))


def has_variables(container: str = SERVICE, **wanted: str) -> Check:
    """A container has exactly these variables, and no secret of the same name."""

    def check(seen: Seen) -> str | None:
        found = seen.after.container(container)
        variables = {one["name"]: one["value"] for one in found.get("environment", ())}
        doubled = variables.keys() & {one["name"] for one in found.get("secrets", ())}
        if doubled:
            return f"{', '.join(doubled)} is both a variable and a secret"
        return None if variables == wanted else f"{container} has the variables {variables}"

    return check


def has_secrets(**wanted: str) -> Check:
    """The container has exactly these secrets, and no variable of the same name."""

    def check(seen: Seen) -> str | None:
        found = seen.after.container()
        secrets = {one["name"]: one["valueFrom"] for one in found.get("secrets", ())}
        doubled = secrets.keys() & {one["name"] for one in found.get("environment", ())}
        if doubled:
            return f"{', '.join(doubled)} is both a variable and a secret"
        return None if secrets == wanted else f"it has the secrets {secrets}"

    return check


def leaves_alone(name: str) -> Check:
    """Another service has what it had, and its revision is active."""

    def check(seen: Seen) -> str | None:
        before, after = (standing.services[name]["taskDefinition"] for standing in (seen.before, seen.after))
        if before != after:
            return f"{name} was changed"
        has_gone = before in seen.before.active and before not in seen.after.active
        return f"the revision of {name} is deregistered" if has_gone else None

    return check


def begins_anew(seen: Seen) -> str | None:
    """Another deployment of the same containers took the place of the one before."""
    before, after = (_primary(standing.service) for standing in (seen.before, seen.after))
    return None if before["id"] != after["id"] else "no deployment was begun"


def last_line(seen: Seen) -> str:
    """What the tool said at last."""
    lines = [line.strip() for line in seen.attempt.said.splitlines() if line.strip()]
    return lines[-1][:120] if lines else "without a word"


def _primary(service: Document) -> Document:
    found: Document = service["deployments"][0]
    return found


def _equals(name: str, wanted: Any, of: Callable[[Seen], Document]) -> Check:
    def check(seen: Seen) -> str | None:
        found = of(seen).get(name)
        return None if found == wanted else f"{name} is {found}" if found else f"{name} is lost"

    return check


def _within(state: str, complaint: str | None) -> str | None:
    return f"{state}, but {complaint}" if complaint else None
