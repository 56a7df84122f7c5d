"""Tidies up after a rollout that went well: old revisions are deregistered, but none that anything uses."""

from wakeproxy.core.pruning import choose_prunable
from wakeproxy.core.release import family_of, label_of
from wakeproxy.deploy.telling import Event, Kind, Tell
from wakeproxy.deploy.yard import Yard
from wakeproxy.errors import FleetError


async def prune(yard: Yard, *, keep: int | None, spared: frozenset[str], tell: Tell) -> None:
    """Deregister all but the newest ``keep`` revisions of a family, ``spared`` and those in use excepted.

    What goes wrong is told: the rollout is over. Without knowing all that is in use nothing is deregistered.
    """
    if keep is None:
        return
    family = family_of(next(iter(spared)))
    pruned: list[str] = []
    try:
        active = await yard.definitions.list_active(family)
        if len(active) > keep:
            in_use = await yard.releases.find_in_use(family)
            for arn in choose_prunable(active, keep=keep, spared=spared | in_use):
                await yard.definitions.deregister(arn)
                pruned.append(arn)
    except FleetError as error:
        tell(Event(Kind.WARNING, f"Not all old revisions of {family} were deregistered: {error}"))
    if pruned:
        labels = ", ".join(map(label_of, pruned))
        tell(Event(Kind.PRUNED, f"{labels} deregistered", {"revisions": pruned}))
