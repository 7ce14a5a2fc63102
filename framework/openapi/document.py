"""The OpenAPI document of an application, made from the operations that run its requests.

:func:`build` makes it; :func:`document_of` keeps it as long as the application's settings stay.
Floor 7: imports ``errors`` (floor 0), ``fast.strict`` (floor 1), ``openapi.*``.
"""

from __future__ import annotations

import collections.abc as cabc
import inspect
import typing as t

import yaml
from apispec import APISpec

from ..errors import SetupError
from ..fast.strict import Rules
from . import paths
from .answers import Answers
from .components import Components
from .jsonschema import Json
from .operations import operation_object

if t.TYPE_CHECKING:
    from ..app.app import App
    from ..errors import APIError
    from ..resources.operation import Operation

_METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")
_ORDER = ("openapi", "info", "servers", "security", "tags", "paths", "webhooks", "components")


class Built(t.NamedTuple):
    """A document, and what was learnt in making it."""

    document: dict[str, t.Any]

    uses: dict[type[APIError], list[Operation]]
    """Which operations answer with each error class."""

    components: Components
    """Which class each component was made from."""


def build(app: App, version: str = "3.1.0") -> dict[str, t.Any]:
    """Make the document.

    :param app: the application; it freezes.
    :param version: of OpenAPI, ``"3.1.0"`` or ``"3.0.3"`` for instance.
    :return: a new dictionary of JSON values.
    :raises ComponentConflict: two schemas ask for one name.
    """
    return make(app, version).document


def document_of(app: App) -> dict[str, t.Any]:
    """Give the document in the version of the setting ``OPENAPI_VERSION``: made on first ask, kept until a setting
    changes. Do not change it."""
    return built(app).document


def built(app: App) -> Built:
    """As :func:`document_of`, with what was learnt in making it."""
    operations, version = app.operations, app.config["OPENAPI_VERSION"]
    # On the application: a table of all applications would keep them alive, as operations refer to theirs.
    kept: tuple[t.Any, str, Built] | None = vars(app).get("_openapi")
    if kept is not None and kept[0] is operations and kept[1] == version:
        return kept[2]
    made = make(app, version)
    vars(app)["_openapi"] = (operations, version, made)
    return made


def to_yaml(document: dict[str, t.Any]) -> str:
    """Write a document as YAML, in its own order."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and each value in its place instead of as an alias."""

    def ignore_aliases(self, data: t.Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


_Dumper.add_representer(str, _text)


def make(app: App, version: str) -> Built:
    """Make a document of a version, and keep what is learnt."""
    config = app.config
    components = Components(version, rules=Rules.from_config(config), default_unknown=config["UNKNOWN"])
    answers = Answers(components, app.error_renderer, error_types(config))
    spec = container(app, version)
    operations = [each for each in app.operations if is_listed(each)]
    tags: dict[str, None] = {}
    schemes: dict[str, cabc.Mapping[str, t.Any]] = {}
    for path, members in by_path(operations).items():
        made: dict[str, Json] = {}
        read: dict[int, dict[str, Json]] = {}
        for operation in members:
            own_tags = operation.tags or (title(app),)
            tags.update(dict.fromkeys(own_tags))
            variables = read.get(id(operation.rule))
            if variables is None:
                variables = read[id(operation.rule)] = paths.variables(operation.rule)
            made[operation.method.lower()] = operation_object(operation, path, own_tags, variables, answers)
            schemes.update({record.name: record.scheme for record in operation.security})
        summary, description = words_of_path(members)
        spec.path(path, operations=made, summary=summary, description=description)
    for name in tags:
        spec.tag({"name": name, "description": tag_description(app, name)})
    for name, schema in components.to_dict().items():
        spec.components.schema(name, schema)
    for name in sorted(answers.shared):
        spec.components.response(name, answers.shared[name])
    for name in sorted(schemes):
        spec.components.security_scheme(name, dict(schemes[name]))
    document = spec.to_dict()
    ordered = {word: document.pop(word) for word in _ORDER if word in document}
    return Built({**ordered, **document}, answers.uses, components)


def is_listed(operation: Operation) -> bool:
    """Whether an operation stands in the document."""
    rule = operation.rule
    apart = rule.alias or rule.redirect_to is not None or rule.websocket
    return operation.documented and not operation.hidden and not apart and operation.method in _METHODS


def by_path(operations: cabc.Iterable[Operation]) -> dict[str, list[Operation]]:
    """The operations of each path, in the order of the rules.

    OpenAPI tells paths apart neither by hosts nor by converters. Of two operations on different hosts with one method
    and one path the first stands in the document.

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
                f"The document cannot tell {operation.method} {operation.rule.rule!r} from {twin.rule.rule!r}: both are"
                f" {path!r} to a client. Merge the two into one operation, or hide one with doc(hidden=True)."
            )
    return found


def words_of_path(operations: cabc.Sequence[Operation]) -> tuple[str | None, str | None]:
    """Summary and description of a path, where one Resource class answers it: from the class's docstring."""
    classes = {operation.view_class for operation in operations}
    cls = classes.pop()
    if cls is None or classes:
        return None, None
    summary, _, rest = inspect.cleandoc(vars(cls).get("__doc__") or "").partition("\n")
    return summary.strip() or None, rest.strip() or None


def title(app: App) -> str:
    """The title of the API."""
    return t.cast(str, app.config["API_TITLE"] or app.name)


def tag_description(app: App, name: str) -> str:
    """What a tag is about: the description of the router of that name."""
    for router in app.iter_routers():
        if router.name == name and router.description:
            return router.description
    return f"Operations of {name}."


def error_types(config: cabc.Mapping[str, t.Any]) -> str | None:
    """What the ``type`` of a problem begins with, under the root of the application; ``None`` without docs pages."""
    docs = config["DOCS_PATH"]
    return None if docs is None else f"{docs.rstrip('/')}/errors/"


def container(app: App, version: str) -> APISpec:
    """An empty document with all that the settings say."""
    config = app.config
    info: Json = {}
    for key, word in (("API_DESCRIPTION", "description"), ("API_CONTACT", "contact"), ("API_LICENSE", "license")):
        if config[key]:
            info[word] = dict(config[key]) if isinstance(config[key], cabc.Mapping) else config[key]
    if version.startswith("3.0") and "license" in info:
        identifier = info["license"].pop("identifier", None)
        if identifier and "url" not in info["license"]:
            info["license"]["url"] = f"https://spdx.org/licenses/{identifier}.html"
    servers = config["API_SERVERS"] or [{"url": config["APPLICATION_ROOT"] or "/"}]
    return APISpec(
        title(app),
        config["API_VERSION"],
        version,
        info=info,
        servers=[dict(server) for server in servers],
        security=[],
    )
