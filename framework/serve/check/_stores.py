"""Rules about stores: state in the memory of a process where several answer, and libraries that are not installed.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import importlib.util
import inspect
import os
import types
import typing as t

from ...channels import Channel
from ...marks.traffic import Idempotent, Limit, store_url
from ...sessions import StoreSessionInterface
from ...stores.memory import MemoryStore
from ...versions import RetiredMark
from ...webhooks import SignedWebhook
from ._rules import CheckRule, Deployment, RuleHit, own_rule

if t.TYPE_CHECKING:
    from ...findings import Severity
    from ...marks.base import Mark
    from ...resources.operation import Operation

_EXTRAS = {
    "STORE_URL": ("redis", "redis"),
    "AUTH_STORE_URL": ("redis", "redis"),
    "RATELIMIT_STORE_URL": ("redis", "redis"),
    "IDEMPOTENCY_STORE_URL": ("redis", "redis"),
    "WEBHOOK_STORE_URL": ("redis", "redis"),
    "RETIRED_STORE_URL": ("redis", "redis"),
    "METRICS_PATH": ("prometheus_client", "prometheus"),
}
"""Settings that need a library: its module, and the extra that installs it."""


@own_rule(
    "S070",
    "limits-in-memory",
    why="Each process counts for itself: with N of them a client may call N times as often, and a restart forgets.",
    remedy="Set RATELIMIT_STORE_URL or STORE_URL to a Redis.",
)
def limits_in_memory(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """Limits are counted in the memory of each process."""
    if deployment.config["RATELIMIT_ENABLED"]:
        yield from _of_mark(deployment, Limit, "RATELIMIT", "counts calls", "warning")


@own_rule(
    "S071",
    "idempotency-in-memory",
    level="error",
    why="A retry that another process answers is carried out a second time, which the key was to prevent.",
    remedy="Set IDEMPOTENCY_STORE_URL or STORE_URL to a Redis.",
)
def idempotency_in_memory(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """Idempotency keys are in the memory of each process."""
    yield from _of_mark(deployment, Idempotent, "IDEMPOTENCY", "keeps answers", "error")


@own_rule(
    "S072",
    "sessions-in-memory",
    level="error",
    why="A user who is logged in at one process is a stranger to the next one.",
    remedy="Give StoreSessionInterface a RedisStore.",
)
def sessions_in_memory(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """Sessions are in the memory of each process."""
    interface = deployment.app.session_interface
    if isinstance(interface, StoreSessionInterface) and isinstance(interface.store, MemoryStore):
        yield from _in_memory(deployment, "Sessions are in a MemoryStore.", "error", None)


@own_rule(
    "S073",
    "counts-in-memory",
    level="advice",
    why="framework retired sees none of the calls, and each process knows its own alone.",
    remedy="Set RETIRED_STORE_URL or STORE_URL to a Redis.",
)
def counts_in_memory(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """Calls of retired operations are counted in the memory of each process."""
    yield from _of_mark(deployment, RetiredMark, "RETIRED", "counts callers", "advice")


@own_rule(
    "S074",
    "values-in-memory",
    why="Each process keeps its own values: one of them still answers what another has taken away.",
    remedy="Give the mark a RedisStore.",
)
def values_in_memory(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """A mark keeps values in the memory of each process."""
    for operation in deployment.operations:
        for mark in operation.marks:
            store = getattr(mark, "store", None)
            if isinstance(store, MemoryStore) and not isinstance(mark, (Limit, Idempotent, SignedWebhook)):
                text = f"{mark!r} of {operation.address} keeps values in a MemoryStore."
                yield from _in_memory(deployment, text, "warning", operation)
                return


@own_rule(
    "S075",
    "extra-missing",
    level="error",
    deploy=False,
    why="The first request that needs the library is answered with a 500.",
    remedy="Install the extra where the application runs.",
)
def extra_missing(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """A setting needs a library that is not installed."""
    for name, (module, extra) in _EXTRAS.items():
        if deployment.config.get(name) not in (None, "memory:") and not is_installed(module):
            text = f"{name} needs the library {module}, which is not installed."
            yield deployment.at_setting(name, text, remedy=f"Install the extra {extra!r} where the application runs.")


@own_rule(
    "S076",
    "metrics-in-memory",
    why="Each scrape reads one of the processes, whichever answers: rates and sums are wrong.",
    remedy="Set METRICS_DIRECTORY, or PROMETHEUS_MULTIPROC_DIR in the environment, to an empty folder.",
)
def metrics_in_memory(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """Metrics are counted in the memory of each process."""
    is_counted = "framework.metrics" in deployment.app.extensions
    if is_counted and not (deployment.config["METRICS_DIRECTORY"] or os.environ.get("PROMETHEUS_MULTIPROC_DIR")):
        yield from _in_memory(deployment, "Metrics are counted in the memory of the process.", "warning", None)


@own_rule(
    "S077",
    "channel-in-memory",
    why="A client that is connected to one process gets none of the events that another one publishes.",
    remedy="Give the Channel a RedisStore, or the URL of one.",
)
def channel_in_memory(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """A channel is in the memory of each process."""
    for operation in deployment.operations:
        for channel in _channels_of(operation):
            if channel.is_in_memory:
                text = f"{operation.address} uses the channel {channel.name!r}, which is in the memory of the process."
                yield from _in_memory(deployment, text, "warning", operation)
                return


@own_rule(
    "S078",
    "tokens-in-memory",
    level="error",
    why="A token or a key that one process has ended opens another one, and a refresh token is known to one alone.",
    remedy="Set AUTH_STORE_URL or STORE_URL to a Redis, and give APIKeys a store in a database.",
)
def tokens_in_memory(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """Ended tokens, or API keys, are in the memory of each process."""
    for operation in deployment.operations:
        for mark in operation.marks:
            for scheme in getattr(mark, "schemes", ()):
                blocklist = getattr(scheme, "blocklist", None)
                keys = getattr(getattr(scheme, "keys", None), "store", None)
                if blocklist is not None and not blocklist.may_be_away(deployment.app.config):
                    text = f"{scheme!r} of {operation.address} keeps ended tokens in the memory of the process."
                elif getattr(keys, "may_be_away", True) is False:
                    text = f"{scheme!r} of {operation.address} keeps its keys in the memory of the process."
                else:
                    continue
                yield from _in_memory(deployment, text, "error", operation)
                return


@own_rule(
    "S079",
    "webhooks-in-memory",
    level="error",
    why="A delivery that is sent again, by its sender or by an attacker, is processed again by another process.",
    remedy="Set WEBHOOK_STORE_URL or STORE_URL to a Redis.",
)
def webhooks_in_memory(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """The ids of processed webhooks are in the memory of each process."""
    yield from _of_mark(deployment, SignedWebhook, "WEBHOOK", "keeps ids", "error")


def _channels_of(operation: Operation) -> list[Channel]:
    """Return the channels that a handler names: global ones, those of its closure and of its class."""
    function = inspect.unwrap(operation.handler)
    values: list[object] = list(vars(operation.view_class or object).values())
    if inspect.isfunction(function):
        codes: list[types.CodeType] = [function.__code__]
        for code in codes:
            codes += [each for each in code.co_consts if isinstance(each, types.CodeType)]
            values += [function.__globals__.get(name) for name in code.co_names]
        values += inspect.getclosurevars(function).nonlocals.values()
    # A proxy would look for what it stands for.
    return [t.cast(Channel, value) for value in values if issubclass(type(value), Channel)]


def is_installed(module: str) -> bool:
    """Return whether a module can be imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except ValueError:
        return False


