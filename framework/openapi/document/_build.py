"""The OpenAPI document of an application, made from the operations that run its requests.

:func:`build` makes it; :func:`document_of` keeps it as long as the application's settings stay.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import json
import re
import typing as t

from apispec import APISpec, BasePlugin

from ... import _docstrings as docstrings
from ...app import DEFAULT, Document
from ...errors import ComponentConflict, SetupError
from ...fast.collector import without_collector
from ...fast.strict import Rules
from ...resources.assembly import tags_of
from ...texts import MessageText, message
from ...typing import JSONObject, Settings
from ..schema import regexes
from . import _outgoing as outgoing
from . import _paths as paths
from . import _versions as versions
from ._answers import Answers
from ._components import Components
from ._links import Links
from ._operations import merged, operation_object
from ._servers import Servers

if t.TYPE_CHECKING:
    from ...app import App
    from ...errors import APIError
    from ...marks.base import Security
    from ...marks.outgoing import Webhook
    from ...resources.operation import Operation

# C0 is not among them: JSON escapes it in texts, and breaks lines by it.
_UNPRINTABLE = re.compile(f"[{regexes.NOT_SHOWN}]")
_ORDER = (
    "openapi",
    "$self",
    "info",
    "servers",
    "security",
    "tags",
    "externalDocs",
    "paths",
    "webhooks",
    "x-webhooks",
    "components",
)


class Handover(BasePlugin):
    """Gives apispec what is made for it alone, where it would copy what it is given."""

    # PERF: copying the parts of a document took a fifth of the time that making it takes.

    def operation_helper(self, path: str | None = None, operations: JSONObject | None = None, **kwargs: t.Any) -> None:
        """Add the operations of a path.

        :param kwargs: ``made``: the operations by method.
        """
        t.cast(JSONObject, operations).update(kwargs["made"])

    def schema_helper(self, name: str, definition: JSONObject, **kwargs: t.Any) -> JSONObject:
        """Return a schema.

        :param kwargs: ``made``: the schema.
        """
        return t.cast(JSONObject, kwargs["made"])


class Built(t.NamedTuple):
    """A document, and what was learnt in making it."""

    document: JSONObject

    version: str
    """The version of OpenAPI that was asked for, ``auto`` for instance."""

    uses: dict[type[APIError], list[Operation]]
    """The operations that answer with each error class."""

    components: Components
    """The class that each component was made from."""

    newer: tuple[versions.NewerWord, ...]
    """The parts of the document that no version before 3.2 can say."""

    def log(self, name: str) -> Built:
        """Log why the document has its version, and what that cannot say; return this.

        :param name: The name of the document.
        """
        made = str(self.document["openapi"])
        versions.log_choice(name, self.version, made, self.newer, self.components.lost)
        return self


def build(app: App, version: str = versions.AUTO, name: str = DEFAULT) -> JSONObject:
    """Make the document.

    :param app: The application; it freezes.
    :param version: Of OpenAPI, ``"3.2.1"``, ``"3.1.0"`` or ``"3.0.3"`` for instance, or ``"auto"``.
    :param name: Which of the application's documents.
    :return: A new dictionary of JSON values.
    :raises ComponentConflict: Two schemas ask for one name.
    """
    return make(app, version, app.documents[name]).log(name).document


def document_of(app: App, which: Document | None = None) -> JSONObject:
    """Give a document in the version of its setting ``OPENAPI_VERSION``: made on first ask, kept until a setting
    changes. Do not change it.

    :param which: Default: the default one.
    """
    return built(app, which).document


def built(app: App, which: Document | None = None) -> Built:
    """As :func:`document_of`, with what was learnt in making it."""
    which = app.documents[DEFAULT] if which is None else which
    operations, version = app.operations, which.config(app)["OPENAPI_VERSION"]
    # On the application: a table of all applications would keep them alive, as operations refer to theirs.
    kept: dict[str, tuple[object, str, Built]] = vars(app).setdefault("_openapi", {})
    known = kept.get(which.name)
    if known is not None and known[0] is operations and known[1] == version:
        return known[2]
    made = without_collector(make, app, version, which).log(which.name)
    kept[which.name] = (operations, version, made)
    return made


def to_json(document: JSONObject, indent: int | None = None) -> str:
    """Write a document as JSON, in its own order, so that readers of YAML can read it too.

    YAML 1.2 (section 5.1) allows no DEL and no C1 control characters, and takes others for the end of a line. Lone
    surrogates cannot be written in UTF-8. All of them are escaped.

    :param indent: Spaces for each level; ``None`` writes one line without spaces.
    """
    separators = (",", ":") if indent is None else None
    text = json.dumps(document, ensure_ascii=False, indent=indent, separators=separators)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def make(app: App, version: str, which: Document | None = None, *, every_error: bool = False) -> Built:
    """Make a document of a version, and keep what is learnt.

    :param every_error: Whether all errors are in it, whatever ``API_FRAMEWORK_ERRORS`` says.
    """
    which = app.documents[DEFAULT] if which is None else which
    config = which.config(app)
    operations = listed(app, which)
    paths_of = by_path(operations)
    components = Components(version, rules=Rules.from_config(app.config), default_unknown=app.config["UNKNOWN"])
    say = None if app.texts.is_plain else app.texts.translation()
    links = Links(app.operations, paths_of)
    types, request_id = error_types(app.config), app.config["REQUEST_ID_HEADER"]
    own_errors = every_error or config["API_FRAMEWORK_ERRORS"] == "all"
    answers = Answers(components, app.error_renderer, types, links, say, request_id, own_errors=own_errors)
    places = Servers(app, config, operations)
    general = (title(app, config),)
    tags: dict[str, None] = {}
    schemes: dict[str, cabc.Mapping[str, object]] = {}
    servers: dict[str, list[JSONObject]] = {}
    for operation in operations:
        add_schemes(schemes, operation)
    newer = versions.newer_words(operations, schemes)
    written = versions.chosen(version, newer)
    spec = container(app, written, config)
    queries: dict[str, JSONObject] = {}
    for path, members in paths_of.items():
        made: dict[str, JSONObject] = {}
        read: dict[int, dict[str, JSONObject]] = {}
        for operation in members:
            own_tags = operation.tags or general
            tags.update(dict.fromkeys(own_tags))
            variables = read.get(id(operation.rule))
            if variables is None:
                variables = read[id(operation.rule)] = paths.variables(operation.rule)
            key = t.cast(str, paths.item_key(operation.method))
            made[key] = operation_object(operation, path, own_tags, variables, answers)
        summary, description = texts_of_path(members)
        if found := places.add(members, made):
            servers[path] = found
        if "query" in made:
            queries[path] = made.pop("query")  # apispec does not know it
        spec.path(path, made=made, summary=summary, description=description)
    webhooks: JSONObject = {}
    for webhook in which.webhooks_of(app):
        own_tags = tags_of_webhook(app, webhook) or general
        webhooks[webhook.name] = outgoing.item(webhook, own_tags, answers)
        tags.update(dict.fromkeys(tag for each in webhooks[webhook.name].values() for tag in each["tags"]))
    for name in tags:
        spec.tag({"name": name, "description": tag_description(app, name)})
    add_components(spec, answers, schemes)
    document = spec.to_dict()
    for path, query in queries.items():
        document["paths"][path]["query"] = query
    for path, found in servers.items():
        document["paths"][path]["servers"] = found
    if webhooks:
        # OpenAPI 3.0 has none; generators of documentation know them by this name there.
        document["x-webhooks" if written.startswith("3.0") else "webhooks"] = webhooks
    if written.startswith("3.2"):
        versions.raise_to_newest(document, app, config, operations, answers.statuses)
    elif newer:
        document = versions.lower(document)
    document = merged(document, config["API_EXTRA"] or {})
    ordered = {word: document.pop(word) for word in _ORDER if word in document}
    # A copy: several places share what is in them, and a function below may change one.
    document = t.cast(JSONObject, with_texts({**ordered, **document}, say or str))
    for process in app.document_processors:
        changed = process(document, which.name)
        document = document if changed is None else changed
    return Built(document, version, answers.uses, components, tuple(newer))


def add_components(spec: APISpec, answers: Answers, schemes: cabc.Mapping[str, cabc.Mapping[str, object]]) -> None:
    """Add the Components Object, as far as used.

    :param schemes: The Security Scheme Objects, by name.
    """
    for name, schema in answers.components.to_dict().items():
        spec.components.schema(name, made=schema)
    for name in sorted(answers.shared):
        spec.components.response(name, answers.shared[name])
    for name, header in answers.shared_headers.items():
        spec.components.header(name, header)
    for name in sorted(schemes):
        spec.components.security_scheme(name, dict(schemes[name]))


def with_texts(value: object, say: cabc.Callable[[str], str]) -> object:
    """Return a value with the texts of the framework in it as the application says them."""
    # PERF: a call for each dict and list, not for each value, which are twice as many.
    if isinstance(value, dict):
        return {name: member if type(member) in _PLAIN else with_texts(member, say) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [member if type(member) in _PLAIN else with_texts(member, say) for member in value]
    return say(value) if isinstance(value, MessageText) else value


_PLAIN: t.Final = frozenset({str, int, float, bool, type(None)})


def add_schemes(schemes: dict[str, cabc.Mapping[str, object]], operation: Operation) -> None:
    """Add the Security Scheme Objects of an operation.

    :raises ComponentConflict: Another scheme has the name of one.
    """
    for record in operation.security:
        described = described_scheme(record)
        if schemes.setdefault(record.name, described) != described:
            raise ComponentConflict(
                f"Two security schemes are called {record.name!r}: {schemes[record.name]!r} and {described!r}, that of"
                f" {operation!r}. Give one of them another 'name='."
            )


def described_scheme(record: Security) -> cabc.Mapping[str, object]:
    """A Security Scheme Object; an extension shows how its credentials are written, for examples."""
    return {**record.scheme, "x-example": record.example} if record.example else record.scheme


def listed(app: App, which: Document | None = None) -> list[Operation]:
    """The operations of a document, in the order of their rules."""
    which = app.documents[DEFAULT] if which is None else which
    return [each for each in app.operations if is_listed(each) and which.holds(app, each)]


def tags_of_webhook(app: App, webhook: Webhook) -> tuple[str, ...]:
    """The tags of a webhook: its own, or the name of the router that it is declared on."""
    if webhook.tags is not None:
        return webhook.tags
    return tags_of(app, tuple(name for name in app.router_path_of_webhook(webhook.name)[:1] if name in app.routers))


def is_listed(operation: Operation) -> bool:
    """Return whether an operation belongs into a document."""
    rule = operation.rule
    apart = rule.alias or rule.redirect_to is not None or rule.websocket
    return operation.documented and not operation.hidden and not apart and paths.item_key(operation.method) is not None


def by_path(operations: cabc.Iterable[Operation]) -> dict[str, list[Operation]]:
    """The operations of each path, in the order of the rules.

    OpenAPI distinguishes paths neither by hosts nor by converters. Of two operations on different hosts with one method
    and one path the first is in the document.

    :raises SetupError: Two operations of one host differ in nothing but their converters.
    """
    found: dict[str, list[Operation]] = {}
    names: dict[str, str] = {}
    for operation in operations:
        path = paths.template(operation.rule)
        path = names.setdefault(paths.shape(path), path)
        members = found.setdefault(path, [])
        twin = next((other for other in members if other.method == operation.method), None)
        if twin is None:
            members.append(operation)
        elif (twin.rule.host, twin.rule.subdomain) == (operation.rule.host, operation.rule.subdomain):
            raise SetupError(
                f"The document cannot tell {operation.address} from {twin.address}: both are"
                f" {path!r} to a client. Merge the two into one operation, or hide one with doc(hidden=True)."
            )
    return found


def texts_of_path(operations: cabc.Sequence[Operation]) -> tuple[str | None, str | None]:
    """Summary and description of a path, where one Resource class answers it: from the class's docstring."""
    classes = {operation.view_class for operation in operations}
    cls = classes.pop()
    if cls is None or classes:
        return None, None
    summary, description = docstrings.parts(docstrings.published(cls, inherited=False))
    return summary or None, description or None


