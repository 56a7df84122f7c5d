"""What `deploy` and its kin do alike: show the plan, carry it out, and tell how it ended."""

from collections.abc import Iterable, Mapping, Sequence

from wakeproxy.cli.rollout_options import Manner
from wakeproxy.core.comparison import Difference, write_difference
from wakeproxy.core.release import label_of
from wakeproxy.deploy.outcome import Outcome
from wakeproxy.deploy.planning import Plan
from wakeproxy.deploy.pruning import prune
from wakeproxy.deploy.request import Conduct, Request
from wakeproxy.deploy.revising import Revised, inspect, refuse_nothing, register, revise
from wakeproxy.deploy.rollout import Rollout
from wakeproxy.deploy.telling import Event, Kind, Tell
from wakeproxy.deploy.yard import Yard

_COLOURS: Mapping[str, str] = {"+": "green", "-": "red", "~": "yellow"}


async def carry_out(yard: Yard, plan: Plan, conduct: Conduct, manner: Manner, tell: Tell) -> int:
    """Show a plan, and unless it is a dry run carry it out; the exit status."""
    _show(plan.revised, _summarise(plan), manner, tell)
    if manner.is_dry_run:
        return 0
    result = await Rollout(yard, plan, conduct, tell).run()
    for reason in result.reasons:
        tell(Event(Kind.WARNING, reason))
    stands = "" if result.stands == result.revision else f"; it has {label_of(result.stands)}"
    label = label_of(result.revision)
    text = f"{label} is {_WORDS[result.outcome]}: {result.sentence}{stands}"
    tell(Event(Kind.RESULT, text, {**result.describe(), "exit_status": result.exit_status}))
    return result.exit_status


async def register_only(yard: Yard, family: str, request: Request, manner: Manner, tell: Tell) -> int:
    """Register the next revision of a family that no service is given; the exit status."""
    revised = await revise(yard, family, request)
    if not _show(revised, _summarise_revision(revised), manner, tell):
        raise refuse_nothing(revised, family)
    await inspect(yard, revised.wanted, tell)
    if manner.is_dry_run:
        return 0
    registered = await register(yard, revised, tell)
    spared = frozenset({registered.arn, revised.former.arn})
    await prune(yard, keep=request.conduct.keep_revisions, spared=spared, tell=tell)
    details = {"outcome": "done", "revision": registered.arn, "exit_status": 0}
    tell(Event(Kind.RESULT, f"{registered.label} is registered, and no service was given it", details))
    return 0


def _show(revised: Revised, summary: str, manner: Manner, tell: Tell) -> Sequence[Difference]:
    """Tell what is planned, with the differences to what there is; these are returned."""
    differences = revised.differences
    told = [{"path": one.path, "before": one.before, "after": one.after} for one in differences]
    details = {"from": revised.former.arn, "to": revised.wanted.arn or None, "differences": told}
    tell(Event(Kind.PLAN, summary, details))
    if manner.shows_diff and not manner.as_json:
        _print_differences(differences)
    return differences


def _print_differences(differences: Iterable[Difference]) -> None:
    """Print on stdout how two task definitions differ, coloured where a terminal reads it."""
    from rich.console import Console  # noqa: PLC0415 - it takes a tenth of the time in which the others are loaded
    from rich.text import Text  # noqa: PLC0415

    console = Console(soft_wrap=True, highlight=False)
    for line in map(write_difference, differences):
        console.print(Text(line, style=_COLOURS.get(line[:1], "")))


_WORDS: Mapping[Outcome, str] = {
    Outcome.DONE: "rolled out",
    Outcome.STARTED: "being rolled out",
    Outcome.UNVERIFIED: "rolled out, but unverified",
    Outcome.FAILED: "not rolled out",
    Outcome.TIMED_OUT: "not rolled out in time",
}


def _summarise(plan: Plan) -> str:
    if plan.going_on is not None:
        return f"deployment {plan.going_on.id} of {plan.revised.wanted.label} is under way already"
    state = f"{plan.release.desired} tasks are wanted" if plan.release.desired else "it sleeps"
    return f"{_summarise_revision(plan.revised)}; {state}"


def _summarise_revision(revised: Revised) -> str:
    to = "a new revision" if revised.is_new else revised.wanted.label
    images = ", ".join(f"{name}: {image}" for name, image in revised.wanted.images.items())
    return f"{revised.former.label} is followed by {to} ({images})"
