"""Functions run: in processes of their own, that see what AWS would show them and are frozen when nobody calls."""

import base64
import os
import secrets
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.clients import Aws, SandboxProcess, Until, state_of
from tests.sandbox.functions import Functions, zipped
from wakeproxy.sandbox import Fault, Sandbox

ABOUT = """
import os, sys
count = 0
def handler(event, context):
    global count
    count += 1
    return {"event": event, "count": count, "pid": os.getpid(), "cwd": os.getcwd(), "path": sys.path,
            "environ": dict(os.environ), "arn": context.invoked_function_arn, "id": context.aws_request_id,
            "left": context.get_remaining_time_in_millis(), "memory": context.memory_limit_in_mb,
            "version": context.function_version, "files": sorted(os.listdir(os.getcwd()))}
"""
FAILING = """
import sys, os
def fail(what):
    raise ValueError(f"no {what}")
def handler(event, context):
    match event:
        case "raise": fail("luck")
        case "exit": sys.exit(3)
        case "kill": os.kill(os.getpid(), 9)
        case "set": return {1}
        case "hang":
            while True: pass
        case "chatter":
            while True: print("x" * 100)
        case "close":
            os.closerange(3, 100)
            os.execvp("sleep", ["sleep", "300"])
        case "big": return "x" * (6 * 1024 * 1024 + 1)
        case int(size): return len("x" * size)
        case str(text): return len(text)
    return "fine"
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def world(box: Sandbox) -> Iterator[Functions]:
    aws = Aws(box)
    yield Functions(aws)
    aws.close()


@pytest.fixture(scope="module", autouse=True)
def made(world: Functions) -> None:
    world.make("about", ABOUT, MemorySize=256, Environment={"Variables": {"COLOUR": "blue"}})
    world.make("failing", FAILING)
    world.make("hasty", FAILING, Timeout=1)


def test_a_function_sees_its_code_its_variables_and_its_event_and_nothing_else(world: Functions) -> None:
    told = world.invoke("about", {"a": [1, "ü"]})
    environ = told["environ"]
    assert told["event"] == {"a": [1, "ü"]}
    assert told["files"] == ["app.py"]
    assert told["cwd"] == environ["LAMBDA_TASK_ROOT"] == told["path"][0]
    assert not [each for each in told["path"] if each.endswith("site-packages")]
    assert environ["COLOUR"] == "blue"
    assert environ["AWS_REGION"] == "eu-central-1"
    assert environ["AWS_ENDPOINT_URL"] == world.aws.sandbox.url
    assert environ["AWS_LAMBDA_FUNCTION_NAME"] == "about"
    assert environ["_HANDLER"] == "app.handler"
    assert not {name for name in environ if name.startswith("PYTHON") or name == "VIRTUAL_ENV"}


def test_the_context_tells_of_the_invocation(world: Functions) -> None:
    told = world.invoke("about")
    assert told["arn"] == "arn:aws:lambda:eu-central-1:123456789012:function:about"
    assert (told["memory"], told["version"]) == ("256", "$LATEST")
    assert 0 < told["left"] <= 30_000
    assert told["id"] != world.invoke("about")["id"]


def test_an_environment_is_used_again_and_frozen_in_between(world: Functions, until: Until) -> None:
    first, second = world.invoke("about"), world.invoke("about")
    assert second["pid"] == first["pid"]
    assert second["count"] == first["count"] + 1
    until(lambda: state_of(first["pid"]) == "T")


def test_its_role_is_who_it_is(world: Functions) -> None:
    world.make(
        "whoami", "import boto3\ndef handler(*_):\n    return boto3.client('sts').get_caller_identity()['Arn']\n"
    )
    assert world.invoke("whoami") == f"arn:aws:sts::123456789012:assumed-role/{world.role_name}/whoami"


def test_events_at_once_get_environments_of_their_own(world: Functions) -> None:
    code = "import os, time\ndef handler(seconds, context):\n    time.sleep(seconds)\n    return os.getpid()\n"
    world.make("parallel", code)
    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(lambda _: world.invoke("parallel", 0.5), range(3)))) == 3


def test_an_invocation_can_be_made_to_fail(box: Sandbox, world: Functions) -> None:
    box.faults.add(Fault(kind="throttle", operation="lambda:Invoke"))
    with pytest.raises(ClientError, match="ThrottlingException"):
        world.invoke("about")
    assert world.invoke("about")["environ"]["COLOUR"] == "blue"


def test_a_throttled_asynchronous_event_waits_for_room(world: Functions, tmp_path: Path, until: Until) -> None:
    world.make("waiting", f"def handler(event, context):\n    open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    client = world.aws.client("lambda")
    client.put_function_concurrency(FunctionName="waiting", ReservedConcurrentExecutions=0)
    world.call("waiting", InvocationType="Event")
    client.delete_function_concurrency(FunctionName="waiting")
    until((tmp_path / "ran").exists)


def test_reserved_concurrency_is_a_bound(world: Functions) -> None:
    world.make("reserved", ABOUT)
    client = world.aws.client("lambda")
    client.put_function_concurrency(FunctionName="reserved", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        world.invoke("reserved")
    client.delete_function_concurrency(FunctionName="reserved")
    assert world.invoke("reserved")["count"] == 1


def test_new_code_and_new_variables_are_used_at_once(world: Functions, is_alive: Callable[[int], bool]) -> None:
    world.make("changing", ABOUT)
    client = world.aws.client("lambda")
    before = world.invoke("changing")
    client.update_function_configuration(FunctionName="changing", Environment={"Variables": {"COLOUR": "red"}})
    after = world.invoke("changing")
    assert after["environ"]["COLOUR"] == "red"
    assert after["pid"] != before["pid"]
    client.update_function_code(FunctionName="changing", ZipFile=zipped({"app.py": "def handler(*_): return 'new'"}))
    assert world.invoke("changing") == "new"
    assert not is_alive(before["pid"])
    assert not is_alive(after["pid"])
    client.delete_function(FunctionName="changing")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        world.invoke("changing")


def test_a_version_stays_as_it_was_published(world: Functions) -> None:
    world.make("versioned", "def handler(event, context): return [1, context.invoked_function_arn]", Publish=True)
    client = world.aws.client("lambda")
    client.update_function_code(FunctionName="versioned", ZipFile=zipped({"app.py": "def handler(*_): return 2"}))
    assert world.invoke("versioned") == 2
    number, arn = world.invoke("versioned", Qualifier="1")
    assert number == 1
    assert arn.endswith(":function:versioned:1")


def test_layers_lie_behind_the_code(world: Functions) -> None:
    layer = world.aws.client("lambda").publish_layer_version(
        LayerName="words", Content={"ZipFile": zipped({"python/words.py": "hello = 'from a layer'"})}
    )
    code = "import words\ndef handler(*_): return words.hello"
    world.make("layered", code, Layers=[layer["LayerVersionArn"]])
    assert world.invoke("layered") == "from a layer"


@pytest.mark.parametrize(
    ("event", "kind", "message"),
    [
        ("raise", "ValueError", "no luck"),
        ("exit", "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ("kill", "Runtime.ExitError", "Runtime exited with error: signal: kill"),
        ("set", "Runtime.MarshalError", "Unable to marshal response: Object of type set is not JSON serializable"),
        ("big", "Function.ResponseSizeTooLarge", "exceeded maximum allowed payload size (6291556 bytes)"),
    ],
)
def test_a_failure_is_told_in_awss_words(world: Functions, event: str, kind: str, message: str) -> None:
    answer, told = world.call("failing", event)
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert told["errorType"] == kind
    assert message in told["errorMessage"]
    assert world.invoke("failing") == "fine"


@pytest.mark.parametrize("event", ["hang", "chatter", "close"])
def test_a_function_is_killed_at_its_timeout_whatever_it_does(world: Functions, event: str) -> None:
    answer, told = world.call("hasty", event)
    assert answer["FunctionError"] == "Unhandled"
    assert told["errorType"] == "Sandbox.Timedout"
    assert "Error: Task timed out after 1.00 seconds" in told["errorMessage"]


def test_an_error_tells_where_it_was_raised_in_the_functions_own_code(world: Functions) -> None:
    told = world.invoke("failing", "raise")
    assert [line.split("in ")[1].split("\n")[0] for line in told["stackTrace"]] == ["handler", "fail"]
    assert told["requestId"]


@pytest.mark.parametrize(
    ("handler", "code", "kind", "message"),
    [
        ("app.handler", "import no_such_module", "Runtime.ImportModuleError", "No module named 'no_such_module'"),
        ("app.handler", "import moto", "Runtime.ImportModuleError", "No module named 'moto'"),
        ("gone.handler", "", "Runtime.ImportModuleError", "Unable to import module 'gone'"),
        ("app.missing", "", "Runtime.HandlerNotFound", "Handler 'missing' missing on module 'app'"),
        ("app", "", "Runtime.MalformedHandlerName", "Bad handler 'app'"),
        ("app.handler", "def", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("app.handler", "1 / 0", "ZeroDivisionError", "division by zero"),
    ],
)
def test_a_function_that_cannot_begin_says_why(
    world: Functions, handler: str, code: str, kind: str, message: str
) -> None:
    name = f"begins-{secrets.token_hex(4)}"
    world.make(name, code, Handler=handler)
    answer, told = world.call(name)
    assert answer["FunctionError"] == "Unhandled"
    assert told["errorType"] == kind
    assert message in told["errorMessage"]


def test_large_events_pass_and_larger_ones_are_refused(world: Functions) -> None:
    assert world.invoke("failing", "x" * 6_000_000) == 6_000_000
    with pytest.raises(ClientError, match="RequestTooLargeException"):
        world.invoke("failing", "x" * (6 * 1024 * 1024))
    with pytest.raises(ClientError, match="RequestTooLargeException"):
        world.invoke("failing", "x" * (1024 * 1024), InvocationType="Event")


def test_wrong_requests_are_refused(world: Functions) -> None:
    client = world.aws.client("lambda")
    with pytest.raises(ClientError, match=r"ResourceNotFoundException.*function:nobody"):
        client.invoke(FunctionName="nobody")
    with pytest.raises(ClientError, match="InvalidRequestContentException"):
        client.invoke(FunctionName="about", Payload=b"{")
    assert client.invoke(FunctionName="about", InvocationType="DryRun")["StatusCode"] == 204
    world.make("java", ABOUT, Runtime="java21")
    with pytest.raises(ClientError, match=r"The sandbox runs Python only, not 'java21'"):
        client.invoke(FunctionName="java")


def test_lines_and_reports_go_to_cloudwatch_logs(world: Functions, until: Until) -> None:
    code = "import logging\ndef handler(*_):\n    print('printed')\n    logging.warning('logged')\n    return 1\n"
    world.make("logging", code)
    answer, _ = world.call("logging", LogType="Tail")
    world.invoke("logging")
    tail = base64.b64decode(answer["LogResult"]).decode()
    told = until(lambda: len(lines := world.messages("logging")) >= 11 and lines)
    assert told[0].startswith("INIT_START Runtime Version: python3.11")
    assert [line.split()[0] for line in told[1:6]] == ["START", "printed", "[WARNING]", "END", "REPORT"]
    assert "Init Duration: " in told[5]
    assert "Memory Size: 128 MB\tMax Memory Used: " in told[5]
    assert "Init Duration" not in told[10]
    assert all(line in tail for line in told[1:6])


def test_an_asynchronous_event_is_tried_three_times(world: Functions, tmp_path: Path, until: Until) -> None:
    code = f"def handler(event, context):\n    open({str(tmp_path / 'tries')!r}, 'a').write(event)\n    raise OSError\n"
    world.make("stubborn", code)
    answer, told = world.call("stubborn", "x", InvocationType="Event")
    assert (answer["StatusCode"], told) == (202, None)
    until(lambda: (tmp_path / "tries").exists() and (tmp_path / "tries").read_text() == "xxx")


def test_a_function_that_hangs_ends_with_the_sandbox(is_alive: Callable[[int], bool], tmp_path: Path) -> None:
    code = (
        "import os, subprocess, time\n"
        "def handler(path, context):\n"
        "    child = subprocess.Popen(['sleep', '300'], start_new_session=True)\n"
        "    open(path, 'w').write(f'{os.getpid()} {child.pid} ' + os.environ['TMPDIR'])\n"
        "    time.sleep(300)\n"
    )
    told = tmp_path / "pids"
    os.mkfifo(told)
    with Sandbox() as sandbox:
        aws = Aws(sandbox)
        functions = Functions(aws)
        functions.make("hanging", code, Timeout=600)
        functions.call("hanging", str(told), InvocationType="Event")
        first, second, folder = told.read_text().split()
        aws.close()
    assert not is_alive(int(first))
    assert not is_alive(int(second))
    assert not Path(folder).parent.exists()


def test_frozen_environments_end_with_a_killed_sandbox(
    start_process: Callable[..., SandboxProcess], until: Until, is_alive: Callable[[int], bool]
) -> None:
    process = start_process()
    aws = Aws(process)
    functions = Functions(aws)
    functions.make("about", ABOUT)
    told = functions.invoke("about")
    assert is_alive(told["pid"])
    process.popen.send_signal(signal.SIGKILL)
    process.popen.wait()
    until(lambda: not is_alive(told["pid"]))
    until(lambda: not Path(told["cwd"]).parent.exists())
    aws.close()
