"""Rules of the check: what one is, what it looks at, and how users and extensions add theirs.

Not here: the rules of the framework (the other modules of the package), how they are run (``serve.check._check``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import functools
import re
import sys
import typing as t

from ...errors import SetupError
from ...findings import SEVERITIES, Severity

if t.TYPE_CHECKING:
    from ...app import App
    from ...resources.operation import Operation
    from ...typing import Settings
    from ._server import ServerFacts

EXTENSION = "framework.check"
PAGE = "docs/serve/check.html"

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LINE = re.compile(r"(.+):(\d+)")


class RuleHit(t.NamedTuple):
    """One fault that a rule has found."""

    message: str
    """The fault, with the values that make it one; never a secret."""
    file: str = ""
    """The place in the source. Default: the module of the application."""
    line: int = 1
    place: str = ""
    """The place in words: the name of a setting, an operation."""
    level: Severity | None = None
    """The level. Default: that of the rule."""
    remedy: str = ""
    """What to do. Default: the remedy of the rule."""


class Deployment:
    """The subject of a rule: an application that is frozen, and the server that runs it.

    :param app: The application.
    :param server: What is known of the server.
    """

    def __init__(self, app: App, server: ServerFacts) -> None:
        self.app = app
        self.server = server

    @property
    def config(self) -> Settings:
        """The settings of the application."""
        return self.app.config

    @functools.cached_property
    def operations(self) -> tuple[Operation, ...]:
        """The operations of the application, without those of its documentation and its static files."""
        return tuple(each for each in self.app.operations if not is_framework(each.endpoint))

    @functools.cached_property
    def home(self) -> str:
        """The file of the application's module; empty where it has none."""
        return getattr(sys.modules.get(self.app.import_name), "__file__", None) or ""

    def at_setting(self, name: str, message: str, *, level: Severity | None = None, remedy: str = "") -> RuleHit:
        """Make a hit about a setting, at the line that has written it.

        :param name: The setting.
        :param message: The fault.
        :param level: The level. Default: that of the rule.
        :param remedy: What to do. Default: the remedy of the rule.
        """
        source = self.app.config.source(name)
        found = _LINE.fullmatch(source)
        file, line = (found[1], int(found[2])) if found else (source.removeprefix("file "), 1)
        if not found and not source.startswith("file "):
            file = ""
        return RuleHit(message, file, line, name, level, remedy)

    def at_operation(
        self, operation: Operation, message: str, *, level: Severity | None = None, remedy: str = ""
    ) -> RuleHit:
        """Make a hit about an operation, at the line of its handler.

        :param operation: The operation.
        :param message: The fault.
        :param level: The level. Default: that of the rule.
        :param remedy: What to do. Default: the remedy of the rule.
        """
        return RuleHit(message, *operation.source, operation.address, level, remedy)

    def at_server(self, message: str, *, level: Severity | None = None, remedy: str = "") -> RuleHit:
        """Make a hit about the server, at its file of settings.

        :param message: The fault.
        :param level: The level. Default: that of the rule.
        :param remedy: What to do. Default: the remedy of the rule.
        """
        return RuleHit(message, self.server.file, 1, "the server", level, remedy)


RuleFunction: t.TypeAlias = cabc.Callable[[Deployment], cabc.Iterable[RuleHit]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class CheckRule:
    """A rule: its words, and the function that finds the faults. Made by :func:`rule`."""

    code: str
    """The number, like ``S010``."""
    name: str
    """The name, in kebab case, by which it is silenced."""
    level: Severity
    deploy: bool
    """True if it matters in production alone."""
    summary: str
    """The fault, in one sentence."""
    why: str
    """The harm that it does."""
    remedy: str
    """What to do."""
    docs: str
    """A page of the documentation with its anchor, or a URL."""
    function: RuleFunction

    def __call__(self, deployment: Deployment) -> cabc.Iterable[RuleHit]:
        """Find the faults."""
        return self.function(deployment)


def rule(
    code: str,
    name: str,
    *,
    level: Severity = "warning",
    deploy: bool = True,
    why: str,
    remedy: str,
    docs: str = "",
) -> cabc.Callable[[RuleFunction], CheckRule]:
    """Make a rule of a function that takes a :class:`Deployment` and yields a :class:`RuleHit` for each fault.

    The first paragraph of its docstring is the fault in one sentence.

    :param code: A number with your own letters in front, like ``SHOP1``. ``S`` and digits are the framework's.
    :param name: A name in kebab case, like ``test-payments``.
    :param level: ``"error"``, ``"warning"``, or ``"advice"`` if it may well be right as it is.
    :param deploy: Whether it matters in production alone, and is left out without ``--deploy``.
    :param why: The harm that the fault does.
    :param remedy: What to do.
    :param docs: The URL of a page about it.
    :raises SetupError: The name or the level cannot be, or the function has no docstring.
    """
    if not _NAME.fullmatch(name):
        raise SetupError(f"Invalid name of a rule: {name!r}. Use small letters, digits and '-', like 'test-payments'.")
    if level not in SEVERITIES:
        raise SetupError(f"Invalid level of the rule {name!r}: {level!r}. Known levels: {', '.join(SEVERITIES)}.")

    def decorator(function: RuleFunction) -> CheckRule:
        summary = " ".join((function.__doc__ or "").strip().split("\n\n")[0].split())
        if not summary:
            raise SetupError(f"The rule {name!r} does not say what it finds. Give its function a docstring.")
        return CheckRule(
            code=code,
            name=name,
            level=level,
            deploy=deploy,
            summary=summary,
            why=why,
            remedy=remedy,
            docs=docs,
            function=function,
        )

    return decorator


def own_rule(
    code: str, name: str, *, level: Severity = "warning", deploy: bool = True, why: str, remedy: str
) -> cabc.Callable[[RuleFunction], CheckRule]:
    """Make a rule of the framework, which its page explains."""
    return rule(code, name, level=level, deploy=deploy, why=why, remedy=remedy, docs=f"{PAGE}#{name}")


def register(app: App, *rules: CheckRule) -> None:
    """Add rules to the check of an application. An extension calls it in its ``init_app``.

    :param app: The application.
    :param rules: The rules, made by :func:`rule`.
    :raises SetupError: One is not a rule, or the application has another one of its name or number.
    """
    known = app.extensions.setdefault(EXTENSION, [])
    for each in rules:
        if not isinstance(each, CheckRule):
            raise SetupError(f"{each!r} is not a rule of the check. Put @rule(...) above the function.")
        if each not in known:
            refuse_double(each, known)
            known.append(each)


def refuse_double(new: CheckRule, known: cabc.Iterable[CheckRule]) -> None:
    """Refuse a rule whose name or number another one has.

    :raises SetupError: There is such a rule.
    """
    for each in known:
        if new.name == each.name or new.code == each.code:
            raise SetupError(
                f"Two rules of the check are called {new.code} {new.name!r} and {each.code} {each.name!r}. Give one"
                " of them another number or name."
            )


def registered(app: App) -> list[CheckRule]:
    """The rules that users and extensions have added to an application."""
    return list(app.extensions.get(EXTENSION, ()))


def is_framework(endpoint: str) -> bool:
    """Return whether an endpoint is one of the documentation or of the static files."""
    return endpoint.startswith("openapi.") or endpoint == "static" or endpoint.endswith(".static")
