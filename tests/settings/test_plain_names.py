"""One service by the plain variables of a Lambda."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.settings.conftest import REGION
from wakeproxy.core.service import Address, EcsService, Serve
from wakeproxy.errors import ConfigError
from wakeproxy.settings import Settings, load_settings

PLAIN = {
    **REGION,
    "AWS_LAMBDA_FUNCTION_NAME": "wake",
    "CLUSTER_NAME": "apps",
    "SERVICE_NAME": "shop",
    "APP_PORT": "3000",
    "WAIT_MS": "1500",
    "SLEEP_AFTER_MINUTES": "20",
}


def test_the_plain_variables_make_one_service() -> None:
    settings = load_settings(None, environ=PLAIN)
    (service,) = settings.services

    assert (service.name, service.ecs, service.port) == ("shop", EcsService("apps", "shop"), 3000)
    assert service.idle.idle_after == timedelta(minutes=20)
    assert (service.address, service.serve) == (Address.PUBLIC, Serve.REDIRECT)
    assert settings.serverless is not None
    assert settings.serverless.wait == timedelta(seconds=1.5)


def test_what_is_not_set_has_its_usual_default() -> None:
    settings = load_settings(
        None, environ={name: PLAIN[name] for name in [*REGION, "AWS_LAMBDA_FUNCTION_NAME", "SERVICE_NAME"]}
    )

    assert settings.services[0].ecs == EcsService("default", "shop")
    assert settings.serverless is not None
    assert settings.serverless.wait == timedelta(seconds=25)


def test_our_own_variables_are_stronger() -> None:
    own = {"WAKEPROXY__SERVICES__SHOP__SERVE": "proxy", "WAKEPROXY__SERVICES__SHOP__PORT": "1"}
    (service,) = load_settings(None, environ={**PLAIN, **own}).services

    assert (service.serve, service.port, service.address) == (Serve.PROXY, 1, Address.PUBLIC)


def test_a_file_is_stronger(load: Callable[..., Settings]) -> None:
    settings = load("serverless: {wait: 3s}\nservices: {shop: {port: 1}}", **PLAIN)

    assert settings.services[0].port == 1
    assert settings.serverless is not None
    assert settings.serverless.wait == timedelta(seconds=3)


@pytest.mark.parametrize("truth", ["true", "On"])
def test_whoever_only_turns_it_on_waits_as_the_plain_variable_says(truth: str) -> None:
    settings = load_settings(None, environ={**PLAIN, "WAKEPROXY__SERVERLESS": truth})

    assert settings.serverless is not None
    assert settings.serverless.wait == timedelta(seconds=1.5)


def test_whoever_turns_it_off_has_no_names_for_paths() -> None:
    own = {"WAKEPROXY__SERVERLESS": "false", "WAKEPROXY__SERVICES__SHOP__HOSTS": "shop.test"}

    assert load_settings(None, environ={**PLAIN, **own}).serverless is None


def test_whoever_waits_longer_than_api_gateway_waits_as_long_as_can_be() -> None:
    settings = load_settings(None, environ={**PLAIN, "WAIT_MS": "60000"})

    assert settings.serverless is not None
    assert settings.serverless.wait == timedelta(seconds=28)


def test_outside_of_a_lambda_such_names_mean_nothing() -> None:
    elsewhere = {name: value for name, value in PLAIN.items() if name != "AWS_LAMBDA_FUNCTION_NAME"}

    with pytest.raises(ConfigError, match="names no service"):
        load_settings(None, environ=elsewhere)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("APP_PORT", "http"),
        ("WAIT_MS", "soon"),
        ("WAKEPROXY__SERVERLESS", "perhaps"),
        ("SLEEP_AFTER_MINUTES", "a while"),
        ("SERVICE_NAME", "no name"),
    ],
)
def test_a_wrong_value_is_told_with_its_variable(variable: str, text: str) -> None:
    with pytest.raises(ConfigError, match=f"^{variable}: "):
        load_settings(None, environ={**PLAIN, variable: text})


def test_a_service_without_hosts_is_reached_by_its_name_where_lambdas_serve_it(load: Callable[..., Settings]) -> None:
    assert load("serverless: true\nservices: {shop: {}}").services[0].hosts == ()
    with pytest.raises(ConfigError, match="has no hosts"):
        load("services: {shop: {}}")
