"""The changes from older documents to this one, made by the comparison of documents.

The older documents are the files of the setting ``DOCS_CHANGELOG``, and that of the version before.
Not here: the comparison (``openapi.diff``).
Floor 7.
"""

from __future__ import annotations

import itertools
import pathlib
import typing as t

from markupsafe import Markup

from ...errors import SetupError
from ...typing import JSONObject
from ..document import built
from ._html import framed
from ._links import PageLinks
from ._operations import link
from ._reference import links_of

if t.TYPE_CHECKING:
    from ...app import App, Document
    from ..diff import Change
    from ._site import Site

_SHOWN_CHANGES, _SHOWN_OPERATIONS = 200, 5
_LEVELS: t.Final = ("breaking", "risky", "compatible")


class Release(t.NamedTuple):
    """The step from one document to the next."""

    version: str
    before: str
    changes: list[Change]


def changelog_page(site: Site) -> str:
    """Return the page of the changes, newest first."""
    say, links = site.say, links_of(site)
    addresses = {f"{each.method} {each.path}": each.id for each in site.reading.operations.values()}
    made = Markup("<h1>{}</h1>").format(say("changelog"))
    for release in releases(site):
        heading = say("changelog.since", version=release.version, before=release.before)
        made += Markup("\n<section><h2>{}</h2>").format(heading)
        if not release.changes:
            made += Markup("<p>{}</p>").format(say("changelog.none"))
        for level in _LEVELS:
            found = [each for each in release.changes if each.level == level]
            if found:
                rows = Markup("").join(change_row(each, links, addresses) for each in found[:_SHOWN_CHANGES])
                made += Markup('<h3><span class="badge {}">{}</span></h3><ul class="members">{}</ul>').format(
                    level, say(f"changelog.{level}"), rows
                )
        made += Markup("</section>")
    return framed(links, say("changelog"), made)


def change_row(change: Change, links: PageLinks, addresses: dict[str, str]) -> Markup:
    """One change."""
    name = ".".join(part for part in (change.component, change.member) if part)
    made = Markup("<li>{}{}").format(Markup("<code>{}</code>: ").format(name) if name else "", change.message)
    places = Markup(", ").join(
        link(links.operation(addresses.get(each, "")), Markup("<code>{}</code>").format(each))
        for each in change.operations[:_SHOWN_OPERATIONS]
    )
    more = len(change.operations) - _SHOWN_OPERATIONS
    places += Markup(" … {}").format(links.site.say("rule.more", count=more)) if more > 0 else Markup("")
    where = Markup(" {}").format(change.place) if change.place else Markup("")
    return made + Markup('<p class="where">{}{}</p></li>').format(places, where)


def releases(site: Site) -> list[Release]:
    """The steps between the documents, newest first."""
    from ..diff import compare  # PERF: no other page needs it

    older, document = older_documents(site), site.built.document
    if not site.config["DOCS_CHANGELOG"]:  # the one before is that of a version, and so is this one
        document = {**document, "info": {**document["info"], "version": site.which.name}}
    documents = [*older, document]
    return [
        Release(str(after["info"].get("version", "")), str(before["info"].get("version", "")), compare(before, after))
        for before, after in reversed(list(itertools.pairwise(documents)))
    ]


def older_documents(site: Site) -> list[JSONObject]:
    """The documents before this one, oldest first."""
    from ..diff import moved  # PERF: no other page needs it

    files = site.config["DOCS_CHANGELOG"]
    if files:
        return [read_document(site.app, each) for each in files]
    previous = previous_version(site.app, site.which)
    if previous is None:
        return []
    made = moved(built(site.app, previous).document, previous.path, site.which.path)
    return [{**made, "info": {**made["info"], "version": previous.name}}]


def has_older(site: Site) -> bool:
    """Return whether there is a document before this one."""
    return bool(site.config["DOCS_CHANGELOG"]) or previous_version(site.app, site.which) is not None


def previous_version(app: App, which: Document) -> Document | None:
    """Return the document of the version before that of a document."""
    place = which.version_of(app)
    if place is None or place.name not in place.names[1:]:
        return None
    before = place.names[place.names.index(place.name) - 1]
    for each in app.documents.values():
        other = each.version_of(app)
        if other is not None and other.names == place.names and other.name == before:
            return each
    return None


def read_document(app: App, name: str) -> JSONObject:
    """Return the document of a file, JSON or YAML.

    :param name: Its path, from the folder of the application.
    :raises SetupError: It is not an OpenAPI document.
    """
    text = pathlib.Path(app.root_path, name).read_text(encoding="utf-8")
    from ..document import from_text  # PERF: it imports the library, which no other page needs

    try:
        document = from_text(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise SetupError(
            f"DOCS_CHANGELOG: {name!r} is not an OpenAPI 3 document. Write one with 'framework openapi write'."
        )
    return t.cast(JSONObject, document)
