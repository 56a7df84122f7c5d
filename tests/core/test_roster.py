"""What makes one roster another."""

from datetime import timedelta

import pytest

from tests.core.build import a_service
from wakeproxy.core.names import ServiceName
from wakeproxy.core.roster import Changes, Disabled, compare, describe_disabled, is_reached_otherwise
from wakeproxy.core.service import Address, EcsService, IdlePolicy, Ready, Service

SHOP = a_service()
BLOG = a_service(name=ServiceName("blog"), ecs=EcsService("apps", "blog"))
LONGER = a_service(idle=IdlePolicy(timedelta(hours=1)))
MOVED = a_service(ecs=EcsService("other", "shop"))


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ([SHOP, BLOG], [BLOG, SHOP], Changes()),
        ([SHOP], [SHOP, BLOG], Changes(added=(BLOG,))),
        ([SHOP, BLOG], [SHOP], Changes(removed=(BLOG,))),
        ([SHOP, BLOG], [LONGER, BLOG], Changes(changed=(LONGER,))),
        ([SHOP], [MOVED], Changes(added=(MOVED,), removed=(SHOP,))),
        ([], [], Changes()),
    ],
)
def test_what_changes_from_one_to_the_next(before: list[Service], after: list[Service], changes: Changes) -> None:
    assert compare(before, after) == changes


def test_only_changes_are_anything() -> None:
    assert not Changes()
    assert Changes(added=(SHOP,))
    assert Changes(changed=(SHOP,))
    assert Changes(removed=(SHOP,))


@pytest.mark.parametrize(
    "after",
    [
        a_service(address=Address.PUBLIC),
        a_service(port=81),
        a_service(scheme="https"),
        a_service(ready=Ready(path="/healthz")),
    ],
)
def test_tasks_are_asked_anew_when_they_are_reached_otherwise(after: Service) -> None:
    assert is_reached_otherwise(SHOP, after)


def test_tasks_are_not_asked_anew_for_anything_else() -> None:
    assert not is_reached_otherwise(SHOP, LONGER)


def test_what_is_disabled_is_told_with_every_reason() -> None:
    disabled = Disabled(SHOP.name, SHOP.ecs, ("has no hosts.", "needs itself."))

    assert describe_disabled(disabled) == {
        "service": "shop",
        "ecs": "apps/shop",
        "phase": "DISABLED",
        "reasons": ["has no hosts.", "needs itself."],
    }
