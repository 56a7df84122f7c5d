"""The truth table of the visitor's HTTP: every row names what it says, and the rows cover every case exactly once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import pytest

from tests.core.build import NOW, a_service, a_sight, a_visit, at
from wakeproxy.core.answers import Answer, Choice, choose_answer, may_retry, wants_wait_page
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.machines import Rule
from wakeproxy.core.service import IgnoreRules, Serve, Wait, WakeOn
from wakeproxy.core.sight import Sight
from wakeproxy.core.visit import Visit

AWAKE, ASLEEP, WAKING, DRAINING = "awake", "asleep", "waking", "draining"
FAILED_FOR_NOW, FAILED_AND_DUE = "failed, too early to retry", "failed, may be retried"
SIGHTS: dict[str, Sight] = {
    AWAKE: a_sight(Phase.AWAKE),
    ASLEEP: a_sight(Phase.ASLEEP),
    WAKING: a_sight(Phase.WAKING),
    DRAINING: a_sight(Phase.DRAINING),
    FAILED_FOR_NOW: a_sight(Phase.FAILED, retry_at=at(1)),
    FAILED_AND_DUE: a_sight(Phase.FAILED, retry_at=NOW),
}
DOWN = {ASLEEP, DRAINING, FAILED_AND_DUE}
NOT_AWAKE = DOWN | {WAKING, FAILED_FOR_NOW}

PEOPLE = {"navigation": a_visit()}
PROGRAMS = {
    "api": a_visit(path="/api/carts", user_agent="curl/8.11.0", is_navigation=False),
    "asset": a_visit(path="/app.js", is_navigation=False),
    "post": a_visit(method="POST", path="/api/carts", is_navigation=False),
    "form": a_visit(method="POST", path="/login", is_navigation=False),
    "websocket": a_visit(path="/ws", is_navigation=False),
    "cors preflight": a_visit(method="OPTIONS", is_navigation=False, is_preflight=True),
}
MACHINES = {
    "head": a_visit(method="HEAD"),
    "options": a_visit(method="OPTIONS", is_navigation=False),
    "prefetch": a_visit(is_prefetch=True),
    "favicon": a_visit(path="/favicon.ico", is_navigation=False),
    "crawler": a_visit(user_agent="Googlebot/2.1"),
    "health check": a_visit(user_agent="ELB-HealthChecker/2.0", is_navigation=False),
    "own rule": a_visit(path="/healthz", is_navigation=False),
}
VISITS: dict[str, Visit] = PEOPLE | PROGRAMS | MACHINES
PAGES = {Wait.AUTO, Wait.PAGE}


@dataclass(frozen=True)
class Row:
    says: str
    choice: Choice
    sights: set[str]
    visits: set[str]
    serve: frozenset[Serve] = frozenset(Serve)
    wait: frozenset[Wait] = frozenset(Wait)
    wake_on: frozenset[WakeOn] = frozenset(WakeOn)

    def cases(self) -> Iterator["Case"]:
        return product(self.sights, self.visits, self.serve, self.wait, self.wake_on)


Case = tuple[str, str, Serve, Wait, WakeOn]
HELD, PAGE = frozenset({Wait.HOLD}), frozenset(PAGES)
ON_VISIT, ON_CLICK = frozenset({WakeOn.VISIT}), frozenset({WakeOn.CLICK})
PROXIED, REDIRECTED = frozenset({Serve.PROXY}), frozenset({Serve.REDIRECT})
REAL = PEOPLE.keys() | PROGRAMS.keys()
WAIT_PAGE = Choice(Answer.WAIT_PAGE, wakes=True, is_use=True)
HOLD = Choice(Answer.HOLD, wakes=True, is_use=True)
IGNORE = Choice(Answer.IGNORE, wakes=False, is_use=False)
RULES = {
    "head": Rule.HEAD,
    "options": Rule.OPTIONS,
    "prefetch": Rule.PREFETCH,
    "favicon": Rule.PATH,
    "crawler": Rule.CRAWLER,
    "health check": Rule.HEALTH_CHECK,
    "own rule": Rule.OWN_PATH,
}

ROWS = [
    Row("awake: a visit is proxied and is use", Choice(Answer.PROXY, is_use=True), {AWAKE}, set(REAL), PROXIED),
    Row("awake: a visit is redirected", Choice(Answer.REDIRECT, is_use=True), {AWAKE}, set(REAL), REDIRECTED),
    Row("awake: a machine is proxied, which is no use", Choice(Answer.PROXY), {AWAKE}, {*MACHINES}, PROXIED),
    Row("awake: a machine is redirected, no use", Choice(Answer.REDIRECT), {AWAKE}, {*MACHINES}, REDIRECTED),
    Row("not awake: a machine wakes nothing", IGNORE, NOT_AWAKE, {*MACHINES}),
    Row("down: a person wakes it and gets the page", WAIT_PAGE, DOWN, {*PEOPLE}, wait=PAGE, wake_on=ON_VISIT),
    Row("down: a person is held where pages are off", HOLD, DOWN, {*PEOPLE}, wait=HELD, wake_on=ON_VISIT),
    Row("down: a program wakes it and is held", HOLD, DOWN, {*PROGRAMS}, wake_on=ON_VISIT),
    Row("waking: a person follows on the page", WAIT_PAGE, {WAKING}, {*PEOPLE}, wait=PAGE),
    Row("waking: a person is held where pages are off", HOLD, {WAKING}, {*PEOPLE}, wait=HELD),
    Row("waking: a program is held", HOLD, {WAKING}, {*PROGRAMS}),
    Row("click: a person is asked", Choice(Answer.ASK_PAGE), DOWN, {*PEOPLE}, wait=PAGE, wake_on=ON_CLICK),
    Row("click, no pages: a person is told", Choice(Answer.ASLEEP), DOWN, {*PEOPLE}, wait=HELD, wake_on=ON_CLICK),
    Row("click: a program is told it sleeps", Choice(Answer.ASLEEP), DOWN, {*PROGRAMS}, wake_on=ON_CLICK),
    Row("failed: a person reads why", Choice(Answer.FAILED_PAGE), {FAILED_FOR_NOW}, {*PEOPLE}, wait=PAGE),
    Row("failed, no pages: a person is told why", Choice(Answer.FAILED), {FAILED_FOR_NOW}, {*PEOPLE}, wait=HELD),
    Row("failed: a program is told why", Choice(Answer.FAILED), {FAILED_FOR_NOW}, {*PROGRAMS}),
]


def choose(case: Case) -> Choice:
    sight, visit, serve, wait, wake_on = case
    service = a_service(serve=serve, wait=wait, wake_on=wake_on, ignore=IgnoreRules(paths=("/healthz",)))
    return choose_answer(service, SIGHTS[sight], VISITS[visit], is_due=may_retry(SIGHTS[sight], NOW))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_the_answer_is_the_tables(row: Row) -> None:
    answers = {case: choose(case) for case in row.cases()}

    assert answers == {case: replace(row.choice, ignored=RULES.get(case[1])) for case in answers}


def test_the_table_has_exactly_one_row_for_every_case() -> None:
    told = [case for row in ROWS for case in row.cases()]

    assert len(told) == len(set(told))
    assert set(told) == set(product(SIGHTS, VISITS, Serve, Wait, WakeOn))


def test_nothing_but_a_visit_that_is_use_ever_wakes() -> None:
    for case in product(SIGHTS, VISITS, Serve, Wait, WakeOn):
        choice = choose(case)
        assert choice.is_use or not choice.wakes


@pytest.mark.parametrize(
    ("wait", "visit", "expected"),
    [
        (Wait.AUTO, a_visit(), True),
        (Wait.AUTO, a_visit(is_navigation=False), False),
        (Wait.PAGE, a_visit(), True),
        (Wait.PAGE, a_visit(is_navigation=False), False),
        (Wait.PAGE, a_visit(method="HEAD"), False),
        (Wait.HOLD, a_visit(), False),
    ],
)
def test_only_who_can_read_a_page_gets_one(wait: Wait, visit: Visit, *, expected: bool) -> None:
    assert wants_wait_page(a_service(wait=wait), visit) is expected


def test_a_failed_wake_without_a_time_to_retry_may_be_retried_at_once() -> None:
    assert may_retry(a_sight(Phase.FAILED), NOW)


def test_a_failed_wake_is_retried_from_its_time_on_and_not_before() -> None:
    failed = a_sight(Phase.FAILED, retry_at=at(30))

    assert not may_retry(failed, at(29.999))
    assert may_retry(failed, at(30))
