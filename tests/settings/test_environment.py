"""The environment sets every key, beats the file, and is never silently ignored."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from wakeproxy.errors import ConfigError
from wakeproxy.settings import Limits, Overrides, Settings, SqliteUrl, load_settings

Load = Callable[..., Settings]
Find = Callable[..., tuple[str, ...]]

BARE = "services: {shop-db: {hosts: [a.example.com], idle_after: 1h}}"
REGION = {"AWS_REGION": "eu-west-1"}


def _hosts(settings: Settings) -> dict[str, list[str]]:
    return {str(service.name): [str(host) for host in service.hosts] for service in settings.services}


def test_the_environment_beats_the_file(load: Load) -> None:
    settings = load(BARE, WAKEPROXY__SERVICES__SHOP_DB__IDLE_AFTER="2h")
    assert settings.services[0].idle.idle_after == timedelta(hours=2)


def test_the_command_line_beats_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "wakeproxy.yaml"
    path.write_text(f"aws: {{region: eu-west-1, cluster: a}}\n{BARE}", encoding="utf-8")
    settings = load_settings(
        path,
        environ={"WAKEPROXY__AWS__REGION": "eu-west-2", "WAKEPROXY__AWS__CLUSTER": "b"},
        overrides=Overrides(region="eu-west-3", profile="me", endpoint_url="http://127.0.0.1:1"),
    )
    aws = settings.aws
    assert (aws.region, aws.cluster, aws.profile, aws.endpoint_url) == ("eu-west-3", "b", "me", "http://127.0.0.1:1")
    assert settings.services[0].ecs.cluster == "b"


def test_a_wrong_option_is_told_by_its_name() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(None, environ={}, overrides=Overrides(endpoint_url="x", region="y z"))
    assert {finding.split(":")[0] for finding in caught.value.findings} == {"--region", "--endpoint-url", "environment"}


@pytest.mark.parametrize(
    "name",
    ["WAKEPROXY__SERVICES__SHOP_DB__PORT", "wakeproxy__services__shop_db__port", "Wakeproxy__Services__SHOP-DB__Port"],
)
def test_names_are_compared_without_regard_to_case_and_hyphens(load: Load, name: str) -> None:
    assert load(BARE, **{name: "81"}).services[0].port == 81


def test_values_are_yaml_only_where_they_are_lists_maps_or_quoted(load: Load) -> None:
    settings = load(
        BARE,
        WAKEPROXY__SERVICES__SHOP_DB__HOSTS='[b.example.com, "*.b.example.com"]',
        WAKEPROXY__SERVICES__SHOP_DB__DISPLAY_NAME="Shop: *the* best #1",
        WAKEPROXY__SERVICES__SHOP_DB__READY="{path: /up, timeout: 2s}",
        WAKEPROXY__SERVICES__SHOP_DB__THEME="'plain'",
        WAKEPROXY__LISTEN="[::]:80",
        WAKEPROXY__LIMITS="{connections: 7}",
        WAKEPROXY__LIMITS__HELD_REQUESTS="8",
    )
    service = settings.services[0]
    assert [str(host) for host in service.hosts] == ["b.example.com", "*.b.example.com"]
    assert (service.display_name, service.ready.path, service.theme) == ("Shop: *the* best #1", "/up", "plain")
    assert str(settings.listen) == "[::]:80"
    assert settings.limits == Limits(connections=7, held_requests=8)


@pytest.mark.parametrize("text", ["'", '"', "o'clock", "'tis", "rock 'n'", """'a" """.strip()])
def test_a_lone_quote_is_a_letter(load: Load, text: str) -> None:
    assert load(BARE, WAKEPROXY__SERVICES__SHOP_DB__DISPLAY_NAME=text).services[0].display_name == text


def test_a_single_text_is_a_list_of_one(load: Load) -> None:
    settings = load(BARE, WAKEPROXY__SERVICES__SHOP_DB__HOSTS="*.example.com")
    assert _hosts(settings) == {"shop-db": ["*.example.com"]}


def test_an_empty_variable_is_as_good_as_none(load: Load) -> None:
    assert load(BARE, WAKEPROXY__AWS__PROFILE="", WAKEPROXY__NOTHING="") == load(BARE)


def test_null_takes_back_what_the_file_says(load: Load) -> None:
    text = BARE.replace("}}", ", ready: {path: /up}}}")
    assert load(text, WAKEPROXY__SERVICES__SHOP_DB__READY__PATH="null").services[0].ready.path is None


def test_defaults_can_be_set(load: Load) -> None:
    assert load(BARE, WAKEPROXY__DEFAULTS__READY__STATUS="204").services[0].ready.lowest == 204


def test_without_a_file_the_environment_makes_the_services() -> None:
    environ = REGION | {
        "WAKEPROXY__SERVICES__SHOP_DB__HOSTS": "b.example.com",
        "WAKEPROXY__SERVICES__SHOP__HOSTS": "a.example.com",
        "WAKEPROXY__SERVICES__SHOP__PORT": "81",
    }
    settings = load_settings(None, environ=environ)
    assert _hosts(settings) == {"shop": ["a.example.com"], "shop-db": ["b.example.com"]}
    assert {service.port for service in settings.services} == {81, 8080}


