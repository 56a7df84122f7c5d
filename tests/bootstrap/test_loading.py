"""What bootstrap offers is loaded when it is first asked for, and all of it is there."""

import gc

import pytest

from wakeproxy import bootstrap


def test_everything_that_is_offered_is_there() -> None:
    assert set(bootstrap.__all__) == set(bootstrap._PLACES)
    for name in bootstrap.__all__:
        assert getattr(bootstrap, name) is not None


def test_what_is_not_offered_is_told_by_its_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'open_hose'"):
        bootstrap.__getattr__("open_hose")


def test_garbage_is_looked_for_again_afterwards() -> None:
    bootstrap.__getattr__("open_light_house")
    assert gc.isenabled()
    gc.disable()
    try:
        bootstrap.__getattr__("open_light_house")
        assert not gc.isenabled()
    finally:
        gc.enable()
