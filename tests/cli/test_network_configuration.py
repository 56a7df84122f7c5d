"""A task's network as ``aws ecs run-task`` takes it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeproxy.cli.network_configuration import parse_network
from wakeproxy.errors import UsageError

_IDS = st.lists(st.from_regex(r"\A[a-z]+-[0-9a-f]{1,17}\Z"), min_size=1, max_size=4)
_VPCS = st.fixed_dictionaries(
    {"subnets": _IDS}, optional={"securityGroups": _IDS, "assignPublicIp": st.sampled_from(["ENABLED", "DISABLED"])}
)


def shorten(vpc: Mapping[str, Any]) -> str:
    entries = (
        f"{key}=[{','.join(value)}]" if isinstance(value, list) else f"{key}={value}" for key, value in vpc.items()
    )
    return f"awsvpcConfiguration={{{','.join(entries)}}}"


@given(_VPCS)
def test_json_is_taken_as_it_stands(vpc: Mapping[str, Any]) -> None:
    assert parse_network(json.dumps({"awsvpcConfiguration": vpc})) == {"awsvpcConfiguration": vpc}


@given(_VPCS)
def test_the_shorthand_says_the_same_as_json(vpc: Mapping[str, Any]) -> None:
    assert parse_network(shorten(vpc)) == {"awsvpcConfiguration": vpc}


@pytest.mark.parametrize(
    ("text", "vpc"),
    [
        (
            "awsvpcConfiguration={subnets=[subnet-1], securityGroups=[sg-1]}",
            {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]},
        ),
        ("awsvpcConfiguration={subnets=subnet-1}", {"subnets": ["subnet-1"]}),
        ("awsvpcConfiguration={subnets=[subnet-1],securityGroups=[]}", {"subnets": ["subnet-1"], "securityGroups": []}),
    ],
)
def test_the_shorthand_is_read_as_the_aws_cli_does(text: str, vpc: Mapping[str, Any]) -> None:
    assert parse_network(text) == {"awsvpcConfiguration": vpc}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "subnets=[subnet-1]",
        "awsvpcConfiguration={}",
        "awsvpcConfiguration={securityGroups=[sg-1]}",
        "awsvpcConfiguration={subnets=[subnet-1],assignPublicIp=YES}",
        "awsvpcConfiguration={subnets=[subnet-1],subnet=[subnet-2]}",
        "awsvpcConfiguration={subnets=[subnet-1],}}",
        "awsvpcConfiguration={subnets=[subnet-1,]}",
        "awsvpcConfiguration={subnets=[subnet-1]",
        "{",
        "{}",
        '{"awsvpcConfiguration": []}',
        '{"awsvpcConfiguration": {"subnets": "subnet-1"}}',
        '{"awsvpcConfiguration": {"subnets": [1]}}',
        '{"awsvpcConfiguration": {"subnets": ["subnet-1"]}, "other": 1}',
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="awsvpcConfiguration="):
        parse_network(text)