def test_all_services_can_stand_in_one_variable() -> None:
    environ = REGION | {"WAKEPROXY__SERVICES": "{shop: {hosts: [a.example.com]}}"}
    assert _hosts(load_settings(None, environ=environ)) == {"shop": ["a.example.com"]}


def test_relative_paths_start_from_the_working_directory_without_a_file() -> None:
    settings = load_settings(None, environ=REGION | {"WAKEPROXY__SERVICES__SHOP__HOSTS": "a.example.com"})
    assert settings.ledger == SqliteUrl(Path("wakeproxy.db").absolute())


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("WAKEPROXY__AWS__REGOIN", "did you mean WAKEPROXY__AWS__REGION?"),
        ("WAKEPROXY__SERVICES__SHPO_DB__PORT", "did you mean WAKEPROXY__SERVICES__SHOP_DB__PORT?"),
        ("WAKEPROXY__SERVICES__SHOP_DB__IDEL_AFTER", "did you mean WAKEPROXY__SERVICES__SHOP_DB__IDLE_AFTER?"),
        ("WAKEPROXY__DEFAULTS__HOST", "did you mean WAKEPROXY__DEFAULTS__HOSTS?"),
        ("WAKEPROXY__LISTEN__PORT", "did you mean WAKEPROXY__LISTEN?"),
        ("WAKEPROXY__", "remove it, or see docs/settings.md."),
        ("WAKEPROXY__Q", "remove it, or see docs/settings.md."),
    ],
)
def test_an_unknown_variable_is_an_error_that_does_not_tell_its_value(find: Find, name: str, remedy: str) -> None:
    assert find(BARE, **{name: "hunter2"}) == (f"{name}: sets no known key; {remedy}",)


def test_other_variables_of_ours_are_left_alone(load: Load) -> None:
    assert load(BARE, WAKEPROXY_CONFIG="x", WAKEPROXY_ADMIN_TOKN="y") == load(BARE)


def test_a_variable_that_fits_two_services_is_refused(find: Find) -> None:
    text = "services: {a-b: {hosts: [a.example.com]}, a_b: {hosts: [b.example.com]}}"
    assert find(text, WAKEPROXY__SERVICES__A_B__PORT="80") == (
        "WAKEPROXY__SERVICES__A_B__PORT: could mean service a-b or a_b; set the key in the file instead.",
    )


def test_two_variables_for_one_key_are_refused(find: Find) -> None:
    (finding,) = find(BARE, WAKEPROXY__AWS__CLUSTER="a", wakeproxy__aws__cluster="b")
    assert finding == "wakeproxy__aws__cluster: sets the same key as WAKEPROXY__AWS__CLUSTER; remove one of them."


def test_a_service_whose_name_has_the_joint_in_it_is_found(load: Load) -> None:
    text = "services: {a: {hosts: [a.example.com]}, a__b: {hosts: [b.example.com]}}"
    settings = load(text, WAKEPROXY__SERVICES__A__B__PORT="81", WAKEPROXY__SERVICES__A__PORT="82")
    assert {str(service.name): service.port for service in settings.services} == {"a": 82, "a__b": 81}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WAKEPROXY__AWS", "5", "must be a map in one line, like {region: ...}."),
        ("WAKEPROXY__AWS", "{region", "this is no YAML"),
        ("WAKEPROXY__TRUSTED_PROXIES", "[10.0.0.0/8, x]", 'trusted_proxies: "x" is no network'),
        ("WAKEPROXY__SERVICES__SHOP_DB__IDLE_AFTER", "15 minutes", 'services.shop-db.idle_after: "15 minutes" is no'),
    ],
)
def test_a_wrong_value_is_told_by_its_variable(find: Find, name: str, value: str, words: str) -> None:
    (finding,) = find(BARE, **{name: value})
    assert finding.startswith(f"{name}: ")
    assert words in finding


def test_the_regions_variables_are_read_last_and_in_order() -> None:
    shop = {"WAKEPROXY__SERVICES__SHOP__HOSTS": "a.example.com"}
    both = shop | {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}
    assert load_settings(None, environ=both).aws.region == "eu-west-1"
    assert load_settings(None, environ=shop | {"AWS_DEFAULT_REGION": "eu-west-2"}).aws.region == "eu-west-2"
    ours = both | {"WAKEPROXY__AWS__REGION": "eu-west-3"}
    assert load_settings(None, environ=ours).aws.region == "eu-west-3"


def test_the_endpoints_variable_is_read(load: Load) -> None:
    endpoint = "http://127.0.0.1:4566"
    assert load(BARE, AWS_ENDPOINT_URL=endpoint).aws.endpoint_url == endpoint
    assert load(f"aws: {{endpoint_url: null}}\n{BARE}", AWS_ENDPOINT_URL=endpoint).aws.endpoint_url == endpoint
