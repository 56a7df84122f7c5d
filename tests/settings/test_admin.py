"""The admin listener: never open to other machines without a token, and its token never shown."""

from collections.abc import Callable

import pytest

from wakeproxy.settings import Settings

Load = Callable[..., Settings]
Find = Callable[..., tuple[str, ...]]

BARE = "services: {shop: {hosts: [a.example.com]}}"


def _with(admin: str) -> str:
    return f"admin: {admin}\n{BARE}"


@pytest.mark.parametrize("value", ["off", "no", "false", "null", "~", "", "'off'"])
def test_it_can_be_closed(load: Load, value: str) -> None:
    assert load(_with(value)).admin is None


def test_closed_it_needs_no_token_whatever_one_is_set(load: Load) -> None:
    assert load(_with("off"), WAKEPROXY_ADMIN_TOKEN="no token").admin is None


def test_the_environment_opens_what_the_file_closes(load: Load) -> None:
    admin = load(_with("off"), WAKEPROXY__ADMIN__LISTEN="127.0.0.1:99").admin
    assert admin is not None
    assert str(admin.listen) == "127.0.0.1:99"


def test_the_environment_closes_what_the_file_opens(load: Load) -> None:
    assert load(_with("{listen: 0.0.0.0:99}"), WAKEPROXY__ADMIN="off").admin is None


@pytest.mark.parametrize(("value", "words"), [("on", "is on unless it is off"), ("9901", "is neither off nor a map")])
def test_other_values_are_refused(find: Find, value: str, words: str) -> None:
    (finding,) = find(_with(value))
    assert words in finding


@pytest.mark.parametrize("listen", ["0.0.0.0:9901", '"[::]:9901"', "10.0.0.1:9901", "admin.internal:9901"])
def test_beyond_loopback_a_token_is_required(find: Find, load: Load, listen: str) -> None:
    text = _with(f"{{listen: {listen}}}")
    (finding,) = find(text)
    assert finding.startswith("wakeproxy.yaml:1: admin.listen: ")
    assert finding.endswith("so a token is required; set the environment variable WAKEPROXY_ADMIN_TOKEN.")
    assert find(text, WAKEPROXY_ADMIN_TOKEN=" \n") == (finding,)
    admin = load(text, WAKEPROXY_ADMIN_TOKEN="t0ken").admin
    assert admin is not None
    assert admin.token == "t0ken"


def test_a_variable_that_is_named_must_be_set(find: Find, load: Load) -> None:
    text = _with("{token_env: MY_TOKEN}")
    assert find(text) == ("wakeproxy.yaml:1: admin.token_env: the environment variable it names is not set; set it.",)
    admin = load(text, MY_TOKEN="t0ken\n").admin
    assert admin is not None
    assert admin.token == "t0ken"


def test_the_token_is_not_shown(load: Load) -> None:
    assert "hunter2" not in repr(load(BARE, WAKEPROXY_ADMIN_TOKEN="hunter2"))


@pytest.mark.parametrize("token", ["hunter2 x", "hünter2", "hunter2\x00x"])
def test_a_token_that_http_cannot_carry_is_refused_and_not_repeated(find: Find, token: str) -> None:
    (finding,) = find(BARE, WAKEPROXY_ADMIN_TOKEN=token)
    assert finding.startswith("WAKEPROXY_ADMIN_TOKEN: ")
    assert token not in finding


def test_what_cannot_be_read_is_not_judged_twice(find: Find) -> None:
    (finding,) = find(_with("{listen: 0.0.0.0}"))
    assert "no address to listen on" in finding


def test_a_token_in_the_place_of_its_name_is_not_repeated(find: Find) -> None:
    (finding,) = find(_with("{token_env: hunter-2}"))
    assert "hunter" not in finding


def test_it_cannot_listen_where_visitors_are_served(find: Find) -> None:
    text = f"listen: 127.0.0.1:80\n{_with('{listen: 127.0.0.1:80}')}"
    assert find(text) == (
        "wakeproxy.yaml:2: admin.listen: 127.0.0.1:80 is where visitors are served; choose another port.",
    )
    assert find(text.replace(":80", ":0")) == ()
