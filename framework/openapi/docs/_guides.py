"""The pages next to the operations: authentication, webhooks, errors, search.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import json
import typing as t

from markupsafe import Markup

from ...typing import JSONObject
from . import _catalogue as catalogue
from ._html import framed
from ._markdown import first_line, markdown
from ._operations import OperationView, link, media_text, method_badge, safe_url, table
from ._reading import DocumentedOperation
from ._reference import links_of

if t.TYPE_CHECKING:
    from ._catalogue import Entry
    from ._site import Site

_FLOWS: t.Final = ("authorizationCode", "clientCredentials", "password", "implicit", "deviceAuthorization")
_MOST_USES = 200
_MOST_FOUND = 200
_URLS: t.Final = (
    ("authorizationUrl", "auth.authorize"),
    ("deviceAuthorizationUrl", "auth.device"),
    ("tokenUrl", "auth.token"),
    ("refreshUrl", "auth.refresh"),
)


def not_served_page(site: Site) -> str:
    """Return the page of a document that is not served."""
    made = Markup("<h1>{}</h1><p>{}</p>").format(site.title, site.say("not_served"))
    errors = site.address("errors")
    if errors is not None:
        made += Markup("<p>{}</p>").format(link(errors, site.say("errors")))
    return framed(links_of(site), "", made, lists_operations=False)


# Authentication


def authentication_page(site: Site) -> str:
    """Return the page of the security schemes: how each is sent, and where it comes from."""
    say = site.say
    made = Markup("<h1>{}</h1>").format(say("authentication"))
    made += Markup("").join(scheme_part(site, name, scheme) for name, scheme in site.reading.schemes.items())
    return framed(links_of(site), say("authentication"), made)


def scheme_part(site: Site, name: str, scheme: JSONObject) -> Markup:
    """One security scheme."""
    made = Markup('\n<section class="scheme" id="scheme-{0}"><h2>{0}</h2>').format(name)
    if scheme.get("deprecated"):
        made += Markup('<p><span class="badge old">{}</span></p>').format(site.say("deprecated"))
    made += markdown(scheme.get("description", ""))
    sent, line = how_sent(site, scheme)
    made += Markup("<p>{}</p>").format(sent)
    if line:
        made += Markup('<pre tabindex="0">{}</pre>').format(line)
    made += flows_part(site, scheme)
    uses = [
        each
        for each in site.reading.operations.values()
        if any(name in way for way in site.reading.security_of(each.value))
    ]
    return made + uses_part(site, uses) + Markup("</section>")


def how_sent(site: Site, scheme: JSONObject) -> tuple[Markup, str]:
    """Return how credentials are sent, and the line that does."""
    say = site.say
    kind, example = scheme.get("type"), scheme.get("x-example")
    if kind == "apiKey":
        name, place = scheme["name"], scheme["in"]
        words = say.html(f"auth.{place}", name=Markup("<code>{}</code>").format(name))
        value = example or "KEY"
        lines = {"header": f"{name}: {value}", "query": f"?{name}={value}", "cookie": f"Cookie: {name}={value}"}
        return words, lines[place]
    if kind == "http" and scheme.get("scheme", "").lower() == "basic":
        return Markup("{}").format(say("auth.basic")), example or "Authorization: Basic base64(USER:PASSWORD)"
    if kind == "mutualTLS":
        return Markup("{}").format(say("auth.tls")), ""
    word = str(scheme.get("scheme", "bearer")).title()
    words = Markup("{}").format(say("auth.bearer"))
    if kind == "openIdConnect":
        href = safe_url(scheme.get("openIdConnectUrl"))
        words += Markup(" {} {}").format(
            say("auth.openid"), link(href, Markup("<code>{}</code>").format(scheme.get("openIdConnectUrl", "")))
        )
    return words, f"Authorization: {example or f'{word} TOKEN'}"


def flows_part(site: Site, scheme: JSONObject) -> Markup:
    """The flows of OAuth 2, with the addresses and scopes of each."""
    say, made = site.say, Markup("")
    for name, flow in scheme.get("flows", {}).items():
        heading = say(f"auth.flow.{name}") if name in _FLOWS else name
        rows = [
            Markup("<tr><td>{}</td><td>{}</td></tr>").format(
                say(key), link(safe_url(flow[word]), Markup("<code>{}</code>").format(flow[word]))
            )
            for word, key in _URLS
            if word in flow
        ]
        rows += [
            Markup("<tr><td>{} <code>{}</code></td><td>{}</td></tr>").format(
                say("auth.scope"), scope, first_line(words)
            )
            for scope, words in flow.get("scopes", {}).items()
        ]
        made += Markup("<h3>{}</h3>").format(heading) + table((say("name"), say("meaning")), rows)
    return made


def uses_part(site: Site, uses: cabc.Sequence[DocumentedOperation]) -> Markup:
    """The operations that take a scheme."""
    links = links_of(site)
    rows = Markup("").join(
        Markup("<li>{} {}</li>").format(method_badge(each.method), link(links.operation(each.id), each.short))
        for each in uses
    )
    if not rows:
        return Markup("")
    return Markup('<details class="unfold"><summary>{}</summary><ul class="plain">{}</ul></details>').format(
        site.say("auth.uses", count=len(uses)), rows
    )


# Webhooks


def webhooks_page(site: Site) -> str:
    """Return the page of the requests that the application sends."""
    links, say = links_of(site), site.say
    view = OperationView(links, 2)
    made = Markup("<h1>{}</h1>").format(say("webhooks"))
    for name, item in site.reading.webhooks.items():
        for method, operation in item.items():
            if isinstance(operation, dict):
                made += webhook_part(view, name, method, operation)
    return framed(links, say("webhooks"), made)


def webhook_part(view: OperationView, name: str, method: str, operation: JSONObject) -> Markup:
    """One webhook, with a message as an example."""
    made = Markup(
        '\n<section class="operation" id="webhook-{0}"><div class="prose">'
        '<h2><a class="anchor" href="#webhook-{0}">{0}</a></h2>'
    ).format(name)
    made += Markup('<p class="address">{}</p>').format(method_badge(method.upper()))
    if operation.get("deprecated"):
        made += Markup('<p><span class="badge old">{}</span></p>').format(view.say("deprecated"))
    made += view.sent(operation, 3) + Markup("</div>")
    example = webhook_example(view, operation)
    return made + Markup('<div class="code">{}</div></section>').format(
        view.tabs(view.say("example"), [("HTTP", "http", example)])
    )


def webhook_example(view: OperationView, operation: JSONObject) -> str:
    """Return a message as it arrives: its headers and its body."""
    lines = [
        f"{each['name']}: {each.get('example', '...')}"
        for each in operation.get("parameters", ())
        if each["in"] == "header"
    ]
    text = ""
    for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
        lines.insert(0, f"Content-Type: {media_type}")
        text = media_text(media_type, media, view.reading.schemas)
        break
    return "\n".join([*lines, "", text])


# Errors


def errors_page(site: Site, entries: cabc.Iterable[Entry]) -> str:
    """Return the list of all errors."""
    say = site.say
    rows = [
        Markup("<tr><td>{}</td><td>{}</td><td>{}</td></tr>").format(
            Markup('<span class="status s{}">{}</span>').format(str(each.status)[:1], each.status),
            link(site.address("error", name=each.code), Markup("<code>{}</code>").format(each.code)),
            first_line(each.text),
        )
        for each in entries
    ]
    made = Markup("<h1>{}</h1>").format(say("errors")) + table((say("status"), say("code"), say("meaning")), rows)
    return framed(links_of(site), say("errors"), made, lists_operations=site.is_served)


def error_page(site: Site, name: str, entries: cabc.Sequence[Entry]) -> str:
    """Return the page of one error code."""
    made = Markup("\n<hr>\n").join(error_part(site, each) for each in entries)
    return framed(links_of(site), name, made, lists_operations=site.is_served)


def error_part(site: Site, entry: Entry) -> Markup:
    """One error class."""
    say = site.say
    made = Markup("<h1>{} <small>{} {}</small></h1>\n{}").format(
        entry.code, entry.status, entry.title, markdown(entry.text)
    )
    rows = [
        Markup("<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>").format(
            each.name, each.kind, first_line(each.description)
        )
        for each in entry.members
    ]
    made += Markup("\n<h2>{}</h2>\n").format(say("members")) + table((say("name"), say("type"), say("meaning")), rows)
    if entry.example is not None:
        text = json.dumps(entry.example, indent=2, ensure_ascii=False)
        made += Markup('\n<h2>{}</h2>\n<pre tabindex="0">{}</pre>').format(say("example"), text)
    made += Markup("\n<h2>{}</h2>\n").format(say("operations"))
    if not entry.uses:
        return made + Markup("<p>{}</p>").format(say("errors.unused"))
    # Where no document is served, nothing of it is led to.
    links = links_of(site) if site.is_served else None
    more = len(entry.uses) - _MOST_USES
    if more > 0:
        made += Markup("<p>{}: {}</p>").format(say("operations"), len(entry.uses))
    return made + table(
        (say("method"), say("path"), say("summary")),
        [
            Markup("<tr><td>{}</td><td>{}</td><td>{}</td></tr>").format(
                method_badge(each.method),
                link(
                    links.operation(each.operation_id) if links else None, Markup("<code>{}</code>").format(each.path)
                ),
                each.summary,
            )
            for each in entry.uses[:_MOST_USES]
        ],
    )


# Search


def search_index(site: Site) -> list[list[str]]:
    """Return what can be found: kind, title, what more is shown and searched, address."""
    links, say = links_of(site), site.say
    found: list[list[str]] = []
    if site.is_served:
        found += [
            [say("operation"), each.short, f"{each.method} {each.path}", links.operation(each.id) or ""]
            for each in site.reading.operations.values()
        ]
        found += [
            [say("webhook"), name, "", f"{site.address('webhooks')}#webhook-{name}"] for name in site.reading.webhooks
        ]
        found += [[say("schema"), name, "", links.schema(name)] for name in site.reading.schemas]
    found += [
        [say("error"), each.code, f"{each.status} {each.title}", site.address("error", name=each.code) or ""]
        for each in catalogue.entries(site.app, site.built)
    ]
    return found


def search_page(site: Site, words: str) -> str:
    """Return the page of a search.

    :param words: The words that must all be in a title or address.
    """
    say = site.say
    wanted = words.lower().split()
    found = [
        each for each in search_index(site) if wanted and all(word in " ".join(each[:3]).lower() for word in wanted)
    ]
    rows = [
        Markup('<tr><td>{}</td><td><a href="{}">{}</a></td><td>{}</td></tr>').format(each[0], each[3], each[1], each[2])
        for each in found[:_MOST_FOUND]
    ]
    made = Markup("<h1>{}</h1><p>{}</p>").format(say("search"), Markup("<q>{}</q>").format(words))
    if not rows:
        return framed(links_of(site), say("search"), made + Markup("<p>{}</p>").format(say("script.nothing_found")))
    return framed(links_of(site), say("search"), made + table((say("kind"), say("name"), say("summary")), rows))
