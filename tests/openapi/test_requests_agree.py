"""Document and server agree on requests: random ones, valid or nearly, with every field and validator."""

from __future__ import annotations

import json
import random
import typing as t
from urllib.parse import urlencode

import pytest

from framework import App, arguments, response
from framework.openapi.schema import Validator
from tests.openapi.everything import CookieSchema, HeadersSchema, OwnerSchema, PetSchema, QuerySchema

TEXTS = [
    *("", "a", "Ab", "Rex", "dog", "cat", "black", "x" * 60, "é", "\n", "a\n", "Ann Lee", "NaN", "٣", "true"),
    *("a@b.example", "http://a.example/x", "/x", "192.0.2.1", "192.0.2.1/24", "::1", "AB123456", "12.50", "1e5"),
    *("2026-01-02", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05", "2026-01-02T03:04:05+02:00", "03:04:05"),
    *("12:00:00Z", "0c3d2b9e-6c4e-4a43-8d5f-0e5f0a3b1a11", "0", "-0", "1.0", "5", "1_0", " 5"),
]
JUNK = [None, True, False, 0, 1, -1, 1.0, 1.5, 2**70, 1e300, -0.0, [], {}, [1], {"a": 1}, *TEXTS]


class Maker:
    """Makes values that fit a schema, more or less."""

    def __init__(self, document: dict[str, t.Any], seed: int) -> None:
        self.random = random.Random(seed)
        self.resolve = Validator(document).resolve

    def value(self, schema: t.Any, depth: int = 0) -> t.Any:
        """A value for a schema; one in eight is anything."""
        schema = self.resolve(schema)
        if self.random.random() < 0.12 or not isinstance(schema, dict) or not schema:
            return self.random.choice(JUNK)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        for word in ("anyOf", "oneOf", "allOf"):
            if word in schema:
                rest = {name: part for name, part in schema.items() if name != word}
                return self.value({**rest, **self.resolve(self.random.choice(schema[word]))}, depth)
        kind = schema.get("type")
        kind = self.random.choice(kind) if isinstance(kind, list) else kind
        make = getattr(self, f"make_{kind}", None)
        return self.random.choice(JUNK) if make is None else make(schema, depth)

    def make_null(self, schema: t.Any, depth: int) -> None:
        return None

    def make_boolean(self, schema: t.Any, depth: int) -> bool:
        return self.random.random() < 0.5

    def make_number(self, schema: t.Any, depth: int) -> float:
        low = schema.get("minimum", schema.get("exclusiveMinimum", -5))
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + 1000))
        return self.random.choice([low, high, self.random.uniform(low - 1, high + 1), int(low) + 1])

    def make_integer(self, schema: t.Any, depth: int) -> float:
        value = self.make_number(schema, depth)
        return int(value) if self.random.random() < 0.8 else value

    def make_string(self, schema: t.Any, depth: int) -> str:
        return self.random.choice(TEXTS)

    def make_array(self, schema: t.Any, depth: int) -> list[t.Any]:
        if "prefixItems" in schema:
            return [self.value(part, depth + 1) for part in schema["prefixItems"]]
        count = schema.get("minItems", self.random.randint(0, 3))
        return [self.value(schema.get("items"), depth + 1) for _ in range(count)]

    def make_object(self, schema: t.Any, depth: int) -> dict[str, t.Any]:
        made: dict[str, t.Any] = {}
        for name, part in schema.get("properties", {}).items():
            chance = 0.98 if name in schema.get("required", ()) else 0.25 if depth < 2 else 0.05
            if self.random.random() < chance:
                made[name] = self.value(part, depth + 1)
        if isinstance(schema.get("additionalProperties"), dict):
            made[self.random.choice(["k", "longer than ten"])] = self.value(schema["additionalProperties"])
        if self.random.random() < 0.03:
            made["unknown"] = 1
        return made


def make_app(fast: bool) -> App:
    app = App("agreeing")
    app.config.update(TESTING=True, FAST_PATH=fast)

    @app.post("/pet")
    @arguments(PetSchema)
    @response(204)
    def post(pet: t.Any) -> None:
        return None

    @app.patch("/pet")
    @arguments(PetSchema(partial=True))
    @response(204)
    def patch(pet: t.Any) -> None:
        return None

    @app.get("/pets")
    @arguments(QuerySchema, location="query")
    @arguments(HeadersSchema, location="headers")
    @arguments(CookieSchema, location="cookies")
    @response(204)
    def get(*parts: t.Any) -> None:
        return None

    @app.post("/owners")
    @arguments(OwnerSchema, location="form")
    @response(204)
    def form(owner: t.Any) -> None:
        return None

    return app


def written(value: t.Any) -> str:
    """A value as it stands in a parameter."""
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


@pytest.fixture(params=["fast", "plain"])
def app(request):
    return make_app(request.param == "fast")


def test_bodies_get_what_the_document_says(app):
    """A random body is taken if and only if the document allows it, as a whole and as a patch."""
    paths = app.openapi["paths"]
    make, client = Maker(app.openapi, 1), app.test_client()
    statuses: dict[int, int] = {}
    for _ in range(300):
        for method in ("post", "patch"):
            schema = paths["/pet"][method]["requestBody"]["content"]["application/json"]["schema"]
            body = json.dumps(make.value(schema))
            reply = client.open("/pet", method=method, data=body, content_type="application/json")
            statuses[reply.status_code] = statuses.get(reply.status_code, 0) + 1

    assert statuses.keys() == {204, 422}


def test_parameters_get_what_the_document_says(app):
    """The same for queries, headers and forms."""
    paths = app.openapi["paths"]
    make, client = Maker(app.openapi, 2), app.test_client()
    form = next(iter(paths["/owners"]["post"]["requestBody"]["content"].values()))["schema"]
    statuses: dict[int, int] = {}
    for _ in range(300):
        query: list[tuple[str, str]] = []
        headers: dict[str, str] = {}
        for parameter in paths["/pets"]["get"]["parameters"]:
            if make.random.random() > 0.3:
                continue
            value = make.value(parameter["schema"])
            texts = [written(each) for each in (value if isinstance(value, list) else [value])]
            if parameter["in"] == "header" and all(text.isascii() and "\n" not in text for text in texts):
                headers[parameter["name"]] = ",".join(texts)
            elif parameter["in"] == "query" and parameter.get("explode") is False:
                query.append((parameter["name"], ("|" if "pipe" in parameter["style"] else ",").join(texts)))
            elif parameter["in"] == "query":
                query.extend((parameter["name"], text) for text in texts)
        fields = make.value(form)
        data = {name: written(value) for name, value in fields.items()} if isinstance(fields, dict) else {}
        for reply in (client.get(f"/pets?{urlencode(query)}", headers=headers), client.post("/owners", data=data)):
            statuses[reply.status_code] = statuses.get(reply.status_code, 0) + 1

    assert statuses.keys() == {204, 422}
