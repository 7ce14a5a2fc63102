"""``App``: the parts put together, frozen at the first request.

Floor 6: imports the other modules of ``app``, ``http.problem`` (floor 2), ``marks.schemas`` (floor 4).
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import gc
import typing as t

from marshmallow import Schema
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import RequestRedirect

from ..http.problem import ErrorRenderer
from ..marks.schemas import SchemaLike, as_schema
from ..pipeline import Pipeline
from ..resources.assembly import has_documented
from ..resources.operation import Operation
from ..resources.scaffold import setupmethod
from .dispatch import Dispatch
from .serve import Serve
from .templates import Templates

_F = t.TypeVar("_F", bound=cabc.Callable[[t.Any], t.Any])

# The paths of the docs, by the setting that names each: endpoint, what is added to the path, function of openapi.pages.
DOCS_RULES = (
    ("OPENAPI_JSON_PATH", "openapi.json", "", "document_json"),
    ("OPENAPI_YAML_PATH", "openapi.yaml", "", "document_yaml"),
    ("DOCS_PATH", "openapi.docs", "", "docs"),
    ("DOCS_PATH", "openapi.plain", "/plain", "plain"),
    ("DOCS_PATH", "openapi.static", "/static/<path:filename>", "static"),
    ("DOCS_PATH", "openapi.errors", "/errors/", "error_list"),
    ("DOCS_PATH", "openapi.error", "/errors/<name>", "error_page"),
)


class App(Dispatch, Templates, Serve):
    """An application: a WSGI callable that answers with what is registered on it.

    :param import_name: The module it is made in, ``__name__``; paths are relative to its folder.
    :param static_url_path: The URL prefix of the static files. Default: the name of the folder.
    :param static_folder: A folder with files to serve. Default: ``"static"``; ``None`` for none.
    :param static_host: The host of the static files, with ``host_matching``.
    :param host_matching: Whether rules have a ``host``.
    :param subdomain_matching: Whether the subdomain under ``SERVER_NAME`` counts when matching.
    :param template_folder: A folder with templates. Default: ``"templates"``.
    :param instance_path: The instance folder, absolute. Default: beside the module or package.
    :param instance_relative_config: Whether configuration files are looked for there.
    :param root_path: The folder that paths are relative to. Default: that of the module.
    :param marks: Marks for every operation.
    :raises ValueError: Paths or hosts do not fit together.
    """

    def freeze(self, compile: bool = False) -> None:
        with self._freezing, without_collection():
            if not self._got_first_request:
                self._add_docs_rules()
            # A test may have asked for the pipeline before the set-up was over.
            if self._pipeline is None or not self._got_first_request:
                self._pipeline = Pipeline(self)
            self._got_first_request = True
            if compile:
                for operation in self._pipeline.operations:
                    operation.prepare()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations, in the order of their rules. Freezes the application."""
        if self._pipeline is None or not self._got_first_request:
            self.freeze()
        return t.cast(Pipeline, self._pipeline).operations

    @property
    def openapi(self) -> dict[str, t.Any]:
        """The OpenAPI document. Freezes the application; built on first ask and kept until a setting changes."""
        from ..openapi.document import document_of

        return document_of(self)

    def _add_docs_rules(self) -> None:
        """Add the docs where an operation is documented and no rule of the application answers the path."""
        if not has_documented(self):
            return
        adapter = self.url_map.bind("")
        for key, endpoint, rest, function in DOCS_RULES:
            path = self.config[key]
            if path is None or endpoint in self.view_functions:
                continue
            rule = path.rstrip("/") + rest if rest else path
            if not answers(adapter, rule.replace("<path:filename>", "x").replace("<name>", "x")):
                self.add_url_rule(rule, endpoint, docs_view(function))

    @setupmethod
    def render_error(self, schema: SchemaLike, *, media_type: str = "application/json") -> cabc.Callable[[_F], _F]:
        """Give all errors another shape with the function below: it takes the error, the schema dumps what it returns.

        :param schema: What the body looks like, also in the document.
        :param media_type: Its media type.
        """
        instance: Schema = as_schema(schema)

        def decorator(f: _F) -> _F:
            self.error_renderer = ErrorRenderer(f, instance, media_type)
            return f

        return decorator


@contextlib.contextmanager
def without_collection() -> cabc.Iterator[None]:
    """Keep the garbage collector from running: freezing makes many objects and no garbage."""
    # PERF: collecting took half of the time that a thousand resources need.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def answers(adapter: t.Any, path: str) -> bool:
    """Whether any rule answers a path, with whatever method."""
    try:
        adapter.match(path, method="GET")
    except NotFound:
        return False
    except (RequestRedirect, HTTPException):
        return True
    return True


def docs_view(name: str) -> cabc.Callable[..., t.Any]:
    """A view function that finds its page in ``openapi.pages`` when it is called."""

    def view(**values: t.Any) -> t.Any:
        from ..openapi import pages

        return getattr(pages, name)(**values)

    view.__name__ = name
    return view
