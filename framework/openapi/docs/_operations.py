"""An operation as a section of a page: what it takes and answers, and the code that calls it.

Not here: what a page is made of (``openapi.docs._reference``), the samples (``openapi.docs._samples``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import itertools
import json
import typing as t

from markupsafe import Markup

from ..._sentinel import MISSING
from ...typing import JSONObject
from ..document import STREAMS
from ._markdown import markdown, marked
from ._reading import DocumentedOperation, server_of
from ._samples import LANGUAGES, body_value, call_of, example_value
from ._schemas import Schemas
from ._tried import call_data
from ._values import filled_out, followed, schema_of

if t.TYPE_CHECKING:
    from ._links import PageLinks, Reference

_LOCATIONS = {"path": ("path",), "query": ("query", "querystring"), "header": ("header",), "cookie": ("cookie",)}
_WHOLE = 2
"""The depth from which on nothing is left out."""
_LONGEST = 4_000
_CUT = "\n…"


def link(href: str | None, words: Markup | str) -> Markup:
    """Return words that lead somewhere, if there is an address."""
    return Markup("{}").format(words) if href is None else Markup('<a href="{}">{}</a>').format(href, words)


def table(heads: cabc.Iterable[str], rows: cabc.Iterable[Markup]) -> Markup:
    """Return a table with a head."""
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(each) for each in heads)
    body = Markup("\n").join(rows)
    return Markup(
        '<div class="wide" tabindex="0"><table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody>\n</table></div>'
    ).format(head, body)


def method_badge(method: str) -> Markup:
    """Return a method as a badge."""
    return Markup('<span class="method {}">{}</span>').format(method.lower(), method)


class OperationView:
    """Makes the sections of the operations of a page.

    :param links: The addresses of other things, as seen from the page.
    :param depth: How many schemas within one another unfold in place.
    """

    def __init__(self, links: PageLinks, depth: int) -> None:
        self.links = links
        self.site = links.site
        self.reading = links.site.reading
        self.say = links.site.say
        self.schemas = Schemas(links.site.built.document, self.say, links.schema, depth)
        self.schemas.are_near = links.is_whole
        self.is_brief = depth < _WHOLE
        """True to leave out examples that are on other pages."""
        self._numbers = itertools.count(1)

    def section(self, operation: DocumentedOperation, level: int = 3) -> Markup:
        """One operation.

        :param level: The rank of its heading.
        """
        return Markup('\n<section class="operation" id="{}" aria-labelledby="{}-title">{}{}</section>').format(
            operation.anchor, operation.anchor, self.prose(operation, level), self.code(operation)
        )

    # The prose

    def prose(self, operation: DocumentedOperation, level: int) -> Markup:
        """Return the text of the section."""
        value = operation.value
        href = self.links.own(operation)
        made = Markup('<div class="prose"><h{0} id="{1}-title"><a class="anchor" href="{2}">{3}</a></h{0}>').format(
            level, operation.anchor, href, operation.short
        )
        made += Markup('<p class="address">{} <code>{}</code></p>').format(
            method_badge(operation.method), Markup("/<wbr>").join(operation.path.split("/"))
        )
        made += self.badges(value)
        summary = value.get("summary", "")
        if len(operation.short) + 1 < len(summary):
            made += markdown(summary)
        if value.get("description", "") != summary:
            made += markdown(value.get("description", ""))
        if "externalDocs" in value:
            made += external(value["externalDocs"])
        made += self.parameters(value.get("parameters", ()), level + 1)
        made += self.body(value.get("requestBody", {}), level + 1)
        made += self.responses(operation, level + 1)
        made += self.callbacks(value.get("callbacks", {}), level + 1)
        return made + Markup("</div>")

    def badges(self, value: JSONObject) -> Markup:
        """Return the badges of an operation."""
        found: list[Markup] = []
        if value.get("deprecated"):
            until = value.get("x-sunset")
            words = self.say("deprecated.until", date=until) if until else self.say("deprecated")
            found.append(Markup('<li class="badge old">{}</li>').format(words))
        requirements = self.reading.security_of(value)
        if requirements:
            key = "badge.optional" if {} in requirements else "badge.required"
            ways = Markup(", ").join(self.way(each) for each in requirements if each)
            found.append(Markup('<li class="badge lock">{}: {}</li>').format(self.say(key), ways))
        traits = self.reading.traits(value)
        found += [
            Markup('<li class="badge {}">{}</li>').format(trait, self.say(f"badge.{trait}"))
            for trait in ("limits", "idempotency", "caching", "conditional", "stream")
            if trait in traits
        ]
        return Markup('<ul class="badges">{}</ul>').format(Markup(" ").join(found)) if found else Markup("")

    def way(self, requirement: cabc.Mapping[str, cabc.Sequence[str]]) -> Markup:
        """One way to be let in: schemes with their scopes."""
        parts = [
            Markup("{}{}").format(link(self.links.scheme(name), name), f" ({', '.join(scopes)})" if scopes else "")
            for name, scopes in requirement.items()
        ]
        return Markup(" + ").join(parts)

    def parameters(self, parameters: cabc.Sequence[JSONObject], level: int) -> Markup:
        """The input apart from the body, by place."""
        made = Markup("")
        for place, words in _LOCATIONS.items():
            rows = Markup("").join(self.parameter(each) for each in parameters if each["in"] in words)
            if rows:
                heading = self.say(f"parameters.{place}")
                made += Markup('<h{0}>{1}</h{0}><ul class="members">{2}</ul>').format(level, heading, rows)
        return made

    def parameter(self, parameter: JSONObject) -> Markup:
        """One parameter."""
        schema = schema_of(parameter)
        name = Markup("<code>{}</code>").format(parameter["name"])
        made = self.schemas.head(
            name, schema, bool(parameter.get("required")), bool(parameter.get("deprecated") or schema.get("deprecated"))
        )
        more: list[Markup] = []
        if "example" in parameter:
            more.append(self.example(parameter["example"]))
        values = map(example_value, parameter.get("examples", {}).values())
        more += [self.example(each) for each in values if each is not MISSING]
        made += self.schemas.meaning(parameter.get("description") or schema.get("description", ""), schema, more)
        body = self.schemas.first_body(schema)
        if body:
            made += Markup('<details class="unfold"><summary>{}</summary>{}</details>').format(
                self.say("unfold", name=parameter["name"]), body
            )
        return Markup("<li>{}</li>").format(made)

    def example(self, value: object) -> Markup:
        """An example as a rule."""
        return Markup('<span class="rule">{} <code>{}</code></span>').format(
            self.say("rule.example"), json.dumps(value, ensure_ascii=False)
        )

    def body(self, body: JSONObject, level: int) -> Markup:
        """The request body."""
        if not body:
            return Markup("")
        required = Markup("")
        if body.get("required"):
            required = Markup(' <span class="required">{}</span>').format(self.say("required"))
        made = Markup("<h{0}>{1}{2}</h{0}>").format(level, self.say("body"), required)
        made += markdown(body.get("description", ""))
        return made + self.contents(body.get("content", {}))

    def contents(self, content: cabc.Mapping[str, JSONObject], *, is_short: bool = False) -> Markup:
        """The media types of a body with their schemas; a schema that several share unfolds once.

        :param is_short: Leave the members out.
        """
        made, shown = Markup(""), set()
        for media_type, media in content.items():
            schema: JSONObject = media.get("itemSchema") or media.get("x-itemSchema") or media.get("schema") or {}
            is_stream = "itemSchema" in media or "x-itemSchema" in media
            kind = self.schemas.type_of(schema)
            if media_type == "text/event-stream":
                kind = Markup("{}").format(self.say("badge.stream"))
            elif is_stream:
                kind = self.say.html("stream_of", items=kind)
            made += Markup('<p class="media"><code>{}</code> <span class="type">{}</span></p>').format(media_type, kind)
            key = json.dumps(schema)
            if not is_short and key not in shown:
                made += self.schemas.first_body(schema) or self.schemas.meaning(schema.get("description", ""), schema)
                shown.add(key)
        return made

    def responses(self, operation: DocumentedOperation, level: int) -> Markup:
        """Return the responses by status."""
        rows = [
            self.response(operation, status, response)
            for status, response in operation.value.get("responses", {}).items()
        ]
        return Markup("<h{0}>{1}</h{0}>{2}").format(level, self.say("responses"), Markup("").join(rows))

    def response(self, operation: DocumentedOperation, status: str, response: JSONObject) -> Markup:
        """One response, which unfolds; the first success is open."""
        is_shared = "$ref" in response
        response = self.reading.response(response)
        is_success = status.startswith("2")
        known = [each for each in self.links.errors(operation.id) if str(each.status) == status]
        codes = Markup(", ").join(link(each.url, Markup("<code>{}</code>").format(each.code)) for each in known)
        description = response.get("description", "")
        words, _, rest = description.partition("\n")
        if response.get("summary") or len(known) > 1:
            words = response.get("summary") or self.say("several_errors", count=len(known))
            rest = description
        is_listed = len(known) > 1 and all(f"`{each.code}`" in rest for each in known)
        head = Markup('<span class="status s{}">{}</span> <span class="words">{}').format(
            status[:1], status, marked(words)
        )
        if is_shared:
            names = [name for name in response.get("headers", {}) if name not in self.reading.common_headers]
            listed = Markup(", ").join(
                [*([codes] if codes else []), *(Markup("<code>{}</code>").format(each) for each in names)]
            )
            return Markup('<p class="answer">{} <span class="codes">{}</span></span></p>').format(head, listed)
        made = markdown(rest)
        if is_listed:
            made = linked(made, known)
        elif codes:
            made = Markup('<p class="codes">{}</p>').format(codes) + made
        made += self.contents(response.get("content", {}), is_short=not is_success)
        made += self.headers(response.get("headers", {}))
        made += self.links_of(response.get("links", {}))
        if not made:
            return Markup('<p class="answer">{}</span></p>').format(head)
        opened = Markup(" open") if is_success and status == self.links.first_success(operation) else Markup("")
        return Markup('<details class="answer"{}><summary>{}</span></summary>{}</details>').format(opened, head, made)

    def headers(self, headers: cabc.Mapping[str, JSONObject]) -> Markup:
        """The headers of a response; those that nearly all have are described elsewhere."""
        common = self.reading.common_headers
        rows = Markup("").join(
            self.header(name, self.reading.header(header)) for name, header in headers.items() if name not in common
        )
        if not rows:
            return Markup("")
        return Markup('<p class="label">{}</p><ul class="members">{}</ul>').format(self.say("headers"), rows)

    def header(self, name: str, header: JSONObject) -> Markup:
        """One header."""
        schema = header.get("schema", {})
        shown = Markup("<code>{}</code>").format(name)
        made = self.schemas.head(shown, schema, False, bool(header.get("deprecated")))
        return Markup("<li>{}{}</li>").format(made, self.schemas.meaning(header.get("description", ""), schema))

    def links_of(self, links: cabc.Mapping[str, JSONObject]) -> Markup:
        """Return the links from a response to operations."""
        rows = Markup("").join(
            Markup("<li><code>{}</code> → {} {}{}</li>").format(
                name,
                link(
                    self.links.operation(each.get("operationId", "")),
                    Markup("<code>{}</code>").format(each.get("operationId", "")),
                ),
                given(each),
                markdown(each.get("description", "")),
            )
            for name, each in links.items()
        )
        if not rows:
            return Markup("")
        return Markup('<p class="label">{}</p><ul class="members">{}</ul>').format(self.say("links"), rows)

    def callbacks(self, callbacks: cabc.Mapping[str, JSONObject], level: int) -> Markup:
        """Return the requests that the operation makes the application send."""
        made = Markup("").join(
            Markup('<details class="answer"><summary>{} <code>{}</code> {}</summary>{}</details>').format(
                method_badge(method.upper()), expression, name, self.sent(operation, level + 1)
            )
            for name, callback in callbacks.items()
            for expression, item in callback.items()
            for method, operation in item.items()
        )
        return Markup("<h{0}>{1}</h{0}>{2}").format(level, self.say("callbacks"), made) if made else Markup("")

    def sent(self, operation: JSONObject, level: int) -> Markup:
        """A request that the application sends: its words, headers and body, and what may be answered."""
        summary, description = operation.get("summary", ""), operation.get("description", "")
        made = markdown(summary) + (markdown(description) if description != summary else Markup(""))
        made += self.parameters(operation.get("parameters", ()), level)
        made += self.body(operation.get("requestBody", {}), level)
        rows = [
            Markup('<li><span class="status s{}">{}</span> {}{}</li>').format(
                status[:1], status, each.get("description", ""), self.contents(each.get("content", {}))
            )
            for status, each in operation.get("responses", {}).items()
        ]
        return made + Markup('<h{0}>{1}</h{0}><ul class="members">{2}</ul>').format(
            level, self.say("responses.expected"), Markup("").join(rows)
        )

    # The code

    def code(self, operation: DocumentedOperation) -> Markup:
        """The samples of the request, and examples of the responses."""
        document = self.site.built.document
        place = server_of(operation.item, operation.value)
        call = call_of(operation.value, operation.method, operation.path, place or self.site.root, document)
        panes = [(name, key, function(call)) for key, (name, function) in LANGUAGES.items()]
        made = self.tabs(self.say("request"), panes)
        data = call_data(self.reading, operation, place or self.site.base)
        made += Markup('<button type="button" class="try" hidden data-call="{}">{}</button>').format(
            json.dumps(data, ensure_ascii=False, separators=(",", ":")), self.say("try")
        )
        examples = list(self.examples(operation))
        if examples:
            made += self.tabs(self.say("response"), examples)
        return Markup('<div class="code">{}</div>').format(made)

    def examples(self, operation: DocumentedOperation) -> cabc.Iterator[tuple[str, str, str]]:
        """The examples of the responses: label, key, text. Those that operations share are on the pages of errors."""
        for status, response in operation.value.get("responses", {}).items():
            if "$ref" in response or (self.is_brief and self.has_pages(operation, status)):
                continue
            for media_type, media in itertools.islice(response.get("content", {}).items(), 1):
                named = media.get("examples") or {}
                if len(named) > 1:
                    for name, each in named.items():
                        value = example_value(each)
                        if value is not MISSING:
                            yield f"{status} {name}", "", example_text(value, media_type)
                    continue
                text = media_text(media_type, media, self.reading.schemas)
                if text:
                    yield status, "", text

    def has_pages(self, operation: DocumentedOperation, status: str) -> bool:
        """Return whether all of a status is errors that have pages, with examples there."""
        known = [each for each in self.links.errors(operation.id) if str(each.status) == status]
        return bool(known) and all(each.url is not None for each in known)

    def tabs(self, legend: str, panes: cabc.Sequence[tuple[str, str, str]]) -> Markup:
        """Return texts of which one is shown, without a script.

        :param panes: Label, value, text.
        """
        number = next(self._numbers)
        heads = Markup("").join(
            Markup(
                '<input type="radio" name="t{0}" id="t{0}-{1}" value="{2}"{3}><label for="t{0}-{1}">{4}</label>'
            ).format(number, index, value or label, Markup(" checked") if not index else "", label)
            for index, (label, value, _) in enumerate(panes)
        )
        texts = Markup("").join(
            Markup('<pre tabindex="0"{}>{}</pre>').format(
                Markup(' class="{}"').format(value) if value else "",
                text if len(text) < _LONGEST else text[:_LONGEST] + _CUT,
            )
            for _, value, text in panes
        )
        return Markup('<fieldset class="tabs"><legend>{}</legend>{}<div class="panes">{}</div></fieldset>').format(
            legend, heads, texts
        )


def linked(text: Markup, errors: cabc.Iterable[Reference]) -> Markup:
    """Return a text with the codes of errors in it leading to their pages."""
    made = str(text)
    for each in errors:
        code = Markup("<code>{}</code>").format(each.code)
        made = made.replace(str(code), str(link(each.url, code)), 1)
    return Markup(made)


def given(link: JSONObject) -> Markup:
    """Return what a link fills in."""
    values = {**link.get("parameters", {}), **({"body": link["requestBody"]} if "requestBody" in link else {})}
    return Markup(", ").join(
        Markup("<code>{} = {}</code>").format(name, value if isinstance(value, str) else json.dumps(value))
        for name, value in values.items()
    )


def safe_url(href: object) -> str | None:
    """Return an address that a page may lead to: one of the web."""
    return href if isinstance(href, str) and href.startswith(("http://", "https://", "/")) else None


def external(docs: JSONObject) -> Markup:
    """Return the link to a documentation elsewhere."""
    words = docs.get("description") or str(docs.get("url", ""))
    return Markup("<p>{}</p>").format(link(safe_url(docs.get("url")), words))


def media_text(media_type: str, media: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> str:
    """Return the example of a body; empty where a text says nothing, as of a file."""
    item = media.get("itemSchema", media.get("x-itemSchema"))
    if item is not None and "example" not in media:
        value = filled_out(item, schemas)
        if media_type == "text/event-stream":
            return event_text(value, item, schemas)
        one = json.dumps(value, ensure_ascii=False)
        return f"{one}\n{one}\n"
    has_one = "example" in media or media.get("examples")
    if not has_one and (media_type in STREAMS or not media_type.endswith("json") or not media.get("schema")):
        return ""
    return example_text(body_value(media, schemas, filled_out), media_type)


def event_text(value: object, item: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> str:
    """Return an event as it arrives; 3.2 describes its fields, an older document the value in ``data``."""
    first = next((each[0] for each in (item.get("oneOf"), item.get("anyOf")) if each), item)
    members = followed(first, schemas).get("properties", {})
    content = members.get("data", {}).get("contentSchema")
    if content is None:
        return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
    name = members.get("event", {}).get("const")
    data = json.dumps(filled_out(content, schemas), ensure_ascii=False)
    return (f"event: {name}\n" if name else "") + f"data: {data}\n\n"


def example_text(value: object, media_type: str) -> str:
    """Return an example as text."""
    if isinstance(value, str) and not media_type.endswith("json"):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2)
