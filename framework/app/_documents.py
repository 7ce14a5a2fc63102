"""The documents of an application: which there are, what stands in each, and where each is served.

Not here: what a document says (``openapi``).
Floor 6.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import functools
import re
import typing as t

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import RequestRedirect, Rule

from ..config import DOCUMENT_PATHS, checked_settings
from ..errors import SetupError
from ..marks.doc import doc
from ..resources.assembly import has_documented
from ..resources.router import Router
from ..resources.scaffold import setupmethod
from ._base import AppBase
from ._route_table import RouterPath, split_router_path

if t.TYPE_CHECKING:
    from ..marks.outgoing import Webhook
    from ..resources.operation import Operation

_P = t.TypeVar("_P", bound="cabc.Callable[[dict[str, t.Any], str], dict[str, t.Any] | None]")

DEFAULT = "default"
HOST = "docs_host"
"""The variable of docs rules where rules have hosts."""

# The paths of the docs, by the setting that names each: endpoint, what is added to the path, function of openapi.pages.
DOCS_RULES = (
    ("OPENAPI_JSON_PATH", "json", "", "document_json"),
    ("OPENAPI_YAML_PATH", "yaml", "", "document_yaml"),
    ("DOCS_PATH", "docs", "", "docs"),
    ("DOCS_PATH", "plain", "/plain", "plain"),
    ("DOCS_PATH", "static", "/static/<path:filename>", "static"),
    ("DOCS_PATH", "errors", "/errors/", "error_list"),
    ("DOCS_PATH", "error", "/errors/<name>", "error_page"),
)
_SETTINGS = (*DOCUMENT_PATHS, "OPENAPI_VERSION")
_NAME = re.compile(r"[A-Za-z0-9_-]+")


class Choice(t.TypedDict, total=False):
    """The content and address of a document; see :meth:`Documents.add_document`."""

    include: cabc.Callable[[Operation], bool]
    """True if an operation stands in it."""
    routers: cabc.Collection[Router | str]
    """Instead: what is mounted on these routers, given themselves or by the names of their mounts."""
    webhooks: cabc.Collection[str] | bool
    """The webhooks in it, by name; all or none. Default: those of ``routers``; without any, all in the default
    document, and none in others."""
    path: str
    """What its paths begin with. Default: ``/`` and the name."""
    settings: cabc.Mapping[str, t.Any]
    """Settings of its own: ``API_*``, ``OPENAPI_*`` and ``DOCS_PATH``. The application's hold for the rest."""


class Document:
    """One of the documents of an application: what stands in it, and its settings.

    :param name: Its name; ``"default"`` is the one of ``app.openapi``.
    :param choice: See :class:`Choice`.
    :raises SetupError: The name or a setting cannot be.
    """

    def __init__(self, name: str, **choice: t.Unpack[Choice]) -> None:
        self.name = name
        self.is_default = name == DEFAULT
        self.is_chosen = bool(choice) or not self.is_default
        """True if somebody has said what it is; the default document is there without that."""
        self.include = choice.get("include")
        self.routers = choice.get("routers")
        self.webhooks = choice.get("webhooks")
        self.path = choice.get("path", "" if self.is_default else f"/{name}").rstrip("/")
        self.settings: dict[str, t.Any] = checked_settings(choice.get("settings") or {})
        if not _NAME.fullmatch(name):
            raise SetupError(f"Invalid document name: {name!r}. Use letters, digits, '_' and '-'.")
        wrong = [key for key in self.settings if key not in _SETTINGS and not key.startswith("API_")]
        if wrong:
            raise SetupError(
                f"The document {name!r} cannot have a setting {wrong[0]!r} of its own. It may have those that begin"
                f" with API_, and {', '.join(_SETTINGS)}."
            )

    def __repr__(self) -> str:
        return f"<Document {self.name!r}>"

    def config(self, app: Documents) -> cabc.Mapping[str, t.Any]:
        """The settings that hold for it: its own, then the application's, with its path in front of theirs."""
        if not self.settings and not self.path:
            return app.config
        paths = {key: app.config[key] and self.path + app.config[key] for key in DOCUMENT_PATHS}
        return collections.ChainMap(self.settings, paths, app.config)

    def holds(self, app: Documents, operation: Operation) -> bool:
        """Return whether an operation stands in it, as far as that is a matter of the document."""
        if self.routers is not None and not self._is_on_routers(app, operation.routers):
            return False
        return self.include is None or bool(self.include(operation))

    def webhooks_of(self, app: Documents) -> list[Webhook]:
        """The webhooks that stand in it."""
        chosen = self.webhooks
        if chosen is None:
            if self.routers is not None:
                known = app.webhooks.items()
                return [each for name, each in known if self._is_on_routers(app, app.router_path_of_webhook(name))]
            chosen = self.is_default
        if isinstance(chosen, bool):
            return list(app.webhooks.values()) if chosen else []
        unknown = [name for name in chosen if name not in app.webhooks]
        if unknown:
            raise SetupError(
                f"The document {self.name!r} names a webhook {unknown[0]!r}, and there is none. There are:"
                f" {', '.join(app.webhooks) or 'none'}."
            )
        return [webhook for name, webhook in app.webhooks.items() if name in chosen]

    def endpoint(self, kind: str) -> str:
        """The endpoint of one of its rules."""
        return f"openapi.{kind}" if self.is_default else f"openapi.{self.name}.{kind}"

    def _is_on_routers(self, app: Documents, router_path: cabc.Iterable[str]) -> bool:
        return any(
            app.routers[scope] is each if isinstance(each, Router) else scope == each
            for scope in router_path
            for each in self.routers or ()
        )


