"""Requests made from the contract by schemathesis, good ones and bad ones: every answer is one that it describes."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import CheckContext, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.infra.gateway import WHO, Gateway, read_contract, run_gateway

Case: TypeAlias = schemathesis.Case[Any]


def our_own_status_is_described(_: CheckContext, response: Response, case: Case) -> None:
    """Hold wakeproxy's own answers to visits to the statuses that are listed; apps answer what they like."""
    listed = case.operation.definition.raw["responses"]
    assert "x-app" in response.headers or str(response.status_code) in listed, (
        f"{response.status_code} is not described"
    )


CHECKS = [
    our_own_status_is_described,
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CONFIG = {"checks": {"not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "502", "503", "504"]}}}
ANY_METHOD = "x-amazon-apigateway-any-method"
METHODS = ("get", "head", "post", "options")
"""What is tried of any method."""
BOUNDED = settings(
    deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), print_blob=False
)
"""The same cases each time, for services change with each."""
SERVICES = ("asleep", "awake", "led", "waking", "failing", "rooted", "nobody")
PATHS = (
    None,
    "",
    "/",
    "/a/b?c=d",
    "/.wakeproxy/",
    "/.wakeproxy/none",
    "/robots.txt",
    "/favicon.ico",
    "/teapot",
    "/torn",
)


def spell_out(contract: Mapping[str, Any]) -> dict[str, Any]:
    """Write the contract without what API Gateway alone understands: any method, and parameters of several segments."""
    spelt = copy.deepcopy(dict(contract))
    spelt["paths"] = {}
    for path, item in contract["paths"].items():
        if path == "/$default":
            continue  # is no path
        told = spelt["paths"][path.replace("+}", "}")] = {}
        for method, operation in item.items():
            for each in METHODS if method == ANY_METHOD else (method,):
                told[each] = {**copy.deepcopy(operation), "operationId": f"{operation['operationId']}-{each}"}
    return spelt


SCHEMA = schemathesis.openapi.from_dict(spell_out(read_contract()), config=SchemathesisConfig.from_dict(CONFIG))
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with run_gateway(tmp_path_factory.mktemp("gateway")) as running:
        yield running


def send(gateway: Gateway, case: Case, who: str) -> requests.Response:
    """Send a case as it was made."""
    told = case.as_transport_kwargs(base_url=gateway.url, headers=dict(WHO[who]))
    kept = {key: told[key] for key in ("method", "url", "headers", "params", "data", "json", "cookies") if key in told}
    is_signed = bool(case.operation.definition.raw.get("security"))
    return gateway.send(requests.Request(**kept), is_signed=is_signed)


def steer(case: Case, service: str, path: str | None) -> None:
    """Lead a case to a service that there is, whose name no generator finds, and mostly to a path that matters."""
    parameters = case.path_parameters
    if "service" not in parameters:
        if "proxy" in parameters:
            parameters["proxy"] = service + (f"/{parameters['proxy']}" if path is None else path)
        elif case.path.startswith("/.wakeproxy/"):
            case.query["path"] = f"/{service}/"
        return
    is_ours = "/.wakeproxy/" in case.path
    parameters["service"] = (
        "asleep" if service == "rooted" and is_ours else service
    )  # that one's paths are all its app's
    if "proxy" in parameters and path is not None:
        parameters["proxy"] = path.removeprefix("/")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_one_that_the_contract_describes(gateway: Gateway, label: str) -> None:
    operation = OPERATIONS[label]

    @seed(label)
    @settings(BOUNDED, max_examples=20)
    @given(
        operation.as_strategy(),
        st.sampled_from((*SERVICES, None)),
        st.sampled_from(PATHS),
        st.sampled_from(sorted(WHO)),
    )
    def try_out(case: Case, service: str | None, path: str | None, who: str) -> None:
        if service is not None:
            steer(case, service, path)
        case.validate_response(send(gateway, case, who), checks=CHECKS)

    try_out()


def test_the_contract_holds_no_operation_that_cannot_be_tried_out() -> None:
    assert all(isinstance(found, Ok) for found in SCHEMA.get_all_operations())
    assert {label.split()[1].replace("{proxy}", "{proxy+}") for label in OPERATIONS} == {
        path for path in read_contract()["paths"] if path != "/$default"
    }


GUARDED = [label for label, one in OPERATIONS.items() if "{service}" in label and "{proxy}" not in label]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("label", GUARDED)
def test_what_the_contract_does_not_allow_is_refused(gateway: Gateway, label: str) -> None:
    operation = OPERATIONS[label]

    @seed(label)
    @settings(BOUNDED, max_examples=8)
    @given(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE), st.sampled_from(sorted(WHO)))
    def try_out(case: Case, who: str) -> None:
        case.validate_response(send(gateway, case, who), checks=[*CHECKS, negative_data_rejection])

    try_out()
