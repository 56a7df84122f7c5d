"""The command line of ecs-deploy: what it means, and with which of its exit statuses it is refused."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeproxy.cli.ecs_deploy_options import OPTIONS
from wakeproxy.cli.ecs_deploy_wanted import Asked, Caller, Running, Wanted, parse_ecs_deploy
from wakeproxy.core.image import parse_image
from wakeproxy.core.release import Placement
from wakeproxy.errors import UsageError

SERVICE = "-c apps -n shop -i acme/shop:2"
FAMILY = "-d shop -i acme/shop:2"
DIGEST = f"sha256:{'0' * 64}"
NETWORK = "awsvpcConfiguration={subnets=[subnet-1,subnet-2],securityGroups=[sg-1],assignPublicIp=ENABLED}"


def parse(line: str, *words: str, **environ: str) -> Wanted:
    wanted = parse_ecs_deploy([*line.split(), *words], environ)
    assert isinstance(wanted, Wanted)
    return wanted


def refusal(line: str, *words: str, environ: Mapping[str, str] | None = None) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse_ecs_deploy([*line.split(), *words], environ or {})
    return caught.value


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("-c apps -n shop --no-such-option", 3),
        ("-c apps -n shop -i acme/shop:2 true", 3),
        ("-c apps -n shop --image=acme/shop:2", 3),
        ("-c apps -n shop -i", 3),
        ("", 5),
        ("-c apps -i acme/shop:2", 5),
        ("-d shop --force-new-deployment", 5),
        ("-c apps -n shop -d shop -i acme/shop:2", 6),
        ("-n shop -i acme/shop:2", 7),
        ("-d shop -i acme/shop:2 --run-task", 7),
        ("-c apps -n shop", 8),
        ("-c apps -n shop -i acme/shop:2 --max-definitions many", 9),
        ("-d shop -i acme/shop:2 --launch-type FARGATE", 10),
        (f"-d shop -i acme/shop:2 --network-configuration {NETWORK}", 11),
        ("-d shop -i acme/shop:2 --wait-for-success", 11),
        ("-d shop -i acme/shop:2 --platform-version 1.4.0", 12),
        ("-c apps -n shop -i /something", 13),
        ("-c apps -n shop -i domain.com:abc/repo/image", 13),
        ("-c apps -n shop -i acme/shop:2 -D two", 3),
        ("-c apps -n shop -i acme/shop:2 -m -1", 3),
        ("-c apps -n shop -i acme/shop:2 -t 1.5", 3),
        ("-c apps -n shop -to not/a/tag", 3),
        ("-c apps -n shop -i acme/shop:2 -toc web", 3),
        ("-c apps -n shop -i acme/shop -e NOT_SET", 3),
        ("-c apps -n shop -i acme/shop:2 -k KEY", 3),
        ("-c apps -n shop -i acme/shop:2 -s SECRET", 3),
        ("-c apps -d shop -i acme/shop:2 --run-task --network-configuration nothing", 3),
    ],
)
def test_what_is_refused_leaves_with_the_exit_status_of_ecs_deploy(line: str, status: int) -> None:
    assert refusal(line).exit_status == status


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("-c apps -n shop --no-such-option", "'--no-such-option' is no option"),
        ("-c apps -n shop -i", "-i needs a value: -i IMAGE."),
        ("-c apps -n shop -i acme/shop -e CI_TAG", "CI_TAG"),
        ("-c apps -n shop -i acme/shop:2 -D two", "-D is 'two'"),
        ("-c apps -n shop -to not/a/tag", "-to: 'not/a/tag'"),
    ],
)
def test_a_refusal_names_what_was_given(line: str, told: str) -> None:
    assert told in str(refusal(line))


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (SERVICE, {"service": "shop", "cluster": "apps", "family": None}),
        ("--cluster apps --service-name shop --image acme/shop:2", {"service": "shop", "cluster": "apps"}),
        (FAMILY, {"family": "shop", "service": None, "cluster": None}),
        ("--task-definition shop:7 -i acme/shop:2", {"family": "shop:7"}),
        (f"{SERVICE} -D 0", {"desired_count": 0}),
        (f"{SERVICE} --desired-count 3", {"desired_count": 3}),
        (SERVICE, {"desired_count": None, "min_percent": None, "max_percent": None}),
        (f"{SERVICE} -m 50 -M 200", {"min_percent": 50, "max_percent": 200}),
        (f"{SERVICE} --min 0 --max 100", {"min_percent": 0, "max_percent": 100}),
        (f"{SERVICE} --max-definitions 5", {"keep_revisions": 5}),
        (f"{SERVICE} --max-definitions 0", {"keep_revisions": None}),
        (f"{SERVICE} --max-definitions -1", {"keep_revisions": None}),
        (SERVICE, {"keep_revisions": None, "rolls_back": False, "takes_latest": False, "copies_tags": False}),
        (f"{SERVICE} --enable-rollback", {"rolls_back": True}),
        (f"{SERVICE} --use-latest-task-def", {"takes_latest": True}),
        (f"{SERVICE} --copy-task-definition-tags", {"copies_tags": True}),
        (f"{SERVICE} --task-definition-file shop.json", {"file": Path("shop.json")}),
        (f"{SERVICE} -v", {"is_verbose": True}),
        ("-c apps -n shop --force-new-deployment", {"redeploys": True, "image": None, "tag": None}),
        (f"{SERVICE} --force-new-deployment", {"redeploys": True, "image": parse_image("acme/shop:2")}),
        ("-c apps -n shop -to 2 -i ignore", {"image": None, "tag": "2", "tagged": ()}),
        ("-c apps -n shop --tag-only 2", {"tag": "2"}),
        ("-c apps -n shop -to 2 -toc web,worker", {"tag": "2", "tagged": ("web", "worker")}),
        ("-c apps -n shop -to 2 --tag_only_container_names web", {"tagged": ("web",)}),
        (f"{SERVICE} -n other", {"service": "other"}),
        ("-c apps -n --cluster -i acme/shop:2", {"service": "--cluster"}),
    ],
)
def test_an_option_means_what_it_means_to_ecs_deploy(line: str, fields: Mapping[str, Any]) -> None:
    wanted = parse(line)

    assert {name: getattr(wanted, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("words", "image"),
    [
        ("-i mariadb", "mariadb:latest"),
        ("-i mariadb:1.2.3", "mariadb:1.2.3"),
        ("-i repo/multi/level/image", "repo/multi/level/image:latest"),
        ("-i docker.domain.com:8080/repo/image:1.2.3", "docker.domain.com:8080/repo/image:1.2.3"),
        ("-i my_image:2", "my_image:2"),
        (f"-i repo/image@{DIGEST}", f"repo/image@{DIGEST}"),
        (f"-i repo/image:2@{DIGEST}", f"repo/image:2@{DIGEST}"),
        ("-i repo/image -e CI_TIMESTAMP", "repo/image:1487623908"),
        ("-i repo/image:2 -e CI_TIMESTAMP", "repo/image:2"),
        (f"-i repo/image@{DIGEST} -e CI_TIMESTAMP", f"repo/image@{DIGEST}"),
    ],
)
def test_an_image_gets_the_tag_of_the_variable_or_latest_only_if_it_has_none(words: str, image: str) -> None:
    wanted = parse(f"-c apps -n shop {words}", CI_TIMESTAMP="1487623908")

    assert str(wanted.image) == image


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        (SERVICE, 180),
        (f"{SERVICE} -t 240", 480),
        (f"{SERVICE} -t 240 --skip-deployments-check", 900),
        (f"{SERVICE} -t 600 --skip-deployments-check", 1200),
        (f"-c apps {FAMILY} --run-task --wait-for-success -t 240", 240),
    ],
)
def test_it_waits_as_long_as_both_waits_of_ecs_deploy_together(line: str, seconds: int) -> None:
    assert parse(line).timeout == timedelta(seconds=seconds)


def test_a_task_runs_where_its_options_say() -> None:
    line = f"-c apps {FAMILY} --run-task --wait-for-success --launch-type FARGATE --platform-version 1.4.0"

    wanted = parse(line, "--network-configuration", NETWORK)

    network = {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}
    placement = Placement("FARGATE", platform_version="1.4.0", network={"awsvpcConfiguration": network})
    assert wanted.runs == Running(placement, waits=True)


def test_a_task_is_run_only_for_a_family_and_a_service_is_told_so() -> None:
    assert parse(f"-c apps {FAMILY} --run-task").runs == Running()
    assert parse(FAMILY).runs is None
    wanted = parse(f"{SERVICE} --run-task")
    assert wanted.runs is None
    assert len(wanted.remarks) == 1


def test_who_calls_is_taken_from_the_options() -> None:
    line = f"{SERVICE} -r eu-central-1 -p deploys -a arn:aws:iam::123456789012:role/deploy -k KEY -s SECRET"

    assert parse(line).caller == Caller(
        "eu-central-1", "deploys", "arn:aws:iam::123456789012:role/deploy", "KEY", "SECRET"
    )


def test_half_a_key_is_made_whole_by_the_environment() -> None:
    assert parse(f"{SERVICE} -k KEY", AWS_SECRET_ACCESS_KEY="SECRET").caller.access_key == "KEY"
    assert parse(f"{SERVICE} -s SECRET", AWS_ACCESS_KEY_ID="KEY").caller.secret_key == "SECRET"


def test_no_secret_is_shown() -> None:
    assert "SESAME" not in repr(parse(f"{SERVICE} -k KEY -s SESAME"))


def test_the_instance_profile_is_remarked_upon() -> None:
    assert len(parse(f"{SERVICE} --aws-instance-profile").remarks) == 1


@pytest.mark.parametrize(("word", "asked"), [("--version", Asked.VERSION), ("-h", Asked.HELP), ("--help", Asked.HELP)])
def test_what_is_told_needs_nothing_else_and_hides_what_follows(word: str, asked: Asked) -> None:
    assert parse_ecs_deploy([word, "nonsense"], {}) is asked


def test_the_arguments_of_its_github_action_are_understood() -> None:
    """Every input in its order; those that are not set are empty words."""
    pairs = [
        ("--aws-access-key", "KEY"), ("--aws-secret-key", "SECRET"), ("", ""), ("", ""), ("--region", "us-east-1"),
        ("--service-name", "shop"), ("", ""), ("--cluster", "apps"), ("--image", "acme/shop:2"), ("", ""), ("", ""),
        ("--min", "100"), ("--max", "200"), ("", ""), ("--timeout", "90"), ("", ""), ("", ""), ("", ""), ("", ""),
        ("", ""),
    ]  # fmt: skip

    wanted = parse_ecs_deploy([word for pair in pairs for word in pair], {})

    assert isinstance(wanted, Wanted)
    assert (wanted.service, wanted.cluster, wanted.min_percent, wanted.max_percent) == ("shop", "apps", 100, 200)


@given(st.data())
def test_empty_words_and_values_change_nothing(data: st.DataObject) -> None:
    words = [word for option in OPTIONS if option.value for word in option.words]
    empty = data.draw(st.lists(st.sampled_from([("",), *((word, "") for word in words)]), max_size=4))

    assert parse_ecs_deploy([*SERVICE.split(), *(word for some in empty for word in some)], {}) == parse(SERVICE)
