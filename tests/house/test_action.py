"""The GitHub action: its inputs become words of one command line, and nothing in them is ever evaluated."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests import action
from tests.action import ACTION, ROOT, STEPS
from wakeproxy.cli.ecs_deploy_wanted import Caller, Wanted, parse_ecs_deploy
from wakeproxy.core.image import parse_image

_EXPRESSION = re.compile(r"\$\{\{ ([\w.-]+) \}\}")
_ECHO = f"""#!{sys.executable}
import json, os, sys
json.dump(sys.argv[1:], open(os.environ["WORDS"], "w"))
sys.exit(int(os.environ.get("STATUS", "0")))
"""


@dataclass(frozen=True)
class Ran:
    """What became of the steps, and the words that the command got."""

    status: int
    words: Sequence[str]
    outputs: str
    err: str


def run_steps(folder: Path, inputs: Mapping[str, str], *, status: int = 0) -> Ran:
    """Run the steps with a command that only keeps its words."""
    words = folder / "words"
    done = action.run_steps(folder, _ECHO, inputs, {"WORDS": str(words), "STATUS": str(status)})
    return Ran(done.status, json.loads(words.read_text()) if words.exists() else [], done.outputs, done.err)


def test_no_script_contains_what_others_write() -> None:
    assert [step["run"] for step in STEPS if "${{" in step.get("run", "")] == []


def test_its_variables_are_single_inputs_or_outputs() -> None:
    values = [value for step in STEPS for value in step.get("env", {}).values()]

    assert values
    assert [value for value in values if not _EXPRESSION.fullmatch(value)] == []


def test_every_input_reaches_the_command_by_a_variable_of_its_name() -> None:
    [env] = [step["env"] for step in STEPS if step.get("id") == "run"]

    assert env == {f"INPUT_{name.upper()}": f"${{{{ inputs.{name} }}}}" for name in ACTION["inputs"]}


def test_it_uses_the_actions_that_the_workflows_use_by_the_same_pin() -> None:
    used = re.findall(r"uses: (.+)$", (ROOT / "action.yml").read_text(), re.MULTILINE)
    others = "\n".join(path.read_text() for path in (ROOT / ".github").rglob("*.yml"))

    assert used
    assert [one for one in used if f"uses: {one}\n" not in others] == []


def test_it_leaves_the_python_of_the_job_alone() -> None:
    [python] = [step for step in STEPS if step.get("uses", "").startswith("actions/setup-python@")]

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


@pytest.mark.parametrize("name", sorted(set(ACTION["inputs"]) - {"command"}))
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
