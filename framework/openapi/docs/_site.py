"""The pages of one document and what they share: addresses, words, assets, and the pages made before.

Not here: the answers of the rules (``openapi.docs._pages``), the pages as files (``openapi.docs._files``).
Floor 7.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import functools
import hashlib
import json
import pathlib
import threading
import typing as t

from markupsafe import Markup, escape

from ...app import HOST
from ...helpers import url_for
from ...texts import message
from ...typing import JSONObject
from ..document import Built, built, title
from ._reading import Reading

if t.TYPE_CHECKING:
    from ...app import App, Document
    from ...context import Context
    from ...texts import Translation

FOLDER = pathlib.Path(__file__).parent / "static"
"""The files of the pages."""
FILES: t.Final = {
    "init.js": "text/javascript",
    "reference.css": "text/css",
    "reference.js": "text/javascript",
    "theme.js": "text/javascript",
    "try.js": "text/javascript",
    "swagger-ui/swagger-ui-bundle.js": "text/javascript",
    "swagger-ui/swagger-ui.css": "text/css",
    "swagger-ui/favicon-32x32.png": "image/png",
    "swagger-ui/oauth2-redirect.html": "text/html",
    "swagger-ui/oauth2-redirect.js": "text/javascript",
}
"""The files that are served, and their media types; licences and notes are not."""
ICON = "swagger-ui/favicon-32x32.png"
_KEPT = 8_000_000
_TRIED: t.Final = (
    *("copy", "copied", "nothing_found", "send", "stop", "clear", "body", "file", "download"),
    *("credentials", "token", "user", "password", "failed", "ended", "stopped", "optional"),
)


class Words:
    """The words of the pages in the language of the document.

    :param translation: The texts of the application.
    """

    def __init__(self, translation: Translation) -> None:
        self.translation = translation
        self.language = translation.language
        self._found: dict[str, str] = {}

    def __call__(self, key: str, /, **values: object) -> str:
        """Return a text of the key ``docs.KEY``."""
        if values:
            return self.translation(message(f"docs.{key}", **values))
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self.translation(message(f"docs.{key}"))
        return found

    def html(self, key: str, /, **values: Markup) -> Markup:
        """Return a text whose values are HTML."""
        template = self._found.get(key)
        if template is None:
            template = self._found[key] = self.translation.template(f"docs.{key}")
        return Markup(escape(template)).format(**values)

    def for_scripts(self) -> str:
        """The words of the scripts, as JSON."""
        found = {key: self(f"script.{key}") for key in _TRIED}
        return json.dumps({**found, "headers": self("headers")}, ensure_ascii=False)


class Site:
    """The pages of one document.

    :param app: The application.
    :param which: The document.
    """

    def __init__(self, app: App, which: Document) -> None:
        self.app = app
        self.which = which
        self.config = which.config(app)

    @property
    def title(self) -> str:
        """The title of the API."""
        return title(self.app, self.config)

    @functools.cached_property
    def built(self) -> Built:
        """The document, with what was learnt in making it."""
        return built(self.app, self.which)

    @functools.cached_property
    def reading(self) -> Reading:
        """The document, read for the pages."""
        return t.cast(Reading, self.kept("reading", lambda: Reading(self.built.document)))

    @functools.cached_property
    def say(self) -> Words:
        """The words of the pages."""
        return t.cast(Words, self.kept("words", lambda: Words(self.app.texts.translation())))

    @property
    def root(self) -> str:
        """The address of the API, for samples."""
        raise NotImplementedError

    @property
    def base(self) -> str:
        """The beginning of the addresses that scripts call, in front of the paths of the document."""
        raise NotImplementedError

    def address(self, kind: str, **values: t.Any) -> str | None:
        """The address of a page or a file; ``None`` where it is not served.

        :param kind: See ``DOCS_RULES``.
        :param values: The variables of its rule.
        """
        raise NotImplementedError

    def asset(self, filename: str) -> str:
        """The address of a file, with the digest of its content, so that it may be cached for ever."""
        return self.file(filename, v=digests()[filename][:16])

    def file(self, filename: str, **values: object) -> str:
        """The address of a file for those who know it by heart: without a digest."""
        return t.cast(str, self.address("static", filename=filename, **values))

    @property
    def is_served(self) -> bool:
        """True if the document is."""
        return self.address("json") is not None or self.address("yaml") is not None

    def has(self, kind: str) -> bool:
        """Return whether there is anything for a page to show.

        :param kind: See ``DOCS_RULES``.
        """
        if kind == "authentication":
            return self.is_served and bool(self.reading.schemes)
        if kind == "webhooks":
            return self.is_served and bool(self.reading.webhooks)
        if kind == "changelog":
            from ._changelog import has_older

            return self.is_served and has_older(self)
        return True

    def others(self) -> list[tuple[str, str]]:
        """The documents to switch to: title and address, this one included where there are others."""
        found = []
        for which in self.app.documents.values():
            config = which.config(self.app)
            listed = config["DOCS_LISTED"]
            if listed is None:
                listed = which.is_default or which.version_of(self.app) is not None
            href = self.docs_of(which)
            if href is not None and (listed or which is self.which):
                version = config["API_VERSION"] if which.version_of(self.app) is None else which.name
                found.append((f"{title(self.app, config)} {version}", href))
        return found if len(found) > 1 else []

    def docs_of(self, which: Document) -> str | None:
        """The address of the pages of a document; ``None`` where they are not served."""
        raise NotImplementedError

    def kept(self, key: object, make: cabc.Callable[[], object]) -> object:
        """Return what was made of the document before; it is made anew when the document is."""
        return shelf_of(self.app, self.which.name, self.built).get(key, make)

    def text(self, key: object, make: cabc.Callable[[], str]) -> str:
        """Return a page that may have been made before, for the same address of the application."""
        return t.cast(str, self.kept((key, self.root), make))


class RequestSite(Site):
    """The pages as a request sees them.

    :param ctx: The context of the request.
    """

    def __init__(self, ctx: Context, which: Document) -> None:
        super().__init__(ctx.app, which)
        self.ctx = ctx
        self._known: dict[object, str | None] = {}

    @property
    def root(self) -> str:
        return self.ctx.request.root_url

    @property
    def base(self) -> str:
        return self.ctx.request.script_root

    def address(self, kind: str, **values: t.Any) -> str | None:
        key = (kind, *values.items())
        if key not in self._known:
            self._known[key] = self.found(self.which.endpoint(kind), values)
        return self._known[key]

    def docs_of(self, which: Document) -> str | None:
        return self.found(which.endpoint("docs"), {})

    def found(self, endpoint: str, values: dict[str, t.Any]) -> str | None:
        """The path of an endpoint; ``None`` where there is none."""
        if endpoint not in self.app.view_functions:
            return None
        if self.app.url_map.host_matching:
            values = {**values, HOST: self.ctx.request.host}
        return url_for(endpoint, **values)

    def served(self) -> JSONObject:
        """The document as it is true for this request: without configured servers the API is where it came in."""
        document = self.built.document
        if not self.base or self.config["API_SERVERS"]:
            return document
        return {**document, "servers": [{"url": self.base}]}


class Shelf:
    """The things made of one document; the oldest texts are dropped when they are too many.

    :param source: The document that all of it was made of.
    """

    def __init__(self, source: object) -> None:
        self.source = source
        self._made: collections.OrderedDict[object, object] = collections.OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: object, make: cabc.Callable[[], object]) -> object:
        """Return what has a key."""
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        value = make()
        with self._lock:
            if key not in self._made:
                self._made[key] = value
                self._size += len(value) if isinstance(value, str) else 0
            while self._size > _KEPT:
                _, dropped = self._made.popitem(last=False)
                self._size -= len(dropped) if isinstance(dropped, str) else 0
        return value


def shelf_of(app: App, name: str, source: object) -> Shelf:
    """The shelf of a document, an empty one where the document has changed."""
    shelves: dict[str, Shelf] = vars(app).setdefault("_docs_shelves", {})
    found = shelves.get(name)
    if found is None or found.source is not source:
        found = shelves[name] = Shelf(source)
    return found


@functools.cache
def digests() -> dict[str, str]:
    """The SHA-256 of each file that is served."""
    return {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in FILES}
