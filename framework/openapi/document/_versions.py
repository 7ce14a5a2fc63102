"""Versions of OpenAPI: what a document needs 3.2 for, what 3.2 adds, and what is lost in an older one.

A document is made in the words of 3.1 with those of 3.2 where there are no others: the operation of QUERY, what the
parts of a stream are, how devices get a token. Not here: schemas in the words of 3.0 (``openapi.schema``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import itertools
import logging
import typing as t
from urllib.parse import urljoin, urlsplit

from ...resources.assembly import tags_of
from ...typing import JSONObject, Settings
from ._answers import STREAMS, phrase
from ._paths import operations_in

if t.TYPE_CHECKING:
    from ...app import App
    from ...resources.operation import Operation

AUTO: t.Final = "auto"
USUAL: t.Final = "3.1.0"
"""The version that tools know, for documents that need no other."""
NEWEST: t.Final = "3.2.1"
_SHOWN: t.Final = 20
"""The number of places that are named in a log; the rest is counted."""

# The words of 3.2 that are extensions in older versions.
_ITEMS, _OLD_ITEMS = "itemSchema", "x-itemSchema"
_QUERY, _OLD_QUERY = "query", "x-query"
_DEVICE: t.Final = "deviceAuthorization"

logger: t.Final = logging.getLogger("framework.openapi")


class NewerWord(t.NamedTuple):
    """Something that a document says, and that no version before 3.2 can."""

    what: str
    where: str
    """The operation, or the security scheme."""
    loss: str
    """The form that it has in an older version, or that it is left out."""

    def __str__(self) -> str:
        return f"{self.what} ({self.where})"


def newer_words(
    operations: cabc.Iterable[Operation], schemes: cabc.Mapping[str, cabc.Mapping[str, object]]
) -> list[NewerWord]:
    """Return what no version before 3.2 can say, in the order of the operations.

    :param operations: The operations of the document.
    :param schemes: The Security Scheme Objects, by name.
    """
    found: list[NewerWord] = []
    for operation in operations:
        if operation.method == "QUERY":
            found.append(NewerWord("the method QUERY", operation.address, f"the extension {_OLD_QUERY}"))
        if any(each.items is not None and each.media_type in STREAMS for each in operation.outcomes):
            found.append(NewerWord("the parts of a stream", operation.address, f"the extension {_OLD_ITEMS}"))
    for name, scheme in schemes.items():
        flows = scheme.get("flows")
        if isinstance(flows, cabc.Mapping) and _DEVICE in flows:
            found.append(NewerWord("the device authorization flow", name, "left out"))
        if scheme.get("deprecated"):
            found.append(NewerWord("a deprecated security scheme", name, "not said"))
    return found


def chosen(version: str, newer: cabc.Sequence[NewerWord]) -> str:
    """Return the version of a document.

    :param version: That of the setting ``OPENAPI_VERSION``.
    :param newer: What needs 3.2.
    """
    if version != AUTO:
        return version
    return NEWEST if newer else USUAL


def log_choice(name: str, version: str, made: str, newer: cabc.Sequence[NewerWord], lost: cabc.Iterable[str]) -> None:
    """Log why a document has its version, and what its version cannot say.

    :param name: The document.
    :param version: The version that was asked for.
    :param made: The version that the document has.
    :param newer: What needs 3.2.
    :param lost: The words of schemas that 3.0 does not know.
    """
    if version == AUTO and newer:
        logger.info("The document %r is in OpenAPI %s, for %s.", name, made, some_of(map(str, newer)))
    losses = [] if made.startswith("3.2") else [f"{each}: {each.loss}" for each in newer]
    losses += [f"{word} of schemas: left out" for word in sorted(lost)]
    if losses:
        logger.warning("The document %r is in OpenAPI %s, which cannot say %s.", name, made, some_of(losses))


def some_of(words: cabc.Iterable[str]) -> str:
    """Return words as one text; of very many the first ones."""
    every = list(words)
    more = len(every) - _SHOWN
    return "; ".join(every[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


# To an older version.


def lower(document: JSONObject) -> JSONObject:
    """Say a document in the words of 3.1, with extensions for what it has no word for.

    :param document: It is not changed.
    :return: Another dictionary, which shares with the given one what is the same.
    """
    made = {**document, "paths": {path: _item(item) for path, item in document["paths"].items()}}
    schemes = document.get("components", {}).get("securitySchemes")
    if schemes:
        lowered = {name: _scheme(scheme) for name, scheme in schemes.items()}
        made["components"] = {**document["components"], "securitySchemes": lowered}
    return made


def _item(item: JSONObject) -> JSONObject:
    made = {_OLD_QUERY if key == _QUERY else key: value for key, value in item.items()}
    for key, _, operation in operations_in(made):
        responses = operation.get("responses", {})
        changed = {status: _response(answer) for status, answer in responses.items()}
        if any(changed[status] is not responses[status] for status in changed):
            made[key] = {**operation, "responses": changed}
    return made


def _response(answer: JSONObject) -> JSONObject:
    content = answer.get("content", {})
    if not any(isinstance(media, dict) and _ITEMS in media for media in content.values()):
        return answer
    return {**answer, "content": {name: _media(name, media) for name, media in content.items()}}


def _media(name: str, media: JSONObject) -> JSONObject:
    if _ITEMS not in media:
        return media
    rest = {word: value for word, value in media.items() if word != _ITEMS}
    # Of events nothing is said as a whole: some tools take the schema for that of the text, some for that of an event.
    whole: JSONObject = {} if name == "text/event-stream" else {"type": "string"}
    return {"schema": whole, **rest, _OLD_ITEMS: media[_ITEMS]}


def _scheme(scheme: JSONObject) -> JSONObject:
    made = {word: value for word, value in scheme.items() if word != "deprecated"}
    if _DEVICE in made.get("flows", {}):
        flows = {name: flow for name, flow in made["flows"].items() if name != _DEVICE}
        # A scheme without flows would not be one: the token is sent like any other.
        return {**made, "flows": flows} if flows else _bearer(made)
    return made


def _bearer(scheme: JSONObject) -> JSONObject:
    return {**{word: value for word, value in scheme.items() if word != "flows"}, "type": "http", "scheme": "bearer"}


# To 3.2.


def raise_to_newest(
    document: JSONObject,
    app: App,
    config: Settings,
    operations: cabc.Iterable[Operation],
    statuses: cabc.Mapping[str, int],
) -> None:
    """Add what 3.2 says in addition, in place: tags within tags, the short names of answers, the document's address.

    :param document: The document; its tags, answers and components are its own.
    :param config: The settings of the document.
    :param operations: The operations of the document.
    :param statuses: The statuses of the shared answers, by name.
    """
    _add_address(document, config)
    _add_parents(document, app, operations)
    for item in document["paths"].values():
        for _, _, operation in operations_in(item):
            for status, answer in operation.get("responses", {}).items():
                _summarize(status, answer)
    for name, answer in document.get("components", {}).get("responses", {}).items():
        if name in statuses:
            _summarize(statuses[name], answer)


def _summarize(status: object, answer: JSONObject) -> None:
    text = str(status)
    if "$ref" in answer or "summary" in answer or not text.isdecimal():
        return
    short = phrase(int(text))
    if answer.get("description") != short:
        answer["summary"] = short


def _add_address(document: JSONObject, config: Settings) -> None:
    """Say where the document is, if a setting says where the API is."""
    path, servers = config["OPENAPI_JSON_PATH"], config["API_SERVERS"] or ()
    url = str(servers[0]["url"]) if servers else ""
    if path is not None and urlsplit(url).scheme in ("http", "https") and "{" not in url:
        document["$self"] = urljoin(f"{url.rstrip('/')}/", path.lstrip("/"))


def _add_parents(document: JSONObject, app: App, operations: cabc.Iterable[Operation]) -> None:
    """Put the tag of a router below that of the router that it is registered on, where that one has a description."""
    parents: dict[str, tuple[str, str]] = {}
    for operation in operations:
        for inner, outer in itertools.pairwise(app.routers_of(operation.rule.endpoint)):
            (name,), (above,) = tags_of(app, (inner,)), tags_of(app, (outer,))
            if app.routers[outer].description and name != above:
                parents.setdefault(name, (above, app.routers[outer].description))
    tags: list[JSONObject] = document.get("tags", [])
    known = {tag["name"] for tag in tags}
    for tag in list(tags):
        parent, description = parents.get(tag["name"], ("", ""))
        while parent:
            tag["parent"] = parent
            if parent in known:
                break
            known.add(parent)
            tag = {"name": parent, "description": description}
            tags.append(tag)
            parent, description = parents.get(parent, ("", ""))
    for tag in tags:
        tag["kind"] = "nav"
