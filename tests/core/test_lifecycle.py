import re
from itertools import product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from wakeproxy.core.lifecycle import TABLE, Effect, Event, Phase, advance, draw

ARROW = re.compile(r"    (\w+) --> (\w+): (.+)")


def test_the_table_knows_every_event_in_every_phase_and_no_others() -> None:
    assert set(TABLE) == set(product(Phase, Event))


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TABLE[Phase.ASLEEP, Event.VISITED] = (Phase.AWAKE, ())  # type: ignore[index]  # that is the point


@pytest.mark.parametrize("phase", Phase)
def test_every_service_can_be_woken_from_wherever_it_is(phase: Phase) -> None:
    visited, _ = advance(phase, Event.VISITED)

    assert advance(visited, Event.ANSWERED)[0] is Phase.AWAKE


@pytest.mark.parametrize(
    ("phase", "event", "after", "effects"),
    [
        (Phase.ASLEEP, Event.VISITED, Phase.WAKING, (Effect.CLAIM,)),
        (Phase.DRAINING, Event.VISITED, Phase.WAKING, (Effect.CLAIM,)),
        (Phase.FAILED, Event.VISITED, Phase.WAKING, (Effect.CLAIM,)),
        (Phase.WAKING, Event.VISITED, Phase.WAKING, ()),
        (Phase.AWAKE, Event.VISITED, Phase.AWAKE, ()),
        (Phase.ASLEEP, Event.SEEN_UP, Phase.WAKING, (Effect.FOLLOW,)),
        (Phase.DRAINING, Event.SEEN_UP, Phase.WAKING, (Effect.FOLLOW,)),
        (Phase.WAKING, Event.ANSWERED, Phase.AWAKE, (Effect.RECORD,)),
        (Phase.WAKING, Event.GAVE_UP, Phase.FAILED, (Effect.RECORD, Effect.REST)),
        (Phase.AWAKE, Event.FELL_SILENT, Phase.WAKING, (Effect.FOLLOW, Effect.LOOK)),
        (Phase.AWAKE, Event.SEEN_DRAINING, Phase.DRAINING, ()),
        (Phase.AWAKE, Event.SEEN_AT_REST, Phase.ASLEEP, ()),
        (Phase.DRAINING, Event.SEEN_AT_REST, Phase.ASLEEP, ()),
        (Phase.FAILED, Event.SEEN_UP, Phase.FAILED, ()),
        (Phase.FAILED, Event.ANSWERED, Phase.AWAKE, ()),
        (Phase.ASLEEP, Event.ANSWERED, Phase.ASLEEP, ()),
    ],
)
def test_the_steps_that_make_the_product(phase: Phase, event: Event, after: Phase, effects: tuple[Effect, ...]) -> None:
    assert advance(phase, event) == (after, effects)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("event", Event)
def test_what_is_read_twice_changes_nothing_the_second_time(phase: Phase, event: Event) -> None:
    once, _ = advance(phase, event)

    assert advance(once, event) == (once, ())


class Life(RuleBasedStateMachine):
    """Any sequence of events; the laws of the docs hold at every step."""

    def __init__(self) -> None:
        super().__init__()
        self.phase = Phase.ASLEEP
        self.wakes_going_on = 0

    @rule(event=st.sampled_from(Event))
    def happens(self, event: Event) -> None:
        before = self.phase
        self.phase, effects = advance(before, event)
        self.check_awake(before, event)
        self.check_failed(before, event)
        self.check_effects(before, event, effects)

    def check_awake(self, before: Phase, event: Event) -> None:
        if self.phase is Phase.AWAKE and before is not Phase.AWAKE:
            assert event is Event.ANSWERED
            assert before in {Phase.WAKING, Phase.FAILED}
        if event is Event.VISITED:
            assert self.phase in {Phase.WAKING, Phase.AWAKE}

    def check_failed(self, before: Phase, event: Event) -> None:
        if before is Phase.FAILED and self.phase is not Phase.FAILED:
            assert event in {Event.VISITED, Event.ANSWERED}
        if self.phase is Phase.FAILED and before is not Phase.FAILED:
            assert event is Event.GAVE_UP

    def check_effects(self, before: Phase, event: Event, effects: tuple[Effect, ...]) -> None:
        begins = self.phase is Phase.WAKING and before is not Phase.WAKING
        assert begins == bool({Effect.CLAIM, Effect.FOLLOW} & {*effects})
        assert (Effect.CLAIM in effects) == (begins and event is Event.VISITED)
        ends = before is Phase.WAKING and self.phase in {Phase.AWAKE, Phase.FAILED}
        assert (Effect.RECORD in effects) == ends
        assert (Effect.REST in effects) == (ends and self.phase is Phase.FAILED)
        self.wakes_going_on += begins - (before is Phase.WAKING and self.phase is not Phase.WAKING)

    @invariant()
    def one_wake_at_most_goes_on(self) -> None:
        assert self.wakes_going_on == (self.phase is Phase.WAKING)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


def test_the_drawing_has_an_arrow_for_each_change_of_phase_and_no_other() -> None:
    drawn = {
        (before, label, after) for before, after, labels in ARROW.findall(draw()) for label in labels.split(", or ")
    }

    assert {(before, label.split(" / ")[0], after) for before, label, after in drawn} == {
        (before, event, after) for (before, event), (after, _) in TABLE.items() if before is not after
    }


def test_the_drawing_names_what_is_done_on_the_way() -> None:
    assert "    ASLEEP --> WAKING: visited / claim, or seen up / follow\n" in draw()
    assert "    WAKING --> FAILED: gave up / record, rest\n" in draw()
    assert "    AWAKE --> DRAINING: seen draining\n" in draw()


def test_no_label_of_the_drawing_holds_what_ends_a_label_in_mermaid() -> None:
    # Its grammar reads a label up to ":", ";" or the line's end, and takes each word behind for a state of its own.
    assert all(not set(label) & set(":;#") for _, _, label in ARROW.findall(draw()))
    assert len(ARROW.findall(draw())) == len(draw().splitlines()) - 2


def test_the_drawing_is_a_mermaid_state_diagram_that_begins_asleep() -> None:
    assert draw().startswith("stateDiagram-v2\n    [*] --> ASLEEP\n")
    assert draw().endswith("\n")


def test_phases_and_events_print_as_the_interface_names_them() -> None:
    assert [str(phase) for phase in Phase] == ["ASLEEP", "WAKING", "AWAKE", "DRAINING", "FAILED"]
