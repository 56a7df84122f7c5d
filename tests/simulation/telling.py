"""What a schedule was and what happened in it, in lines to read."""

from collections.abc import Iterator

from tests.fakes import EPOCH
from tests.simulation.plan import Climate, Plan
from tests.simulation.scene import Called, Calling, Claiming, Event, Failed, Landed, Told, Wrote
from tests.simulation.schedule import Verdict
from wakeproxy.core.record import Record


def tell(verdict: Verdict, *, with_journal: bool) -> Iterator[str]:
    """Tell of a schedule; without the journal only what was broken, and how to see more."""
    seed = verdict.plan.seed
    if with_journal:
        yield from _tell_plan(verdict.plan)
        for at, event in verdict.journal:
            yield f"{at:9.3f} {_describe(event)}"
    for violation in verdict.violations:
        yield f"seed {seed}: {violation}"
    if verdict.violations and not with_journal:
        yield f"see python -m tests.simulation --seed {seed} --trace"


def _tell_plan(plan: Plan) -> Iterator[str]:
    yield f"seed {plan.seed}: {plan.services} services, {plan.fronts} fronts, {plan.sleepers} sleepers besides"
    usual = Climate()
    unusual = {name: getattr(plan.climate, name) for name in Climate.__slots__}
    told = (f"{name} {value:g}" for name, value in unusual.items() if value != getattr(usual, name))
    yield f"calls: {', '.join(told) or 'all go well'}; an app listens {plan.course.listening:.3f} s after its start"
    for one in (*plan.visits, *plan.blows, *plan.ambushes):
        yield str(one)


def _describe(event: Event) -> str:
    match event:
        case Calling(by, ecs, count):
            return f"{by}: is about to call UpdateService({count}) of {ecs}"
        case Called(by, ecs, count):
            return f"{by}: calls UpdateService({count}) of {ecs}"
        case Landed(by, ecs, before, count):
            return f"ECS: {ecs} from {before} to {count}, as {by} called for"
        case Failed(by, what, why):
            return f"{by}: hears that {what} failed: {why}"
        case Claiming(by, name, after):
            return f"{by}: claims generation {after.generation} of {name}, {after.intent}"
        case Wrote(by, name, before, after):
            return f"ledger: {by} writes {name}: {_differ(before, after)}"
        case Told(by, what):
            return f"{by}: {what}"


def _differ(before: Record, after: Record) -> str:
    return ", ".join(
        f"{name} {_word(getattr(after, name))}"
        for name in Record.__slots__
        if getattr(before, name) != getattr(after, name)
    )


def _word(value: object) -> object:
    """Tell an instant in the seconds of the schedule."""
    return f"{(value - EPOCH).total_seconds():.3f}" if isinstance(value, type(EPOCH)) else value
