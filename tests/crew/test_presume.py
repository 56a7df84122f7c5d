"""What a follower takes for true until its owner has answered."""

from datetime import timedelta

import pytest

from tests.fakes import EPOCH
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint, Stage
from wakeproxy.core.sight import Sight
from wakeproxy.crew.presume import presume_kept, presume_refused, presume_visited

SHOP = ServiceName("shop")
ONE, OTHER = Endpoint("one", "10.0.0.1", 80), Endpoint("other", "10.0.0.2", 80)


@pytest.mark.parametrize("phase", [Phase.ASLEEP, Phase.DRAINING, Phase.FAILED])
def test_a_visit_wakes(phase: Phase) -> None:
    found = presume_visited(Sight(SHOP, phase), EPOCH)

    assert (found.phase, found.stage, found.began_at) == (Phase.WAKING, Stage.REQUESTED, EPOCH)


@pytest.mark.parametrize("phase", [Phase.WAKING, Phase.AWAKE])
def test_a_visit_changes_nothing_where_it_need_not(phase: Phase) -> None:
    sight = Sight(SHOP, phase, (ONE,))

    assert presume_visited(sight, EPOCH) is sight


def test_a_refusing_task_is_not_asked_again_while_others_answer() -> None:
    found = presume_refused(Sight(SHOP, Phase.AWAKE, (ONE, OTHER)), ONE, EPOCH)

    assert (found.phase, found.endpoints) == (Phase.AWAKE, (OTHER,))


def test_without_a_task_that_answers_nothing_is_awake() -> None:
    found = presume_refused(Sight(SHOP, Phase.AWAKE, (ONE,)), ONE, EPOCH)

    assert (found.phase, found.endpoints, found.began_at) == (Phase.WAKING, (), EPOCH)


def test_what_is_waking_stays_so() -> None:
    sight = Sight(SHOP, Phase.WAKING, (ONE,))

    assert presume_refused(sight, ONE, EPOCH).phase is Phase.WAKING


def test_a_wish_to_stay_awake_never_shortens_another() -> None:
    kept = presume_kept(Sight(SHOP, Phase.AWAKE), EPOCH)

    assert kept.outlook.kept_until == EPOCH
    assert presume_kept(kept, EPOCH - timedelta(hours=1)) == kept
