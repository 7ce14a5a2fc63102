"""The documents of an application: their names, what is in each, and where each is served.

Not here: what a document says (``openapi``).
Floor 6.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import os
import re
import typing as t

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import RequestRedirect, Rule

from ..config import DOCUMENT_PATHS, checked_settings
from ..errors import SetupError
from ..marks.doc import doc
from ..resources.assembly import has_documented
from ..resources.router import Router

if t.TYPE_CHECKING:
    from werkzeug.routing import MapAdapter

    from ..marks.outgoing import Webhook
    from ..resources.operation import Operation
    from ..typing import Settings
    from ..versions import VersionLocation
    from ._app import App

DEFAULT = "default"
HOST = "docs_host"
"""The variable of docs rules where rules have hosts."""

# The paths of the docs, by the setting that names each: endpoint, what is added to the path, function of openapi.pages.
DOCS_RULES = (
    ("OPENAPI_JSON_PATH", "json", "", "document_json"),
    ("OPENAPI_YAML_PATH", "yaml", "", "document_yaml"),
    ("DOCS_PATH", "docs", "", "docs"),
    ("DOCS_PATH", "plain", "/plain", "plain"),
    ("DOCS_PATH", "swagger", "/swagger", "swagger"),
    ("DOCS_PATH", "tag", "/tags/<path:name>", "tag_page"),
    ("DOCS_PATH", "operation", "/operations/<path:name>", "operation_page"),
    ("DOCS_PATH", "schemas", "/schemas/", "schema_list"),
    ("DOCS_PATH", "schema", "/schemas/<name>", "schema_page"),
    ("DOCS_PATH", "authentication", "/authentication", "authentication"),
    ("DOCS_PATH", "webhooks", "/webhooks", "webhooks"),
    ("DOCS_PATH", "changelog", "/changelog", "changelog"),
    ("DOCS_PATH", "search", "/search", "search"),
    ("DOCS_PATH", "index", "/search.json", "search_index"),
    ("DOCS_PATH", "brand", "/brand.css", "brand"),
    ("DOCS_PATH", "static", "/static/<path:filename>", "static"),
    ("DOCS_PATH", "errors", "/errors/", "error_list"),
    ("DOCS_PATH", "error", "/errors/<name>", "error_page"),
)
_SETTINGS = (
    *(*DOCUMENT_PATHS, "OPENAPI_VERSION"),
    *("DOCS_CHANGELOG", "DOCS_COLOR", "DOCS_LISTED", "DOCS_LOGO", "DOCS_PERSIST_AUTHORIZATION"),
)
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_VARIABLE = re.compile(r"<[^<>]*>")


class Choice(t.TypedDict, total=False):
    """The content and address of a document; see :meth:`App.add_document`."""

    include: cabc.Callable[[Operation], bool]
    """True if an operation is in it."""
    routers: cabc.Collection[Router | str]
    """Instead: what is mounted on these routers, given themselves or by the names of their mounts."""
    webhooks: cabc.Collection[str] | bool
    """The webhooks in it, by name; all or none. Default: those of ``routers``; without any, all in the default
    document, and none in others."""
    path: str
    """The prefix of its paths. Default: ``/`` and the name."""
    settings: Settings
    """Its settings: ``API_*``, ``OPENAPI_*``, ``DOCS_PATH``, and those of the look of its pages. The application's
    apply for the rest."""


class Document:
    """One of the documents of an application: what is in it, and its settings.

    :param name: Its name; ``"default"`` is the one of ``app.openapi``.
    :param choice: See :class:`Choice`.
    :raises SetupError: The name or a setting cannot be.
    """

    def __init__(self, name: str, **choice: t.Unpack[Choice]) -> None:
        self.name = name
        self.is_default = name == DEFAULT
        self.is_chosen = bool(choice) or not self.is_default
        """True if it was declared; the default document is there without that."""
        self.include = choice.get("include")
        self.routers = choice.get("routers")
        self.webhooks = choice.get("webhooks")
        self.path = choice.get("path", "" if self.is_default else f"/{name}").rstrip("/")
        self.settings = checked_settings(choice.get("settings") or {})
        if not _NAME.fullmatch(name):
            raise SetupError(f"Invalid document name: {name!r}. Use letters, digits, '_' and '-'.")
        wrong = [key for key in self.settings if key not in _SETTINGS and not key.startswith("API_")]
        if wrong:
            raise SetupError(
                f"The document {name!r} cannot have its own setting {wrong[0]!r}. It may have those that begin"
                f" with API_, and {', '.join(_SETTINGS)}."
            )

    def __repr__(self) -> str:
        return f"<Document {self.name!r}>"

    def config(self, app: App) -> Settings:
        """The settings that apply to it: its own, then the application's, with its path in front of theirs."""
        if not self.settings and not self.path:
            return app.config
        paths = {key: app.config[key] and self.path + app.config[key] for key in DOCUMENT_PATHS}
        return collections.ChainMap(self.settings, paths, app.config)

    def holds(self, app: App, operation: Operation) -> bool:
        """Return whether an operation is in it, as far as that is a matter of the document."""
        if self.routers is not None and not self._is_on_routers(app, operation.routers):
            return False
        return self.include is None or bool(self.include(operation))

    def webhooks_of(self, app: App) -> list[Webhook]:
        """The webhooks that are in it."""
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

    def version_of(self, app: App) -> VersionLocation | None:
        """The version of the API that it was made for; ``None`` where it was made for none."""
        mount = app.mounts.get(self.name)
        place: VersionLocation | None = mount.options.get("version") if mount is not None else None
        return place if self.routers is not None and self.name in self.routers else None

    def _is_on_routers(self, app: App, router_path: cabc.Iterable[str]) -> bool:
        return any(
            app.routers[scope] is each if isinstance(each, Router) else scope == each
            for scope in router_path
            for each in self.routers or ()
        )


