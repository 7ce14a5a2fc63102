"""A schema as HTML: its type in words and links, its rules, and its members, which unfold.

Not here: values that a schema allows (``openapi.docs._values``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import json
import typing as t

from markupsafe import Markup

from ...typing import JSONObject
from ._markdown import markdown, marked
from ._values import flat, followed

if t.TYPE_CHECKING:
    from ._site import Words

# Words with a place of their own, or whose value is a schema.
_SHOWN = frozenset(
    (
        *("$ref", "type", "format", "description", "title", "properties", "required", "items", "prefixItems", "not"),
        *("allOf", "anyOf", "oneOf", "discriminator", "additionalProperties", "patternProperties", "propertyNames"),
        *("minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "nullable"),
        *("minItems", "maxItems", "minProperties", "maxProperties", "pattern", "default", "example", "examples"),
        *("enum", "const", "multipleOf", "uniqueItems", "readOnly", "writeOnly", "deprecated", "externalDocs"),
        *("if", "then", "else", "contains", "unevaluatedProperties", "dependentSchemas", "contentSchema", "xml"),
    )
)
CLOSED = -1
"""The depth at which components are led to, and none unfolds in place."""
_ANY_TEXT = r"^[^\u0000]*$"
"""The pattern of every text, which says nothing to a reader: no NUL."""
_LONGEST = 200
_MOST = 30
_RULE = Markup('<span class="rule">{} <code>{}</code></span>')
_DETAILS = Markup('<details class="unfold"><summary>{}</summary>{}</details>')


class Schemas:
    """The schemas of a document, as a page shows them.

    :param document: The document.
    :param say: The words of the page.
    :param href: The address of a component.
    :param depth: How many schemas within one another unfold in place; :data:`CLOSED` for not even the first.
    """

    def __init__(self, document: JSONObject, say: Words, href: cabc.Callable[[str], str], depth: int) -> None:
        self.components: dict[str, JSONObject] = document.get("components", {}).get("schemas", {})
        self.say = say
        self.href = href
        self.depth = depth
        self.are_near = False
        """True where the page has the sections of all components."""

    def type_of(self, schema: object) -> Markup:
        """The type of a value, in words and links."""
        if not isinstance(schema, dict):
            return Markup("{}").format(self.say("any"))
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return Markup('<a href="{}">{}</a>').format(self.href(name), name)
        if "allOf" in schema and len(schema["allOf"]) == 1:
            return self.type_of(schema["allOf"][0])
        for word in ("allOf", "anyOf", "oneOf"):
            if word in schema:
                parts = [self.type_of(each) for each in schema[word]]
                return self.joined(parts, "and" if word == "allOf" else "or")
        if "prefixItems" in schema:
            inner = Markup(", ").join(self.type_of(each) for each in schema["prefixItems"])
            return self.say.html("array", items=Markup("[{}]").format(inner))
        if "items" in schema:
            made = self.say.html("array", items=self.type_of(schema["items"]))
            kinds = schema.get("type")
            null = schema.get("nullable") or (isinstance(kinds, list) and "null" in kinds)
            return self.joined([made, Markup("null")], "or") if null else made
        if isinstance(schema.get("contentSchema"), dict):
            words = Markup("<code>{}</code>").format(schema.get("contentMediaType", ""))
            return Markup("{}: {}").format(words, self.type_of(schema["contentSchema"]))
        kinds = schema.get("type", self.say("any"))
        listed = [kinds] if isinstance(kinds, str) else list(kinds)
        if schema.get("nullable"):
            listed.append("null")
        made = self.joined([Markup("{}").format(each) for each in listed], "or")
        if "format" in schema:
            made += Markup(' <span class="format">{}</span>').format(schema["format"])
        return made

    def joined(self, parts: cabc.Sequence[Markup], word: t.Literal["and", "or"]) -> Markup:
        """Return alternatives as a phrase."""
        made = parts[0]
        for part in parts[1:]:
            made = self.say.html(word, rest=made, last=part)
        return made

    def first_body(self, schema: object) -> Markup:
        """Return what unfolds of the schema of a body; nothing of a component where those are closed."""
        if self.depth == CLOSED and isinstance(schema, dict):
            items = schema.get("items")
            if "$ref" in schema or (isinstance(items, dict) and "$ref" in items):
                return Markup("")
        return self.body(schema)

    def body(self, schema: object, depth: int | None = None, seen: tuple[str, ...] = ()) -> Markup:
        """Return what unfolds of a schema: members, alternatives, or those of the items; nothing of a plain value.

        :param depth: How many schemas below it unfold.
        :param seen: The components around it.
        """
        depth = max(self.depth, 0) if depth is None else depth
        if not isinstance(schema, dict):
            return Markup("")
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name in seen or name not in self.components:
                return Markup("")
            return self.body(self.components[name], depth, (*seen, name))
        if "items" in schema and "prefixItems" not in schema:
            return self.body(schema["items"], depth, seen)
        if isinstance(schema.get("contentSchema"), dict):
            return self.body(schema["contentSchema"], depth, seen)
        for word in ("oneOf", "anyOf"):
            if word in schema:
                return self.choices(word, schema, depth, seen)
        if "allOf" in schema:
            if any("oneOf" in followed(each, self.components) for each in schema["allOf"]):
                return Markup("").join(self.body(each, depth, seen) for each in schema["allOf"])
            schema = flat(schema, self.components)
        return self.members(schema, depth, seen)

    def choices(self, word: str, schema: JSONObject, depth: int, seen: tuple[str, ...]) -> Markup:
        """The alternatives of a schema, as far as they have members."""
        bodies = [(each, self.body(each, depth - 1, seen)) for each in schema[word] if depth > 0]
        if not any(body for _, body in bodies):
            return Markup("")
        rows = Markup("").join(
            Markup("<li>{}</li>").format(_DETAILS.format(self.plain_type(each), body) if body else self.type_of(each))
            for each, body in bodies
        )
        name = schema.get("discriminator", {}).get("propertyName")
        by = Markup(" ({})").format(self.say.html("by", name=Markup("<code>{}</code>").format(name))) if name else ""
        return Markup('<p class="choice">{}{}</p><ul class="members">{}</ul>').format(self.say("one_of"), by, rows)

    def plain_type(self, schema: JSONObject) -> str:
        """The type of an alternative without links: a member with one value tells it from others."""
        members = schema.get("properties", {}).items()
        fixed = next(((name, member["const"]) for name, member in members if "const" in member), None)
        if fixed is None:
            return self.type_of(schema).striptags()
        return f"{fixed[0]} = {shown(fixed[1])}"

    def members(self, schema: JSONObject, depth: int, seen: tuple[str, ...]) -> Markup:
        """The members of an object, the parts of a tuple."""
        required = schema.get("required", ())
        rows = [
            self.row(Markup("<code>{}</code>").format(name), member, name in required, depth, seen)
            for name, member in schema.get("properties", {}).items()
        ]
        rows += [
            self.row(Markup("<code>[{}]</code>").format(number), member, False, depth, seen)
            for number, member in enumerate(schema.get("prefixItems", ()))
        ]
        more = schema.get("additionalProperties")
        if isinstance(more, dict) and more:
            rows.append(self.row(Markup("<em>{}</em>").format(self.say("other_members")), more, False, depth, seen))
        if not rows:
            return Markup("")
        closed = Markup("")
        if more is False and "properties" in schema:
            closed = Markup('<p class="closed">{}</p>').format(self.say("closed"))
        return Markup('<ul class="members">{}</ul>{}').format(Markup("").join(rows), closed)

    def row(self, name: Markup, schema: object, required: bool, depth: int, seen: tuple[str, ...]) -> Markup:
        """One member."""
        found = schema if isinstance(schema, dict) else {}
        made = self.head(name, schema, required, bool(found.get("deprecated")))
        made += self.meaning(found.get("description", ""), schema)
        if depth > 0:
            body = self.body(schema, depth - 1, seen)
            if body:
                made += _DETAILS.format(self.say("unfold", name=name.striptags()), body)
        return Markup("<li>{}</li>").format(made)

    def head(self, name: Markup, schema: object, required: bool, deprecated: bool) -> Markup:
        """The line that opens a member or a parameter."""
        made = Markup('<div class="head">{} <span class="type">{}</span>').format(name, self.type_of(schema))
        if required:
            made += Markup(' <span class="required">{}</span>').format(self.say("required"))
        if deprecated:
            made += Markup(' <span class="badge old">{}</span>').format(self.say("deprecated"))
        return made + Markup("</div>")

    def meaning(self, description: str, schema: object, more: cabc.Iterable[Markup] = ()) -> Markup:
        """The description of a value, and its rules."""
        rules = [*self.rules(schema), *more]
        made = markdown(description) if description else Markup("")
        if rules:
            made += Markup('<div class="rules">{}</div>').format(Markup(" ").join(rules))
        return made

    def rules(self, schema: object) -> cabc.Iterator[Markup]:
        """The rules of a value, those of an array's items included."""
        while isinstance(schema, dict):
            yield from self.own_rules(schema)
            schema = schema.get("items") if "prefixItems" not in schema else None

    def own_rules(self, schema: JSONObject) -> cabc.Iterator[Markup]:
        """The rules of one schema."""
        for key, low, high in (
            ("length", "minLength", "maxLength"),
            ("items", "minItems", "maxItems"),
            ("members", "minProperties", "maxProperties"),
        ):
            if found := span(schema.get(low), schema.get(high)):
                yield _RULE.format(self.say(f"rule.{key}"), found)
        if found := bounds(schema):
            yield _RULE.format(self.say("rule.range"), found)
        for word, key in (("multipleOf", "multiple"), ("pattern", "pattern"), ("const", "constant")):
            if word in schema and schema[word] != _ANY_TEXT:
                value = schema[word]
                yield _RULE.format(self.say(f"rule.{key}"), value if word == "pattern" else shown(value))
        if "enum" in schema:
            values = [shown(each) for each in schema["enum"]]
            more = len(values) - _MOST
            listed = Markup(" ").join(Markup("<code>{}</code>").format(each) for each in values[:_MOST])
            listed += Markup(" … {}").format(self.say("rule.more", count=more)) if more > 0 else Markup("")
            yield Markup('<span class="rule">{} {}</span>').format(self.say("rule.values"), listed)
        if "default" in schema:
            yield _RULE.format(self.say("rule.default"), shown(schema["default"]))
        examples = [schema["example"]] if "example" in schema else list(schema.get("examples") or ())[:2]
        for each in examples:
            yield _RULE.format(self.say("rule.example"), shown(each))
        for word, key in (("uniqueItems", "unique"), ("readOnly", "read_only"), ("writeOnly", "write_only")):
            if schema.get(word) is True:
                yield Markup('<span class="rule">{}</span>').format(self.say(f"rule.{key}"))
        for word, value in schema.items():
            is_said = word in _SHOWN or (word == "contentMediaType" and "contentSchema" in schema)
            if not is_said and value is not False:
                yield _RULE.format(word, shown(value))

    def section(self, name: str, schema: JSONObject) -> Markup:
        """Return the section of a component."""
        made = markdown(schema.get("description", ""))
        # On a page with all components those within one are near.
        body = self.body(schema, 0 if self.are_near else None, seen=(name,))
        if body and "properties" not in schema:
            made += Markup('<p class="type">{}</p>').format(self.type_of(schema))
        elif not body:
            made += Markup('<p class="type">{}</p>').format(self.type_of(schema))
            made += self.meaning("", schema)
        return made + body

    def summary(self, schema: JSONObject) -> Markup:
        """The description of a component in a line."""
        return marked(schema.get("description", "").partition("\n")[0])


def span(low: object, high: object) -> str:
    """Return two bounds that may be reached: ``1-50``."""
    if low == high:
        return "" if low is None else str(low)
    if low is None:
        return f"≤ {high}"
    return f"≥ {low}" if high is None else f"{low} … {high}"


def bounds(schema: JSONObject) -> str:
    """Return the bounds of a number, in the words of either version of OpenAPI."""
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    above, low = (low, None) if above is True else (above, low)
    below, high = (high, None) if below is True else (below, high)
    parts = [f"> {above}"] if above is not None and above is not False else []
    parts += [f"< {below}"] if below is not None and below is not False else []
    inner = span(low, high)
    return ", ".join([inner, *parts] if inner else parts)


def shown(value: object) -> str:
    """Return a JSON value as text, not longer than a reader wants it."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
