"""The reference: a document on one page, or where it is large on a page for each tag.

Not here: an operation on a page (``openapi.docs._operations``), the frame (``openapi.docs._html``), the pages next to
the operations (``openapi.docs._guides``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from markupsafe import Markup

from ...typing import JSONObject
from ._html import framed
from ._links import PageLinks
from ._markdown import first_line, markdown
from ._operations import OperationView, external, link, method_badge, safe_url, table
from ._reading import DocumentedOperation, TagGroup, filled
from ._schemas import CLOSED

if t.TYPE_CHECKING:
    from ._site import Site

MOST_OPERATIONS = 60
"""The operations that one page has at most."""
LARGEST_PAGE = 200_000
"""The bytes that a page has at most, before the document is on several."""
_DEPTHS = (3, 1, CLOSED)
_MOST_OPEN = 20


class PagePlan(t.NamedTuple):
    """The division of a document into pages."""

    is_large: bool
    depth: int
    """The number of schemas within one another that unfold in place."""


def plan_of(site: Site) -> PagePlan:
    """Return how a document is cut into pages; it stays as long as the document."""

    def make() -> PagePlan:
        if len(site.reading.operations) <= MOST_OPERATIONS:
            for depth in _DEPTHS:
                if len(whole_page(site, depth).encode()) <= LARGEST_PAGE:
                    return PagePlan(False, depth)
        return PagePlan(True, _DEPTHS[-1])

    return t.cast(PagePlan, site.kept("plan", make))


def links_of(site: Site, *, tag: str | None = None, operation: str = "") -> PageLinks:
    """Return the addresses, as seen from a page that is not the one with everything."""
    return PageLinks(site, plan_of(site).is_large, tag=tag, operation=operation)


def first_page(site: Site) -> str:
    """Return the page at the address of the documentation."""
    plan = plan_of(site)
    if plan.is_large:
        return site.text("overview", lambda: overview_page(site))
    return site.text("whole", lambda: whole_page(site, plan.depth))


def whole_page(site: Site, depth: int) -> str:
    """Return the page with everything."""
    links = PageLinks(site, False, is_whole=True)
    view = OperationView(links, depth)
    made = about(site) + common_headers(view)
    for group in site.reading.tags:
        made += group_part(view, group)
    made += schemas_part(view, site.reading.schemas)
    return framed(links, "", made)


def overview_page(site: Site) -> str:
    """Return the first page of a document that is on several: what it is about, and its tags."""
    links = links_of(site)
    view = OperationView(links, 1)
    say = site.say
    rows = [
        Markup("<tr><td>{}</td><td>{}</td><td>{}</td></tr>").format(
            link(links.tag_page(group.name, group.anchor), group.title),
            first_line(group.description),
            len(group.operations),
        )
        for group in site.reading.tags
    ]
    made = about(site)
    made += Markup('<h2 id="operations">{}</h2>').format(say("operations"))
    made += table((say("tag"), say("meaning"), say("operations")), rows)
    return framed(links, "", made + common_headers(view))


def tag_page(site: Site, name: str) -> str | None:
    """Return the page of a tag; ``None`` where the document has no such tag."""
    group = next((each for each in site.reading.tags if each.name == name), None)
    if group is None:
        return None
    for depth in (_DEPTHS[0], CLOSED) if len(group.operations) <= _MOST_OPEN else (CLOSED,):
        links = links_of(site, tag=name)
        links.collects = depth == CLOSED
        view = OperationView(links, depth)
        made = group_part(view, group, level=1)
        links.collects = False
        made += schemas_part(view, links.collected)
        text = framed(links, group.title, made)
        if len(text.encode()) <= LARGEST_PAGE:
            return text
    links = links_of(site)
    listed = Markup("<h1>{}</h1>{}").format(group.title, markdown(group.description)) + operation_rows(site, group)
    return framed(links, group.title, listed)


def operation_rows(site: Site, group: TagGroup) -> Markup:
    """The operations of a tag, each leading to its own page."""
    say = site.say
    rows = [
        Markup('<tr id="{}"><td>{}</td><td>{}</td><td>{}</td></tr>').format(
            each.anchor,
            method_badge(each.method),
            link(site.address("operation", name=each.id), Markup("<code>{}</code>").format(each.path)),
            each.summary,
        )
        for each in group.operations
    ]
    return table((say("method"), say("path"), say("summary")), rows)


def operation_page(site: Site, name: str) -> str | None:
    """Return the page of one operation; ``None`` where the document does not have it."""
    operation = site.reading.operations.get(name)
    if operation is None:
        return None
    links = links_of(site, operation=name)
    view = OperationView(links, _DEPTHS[0])
    up = crumbs(site, links, operation)
    return framed(links, operation.short, up + view.section(operation, level=1), lists_operations=not links.is_large)


def crumbs(site: Site, links: PageLinks, operation: DocumentedOperation) -> Markup:
    """The way from the first page to an operation."""
    tag = next(each for each in site.reading.tags if each.name == operation.tag)
    return Markup('<p class="crumbs">{} / {}</p>').format(
        link(site.address("docs"), site.say("overview")), link(links.tag_page(tag.name, tag.anchor), tag.title)
    )


def schema_list(site: Site) -> str:
    """Return the page with the names of all schemas."""
    links, say = links_of(site), site.say
    rows = [
        Markup('<tr><td><a href="{}"><code>{}</code></a></td><td>{}</td></tr>').format(
            links.schema(name), name, first_line(schema.get("description", ""))
        )
        for name, schema in site.reading.schemas.items()
    ]
    made = Markup("<h1>{}</h1>").format(say("schemas")) + table((say("name"), say("meaning")), rows)
    return framed(links, say("schemas"), made)


def schema_page(site: Site, name: str) -> str | None:
    """Return the page of one schema; ``None`` where the document does not have it."""
    schema = site.reading.schemas.get(name)
    if schema is None:
        return None
    links = links_of(site)
    view = OperationView(links, _DEPTHS[0])
    up = Markup('<p class="crumbs">{}</p>').format(link(site.address("schemas"), site.say("schemas")))
    return framed(links, name, up + schema_part(view, name, schema, level=1))


# Parts


def about(site: Site) -> Markup:
    """Return the introduction, in the words of ``info``."""
    document, say = site.built.document, site.say
    info = document["info"]
    made = Markup('<div class="about"><h1>{} <small>{}</small></h1>').format(info["title"], info["version"])
    made += markdown(info.get("description", ""))
    rows: list[tuple[str, Markup]] = []
    servers = [each for each in document.get("servers", ()) if str(each["url"]).startswith(("http://", "https://"))]
    listed = [Markup("<code>{}</code> {}").format(filled(each), each.get("description", "")) for each in servers] or [
        Markup("<code>{}</code>").format(site.root.rstrip("/"))
    ]
    rows.append((say("servers"), Markup("<br>").join(listed)))
    contact = info.get("contact", {})
    if contact:
        parts = [link(safe_url(contact.get("url")), contact.get("name") or contact.get("url", ""))]
        mail = contact.get("email")
        parts += [Markup('<a href="mailto:{0}">{0}</a>').format(mail)] if mail else []
        rows.append((say("contact"), Markup(" ").join(part for part in parts if part)))
    if "license" in info:
        rows.append((say("license"), link(safe_url(info["license"].get("url")), info["license"]["name"])))
    if "termsOfService" in info:
        rows.append((say("terms"), link(safe_url(info["termsOfService"]), info["termsOfService"])))
    files = [site.address(kind) for kind in ("json", "yaml")]
    shown = Markup(" ").join(link(href, href.rpartition("/")[2]) for href in files if href is not None)
    rows.append((say("document"), shown))
    made += Markup('<dl class="facts">{}</dl>').format(
        Markup("").join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, value) for name, value in rows)
    )
    return made + (external(document["externalDocs"]) if "externalDocs" in document else Markup("")) + Markup("</div>")


def common_headers(view: OperationView) -> Markup:
    """The headers that nearly all operations answer with."""
    headers: dict[str, JSONObject] = view.reading.common_headers
    if not headers:
        return Markup("")
    rows = Markup("").join(view.header(name, header) for name, header in headers.items())
    return Markup(
        '\n<section class="common"><details><summary><h2 id="headers">{}</h2></summary>'
        '<ul class="members">{}</ul></details></section>'
    ).format(view.say("headers.common"), rows)


def group_part(view: OperationView, group: TagGroup, level: int = 2) -> Markup:
    """A tag with its operations."""
    made = Markup(
        '\n<section class="group" aria-labelledby="{0}"><div class="about"><h{1} id="{0}">{2}</h{1}>{3}</div>'
    ).format(group.anchor, level, group.title, markdown(group.description))
    made += Markup("").join(view.section(each, level + 1) for each in group.operations)
    return made + Markup("</section>")


def schemas_part(view: OperationView, names: cabc.Iterable[str]) -> Markup:
    """The components on the page."""
    known = view.reading.schemas
    made = Markup("").join(schema_part(view, name, known[name]) for name in names)
    if not made:
        return Markup("")
    heading = Markup('<h2 id="schemas">{}</h2>').format(view.say("schemas"))
    return Markup('\n<section class="schemas">{}{}</section>').format(heading, made)


def schema_part(view: OperationView, name: str, schema: JSONObject, level: int = 3) -> Markup:
    """One component."""
    return Markup(
        '\n<section class="schema" id="schema-{0}">'
        '<h{1}><a class="anchor" href="#schema-{0}"><code>{0}</code></a></h{1}>{2}</section>'
    ).format(name, level, view.schemas.section(name, schema))
