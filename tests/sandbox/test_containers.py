"""Several containers of a task: their order, health, secrets and logs."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.clients import Aws, Json, Until
from wakeproxy.sandbox import Sandbox


def names_in_order(task: Json) -> dict[str, Json]:
    return {each["name"]: each for each in task["containers"]}


def sidecar(name: str, command: str, **extra: Any) -> Json:
    return {"name": name, "image": "x", "essential": False, "command": ["sh", "-c", command], **extra}


def needs(name: str, condition: str) -> list[dict[str, str]]:
    return [{"containerName": name, "condition": condition}]


def test_an_init_container_finishes_before_the_main_one_starts(
    sandbox: Sandbox, aws: Aws, until: Until, tmp_path: Path
) -> None:
    mark = tmp_path / "order"
    init = sidecar("init", f"echo init >> {mark}")
    main = {"name": "main", "image": "x", "command": ["sh", "-c", f"echo main >> {mark}; exec sleep 60"],
            "dependsOn": needs("init", "SUCCESS")}  # fmt: skip
    sandbox.create_service("pair", sidecars=[init, main])
    aws.scale("pair", 1)
    task = until(lambda: aws.running("pair"))[0]
    assert mark.read_text().split() == ["init", "main"]
    assert names_in_order(task)["init"]["exitCode"] == 0
    assert names_in_order(task)["init"]["lastStatus"] == "STOPPED"


def test_an_init_container_that_fails_fails_the_task(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    main = {"name": "main", "image": "x", "command": ["sleep", "60"], "dependsOn": needs("init", "SUCCESS")}
    sandbox.create_service("pair", sidecars=[sidecar("init", "exit 4"), main])
    aws.scale("pair", 1)
    task = until(lambda: aws.stopped("pair"))[0]
    assert (task["stopCode"], task["stoppedReason"]) == ("TaskFailedToStart", "Task failed to start")
    assert names_in_order(task)["init"]["exitCode"] == 4


def test_a_container_waits_until_another_is_healthy(sandbox: Sandbox, aws: Aws, until: Until, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    check = {"command": ["CMD-SHELL", f"test -f {ready}"], "interval": 5, "retries": 10}
    database = sidecar("db", f"sleep 0.2; touch {ready}; exec sleep 60", healthCheck=check)
    app = {"name": "app", "image": "x", "command": ["sh", "-c", f"test -f {ready} || exit 9; exec sleep 60"],
           "dependsOn": needs("db", "HEALTHY")}  # fmt: skip
    sandbox.create_service("pair", sidecars=[database, app])
    aws.scale("pair", 1)
    task = until(lambda: aws.running("pair"))[0]
    assert names_in_order(task)["db"]["healthStatus"] == "HEALTHY"
    assert "exitCode" not in names_in_order(task)["app"]


def test_containers_stop_in_the_reverse_order(sandbox: Sandbox, aws: Aws, until: Until, tmp_path: Path) -> None:
    said = tmp_path / "order"

    def polite(name: str) -> str:
        return f"trap 'echo {name} >> {said}; exit 0' TERM; echo up; while :; do sleep 0.02; done"

    second = sidecar("second", polite("second"), dependsOn=needs("first", "START"))
    sandbox.create_service("pair", sidecars=[sidecar("first", polite("first")), second])
    aws.scale("pair", 1)
    until(lambda: aws.running("pair") and sandbox.tasks("apps", "pair")[0].log.count("up") == 2)
    aws.scale("pair", 0)
    until(lambda: aws.stopped("pair"))
    assert said.read_text().split() == ["second", "first"]


def test_a_side_container_may_exit(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.create_service("pair", sidecars=[sidecar("job", "exit 7")])
    aws.scale("pair", 1)
    task = until(lambda: [t for t in aws.running("pair") if "exitCode" in names_in_order(t)["job"]])[0]
    assert names_in_order(task)["job"]["exitCode"] == 7
    assert names_in_order(task)["pair"]["lastStatus"] == "RUNNING"


def test_containers_of_a_task_share_its_address_and_reach_each_other_on_localhost(
    sandbox: Sandbox, aws: Aws, until: Until
) -> None:
    ask = "import urllib.request as u; print(u.urlopen('http://localhost:8080/healthz').read().decode().strip())"
    retry = f'until python -c "{ask}" 2>/dev/null; do sleep 0.05; done; exec sleep 60'
    sandbox.create_service("pair", sidecars=[sidecar("friend", retry)])
    aws.scale("pair", 1)
    until(lambda: sandbox.tasks("apps", "pair") and "ok" in sandbox.tasks("apps", "pair")[0].log)


def test_a_health_check_decides_what_counts_as_running(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    check = ["CMD", "python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz')"]
    sandbox.create_service("hello", health_check=check, desired_count=1)
    until(lambda: aws.running("hello") and aws.running("hello")[0]["healthStatus"] == "HEALTHY")
    until(lambda: aws.service("hello")["deployments"][0]["rolloutState"] == "COMPLETED")


def test_a_task_that_fails_its_health_check_is_replaced(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    check = {"command": ["CMD-SHELL", "exit 1"], "interval": 5, "retries": 2}
    sandbox.create_service("ill", health_check=check, desired_count=1)
    task = until(lambda: aws.stopped("ill"))[0]
    assert task["stoppedReason"] == "Task failed container health checks"
    assert task["healthStatus"] == "UNHEALTHY"
    until(lambda: aws.tasks("ill"))
    until(lambda: aws.service("ill")["deployments"][0]["failedTasks"] >= 1)
    assert any(message.endswith("failed container health checks.") for message in aws.messages("ill"))


def test_a_start_period_forgives_failures(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    check = {"command": ["CMD-SHELL", "exit 1"], "interval": 5, "retries": 1, "startPeriod": 300}
    sandbox.create_service("late", health_check=check, desired_count=1)
    until(lambda: aws.running("late"))
    until(lambda: aws.running("late")[0]["healthStatus"] == "UNKNOWN")
    assert not aws.stopped("late")


def test_secrets_reach_the_environment(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    plain = aws.client("secretsmanager").create_secret(Name="plain", SecretString="s3cret")["ARN"]
    keyed = aws.client("secretsmanager").create_secret(Name="keyed", SecretString=json.dumps({"user": "ann"}))["ARN"]
    aws.client("ssm").put_parameter(Name="/app/level", Value="7", Type="SecureString")
    show = ["sh", "-c", "echo $A $B $C; exec sleep 60"]
    secrets = {"A": plain, "B": f"{keyed}:user::", "C": "/app/level"}
    sandbox.create_service("app", image="x", command=show, secrets=secrets, desired_count=1)
    until(lambda: sandbox.tasks("apps", "app") and sandbox.tasks("apps", "app")[0].log == ("s3cret ann 7",))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("arn:aws:secretsmanager:eu-central-1:123456789012:secret:none-AbCdEf", "ResourceNotFoundException"),
        ("/app/none", "invalid parameters: /app/none"),
    ],
)
def test_a_missing_secret_fails_the_start(sandbox: Sandbox, aws: Aws, until: Until, source: str, text: str) -> None:
    sandbox.create_service("app", secrets={"A": source}, desired_count=1)
    task = until(lambda: aws.stopped("app"))[0]
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("ResourceInitializationError: unable to pull secrets or registry auth: ")
    assert text in task["stoppedReason"]


def test_lines_go_to_cloudwatch_logs(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    command = ["sh", "-c", "echo one; echo two >&2; exec sleep 60"]
    sandbox.create_service("app", image="x", command=command, desired_count=1)
    task = until(lambda: aws.running("app"))[0]
    stream = {"logGroupName": "/ecs/app", "logStreamName": f"ecs/app/{task['taskArn'].split('/')[-1]}"}

    def lines() -> list[str]:
        return [event["message"] for event in aws.client("logs").get_log_events(**stream)["events"]]

    until(lambda: lines() == ["one", "two"])


def test_a_missing_log_group_fails_the_start(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    options = {"awslogs-group": "/none", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "x"}
    logging = {"logDriver": "awslogs", "options": options}
    sandbox.create_service("app", sidecars=[sidecar("side", "sleep 9", logConfiguration=logging)], desired_count=1)
    task = until(lambda: aws.stopped("app"))[0]
    assert task["stoppedReason"].startswith("ResourceInitializationError: failed to validate logger args:")


def test_a_container_sees_a_clean_environment_that_leads_to_the_sandbox(
    sandbox: Sandbox, aws: Aws, until: Until
) -> None:
    command = ["sh", "-c", "env; exec sleep 60"]
    sandbox.create_service("app", image="x", command=command, environment={"MINE": "1"}, desired_count=1)
    lines = until(lambda: aws.running("app") and sandbox.tasks("apps", "app")[0].log)
    seen = dict(line.split("=", 1) for line in lines)
    assert seen["MINE"] == "1"
    assert seen["AWS_ENDPOINT_URL"] == sandbox.url
    assert seen["AWS_REGION"] == "eu-central-1"
    assert not seen.keys() & {"VIRTUAL_ENV", "USER", "PYTEST_CURRENT_TEST", "PORT"}


def test_a_containers_own_aws_calls_reach_the_sandbox(sandbox: Sandbox, until: Until) -> None:
    code = "import boto3, time; print(boto3.client('ecs').list_clusters()['clusterArns'], flush=True); time.sleep(60)"
    sandbox.create_service("app", image="x", command=["python", "-c", code], desired_count=1)
    expected = "['arn:aws:ecs:eu-central-1:123456789012:cluster/apps']"
    until(lambda: sandbox.tasks("apps", "app") and expected in sandbox.tasks("apps", "app")[0].log)
