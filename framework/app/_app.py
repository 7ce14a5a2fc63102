"""``App``: the parts put together, frozen at the first request.

Floor 6.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import gc
import typing as t

from marshmallow import Schema

from ..http.problem import ErrorRenderer
from ..marks.schemas import SchemaLike, as_schema
from ..resources.operation import Operation
from ..resources.scaffold import setupmethod
from ._dispatch import Dispatch
from ._documents import Documents
from ._route_table import RouteTable
from ._serve import Serve
from ._templates import Templates

_F = t.TypeVar("_F", bound=cabc.Callable[[t.Any], t.Any])


class App(Dispatch, Templates, Serve, Documents):
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
            self._check_settings()
            if not self._got_first_request:
                self._add_docs_rules()
            # A test may have asked for the route table before the set-up was over.
            if self._route_table is None or not self._got_first_request:
                self._route_table = RouteTable(self)
            self._got_first_request = True
            if compile:
                for operation in self._route_table.operations:
                    operation.prepare()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations, in the order of their rules. Freezes the application."""
        if self._route_table is None or not self._got_first_request:
            self.freeze()
        return t.cast(RouteTable, self._route_table).operations

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