def _of_mark(
    deployment: Deployment, kind: type[Mark], setting: str, does: str, level: Severity
) -> cabc.Iterator[RuleHit]:
    """One hit for the first operation with a mark of a kind whose state is in memory."""
    # With a URL only a mark that names the memory itself is in memory.
    is_remote = store_url(deployment.app.config, setting) is not None
    in_memory: tuple[type, ...] = (MemoryStore,) if is_remote else (MemoryStore, type(None))
    for operation in deployment.operations:
        for mark in operation.marks:
            counts = getattr(mark, "windows", True)  # a limit without one only takes an outer one away
            if isinstance(mark, kind) and counts and isinstance(getattr(mark, "store", None), in_memory):
                text = f"{mark!r} of {operation.address} {does} in the memory of the process."
                yield from _in_memory(deployment, text, level, operation)
                return


def _in_memory(
    deployment: Deployment, text: str, level: Severity, operation: Operation | None
) -> cabc.Iterator[RuleHit]:
    """A hit about state in memory: none with one process, and advice where their number is not known."""
    workers = deployment.server.workers
    if workers == 1:
        return
    said = "The number of processes is not known." if workers is None else f"There are {workers} processes."
    chosen = "advice" if workers is None else level
    if operation is None:
        yield RuleHit(f"{text} {said}", level=chosen)
    else:
        yield deployment.at_operation(operation, f"{text} {said}", level=chosen)


RULES: t.Final[tuple[CheckRule, ...]] = (
    limits_in_memory,
    idempotency_in_memory,
    sessions_in_memory,
    counts_in_memory,
    values_in_memory,
    extra_missing,
    metrics_in_memory,
    channel_in_memory,
    tokens_in_memory,
    webhooks_in_memory,
)
