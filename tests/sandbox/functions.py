"""Functions for these tests: zips, a role, and the calls that make them."""

import io
import json
import secrets
import zipfile
from collections.abc import Mapping
from typing import Any

from tests.sandbox.clients import Aws, Json


def zipped(files: Mapping[str, str]) -> bytes:
    """Make a zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


class Functions:
    """Makes and invokes functions in one sandbox."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.role_name = f"functions-{secrets.token_hex(4)}"
        self._role = ""

    @property
    def role(self) -> str:
        if not self._role:
            trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}]}
            made = self.aws.client("iam").create_role(
                RoleName=self.role_name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **trust})
            )
            self._role = made["Role"]["Arn"]
        return self._role

    def make(self, name: str, code: str, **options: Any) -> str:
        """Make a function of one module, `app`; returns its ARN."""
        settings = {"Runtime": "python3.11", "Handler": "app.handler", "Timeout": 30, **options}
        made = self.aws.client("lambda").create_function(
            FunctionName=name, Role=self.role, Code={"ZipFile": zipped({"app.py": code})}, **settings
        )
        arn: str = made["FunctionArn"]
        return arn

    def invoke(self, name: str, event: object = None, **options: Any) -> Any:
        """Invoke it and read its answer, whatever it is."""
        return self.call(name, event, **options)[1]

    def call(self, name: str, event: object = None, **options: Any) -> tuple[Json, Any]:
        """Invoke it; returns the whole answer, and what its payload holds."""
        answer = self.aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **options)
        text = answer["Payload"].read()
        return answer, json.loads(text) if text else None

    def messages(self, name: str) -> list[str]:
        """What its environments wrote to CloudWatch Logs."""
        logs = self.aws.client("logs")
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", limit=10_000)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in found]
