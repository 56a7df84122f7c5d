"""The environment variables of a function: those that AWS's Lambda sets, and the function's own.

Its credentials are a session of its role, as AWS gives it one: whoever checks signatures here knows the key.
"""

import sys
from pathlib import Path

from wakeproxy.sandbox.lambdas.function import Function
from wakeproxy.sandbox.lambdas.log import EnvironmentLog
from wakeproxy.sandbox.moto_host import Moto

_SESSION = 43_200
"""Seconds for which the credentials hold; longer than any environment stays."""


def variables_of(moto: Moto, function: Function, log: EnvironmentLog, root: Path) -> dict[str, str]:
    """Gather them (AWS: Lambda, "Defined runtime environment variables"); the function's own cannot shadow AWS's."""
    session = moto.backend("sts", "aws").assume_role(
        region_name=function.region,
        role_session_name=function.name,
        role_arn=function.role,
        policy=None,
        duration=_SESSION,
        external_id=None,
    )
    return {
        "LANG": "en_US.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        **function.variables,
        "_HANDLER": function.handler,
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": log.group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log.stream,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": str(root),
    }
