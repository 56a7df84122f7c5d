"""EventBridge reaches functions: when a schedule is due, when an event matches, when it is told to."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.clients import Aws, Json, SandboxProcess, Until
from tests.sandbox.functions import Functions
from wakeproxy.sandbox import TIMINGS, Sandbox, SandboxError
from wakeproxy.sandbox.events.plan import Plan
from wakeproxy.sandbox.events.schedules import Schedules, next_due
from wakeproxy.sandbox.timeline import Timeline

NOTE = """
import json
def handler(event, context):
    with open({path!r}, "a") as notes:
        notes.write(json.dumps(event) + "\\n")
    return {{"noted": True}}
"""
PATIENCE = 60.0
SCHEDULED = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}


@dataclass(frozen=True)
class Bridge:
    """A sandbox whose minutes pass in a twentieth of a second, and functions that note what they get."""

    sandbox: Sandbox
    functions: Functions
    folder: Path

    def client(self, service: str) -> Any:
        return self.functions.aws.client(service)

    def function(self, name: str, *, permitted: bool = True) -> str:
        arn = self.functions.make(name, NOTE.format(path=str(self.folder / name)))
        if permitted:
            self.client("lambda").add_permission(
                FunctionName=name,
                StatementId="events",
                Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com",
                SourceArn=f"arn:aws:events:eu-central-1:123456789012:rule/{name}",
            )
        return arn

    def rule(self, name: str, *, target: Json | None = None, permitted: bool = True, **options: Any) -> None:
        arn = self.function(name, permitted=permitted)
        self.client("events").put_rule(Name=name, **options)
        self.client("events").put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, **(target or {})}])

    def role(self, name: str, service: str) -> str:
        trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
        role: str = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"][
            "Arn"
        ]
        return role

    def schedule(self, name: str, expression: str, target: Json, **options: Any) -> None:
        self.client("scheduler").create_schedule(
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": self.function(name, permitted=False), **target},
            **options,
        )

    def notes(self, name: str) -> list[Any]:
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def put(self, source: str, detail: Json) -> Json:
        entry = {"Source": source, "DetailType": "thing", "Detail": json.dumps(detail), "Resources": ["a"]}
        answer: Json = self.client("events").put_events(Entries=[entry])
        return answer


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    with Sandbox(timings=replace(TIMINGS["instant"], schedule_pace=0.05 / 60)) as sandbox:
        aws = Aws(sandbox)
        yield Bridge(sandbox, Functions(aws), tmp_path_factory.mktemp("notes"))
        aws.close()


def test_a_rule_with_a_rate_fires_again_and_again_until_it_is_disabled(bridge: Bridge, until: Until) -> None:
    bridge.rule("ticking", ScheduleExpression="rate(1 minute)")
    first = until(lambda: len(notes := bridge.notes("ticking")) >= 3 and notes)[0]
    assert set(first) == SCHEDULED
    assert (first["detail-type"], first["source"], first["detail"]) == ("Scheduled Event", "aws.events", {})
    assert first["resources"] == ["arn:aws:events:eu-central-1:123456789012:rule/ticking"]
    bridge.client("events").disable_rule(Name="ticking")
    bridge.rule("other", ScheduleExpression="rate(1 minute)")
    before = len(bridge.notes("ticking"))
    until(lambda: len(bridge.notes("other")) >= 5)
    bridge.client("events").remove_targets(Rule="other", Ids=["1"])
    assert len(bridge.notes("ticking")) <= before + 1, "one may have been on its way"


def test_a_cron_rule_sends_its_constant(bridge: Bridge, until: Until) -> None:
    bridge.rule("nightly", ScheduleExpression="cron(0/1 * * * ? *)", target={"Input": '{"dry_run": true}'})
    assert until(lambda: bridge.notes("nightly"))[0] == {"dry_run": True}
    bridge.client("events").remove_targets(Rule="nightly", Ids=["1"])
    bridge.client("events").delete_rule(Name="nightly")


def test_a_schedule_fires_with_its_words_filled_in(bridge: Bridge, until: Until) -> None:
    role = bridge.role("scheduling", "scheduler.amazonaws.com")
    words = '{"at": "<aws.scheduler.scheduled-time>", "of": "<aws.scheduler.schedule-arn>"}'
    bridge.schedule("sweeping", "rate(1 minute)", {"RoleArn": role, "Input": words})
    told = until(lambda: bridge.notes("sweeping"))[0]
    assert told["of"].endswith(":schedule/default/sweeping")
    assert told["at"].endswith("Z")
    bridge.client("scheduler").delete_schedule(Name="sweeping")


def test_a_schedule_without_an_input_sends_awss_own(bridge: Bridge) -> None:
    role = bridge.role("once", "scheduler.amazonaws.com")
    bridge.schedule("once", "at(2001-01-01T00:00:00)", {"RoleArn": role})
    bridge.sandbox.fire("once")
    told = bridge.notes("once")[0]
    assert set(told) == SCHEDULED
    assert (told["source"], told["detail"]) == ("aws.scheduler", "{}")


def test_a_schedule_for_once_fires_once_and_goes() -> None:
    fired: list[str] = []
    gone, timeline = threading.Event(), Timeline()

    def fire(plan: Plan, _: object) -> int:
        fired.append(plan.name)
        return 0

    schedules = Schedules(timeline, 1e-5, fire, lambda _: gone.set())
    timeline.start()
    at = datetime.now(UTC) + timedelta(hours=1)
    hour = Plan(arn="a", name="a", region="r", expression=f"at({at:%Y-%m-%dT%H:%M:%S})", zone="UTC", is_enabled=True)
    schedules.look("r", {"a": replace(hour, group="g", vanishes=True)})
    assert gone.wait(PATIENCE)
    timeline.stop()
    assert fired == ["a"]


def test_a_schedule_keeps_to_its_start_and_its_end() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    hour = Plan(arn="a", name="a", region="r", expression="rate(1 hour)", zone="UTC", is_enabled=True)
    begins, ends = (start + timedelta(days=1)).timestamp(), (start + timedelta(minutes=59)).timestamp()
    assert next_due(replace(hour, begins=begins), start) == start + timedelta(days=1, hours=1)
    assert next_due(replace(hour, ends=ends), start) is None
    assert next_due(hour, start) == start + timedelta(hours=1)


def test_a_schedule_without_a_role_that_trusts_it_does_nothing(bridge: Bridge) -> None:
    role = bridge.role("distrusting", "ec2.amazonaws.com")
    bridge.schedule("idle", "rate(1 minute)", {"RoleArn": role}, State="DISABLED")
    assert bridge.sandbox.fire("idle") == []


def test_firing_by_hand_answers_what_the_function_did(bridge: Bridge) -> None:
    bridge.rule("by-hand", ScheduleExpression="rate(7 days)")
    fired = bridge.sandbox.fire("by-hand")
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:by-hand"
    assert fired == [{"function": arn, "error": "", "answer": {"noted": True}}]
    assert bridge.notes("by-hand")[0]["detail-type"] == "Scheduled Event"
    bridge.rule("refused", ScheduleExpression="rate(7 days)", permitted=False)
    assert [each["error"] for each in bridge.sandbox.fire("refused")] == ["AccessDeniedException"]
    with pytest.raises(SandboxError, match=r"There is no schedule 'nobody' in eu-central-1; there are: .*by-hand"):
        bridge.sandbox.fire("nobody")


def test_an_event_that_matches_reaches_the_function(bridge: Bridge, until: Until) -> None:
    bridge.rule("matching", EventPattern=json.dumps({"source": ["mine"], "detail": {"a": [1]}}))
    assert bridge.put("mine", {"a": 2})["FailedEntryCount"] == 0
    assert bridge.put("mine", {"a": 1})["FailedEntryCount"] == 0
    told = until(lambda: bridge.notes("matching"))
    assert [event["detail"] for event in told] == [{"a": 1}]
    assert set(told[0]) == SCHEDULED
    assert told[0]["time"].endswith("Z")


@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        ("constant", {"Input": "[1]"}, [1]),
        ("part", {"InputPath": "$.detail.a"}, {"b": 1}),
        (
            "template",
            {"InputTransformer": {"InputPathsMap": {"it": "$.detail.a.b"}, "InputTemplate": '{"got": <it>}'}},
            {"got": 1},
        ),
    ],
)
def test_a_target_shapes_its_input(bridge: Bridge, until: Until, name: str, target: Json, expected: object) -> None:
    bridge.rule(name, EventPattern=json.dumps({"source": [name]}), target=target)
    bridge.put(name, {"a": {"b": 1}})
    assert until(lambda: bridge.notes(name)) == [expected]


def test_functions_and_queues_are_targets_side_by_side(bridge: Bridge, until: Until) -> None:
    queue = bridge.client("sqs").create_queue(QueueName="beside")["QueueUrl"]
    bridge.rule("beside", EventPattern=json.dumps({"source": ["beside"]}))
    arn = "arn:aws:sqs:eu-central-1:123456789012:beside"
    bridge.client("events").put_targets(Rule="beside", Targets=[{"Id": "2", "Arn": arn}])
    bridge.put("beside", {"a": 1})
    until(lambda: bridge.notes("beside"))
    message = bridge.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]
    assert json.loads(message["Body"])["detail"] == {"a": 1}


def test_a_schedule_that_is_none_is_refused(bridge: Bridge) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*has 5 fields"):
        bridge.client("events").put_rule(Name="wrong", ScheduleExpression="cron(* * * * *)")
    role = bridge.role("mars", "scheduler.amazonaws.com")
    with pytest.raises(ClientError, match=r"ValidationException.*'Mars' is no time zone"):
        bridge.schedule("mars", "rate(1 minute)", {"RoleArn": role}, ScheduleExpressionTimezone="Mars")


def test_a_task_that_changes_is_an_event(bridge: Bridge, until: Until) -> None:
    bridge.rule("tasks", EventPattern=json.dumps({"source": ["aws.ecs"], "detail": {"lastStatus": ["RUNNING"]}}))
    bridge.sandbox.create_service("hello", desired_count=1)
    told = until(lambda: bridge.notes("tasks"))
    assert told[0]["detail-type"] == "ECS Task State Change"


def test_another_process_fires_and_finds_urls_over_http(start_process: Callable[..., SandboxProcess]) -> None:
    process = start_process()
    aws = Aws(process)
    functions = Functions(aws)
    arn = functions.make("noting", "def handler(event, context): return event['source']")
    permission = {"StatementId": "a", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    aws.client("lambda").add_permission(FunctionName="noting", **permission)
    aws.client("events").put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    aws.client("events").put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": arn}])
    assert process.ask("POST", "fire", {"name": "hourly"}) == {
        "fired": [{"function": arn, "error": "", "answer": "aws.events"}]
    }
    api = aws.client("apigatewayv2").create_api(Name="mine", ProtocolType="HTTP")["ApiId"]
    port = process.url.rsplit(":", 1)[1]
    url = f"http://{api}.execute-api.eu-central-1.localhost:{port}"
    assert process.ask("GET", "urls") == {"urls": [{"kind": "api", "name": "mine", "url": url}]}
    aws.close()