class Documents(AppBase):
    """The part of an application that knows its documents and webhooks."""

    docs_kept_out: cabc.Mapping[str, str] = {}
    """The paths of the default document that are not served, and the rule with variables that answers there."""

    @functools.cached_property
    def documents(self) -> dict[str, Document]:
        """The documents by name; ``"default"`` is always there. Add one with :meth:`add_document`."""
        return {DEFAULT: Document(DEFAULT)}

    @functools.cached_property
    def document_processors(self) -> list[cabc.Callable[[dict[str, t.Any], str], dict[str, t.Any] | None]]:
        """The functions that get each finished document. Add one with :meth:`document_processor`."""
        return []

    @setupmethod
    def document_processor(self, function: _P) -> _P:
        """Register a function that gets each document when it is finished, before anybody sees it.

        It is called with the document, a dictionary that it may change, and its name; a returned dictionary takes its
        place. Answers are still checked against what the operations declare.

        :param function: The function; it is returned unchanged, so this is a decorator.
        """
        self.document_processors.append(function)
        return function

    @functools.cached_property
    def webhooks(self) -> dict[str, Webhook]:
        """The webhooks by name, those of routers included. Add one with :meth:`webhook`."""
        return {}

    @functools.cached_property
    def _webhook_mounts(self) -> dict[str, str]:
        return {}

    @setupmethod
    def add_document(self, name: str, **choice: t.Unpack[Choice]) -> Document:
        """Add a document: for a version of the API, or for an audience.

        It has paths of its own: ``/NAME/openapi.json``, ``/NAME/openapi.yaml`` and ``/NAME/docs``. An operation may
        stand in several documents, or in none. The name ``"default"`` says what stands in the document of
        :attr:`openapi`, which else has all operations.

        :param name: Letters, digits, ``_`` and ``-``.
        :param choice: What stands in it: ``include``, ``routers``, ``webhooks``; where it is: ``path``; and
            ``settings``. See :class:`Choice`.
        :raises SetupError: The name is taken, or something of it cannot be.
        """
        document = Document(name, **choice)
        if name in self.documents and self.documents[name].is_chosen:
            raise SetupError(f"There is a document {name!r} already. Give this one another name.")
        self.documents[name] = document
        return document

    @setupmethod
    def add_webhook(self, webhook: Webhook) -> None:
        self._take_webhook(webhook, "")

    def _take_webhook(self, webhook: Webhook, mount: str) -> None:
        """Note a webhook and the router it belongs to; one of a router that is mounted again stays that of the first.

        :raises SetupError: The name is taken by another.
        """
        other = self.webhooks.setdefault(webhook.name, webhook)
        if other is not webhook:
            raise SetupError(
                f"There are two webhooks {webhook.name!r}: {':'.join(map(str, other.source))} and"
                f" {':'.join(map(str, webhook.source))}. Give one of them another name."
            )
        self._webhook_mounts.setdefault(webhook.name, mount)
        webhook.config = self.config

    def router_path_of_webhook(self, name: str) -> RouterPath:
        """The names of the routers that a webhook is declared on, the innermost first."""
        return split_router_path(self._webhook_mounts[name])

    @property
    def openapi(self) -> dict[str, t.Any]:
        """The OpenAPI document. Freezes the application; built on first ask and kept until a setting changes."""
        return self.document()

    def document(self, name: str = DEFAULT) -> dict[str, t.Any]:
        """One of the OpenAPI documents, as :attr:`openapi`. Do not change it.

        :param name: As given to :meth:`add_document`.
        :raises KeyError: There is none of that name.
        """
        from ..openapi.document import document_of

        return document_of(t.cast(t.Any, self), self.documents[name])

    def _add_docs_rules(self) -> None:
        """Add the docs of each document.

        Those of the default document only where an operation is documented, and where no rule of the application
        answers the path. Those of another were asked for: they go before rules with variables.

        :raises SetupError: They have no place.
        """
        adapter = self.url_map.bind("")
        # Where rules have hosts one without a host answers on none: these answer on all.
        hosts: dict[str, t.Any] = {"host": f"<{HOST}>"} if self.url_map.host_matching else {}
        kept_out: dict[str, str] = {}
        for document in self.documents.values():
            if document.is_default and not self.webhooks and not has_documented(t.cast(t.Any, self)):
                continue
            config = document.config(self)
            for key, kind, rest, function in DOCS_RULES:
                path, endpoint = config[key], document.endpoint(kind)
                if path is None or endpoint in self.view_functions:
                    continue
                rule = path.rstrip("/") + rest if rest else path
                owner = answering(adapter, rule.replace("<path:filename>", "x").replace("<name>", "x"))
                if owner is None or (not document.is_default and isinstance(owner, Rule) and owner.arguments):
                    self._check_docs_scope(path)
                    self.add_url_rule(rule, endpoint, self._docs_view(function, document.name), **hosts)
                elif not document.is_default:
                    raise SetupError(
                        f"The document {document.name!r} cannot be served at {rule!r}:"
                        f" {owner.rule if isinstance(owner, Rule) else 'another rule'!r} answers there. Give"
                        f" 'add_document' another 'path', or settings={{{key!r}: None}}."
                    )
                elif isinstance(owner, Rule) and owner.arguments and not rest:
                    kept_out[rule] = owner.rule
        self.docs_kept_out = kept_out
        if kept_out:
            self.logger.warning(
                "The documentation is not served at %s, because the rule %r answers there. Set %s to None, or to paths"
                " that no rule answers.",
                ", ".join(kept_out),
                next(iter(kept_out.values())),
                ", ".join(key for key in DOCUMENT_PATHS if self.config[key] in kept_out),
            )

    def _docs_view(self, function: str, document: str) -> cabc.Callable[..., t.Any]:
        view = docs_view(function, document)
        marks = tuple(self.config["DOCS_MARKS"] or ())
        for mark in (*reversed(marks), doc(hidden=True)) if marks else ():
            mark(view)
        return view

    def _check_docs_scope(self, path: str) -> None:
        if "openapi" in self.routers:
            raise SetupError(
                "A router is mounted as 'openapi', and the endpoints of the documentation begin with that name: its"
                f" hooks and handlers would serve {path!r} too. Mount it with another name,"
                " register_router(router, name='...')."
            )


def answering(adapter: t.Any, path: str) -> Rule | bool | None:
    """The rule that answers a path, with whatever method; ``True`` where it is not known, ``None`` where none does."""
    try:
        rule: Rule = adapter.match(path, method="GET", return_rule=True)[0]
    except NotFound:
        return None
    except (RequestRedirect, HTTPException):
        return True
    return rule


def docs_view(function: str, document: str) -> cabc.Callable[..., t.Any]:
    """A view function that finds its page in ``openapi.docs._pages`` when it is called."""

    def view(**values: t.Any) -> t.Any:
        from ..openapi.docs import pages

        values.pop(HOST, None)
        return pages.show(function, document, values)

    view.__name__ = function
    return view
