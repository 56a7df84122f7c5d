"""Faults on demand: what goes wrong, for whom, how often. Knows neither moto nor the scheduler that asks it."""

from wakeproxy.sandbox.faults.fault import Fault, FaultKind
from wakeproxy.sandbox.faults.script import FaultScript

__all__ = ["Fault", "FaultKind", "FaultScript"]
