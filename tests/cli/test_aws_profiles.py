"""The Region of a profile, as AWS's shared configuration file has it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from wakeproxy.cli.aws_profiles import find_region

FILE = """
[default]
region = eu-central-1
output = 50%

[profile deploys]
region = us-east-1
s3 =
  max_concurrent_requests = 20

[profile elsewhere]
role_arn = arn:aws:iam::123456789012:role/elsewhere
"""


@pytest.mark.parametrize(
    ("profile", "environ", "region"),
    [
        (None, {}, "eu-central-1"),
        ("default", {}, "eu-central-1"),
        ("deploys", {}, "us-east-1"),
        (None, {"AWS_PROFILE": "deploys"}, "us-east-1"),
        ("default", {"AWS_PROFILE": "deploys"}, "eu-central-1"),
        ("elsewhere", {}, None),
        ("unknown", {}, None),
    ],
)
def test_a_region_is_that_of_the_profile(
    tmp_path: Path, profile: str | None, environ: Mapping[str, str], region: str | None
) -> None:
    path = tmp_path / "config"
    path.write_text(FILE)

    assert find_region(profile, {**environ, "AWS_CONFIG_FILE": str(path)}) == region


@pytest.mark.parametrize("text", [None, "nonsense", "[default"])
def test_a_file_that_is_missing_or_no_good_names_none(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "config"
    if text is not None:
        path.write_text(text)

    assert find_region(None, {"AWS_CONFIG_FILE": str(path)}) is None
