"""A Lambda function as it is to be run: read once out of what moto keeps, and unchanging from then on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wakeproxy.sandbox.model.arns import ACCOUNT
from wakeproxy.sandbox.model.failure import AwsError
from wakeproxy.sandbox.moto_host import Moto

Json = dict[str, Any]

Likeness = tuple[tuple[str, str, str], *tuple[object, ...]]

_UNSAID_RETRIES = 2
"""How often Lambda invokes again after an asynchronous invocation failed, unless the function says otherwise (AWS)."""
_ARN_PARTS = 7
"""arn:aws:lambda:REGION:ACCOUNT:function:NAME; a qualifier may follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer's version."""

    digest: str
    code: bytes
    """The zip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One version of a function."""

    name: str
    region: str
    version: str
    """`$LATEST`, or a number."""
    invoked_arn: str
    """The ARN with the qualifier that it was asked for by."""
    runtime: str
    handler: str
    role: str
    memory: int
    """MB."""
    timeout: float
    """Seconds."""
    variables: Mapping[str, str]
    code: bytes
    """The zip."""
    digest: str
    layers: Sequence[Layer]
    reserved: int | None
    """How many environments it may have at once; `None` when nothing is reserved for it."""
    retries: int
    statements: Sequence[Json]
    """Its resource policy."""

    @property
    def likeness(self) -> Likeness:
        """What must be equal for an environment to serve this function; Region, name and version come first."""
        variables = tuple(sorted(self.variables.items()))
        layers = tuple(layer.digest for layer in self.layers)
        settings = (self.runtime, self.handler, self.role, self.memory, self.timeout)
        return ((self.region, self.name, self.version), self.digest, layers, variables, settings)


def split_reference(reference: str, qualifier: str | None = None) -> tuple[str, str | None]:
    """Read name and qualifier out of a name, `NAME:QUALIFIER`, a partial or a whole ARN."""
    parts = reference.split(":")
    rest = parts[parts.index("function") + 1 :] if "function" in parts[:-1] else parts
    return rest[0], (rest[1] if len(rest) > 1 else qualifier)


def region_of(arn: str) -> str:
    """Read the Region out of a function's ARN.

    Raises:
        ValueError: it is none.

    """
    parts = arn.split(":")
    if len(parts) < _ARN_PARTS or parts[2] != "lambda":
        raise ValueError(f"{arn!r} is no function's ARN.")
    return parts[3]


def read_function(moto: Moto, region: str, reference: str, qualifier: str | None = None) -> Function:
    """Look a function up by name or ARN.

    Raises:
        AwsError: ResourceNotFoundException.

    """
    name, version = split_reference(reference, qualifier)
    arn = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}" + (f":{version}" if version else "")
    with moto.functions(region) as backend:
        found = moto.find(lambda: backend.get_function(name, version))
        if found is None:
            raise AwsError("ResourceNotFoundException", f"Function not found: {arn}", status=404)
        layers = [backend.layers_versions_by_arn(layer["Arn"]) for layer in found.layers]
        return _read(
            found, region, arn, [Layer(digest=each.code_sha_256, code=each.code_bytes) for each in layers if each]
        )


def _read(found: Any, region: str, arn: str, layers: list[Layer]) -> Function:
    return Function(
        name=found.function_name,
        region=region,
        version=str(found.version),
        invoked_arn=arn,
        runtime=found.run_time or "",
        handler=found.handler or "",
        role=found.role,
        memory=int(found.memory_size),
        timeout=float(found.timeout),
        variables=dict(found.environment_vars),
        code=getattr(found, "code_bytes", b""),
        digest=found.code_sha_256,
        layers=layers,
        reserved=None if found.reserved_concurrency is None else int(found.reserved_concurrency),
        retries=_retries(found),
        statements=list(found.policy.statements),
    )


def _retries(found: Any) -> int:
    said = [each.config.get("MaximumRetryAttempts") for each in found.event_invoke_config]
    return next((int(each) for each in said if each is not None), _UNSAID_RETRIES)
