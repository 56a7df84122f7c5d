"""Sweeping from within one invocation: EventBridge calls, every service is judged once, and the answer tells it all.

It may be called twice at once or be stopped in the middle: whoever claims a sleep first carries it out, and a claim
whose call to AWS was never made is claimed anew by the next sweep.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wakeproxy.core.idleness import Sleep
from wakeproxy.engine.sleeper import Decision, Sleeper, describe_decision
from wakeproxy.errors import WakeproxyError
from wakeproxy.serverless.metrics import Measured, take_calls, take_deeds, write_line

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sweeping:
    """Sweeps; ``is_single`` answers for one service as if there were no others."""

    make_sleeper: Callable[[], Sleeper]
    grace: float
    """Seconds that a sleep waits for uses it may have missed."""
    is_single: bool
    is_dry_run: bool
    clock: Callable[[], datetime]
    tell: Callable[[str], None]
    """Writes a line of metrics."""
    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """To AWS, by service, operation and outcome."""

    async def sweep(self, *, seconds: float) -> Mapping[str, Any]:
        """Sweep once within so many seconds, and say what came of it."""
        began = asyncio.get_running_loop().time()
        if self.grace >= seconds:
            return _fail(f"A sleep waits {self.grace:g} s for visits, and the function is stopped in {seconds:.0f} s.")
        sleeper = self.make_sleeper()
        try:
            async with asyncio.timeout(seconds):
                decisions = await sleeper.sweep(is_dry_run=self.is_dry_run)
        except TimeoutError:
            return _fail("The sweep took too long; a later one goes on with what it claimed.")
        except WakeproxyError as error:
            return _fail(str(error))
        finally:
            took = {"wakeproxy_sweep_seconds": asyncio.get_running_loop().time() - began}
            for measured in (*take_deeds(sleeper.deeds), *take_calls(self.calls), Measured({}, seconds=took)):
                self.tell(write_line(measured, self.clock()))
        return self._describe(decisions)

    def _describe(self, decisions: Sequence[Decision]) -> Mapping[str, Any]:
        stopped = [one.service for one in decisions if one.is_done and isinstance(one.judgement, Sleep)]
        if self.is_single:
            reason = "; ".join(one.reason for one in decisions)
            return {"ok": True, "stopped": True} if stopped else {"ok": True, "stopped": False, "reason": reason}
        return {
            "ok": True,
            "stopped": stopped,
            "skipped": [one.service for one in decisions if one.service not in stopped],
            "decisions": [describe_decision(one) for one in decisions],
        }


def _fail(sentence: str) -> Mapping[str, Any]:
    logger.error("%s", sentence)
    return {"ok": False, "error": sentence}
