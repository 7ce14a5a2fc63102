"""The HTML of the documentation pages. Every value that comes from elsewhere is escaped here.

Pages have no inline script and no inline style, so a strict Content-Security-Policy lets them through.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import json
import re

from markupsafe import Markup, escape

from ._catalogue import Entry, Member, Use

_PAGE = Markup(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}</head>
<body{body_class}>
{body}
</body>
</html>
"""
)
_LINK = Markup('<link rel="{rel}" href="{href}">\n')
_SCRIPT = Markup('<script src="{src}"></script>\n')


def page(title: str, body: Markup, styles: cabc.Iterable[str], icon: str | None, body_class: str = "") -> str:
    """A whole page."""
    head = Markup("").join(_LINK.format(rel="stylesheet", href=href) for href in styles)
    if icon is not None:
        head += _LINK.format(rel="icon", href=icon)
    kind = Markup(' class="{}"').format(body_class) if body_class else Markup("")
    return str(_PAGE.format(title=title, head=head, body=body, body_class=kind))


def docs_body(
    document_url: str | None,
    oauth2_url: str,
    scripts: cabc.Iterable[str],
    errors_url: str | None,
    plain_url: str | None = None,
) -> Markup:
    """The place where Swagger UI appears, and the text where it cannot."""
    errors = Markup("")
    if errors_url is not None:
        errors = Markup(' The errors are explained in the <a href="{}">error catalogue</a>.').format(errors_url)
    if document_url is None:
        return Markup('<p class="notice">The document of this API is not served here.{}</p>').format(errors)
    plain = Markup("")
    if plain_url is not None:
        plain = Markup(' The <a href="{}">plain page</a> does not.').format(plain_url)
    return Markup(
        '<noscript><p>This page needs JavaScript.{plain} The document itself: <a href="{url}">{url}</a>.{errors}</p>'
        "</noscript>\n"
        '<div id="swagger-ui" data-url="{url}" data-oauth2="{oauth2}"></div>\n{scripts}'
    ).format(
        url=document_url,
        oauth2=oauth2_url,
        errors=errors,
        plain=plain,
        scripts=Markup("").join(_SCRIPT.format(src=src) for src in scripts),
    )


def errors_body(
    entries: cabc.Iterable[Entry], links: cabc.Mapping[str, str], url_of: cabc.Callable[[str], str]
) -> Markup:
    """The list of all errors.

    :param links: The navigation, text to address.
    :param url_of: The address of an error's page.
    """
    rows = Markup("\n").join(
        Markup('<tr><td>{}</td><td><a href="{}"><code>{}</code></a></td><td>{}</td></tr>').format(
            each.status, url_of(each.code), each.code, first_line(each.text)
        )
        for each in entries
    )
    table = Markup(
        "<table>\n<thead><tr><th>Status</th><th>Code</th><th>Meaning</th></tr></thead>\n<tbody>\n{}\n</tbody>\n</table>"
    ).format(rows)
    return Markup("{}\n<main>\n<h1>Errors</h1>\n{}\n</main>").format(navigation(links), table)


def error_body(entries: cabc.Sequence[Entry], links: cabc.Mapping[str, str], docs_url: str | None) -> Markup:
    """The page of one error code.

    :param docs_url: The plain page, where each operation is shown, or ``None``.
    """
    return Markup("{}\n<main>\n{}\n</main>").format(
        navigation(links), Markup("\n<hr>\n").join(error_part(each, docs_url) for each in entries)
    )


def error_part(entry: Entry, docs_url: str | None) -> Markup:
    """One error class."""
    made = Markup("<h1>{} <small>{} {}</small></h1>\n{}").format(
        entry.code, entry.status, entry.title, paragraphs(entry.text)
    )
    made += Markup("\n<h2>Members</h2>\n") + members_table(entry.members)
    if entry.example is not None:
        text = json.dumps(entry.example, indent=2, ensure_ascii=False)
        made += Markup("\n<h2>Example</h2>\n<pre>{}</pre>").format(text)
    return made + Markup("\n<h2>Operations</h2>\n") + uses_table(entry.uses, docs_url)


def members_table(members: cabc.Iterable[Member]) -> Markup:
    """Return what the JSON object has."""
    rows = Markup("\n").join(
        Markup("<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>").format(each.name, each.kind, each.description)
        for each in members
    )
    return Markup(
        "<table>\n<thead><tr><th>Name</th><th>Type</th><th>Meaning</th></tr></thead>\n<tbody>\n{}\n</tbody>\n</table>"
    ).format(rows)


def uses_table(uses: cabc.Sequence[Use], docs_url: str | None) -> Markup:
    """Return who answers with an error."""
    if not uses:
        return Markup("<p>No operation of the document declares this error.</p>")
    rows = Markup("\n").join(
        Markup('<tr><td class="method">{}</td><td>{}</td><td>{}</td></tr>').format(
            each.method, operation_link(each, docs_url), each.summary
        )
        for each in uses
    )
    return Markup(
        "<table>\n<thead><tr><th>Method</th><th>Path</th><th>Summary</th></tr></thead>\n<tbody>\n{}\n</tbody>\n</table>"
    ).format(rows)


def operation_link(use: Use, docs_url: str | None) -> Markup:
    """The path of an operation, leading to its place on the plain page."""
    path = Markup("<code>{}</code>").format(use.path)
    if docs_url is None:
        return path
    return Markup('<a href="{}#operation-{}">{}</a>').format(docs_url, use.operation_id, path)


def navigation(links: cabc.Mapping[str, str]) -> Markup:
    """The links at the top."""
    return Markup("<nav>{}</nav>").format(
        Markup("").join(Markup('<a href="{}">{}</a>').format(href, text) for text, href in links.items())
    )


def paragraphs(text: str) -> Markup:
    """Text of a docstring: paragraphs, and the text between double backquotes as code."""
    return Markup("\n").join(Markup("<p>{}</p>").format(marked(part)) for part in re.split(r"\n\s*\n", text) if part)


def marked(text: str) -> Markup:
    """One paragraph, escaped first."""
    return Markup(re.sub(r"``?([^`]+)``?", r"<code>\1</code>", str(escape(" ".join(text.split())))))


def first_line(text: str) -> Markup:
    """The first line of a text, as far as it goes."""
    return marked(text.partition("\n")[0])
