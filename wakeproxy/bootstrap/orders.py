"""Orders by hand: what the command line and a Lambda's routes for operators do alike."""

from dataclasses import dataclass, replace
from datetime import timedelta

from wakeproxy.bootstrap.house import House
from wakeproxy.core.idleness import Judgement, Sleep, Stay
from wakeproxy.core.record import is_wake_claimed
from wakeproxy.core.service import Service


@dataclass(frozen=True, slots=True)
class Slept:
    """What came of the order to sleep: done, or needless, or refused for a reason."""

    was_asleep: bool = False
    refusal: str = ""
    may_be_forced: bool = False

    @property
    def is_done(self) -> bool:
        """Whether it was put to sleep now."""
        return not (self.was_asleep or self.refusal)


async def put_to_sleep(house: House, service: Service, *, force: bool) -> Slept:
    """Put one service to sleep, unless it is in use and it is not forced.

    Raises:
        LedgerError: nothing is put to sleep without the ledger.
        FleetError: AWS refused, or knows no such service.
    """
    record = await house.claims.read(service.name)
    observation = await house.claims.look(service)
    is_being_woken = is_wake_claimed(record, house.claims.age(service.name, record))
    if not observation.desired and not is_being_woken:
        return Slept(was_asleep=True)
    judgement = Stay("it is just being woken") if not observation.desired else await judge_now(house, service)
    if not (force or isinstance(judgement, Sleep)):
        return Slept(refusal=judgement.reason, may_be_forced=True)
    claims = replace(house.claims, grace=timedelta()) if force else house.claims
    if not await claims.sleep(service, record):
        return Slept(refusal="it was visited just now")
    return Slept()


async def judge_now(house: House, service: Service) -> Judgement:
    """Judge one service as a sweep would, with those that need it."""
    decisions = await replace(house.sleeper(), services=house.with_dependents(service)).sweep(is_dry_run=True)
    return decisions[0].judgement
