"""Plain environment variables of a Lambda to a tree: one service, without a file and without our own names.

They are read only within a Lambda, for such names may mean anything elsewhere, and lie under everything else. An app
without a load balancer is reached from there by its public address, which is also where visitors are led.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from wakeproxy.settings.findings import Place
from wakeproxy.settings.kinds import WORDS_OF_TRUTH
from wakeproxy.settings.tree import Entry, Looks, Map, Scalar, merge, nest

IN_LAMBDA: Final = "AWS_LAMBDA_FUNCTION_NAME"
"""Set by AWS in every Lambda."""
SERVICE_NAME: Final = "SERVICE_NAME"
_REACHED: Final = {"address": "public", "serve": "redirect"}
_LONGEST_WAIT_MS: Final = 28_000
"""API Gateway gives up after 29 s; who allows more is served as well as can be."""


def apply_plain_names(tree: Map, environ: Mapping[str, str]) -> Map:
    """Lay the plain variables under a tree, where there are any."""
    if not environ.get(IN_LAMBDA):
        return tree
    under = _make_room(tree)
    for path, text, variable in _list(environ):
        under = merge(nest(path, Scalar(text, Looks.TEXT, Place(variable))), under)
    return under


def _make_room(tree: Map) -> Map:
    """Turn a mere ``serverless: true`` into a map without keys: whoever says so says nothing of the wait."""
    written = tree.entries.get("serverless")
    if written is None or not isinstance(written.node, Scalar) or written.node.text.lower() not in WORDS_OF_TRUTH:
        return tree
    return Map({**tree.entries, "serverless": Entry(Map({}, written.place), written.place)}, tree.place)


def _list(environ: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """List what is set: where it belongs, its text, and the variable that says so."""
    if wait := environ.get("WAIT_MS"):
        yield ("serverless", "wait"), _tell_wait(wait), "WAIT_MS"
    else:
        yield ("serverless",), "true", IN_LAMBDA
    if cluster := environ.get("CLUSTER_NAME"):
        yield ("aws", "cluster"), cluster, "CLUSTER_NAME"
    if name := environ.get(SERVICE_NAME):
        service = ("services", name)
        yield (*service, "ecs"), name, SERVICE_NAME
        for key, text in _REACHED.items():
            yield (*service, key), text, SERVICE_NAME
        if port := environ.get("APP_PORT"):
            yield (*service, "port"), port, "APP_PORT"
        if minutes := environ.get("SLEEP_AFTER_MINUTES"):
            yield (*service, "idle_after"), f"{minutes}m", "SLEEP_AFTER_MINUTES"


def _tell_wait(text: str) -> str:
    is_too_long = text.isascii() and text.isdigit() and int(text[:9]) > _LONGEST_WAIT_MS
    return f"{_LONGEST_WAIT_MS if is_too_long else text}ms"
