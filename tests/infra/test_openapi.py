"""The contract of the wake Lambda: it is valid, it is whole, and what wakeproxy answers keeps to it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.core.build import NOW, a_service, at
from wakeproxy.core.causes import Cause, Diagnosis
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Stage
from wakeproxy.core.outlook import Here, Outlook
from wakeproxy.core.sight import LogLine, Member, Sight, describe, describe_stay
from wakeproxy.pages import speech
from wakeproxy.pages.replies import Trouble, reply_problem, sign

TEXT = (Path(__file__).parents[2] / "infra/openapi-wake.yaml").read_text()
MODULE = Path(__file__).parents[2] / "terraform/modules/wake_api/api.tf"
CONTRACT: Mapping[str, Any] = yaml.safe_load(TEXT)
SCHEMAS: Mapping[str, Any] = CONTRACT["components"]["schemas"]
OPS = {"/wake/{service}", "/sleep/{service}", "/status", "/status/{service}"}
TROUBLES = {name: found for name, found in vars(speech).items() if isinstance(found, Trouble)}

WAKING = Sight(
    ServiceName("shop"),
    Phase.WAKING,
    stages=((Stage.REQUESTED, at(-9)), (Stage.PULLING, at(-5))),
    diagnosis=Diagnosis(Cause.CAPACITY, "There is no room.", "Wait.", can_retry=True),
    retry_at=at(5),
    log=(LogLine(at(-9), "Wake requested"),),
    needs=(Member("Shop DB", Sight(ServiceName("shop-db"), Phase.WAKING, stages=((Stage.REQUESTED, at(-9)),))),),
)
SIGHTS = {
    "asleep": Sight(ServiceName("shop")),
    "waking": WAKING,
    "failed": replace(WAKING, phase=Phase.FAILED, log=(*WAKING.log, LogLine(at(-1), "There is no room."))),
    "awake": Sight(
        ServiceName("shop"), Phase.AWAKE, outlook=Outlook(awake_since=at(-60), used_at=at(-5), kept_until=at(600))
    ),
    "draining": Sight(ServiceName("shop"), Phase.DRAINING),
}


def check(document: Any, schema: str) -> None:
    """Hold a document to one of the contract's schemas; no property may be there that the schema does not know."""
    whole = {**SCHEMAS[schema], "components": {"schemas": SCHEMAS}, "additionalProperties": False}
    OAS30Validator(whole).validate(document)


def tell(sight: Sight) -> Mapping[str, Any]:
    """Say a status as the front does."""
    service = a_service(keep_awake_for=timedelta(hours=1))
    return {
        **describe(sight, NOW),
        **describe_stay(sight, Here(0, at(-5)), service=service, margin=timedelta(seconds=10), now=NOW),
        "keep_awake_for_seconds": 3600.0,
        "display_name": service.title,
    }


def operations() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, item in CONTRACT["paths"].items():
        for operation in item.values():
            yield path, operation


def test_it_is_a_valid_openapi_document() -> None:
    assert [error.message for error in OpenAPIV30SpecValidator(CONTRACT).iter_errors()] == []


def test_terraform_fills_in_what_it_leaves_open_and_nothing_else() -> None:
    given = re.search(r"templatefile\(.*?, \{(.*?)\}\)\)", MODULE.read_text(), re.DOTALL)

    assert given
    without_comments = re.sub(r"^#.*$", "", TEXT, flags=re.MULTILINE)
    assert set(re.findall(r"\$\{(\w+)\}", without_comments)) == set(re.findall(r"^\s*(\w+) +=", given[1], re.MULTILINE))


def test_every_route_leads_to_the_function_by_payload_2_and_has_a_name_of_its_own() -> None:
    for path, operation in operations():
        integration = operation["x-amazon-apigateway-integration"]
        assert (integration["type"], integration["payloadFormatVersion"]) == ("aws_proxy", "2.0"), path
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names))


def test_what_is_for_operators_is_guarded_by_iam_and_nothing_else_is() -> None:
    guarded = {path for path, operation in operations() if operation.get("x-amazon-apigateway-auth")}

    assert guarded == OPS
    assert {path for path, operation in operations() if operation.get("security")} == OPS
    assert all(path in MODULE.read_text() for path in OPS)


def test_every_path_declares_its_parameters() -> None:
    for path, operation in operations():
        told = [
            CONTRACT["components"]["parameters"][one["$ref"].rpartition("/")[2]]
            for one in operation.get("parameters", ())
        ]
        assert {one["name"] for one in told if one["in"] == "path"} == set(re.findall(r"\{(\w+)\+?\}", path)), path


def test_its_words_are_those_of_the_code() -> None:
    assert SCHEMAS["Phase"]["enum"] == [str(phase) for phase in Phase]
    assert SCHEMAS["Stage"]["enum"] == [str(stage) for stage in Stage]
    assert SCHEMAS["CurrentStage"]["enum"] == [*SCHEMAS["Stage"]["enum"], None]


@pytest.mark.parametrize("name", SIGHTS)
def test_a_status_keeps_to_its_schema_and_leaves_nothing_of_it_out(name: str) -> None:
    told = json.loads(json.dumps(tell(SIGHTS[name])))

    check(told, "Status")
    assert set(told) == set(SCHEMAS["Status"]["properties"])
    for need in told["needs"]:
        check(need, "Need")
        assert set(need) == set(SCHEMAS["Need"]["properties"])
    for stage in told["stages"]:
        check(stage, "StageProgress")
    for event in told["events"]:
        check(event, "Event")


@pytest.mark.parametrize("name", TROUBLES)
def test_a_problem_keeps_to_its_schema(name: str) -> None:
    status = tell(WAKING)
    extra = {key: status[key] for key in ("service", "phase", "stage", "reason")}
    reply = sign(reply_problem(TROUBLES[name], fields=(), extra=extra), b"id")

    check(json.loads(reply.body), "Problem")


def test_there_are_problems_to_judge() -> None:
    assert len(TROUBLES) > 5
