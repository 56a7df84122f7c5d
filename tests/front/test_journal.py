"""The journal: what counts as what."""

import pickle

from tests.front.conftest import make_service
from tests.front.test_log_lines import HOP, make_entry
from wakeproxy.core.answers import Answer
from wakeproxy.core.machines import Rule
from wakeproxy.front.journal import Journal

SHOP = make_service("shop")


def test_answers_are_counted_by_service_kind_and_code() -> None:
    journal = Journal()
    for _ in range(2):
        journal.note(make_entry(service=SHOP, answer=Answer.PROXY).turn, HOP, now=1.5)
    journal.note(make_entry(code=404).turn, HOP, now=1.5)
    journal.note(make_entry(service=SHOP, answer=Answer.HOLD, code=0).turn, HOP, now=1.5)

    counts = journal.snapshot()

    assert counts.requests == {("shop", "proxy", 200): 2, ("", "refused", 404): 1, ("shop", "hold", 499): 1}
    assert (sum(counts.seconds["shop"].counts), counts.seconds["shop"].total) == (3, 1.5)


def test_what_was_nobodys_visit_is_counted_by_service_and_rule() -> None:
    journal = Journal()
    for rule in (Rule.CRAWLER, Rule.CRAWLER, Rule.HEAD, None):
        journal.note(make_entry(service=SHOP, answer=Answer.PROXY, ignored=rule).turn, HOP, now=1.5)

    assert journal.snapshot().ignored == {("shop", "crawler"): 2, ("shop", "head"): 1}


def test_tunnels_and_streams_of_ours_are_no_answers_to_be_timed() -> None:
    journal = Journal()
    journal.note(make_entry(service=SHOP, answer=Answer.PROXY, code=101).turn, HOP, now=900)
    journal.note(make_entry(service=SHOP, first="GET /.wakeproxy/events HTTP/1.1").turn, HOP, now=900)

    assert journal.snapshot().seconds == {}
    assert journal.snapshot().requests == {("shop", "proxy", 101): 1, ("shop", "own", 200): 1}


def test_a_snapshot_is_a_value_of_its_own() -> None:
    journal = Journal()
    turn = make_entry(service=SHOP, answer=Answer.PROXY).turn
    journal.note(turn, HOP, now=1.5)
    before = journal.snapshot()
    sent = pickle.dumps(before)

    journal.note(turn, HOP, now=1.5)
    journal.ready_to_served.add(1.0)

    assert pickle.dumps(before) == sent
    assert sum(before.seconds["shop"].counts) == 1
    assert sum(before.ready_to_served.counts) == 0


def test_what_was_counted_of_services_that_are_gone_is_forgotten() -> None:
    journal = Journal()
    for service in (SHOP, make_service("blog"), None):
        journal.note(make_entry(service=service, answer=Answer.PROXY, ignored=Rule.HEAD).turn, HOP, now=1.5)
    journal.keep({"blog"})
    counts = journal.snapshot()

    assert counts.requests == {("blog", "proxy", 200): 1, ("", "proxy", 200): 1}
    assert counts.seconds.keys() == {"blog", ""}
    assert counts.ignored == {("blog", "head"): 1}