def add_docs_rules(app: App) -> None:
    """Add the docs of each document.

    Those of the default document only where an operation is documented, and where no rule of the application
    answers the path. Those of another were asked for: they go before rules with variables.

    :raises SetupError: They have no place.
    """
    adapter = app.url_map.bind("")
    # Where rules have hosts one without a host answers on none: these answer on all.
    hosts: dict[str, t.Any] = {"host": f"<{HOST}>"} if app.url_map.host_matching else {}
    kept_out: dict[str, str] = {}
    for document in app.documents.values():
        if document.is_default and not app.webhooks and not has_documented(app):
            continue
        config = document.config(app)
        _check_changelog(app, config)
        for key, kind, rest, function in DOCS_RULES:
            path, endpoint = config[key], document.endpoint(kind)
            if path is None or endpoint in app.view_functions:
                continue
            rule = path.rstrip("/") + rest if rest else path
            owner = answering(adapter, _VARIABLE.sub("x", rule))
            if owner is None or (not document.is_default and isinstance(owner, Rule) and owner.arguments):
                _check_docs_scope(app, path)
                app.add_url_rule(rule, endpoint, _marked_view(app, function, document.name), **hosts)
            elif not document.is_default:
                raise SetupError(
                    f"The document {document.name!r} cannot be served at {rule!r}:"
                    f" {owner.rule if isinstance(owner, Rule) else 'another rule'!r} answers there. Give"
                    f" 'add_document' another 'path', or settings={{{key!r}: None}}."
                )
            elif isinstance(owner, Rule) and owner.arguments and not rest:
                kept_out[rule] = owner.rule
    app.docs_kept_out = kept_out
    if kept_out:
        app.logger.warning(
            "The documentation is not served at %s, because the rule %r answers there. Set %s to None, or to paths"
            " that no rule answers.",
            ", ".join(kept_out),
            next(iter(kept_out.values())),
            ", ".join(key for key in DOCUMENT_PATHS if app.config[key] in kept_out),
        )


def _marked_view(app: App, function: str, document: str) -> cabc.Callable[..., object]:
    view = docs_view(function, document)
    marks = tuple(app.config["DOCS_MARKS"] or ())
    for mark in (*reversed(marks), doc(hidden=True)) if marks else ():
        mark(view)
    return view


def _check_changelog(app: App, config: Settings) -> None:
    for name in config["DOCS_CHANGELOG"] or ():
        if not os.path.isfile(os.path.join(app.root_path, name)):
            raise SetupError(
                f"DOCS_CHANGELOG: cannot find the older document {name!r} in {app.root_path!r}. Name files by their"
                " path from there, made by 'framework openapi write'."
            )


def _check_docs_scope(app: App, path: str) -> None:
    if "openapi" in app.routers:
        raise SetupError(
            "A router is mounted as 'openapi', and the endpoints of the documentation begin with that name: its"
            f" hooks and handlers would serve {path!r} too. Mount it with another name,"
            " register_router(router, name='...')."
        )


def answering(adapter: MapAdapter, path: str) -> Rule | bool | None:
    """The rule that answers a path, with whatever method; ``True`` where it is not known, ``None`` where none does."""
    try:
        rule: Rule = adapter.match(path, method="GET", return_rule=True)[0]
    except NotFound:
        return None
    except (RequestRedirect, HTTPException):
        return True
    return rule


def docs_view(function: str, document: str) -> cabc.Callable[..., object]:
    """A view function that finds its page in ``openapi.docs._pages`` when it is called."""

    def view(**values: object) -> object:
        from ..openapi.docs import pages

        values.pop(HOST, None)
        return pages.show(function, document, values)

    view.__name__ = function
    return view
