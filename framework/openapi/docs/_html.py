"""The frame of the documentation pages: head, bar, navigation, and the place of the content.

Every value that comes from elsewhere is escaped here. Pages have no inline script and no inline style, so a strict
Content-Security-Policy lets them through.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import json
import typing as t

from markupsafe import Markup

from ._operations import method_badge
from ._site import ICON, Site
from ._tried import scheme_data

if t.TYPE_CHECKING:
    from ._links import PageLinks
    from ._reading import TagGroup

_PAGE = Markup(
    """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}</head>
<body{attributes}>
{body}
</body>
</html>
"""
)
_FRAME = Markup(
    """<a class="skip" href="#content">{skip}</a>
<header class="bar"><a class="brand" href="{home}">{logo}<span>{title}</span></a><span class="version">{version}</span>\
{switch}<span class="space"></span><button type="button" class="theme" hidden aria-label="{theme}">◐</button></header>
<nav class="side" aria-label="{navigation}">
<input type="checkbox" id="menu" class="menu"><label for="menu" class="menu">{menu}</label>
<div class="list">
{search}{side}
</div>
</nav>
<main id="content">
{main}
</main>"""
)
_LINK = Markup('<link rel="{rel}" href="{href}">\n')
_SCRIPT = Markup('<script src="{src}"{defer}></script>\n')


def bare_page(name: str, body: Markup, styles: cabc.Iterable[str], icon: str, language: str = "en") -> str:
    """Return a page without the frame: that of Swagger UI."""
    head = Markup("").join(_LINK.format(rel="stylesheet", href=href) for href in styles)
    head += _LINK.format(rel="icon", href=icon)
    return str(_PAGE.format(language=language, title=name, head=head, attributes=Markup(' class="swagger"'), body=body))


def framed(links: PageLinks, name: str, main: Markup, *, lists_operations: bool = True) -> str:
    """Return a page in its frame.

    :param links: The addresses, as seen from the page.
    :param name: Its title, without that of the API.
    :param main: Its content.
    :param lists_operations: Have the operations of the page in the navigation.
    """
    site, say = links.site, links.site.say
    info = site.built.document["info"]
    index = site.address("index")
    data = Markup(' data-words="{}" data-schemes="{}"').format(say.for_scripts(), to_text(scheme_data(site.reading)))
    if index is not None:
        data += Markup(' data-index="{}"').format(index)
    body = _FRAME.format(
        skip=say("skip"),
        home=site.address("docs") or "",
        logo=logo(site),
        title=site.title,
        version=info["version"],
        switch=switch(site),
        theme=say("theme"),
        menu=say("menu"),
        navigation=say("navigation"),
        search=search_form(site),
        side=side(links, lists_operations),
        main=main,
    )
    full = f"{name} - {site.title}" if name else site.title
    return str(_PAGE.format(language=say.language, title=full, head=head_of(site), attributes=data, body=body))


def to_text(value: object) -> str:
    """Return a JSON value as text without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def head_of(site: Site) -> Markup:
    """The styles and scripts of a page."""
    made = _LINK.format(rel="stylesheet", href=site.asset("reference.css"))
    brand = site.address("brand") if site.config["DOCS_COLOR"] else None
    if brand is not None:
        made += _LINK.format(rel="stylesheet", href=brand)
    made += _LINK.format(rel="icon", href=site.asset(ICON))
    made += _SCRIPT.format(src=site.asset("theme.js"), defer="")
    for name in ("reference.js", "try.js"):
        made += _SCRIPT.format(src=site.asset(name), defer=Markup(" defer"))
    return made


def logo(site: Site) -> Markup:
    """The picture of the setting ``DOCS_LOGO``."""
    href = site.config["DOCS_LOGO"]
    if not href:
        return Markup("")
    is_path = href.startswith("/") and not href.startswith("//")
    return Markup('<img src="{}" alt="">').format(site.base + href if is_path else href)


