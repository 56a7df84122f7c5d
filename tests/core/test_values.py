"""A rule of the whole core: what it hands out nobody can change."""

from dataclasses import is_dataclass
from importlib import import_module
from inspect import getmembers, isclass
from pkgutil import iter_modules

import pytest

from wakeproxy import core

MODULES = [import_module(f"{core.__name__}.{module.name}") for module in iter_modules(core.__path__)]
VALUES = sorted(
    {kind for module in MODULES for _, kind in getmembers(module, isclass) if is_dataclass(kind)},
    key=lambda kind: kind.__name__,
)


def test_the_core_speaks_in_values() -> None:
    assert {"Service", "Sight", "Record", "Observation", "Task", "Choice"} <= {kind.__name__ for kind in VALUES}


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_is_frozen_and_has_slots(kind: type) -> None:
    assert vars(kind)["__dataclass_params__"].frozen
    assert "__slots__" in vars(kind)
