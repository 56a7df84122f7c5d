"""ECR's pull-through cache rules, which moto lacks: made, told and forgotten. Nothing is ever fetched by them."""

from collections import defaultdict
from typing import Any

from wakeproxy.sandbox.door.answers import Answer, aws_answer
from wakeproxy.sandbox.door.calls import Asked
from wakeproxy.sandbox.model.arns import ACCOUNT


class PullThroughRules:
    """The rules of each Region, by the prefix of the repositories that they fill."""

    def __init__(self) -> None:
        self._rules: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)

    def answer(self, asked: Asked) -> Answer | None:
        """Answer a call about rules; `None` if it is about anything else of ECR's."""
        rules = self._rules[asked.region]
        match asked.operation:
            case "CreatePullThroughCacheRule":
                prefix, url = asked.params["ecrRepositoryPrefix"], asked.params["upstreamRegistryUrl"]
                rules[prefix] = {"ecrRepositoryPrefix": prefix, "upstreamRegistryUrl": url, "registryId": ACCOUNT}
                return aws_answer(rules[prefix])
            case "DescribePullThroughCacheRules":
                return aws_answer({"pullThroughCacheRules": list(rules.values())})
            case _:
                return None
