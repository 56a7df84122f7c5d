"""The GitHub action: its inputs become words of one command line, and nothing in them is ever evaluated."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from wakeproxy.cli.ecs_deploy_wanted import Caller, Wanted, parse_ecs_deploy
from wakeproxy.core.image import parse_image

_ROOT = Path(__file__).parents[2]
_ACTION: Mapping[str, Any] = yaml.safe_load((_ROOT / "action.yml").read_text())
_STEPS: Sequence[Mapping[str, Any]] = _ACTION["runs"]["steps"]
_INPUT = re.compile(r"\$\{\{ inputs\.(\w+) \}\}")
_EXPRESSION = re.compile(r"\$\{\{ ([\w.-]+) \}\}")
_ECHO = f"""#!{sys.executable}
import json, os, sys
json.dump(sys.argv[1:], open(os.environ["WORDS"], "w"))
sys.exit(int(os.environ.get("STATUS", "0")))
"""


@dataclass(frozen=True)
class Ran:
    """What became of the action's scripts."""

    status: int
    words: Sequence[str]
    outputs: str
    err: str


def run_steps(folder: Path, inputs: Mapping[str, str], *, status: int = 0) -> Ran:
    """Run the steps as GitHub does, with a command that only keeps its words."""
    (folder / "wakeproxy-action/bin").mkdir(parents=True)
    command = folder / "wakeproxy-action/bin/wakeproxy"
    command.write_text(_ECHO)
    command.chmod(0o755)
    unknown = set(inputs) - set(_ACTION["inputs"])
    assert not unknown
    given = {name: str(each.get("default", "")) for name, each in _ACTION["inputs"].items()} | dict(inputs)
    surroundings = {
        "PATH": "/usr/bin:/bin",
        "RUNNER_TEMP": str(folder),
        "GITHUB_ACTION_PATH": str(_ROOT),
        "GITHUB_OUTPUT": str(folder / "outputs"),
        "WORDS": str(folder / "words"),
        "STATUS": str(status),
    }
    done = subprocess.CompletedProcess[str]([], 0, "", "")
    for step in (step for step in _STEPS if "run" in step):
        names = {key: _INPUT.fullmatch(value) for key, value in step.get("env", {}).items()}
        env = {key: given[found[1]] if found else sys.executable for key, found in names.items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            env={**surroundings, **env}, cwd=folder, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    words, outputs = folder / "words", folder / "outputs"
    return Ran(
        done.returncode,
        json.loads(words.read_text()) if words.exists() else [],
        outputs.read_text() if outputs.exists() else "",
        done.stderr,
    )


def test_no_script_contains_what_others_write() -> None:
    assert [step["run"] for step in _STEPS if "${{" in step.get("run", "")] == []


def test_its_variables_are_single_inputs_or_outputs() -> None:
    values = [value for step in _STEPS for value in step.get("env", {}).values()]

    assert values
    assert [value for value in values if not _EXPRESSION.fullmatch(value)] == []


def test_every_input_reaches_the_command_by_a_variable_of_its_name() -> None:
    [env] = [step["env"] for step in _STEPS if step.get("id") == "run"]

    assert env == {f"INPUT_{name.upper()}": f"${{{{ inputs.{name} }}}}" for name in _ACTION["inputs"]}


def test_it_uses_the_actions_that_the_workflows_use_by_the_same_pin() -> None:
    used = re.findall(r"uses: (.+)$", (_ROOT / "action.yml").read_text(), re.MULTILINE)
    others = "\n".join(path.read_text() for path in (_ROOT / ".github").rglob("*.yml"))

    assert used
    assert [one for one in used if f"uses: {one}\n" not in others] == []


def test_it_leaves_the_python_of_the_job_alone() -> None:
    [python] = [step for step in _STEPS if step.get("uses", "").startswith("actions/setup-python@")]

    assert python["with"]["update-environment"] is False


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"service_name": "shop", "image": "acme/shop:2"}, ["deploy", "--image", "acme/shop:2", "shop"]),
        (
            {
                "service_name": "shop",
                "cluster": "apps",
                "region": "eu-central-1",
                "timeout": "10m",
                "desired_count": "2",
            },
            [
                "deploy",
                "--cluster",
                "apps",
                "--desired-count",
                "2",
                "--timeout",
                "10m",
                "--region",
                "eu-central-1",
                "shop",
            ],
        ),
        (
            {"command": "task run", "task_definition": "job:3", "arguments": "--wait"},
            ["task", "run", "--task-definition", "job:3", "--wait"],
        ),
        ({"command": "rollback", "service_name": "shop"}, ["rollback", "shop"]),
    ],
)
def test_inputs_become_the_words_of_the_command(
    tmp_path: Path, inputs: Mapping[str, str], words: Sequence[str]
) -> None:
    assert run_steps(tmp_path, inputs).words == words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--env GREETING=hello  world\n--no-wait\n", ["--env", "GREETING=hello  world", "--no-wait"]),
        ("  --timeout \t 10m  \r\n\r\n", ["--timeout", "10m"]),
        ("shop", ["shop"]),
        ("two words", ["two words"]),
        ("--env KEY=", ["--env", "KEY="]),
        ("", []),
    ],
)
def test_further_arguments_stand_one_a_line_with_their_values(
    tmp_path: Path, arguments: str, words: Sequence[str]
) -> None:
    assert run_steps(tmp_path, {"arguments": arguments}).words == ["deploy", *words]


@pytest.mark.parametrize("name", sorted(set(_ACTION["inputs"]) - {"command"}))
@pytest.mark.parametrize(
    "text", ["$(touch evil)", "`touch evil`", "; touch evil", '"; touch evil; "', "'; touch evil; '"]
)
def test_nothing_in_an_input_is_evaluated(tmp_path: Path, name: str, text: str) -> None:
    command = "deploy" if name in {"service_name", "arguments"} else "ecs-deploy"

    ran = run_steps(tmp_path, {"command": command, name: text})

    assert text in ran.words
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("command", ["serve", "deploy; touch evil", "task", "--help"])
def test_another_command_is_refused(tmp_path: Path, command: str) -> None:
    ran = run_steps(tmp_path, {"command": command})

    assert ran.status == 2
    assert command in ran.err
    assert ran.words == []
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("status", [0, 1, 3, 7])
def test_the_exit_status_of_the_command_is_the_steps_own_and_an_output(tmp_path: Path, status: int) -> None:
    ran = run_steps(tmp_path, {}, status=status)

    assert (ran.status, ran.outputs) == (status, f"exit-status={status}\n")


def test_a_step_written_for_ecs_deploys_own_action_needs_only_another_name(tmp_path: Path) -> None:
    inputs = {
        "command": "ecs-deploy",
        "aws_access_key": "KEY",
        "aws_secret_key": "SECRET",
        "cluster": "apps",
        "image": "acme/shop:2",
        "region": "us-east-1",
        "service_name": "shop",
        "timeout": "360",
        "enable_rollback_cmd": "--enable-rollback",
    }

    ran = run_steps(tmp_path, inputs)

    wanted = parse_ecs_deploy(ran.words[1:], {})
    assert ran.words[0] == "ecs-deploy"
    assert wanted == Wanted(
        service="shop",
        cluster="apps",
        image=parse_image("acme/shop:2"),
        timeout=timedelta(seconds=720),
        rolls_back=True,
        caller=Caller("us-east-1", access_key="KEY", secret_key="SECRET"),
    )