def title(app: App, config: Settings) -> str:
    """The title of the API.

    :param config: The settings of the document.
    """
    return t.cast(str, config["API_TITLE"] or app.name)


def tag_description(app: App, name: str) -> str:
    """Return what a tag is about: the description of the router of that name."""
    for mount, router in app.routers.items():
        if name in (app.mounts[mount].options.get("tag"), router.name) and router.description:
            return router.description
    return message("tags.default", name=name)


def error_types(config: Settings) -> str | None:
    """Return what the ``type`` of a problem begins with, under the root of the application; ``None`` without docs
    pages."""
    docs = config["DOCS_PATH"]
    return None if docs is None else f"{docs.rstrip('/')}/errors/"


def container(app: App, version: str, config: Settings) -> APISpec:
    """An empty document with all that the settings say."""
    info: JSONObject = {}
    for key, word in (("API_DESCRIPTION", "description"), ("API_CONTACT", "contact"), ("API_LICENSE", "license")):
        if config[key]:
            info[word] = dict(config[key]) if isinstance(config[key], cabc.Mapping) else config[key]
    if version.startswith("3.0") and "license" in info:
        identifier = info["license"].pop("identifier", None)
        if identifier and "url" not in info["license"]:
            info["license"]["url"] = f"https://spdx.org/licenses/{identifier}.html"
    if config["API_TERMS_OF_SERVICE"]:
        info["termsOfService"] = config["API_TERMS_OF_SERVICE"]
    more: JSONObject = {}
    if config["API_EXTERNAL_DOCS"]:
        more["externalDocs"] = dict(config["API_EXTERNAL_DOCS"])
    servers = config["API_SERVERS"] or [{"url": config["APPLICATION_ROOT"] or "/"}]
    return APISpec(
        title(app, config),
        config["API_VERSION"],
        version,
        info=info,
        servers=[dict(server) for server in servers],
        security=[],
        plugins=[Handover()],
        **more,
    )
