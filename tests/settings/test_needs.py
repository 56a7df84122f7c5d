"""Services that need each other, and mistakes in that."""

from collections.abc import Callable

from wakeproxy.settings import Settings

Load = Callable[..., Settings]
Find = Callable[..., tuple[str, ...]]


def test_what_only_others_need_has_no_hosts(load: Load) -> None:
    settings = load("services: {shop: {hosts: [a.example.com], needs: [shop-db]}, shop-db: {port: 5432}}")
    shop, db = settings.services
    assert (shop.needs, db.hosts) == (("shop-db",), ())


def test_optional_needs_are_needs_of_their_own(load: Load) -> None:
    settings = load("services: {shop: {hosts: [a.example.com], needs_optional: search}, search: {}}")
    assert settings.services[0].needs_optional == ("search",)


def test_a_need_that_is_no_service_is_refused_naming_the_nearest(find: Find) -> None:
    text = "services:\n  shop: {hosts: [a.example.com], needs: [shop-bd, x]}\n  shop-db: {hosts: [b.example.com]}\n"
    assert find(text) == (
        'wakeproxy.yaml:2: services.shop.needs: "shop-bd" is no service here; did you mean shop-db?',
        'wakeproxy.yaml:2: services.shop.needs: "x" is no service here; name one that stands under services.',
    )


def test_services_that_wait_for_each_other_are_refused(find: Find) -> None:
    text = "services:\n  shop: {hosts: [a.example.com], needs: [db]}\n  db: {needs_optional: [shop]}\n"
    assert find(text) == (
        "wakeproxy.yaml:2: services.shop: needs itself, so none of them could start first: shop needs db needs shop.",
    )


def test_a_need_of_all_is_also_its_own(find: Find) -> None:
    text = "defaults: {needs: [db]}\nservices:\n  shop: {hosts: [a.example.com]}\n  db: {}\n"
    (finding,) = find(text)
    assert finding.endswith("services.db: needs itself, so none of them could start first: db needs db.")
