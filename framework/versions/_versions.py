"""``Versions``: one set of routers served in several versions, each with its document.

Not here: how a request says its version (``versions._locations``), what an operation of a version is
(``versions._marks``). Floor 5."""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t
import weakref

from marshmallow import Schema

from ..context import request_context_or_none
from ..errors import SetupError
from ..fields import schema_class
from ..marks.base import Mark, marks_of, own_marks
from ..resources.assembly import find_handler
from ..resources.pairs import Names
from ..resources.router import Router
from ._locations import HeaderVersion, PathPrefix, VersionNegotiator, VersionSource, VersionSources
from ._marks import SpanMark, VersionMark
from ._migrations import CONVERSIONS, OlderShapes, made_class

if t.TYPE_CHECKING:
    from ..app import App
    from ..resources.operation import Operation
    from ..typing import RouterOptions

_S = t.TypeVar("_S", bound=type)

EXTENSION = "framework.versions"
BY_REQUEST = "unprefixed"
"""The suffix of the name of a mount where a version has one with a prefix as well."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Version:
    """A version of an API.

    :param name: What clients write: letters, digits, ``.``, ``_``, ``-``.
    :param marks: Marks for all of it, like ``retired(...)``.
    :param settings: Settings of its document, as in ``add_document``.
    :raises SetupError: The name cannot be.
    """

    def __init__(
        self,
        name: str,
        *,
        marks: cabc.Iterable[Mark] = (),
        settings: cabc.Mapping[str, object] | None = None,
    ) -> None:
        if not _NAME.fullmatch(name):
            raise SetupError(f"{name!r} is not a name of a version. Use letters, digits, '.', '_' and '-'.")
        self.name = name
        self.marks = tuple(marks)
        self.settings = dict(settings or {})

    def __repr__(self) -> str:
        return f"Version({self.name!r})"

    @property
    def key(self) -> str:
        """Return what its routers and its document are called: its name, without dots."""
        return self.name.replace(".", "_")


class VersionLocation(t.NamedTuple):
    """The version in which a route is mounted, and where the request names it."""

    name: str
    names: tuple[str, ...]
    by_request: bool
    """True if the request decides, so that other versions share the path."""

    def methods(
        self,
        app: App,
        endpoint: str,
        view: cabc.Callable[..., object],
        methods: cabc.Iterable[str],
        names: Names | None = None,
    ) -> set[str]:
        """The methods of a view that are there in the version; ``names`` for a class of two paths."""
        around = [mark for name in app.routers_of(endpoint) for mark in app.routers[name].marks]
        cls = getattr(view, "view_class", None)
        if cls is not None:
            around += [mark for base in cls.__mro__ for mark in own_marks(base)]

        def is_there(method: str) -> bool:
            marks = (*marks_of(find_handler(view, method, names)), *around)
            return all(mark.holds(self.name, self.names) for mark in marks if isinstance(mark, SpanMark))

        kept = {method for method in methods if is_there(method.upper())}
        return kept if {method.upper() for method in kept} - {"OPTIONS"} else set()


class Versions:
    """The versions of an API.

    :param versions: They, oldest first: names, or :class:`Version` objects.
    :param by: How a request says its version: ``PathPrefix()``, ``HeaderVersion(...)``, ``QueryVersion(...)``,
        ``MediaTypeVersion(...)``, or several joined with ``|``. Default: by the path.
    :param default: The version of a request that names none. Default: such a request is refused.
    :param header: The header in which an answer names its version; ``None``: it does not. Default: that of
        ``HeaderVersion``, or ``API-Version``.
    :raises SetupError: A name comes twice, or the default is not a version.
    """

    def __init__(
        self,
        *versions: str | Version,
        by: VersionSource | VersionSources | None = None,
        default: str | None = None,
        header: str | None = "",
    ) -> None:
        self.versions = tuple(Version(each) if isinstance(each, str) else each for each in versions)
        self.names = tuple(each.name for each in self.versions)
        keys = [each.key.lower() for each in self.versions]
        if not keys or len(set(keys)) != len(keys):
            raise SetupError(f"Versions got {self.names!r}. Give one or more, each once, oldest first.")
        if default is not None and default not in self.names:
            raise SetupError(f"Versions have no {default!r} to be the default. There are: {', '.join(self.names)}.")
        ways = by.ways if isinstance(by, VersionSources) else (by or PathPrefix(),)
        self.prefix = next((way for way in ways if isinstance(way, PathPrefix)), None)
        asked = tuple(way for way in ways if way.by_request)
        self.default = default
        if default is not None and not asked:
            raise SetupError(
                "Versions by path have no default: a path without a version leads nowhere. Leave 'default' out, or join"
                " another way with |."
            )
        self.chooser = VersionNegotiator(asked, self.names, default) if asked else None
        named = next((way.name for way in asked if isinstance(way, HeaderVersion)), "API-Version")
        self.header = named if header == "" else header
        self.shapes = OlderShapes(self.names)
        self._classes: dict[type, type[Schema]] = {}
        """The schemas of annotated classes that are older shapes."""
        self._apps: weakref.WeakSet[App] = weakref.WeakSet()

    def __repr__(self) -> str:
        return f"Versions({', '.join(map(repr, self.names))})"

    def convert(self, newer: type, *, to: str) -> cabc.Callable[[_S], _S]:
        """Make the schema class or annotated class below the shape of another one in a version, and in those before it.

        It has two static methods that take and return plain data, as in JSON: ``up(data)`` leads what a
        client has sent to the next newer shape, ``down(data)`` leads an answer back.

        :param newer: The class of the next newer shape, or of the newest.
        :param to: The last version that has the shape.
        :raises SetupError: The version is none of the older ones, it has a shape already, or a method is missing.
        """

        def decorator(older: _S) -> _S:
            shape = t.cast("type[Schema]", schema_class(older))
            if shape is not older:  # the functions of an annotated class are no part of its schema
                functions = {name: staticmethod(getattr(older, name)) for name in CONVERSIONS if hasattr(older, name)}
                shape = self._classes[older] = made_class(shape, functions)
            self.shapes.add(self._classes.get(newer) or schema_class(newer), to, shape)
            return older

        return decorator

    def mount(self, app: App, *routers: Router, url_prefix: str = "") -> None:
        """Mount routers once for each version, and add a document for each.

        The routers of a version are mounted on one that is called like the version: the endpoint of the class ``Pet``
        on the router ``pets`` is ``v1.pets.Pet`` in ``v1``.

        :param app: The application.
        :param routers: They. Call it once with all of them.
        :param url_prefix: In front of all paths, also of what names a version.
        :raises SetupError: It was called before for the application, or another one has versions by request there.
        """
        known: Versions | None = app.extensions.get(EXTENSION)
        if app in self._apps or (known is not None and self.chooser is not None):
            raise SetupError(
                f"{self!r} cannot be mounted: {'it is' if app in self._apps else f'{known!r} is'} mounted on"
                f" {app.name!r} already. Give all routers to one call, or versions by path to the others."
            )
        self._apps.add(app)
        for version in self.versions:
            names = []
            if self.prefix is not None:
                names.append(version.key)
                self._mount(app, version, routers, None, url_prefix + self.prefix.prefix(version.name), names[-1], None)
            if self.chooser is not None:
                names.append(f"{version.key}-{BY_REQUEST}" if names else version.key)
                given = names[-1] if len(names) > 1 else None
                self._mount(app, version, routers, self.chooser, url_prefix, version.key, given)
            path = url_prefix + (self.prefix.prefix(version.name) if self.prefix is not None else f"/{version.name}")
            app.add_document(version.key, routers=tuple(names), path=path, settings=version.settings)
        if self.chooser is not None:
            app.extensions[EXTENSION] = self
        self._keep_out_of_default(app)
        app.url_build_error_handlers.append(self._url_in_version(app))

    def _mount(
        self,
        app: App,
        version: Version,
        routers: cabc.Iterable[Router],
        chooser: VersionNegotiator | None,
        prefix: str,
        name: str,
        mounted_as: str | None,
    ) -> None:
        marks = (*version.marks, VersionMark(version.name, self.shapes, chooser, self.header))
        outer = Router(name, app.import_name, url_prefix=prefix or None, marks=marks)
        for router in routers:
            outer.register_router(router)
        place = VersionLocation(version.name, self.names, chooser is not None)
        options: RouterOptions = {} if mounted_as is None else {"name": mounted_as}
        options |= {"version": place, "cli_group": None}
        app.register_router(outer, **options)

    def _keep_out_of_default(self, app: App) -> None:
        """Let the default document have what is in no version, and the default version."""
        document = app.documents["default"]
        if document.is_chosen:
            return
        own, before = {each.key for each in self.versions}, document.include
        shown = {each.key for each in self.versions if each.name == self.default}
        added = f"-{BY_REQUEST}"

        def include(operation: Operation) -> bool:
            mount = operation.routers[-1] if operation.routers else ""
            is_own = mount.removesuffix(added) in own and getattr(operation.rule, "version", None) is not None
            if is_own and (mount.removesuffix(added) not in shown or not operation.rule.by_request):  # type: ignore[attr-defined]
                return False
            return before is None or before(operation)

        document.include = include

    def _url_in_version(self, app: App) -> cabc.Callable[[Exception, str, dict[str, t.Any]], str]:
        """A handler for endpoints that are not there: it looks for them in the version of the request."""

        def build(error: Exception, endpoint: str, values: dict[str, t.Any]) -> str:
            ctx = request_context_or_none()
            here = None if ctx is None or ctx.url_rule is None else ctx.url_rule.endpoint.partition(".")[0]
            mount = here if here in app.mounts and "version" in app.mounts[here].options else None
            if mount is None and self.default is not None:
                mount = next(name for name in self._mounts(app) if app.mounts[name].options["version"].by_request)
            if mount is None or f"{mount}.{endpoint}" not in app.view_functions:
                raise error
            return app.url_for(f"{mount}.{endpoint}", **values)

        return build

    def _mounts(self, app: App) -> cabc.Iterator[str]:
        """The names of the mounts of the default version."""
        for name, mount in app.mounts.items():
            place = mount.options.get("version")
            if "." not in name and place is not None and place.name == self.default and place.names == self.names:
                yield name