def switch(site: Site) -> Markup:
    """The other documents of the application that readers may know of."""
    found = site.others()
    if not found:
        return Markup("")
    rows = Markup("").join(Markup('<li><a href="{}">{}</a></li>').format(href, words) for words, href in found)
    return Markup('<details class="switch"><summary>{}</summary><ul>{}</ul></details>').format(
        site.say("documents"), rows
    )


def search_form(site: Site) -> Markup:
    """The search, which works without a script too."""
    action = site.address("search")
    say = site.say
    if site.address("index") is None:
        return Markup("")
    where = Markup(' action="{}" method="get"').format(action) if action else Markup(" hidden")
    return Markup(
        '<form class="search" role="search"{}><input type="search" name="q" aria-label="{}" placeholder="{}"'
        ' autocomplete="off" maxlength="100"></form>\n'
    ).format(where, say("search"), say("search"))


def pages(site: Site) -> cabc.Iterator[tuple[str, str]]:
    """The pages of the document next to the operations: words and address."""
    for kind in ("docs", "authentication", "webhooks", "errors", "changelog"):
        href = site.address(kind)
        if href is not None and site.has(kind):
            yield site.say("overview" if kind == "docs" else kind), href


def side(links: PageLinks, lists_operations: bool) -> Markup:
    """The navigation."""
    site, say = links.site, links.site.say
    made = Markup("<ul>{}</ul>").format(
        Markup("").join(Markup('<li><a href="{}">{}</a></li>').format(href, words) for words, href in pages(site))
    )
    if not site.is_served:
        return made
    groups = Markup("").join(
        group_in_side(links, group, lists_operations and (not links.is_large or group.name == links.tag))
        for group in site.reading.tags
    )
    if groups:
        made += Markup('\n<p class="label">{}</p>\n<ul class="tags">{}</ul>').format(say("operations"), groups)
    schemas = site.reading.schemas
    page = site.address("schemas")
    if schemas and page is not None:
        made += Markup('\n<ul><li><a href="{}">{}</a></li></ul>').format(
            "#schemas" if links.is_whole else page, say("schemas")
        )
    swagger = site.address("swagger")
    if swagger is not None:
        made += Markup('\n<ul><li><a href="{}">Swagger UI</a></li></ul>').format(swagger)
    return made


def group_in_side(links: PageLinks, group: TagGroup, is_open: bool) -> Markup:
    """A tag in the navigation, with its operations if they are on a page near."""
    level = Markup(' class="within"') if group.parent else Markup("")
    made = Markup('<li{}><a class="tag" href="{}">{}</a>').format(
        level, links.tag_page(group.name, group.anchor), group.title
    )
    if is_open:
        rows = Markup("").join(
            Markup('<li><a href="{}">{}<span>{}</span></a></li>').format(
                links.operation(each.id) or "", method_badge(each.method), each.short
            )
            for each in group.operations
        )
        made += Markup("<ul>{}</ul>").format(rows)
    return made + Markup("</li>")


def swagger_body(site: Site, document_url: str | None, oauth2_url: str, base: str) -> Markup:
    """Return the place where Swagger UI appears, and the text where it cannot."""
    reference = site.address("docs") or ""
    if document_url is None:
        return Markup('<p class="notice">{}</p>').format(site.say("not_served"))
    scripts = Markup("").join(
        _SCRIPT.format(src=site.asset(name), defer="") for name in ("swagger-ui/swagger-ui-bundle.js", "init.js")
    )
    persist = Markup(' data-persist="1"') if site.config["DOCS_PERSIST_AUTHORIZATION"] else Markup("")
    return Markup(
        '<noscript><p>{words} <a href="{reference}">{reference}</a> <a href="{url}">{url}</a></p></noscript>\n'
        '<div id="swagger-ui" data-url="{url}" data-oauth2="{oauth2}" data-base="{base}"{persist}></div>\n{scripts}'
    ).format(
        words=site.say("needs_script"),
        reference=reference,
        url=document_url,
        oauth2=oauth2_url,
        base=base or "/",
        persist=persist,
        scripts=scripts,
    )
