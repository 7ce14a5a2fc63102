"""Versions of OpenAPI: which one a document has, what it says in each, and what is logged of it."""

from __future__ import annotations

import json
import logging

import pytest
from openapi_spec_validator import validate

from framework import App, OAuth2, Resource, Router, Schema, arguments, events, fields, requires, response, stream
from framework.config import SettingError
from framework.errors import NotFound
from framework.openapi.diff import compare
from framework.openapi.document import build
from framework.openapi.lint import check
from tests.openapi.everything import make_app

LOGGER = "framework.openapi"
FLOW = {
    "deviceAuthorizationUrl": "https://id.example.org/device",
    "tokenUrl": "https://id.example.org/token",
    "scopes": {"read": "Look."},
}


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer()


def plain(**settings):
    """An application that any version can describe."""
    app = App("shop")
    app.config.update(settings)

    @app.get("/pets")
    @response(200, PetSchema(many=True))
    def pets():
        """List pets."""

    return app


def with_query(**settings):
    """An application with the method QUERY."""
    app = plain(**settings)

    @app.query("/pets")
    @arguments({"name": fields.String()})
    @response(200, PetSchema(many=True))
    def find_pets(data):
        """Find pets."""

    return app


def with_events(**settings):
    """An application with a stream of events."""
    app = plain(**settings)

    @app.get("/news")
    @events(PetSchema)
    def news():
        """Follow the news."""

    return app


def with_lines(**settings):
    """An application with a stream of lines."""
    app = plain(**settings)

    @app.get("/export")
    @stream(PetSchema)
    def export():
        """Export pets."""

    return app


def with_scheme(scheme, **settings):
    """An application with a security scheme."""
    app = plain(**settings)

    @app.get("/me")
    @requires(scheme)
    @response(200, PetSchema)
    def me():
        """Show me."""

    return app


def with_device(**settings):
    """An application whose tokens devices get."""
    return with_scheme(OAuth2(lambda token: None, {"deviceAuthorization": FLOW}), **settings)


def with_deprecated(**settings):
    """An application with a scheme that ends."""
    flow = {"clientCredentials": {"tokenUrl": "https://id.example.org/token"}}
    return with_scheme(OAuth2(lambda token: None, flow, deprecated=True), **settings)


NEWER = {
    "QUERY": with_query,
    "parts of a stream": with_events,
    "the parts of a stream (GET /export)": with_lines,
    "device authorization flow": with_device,
    "deprecated security scheme": with_deprecated,
}


@pytest.mark.parametrize("what", list(NEWER))
def test_a_document_is_in_3_2_where_it_must_be(what, caplog):
    """``auto`` takes 3.2.1 where 3.1 has no word for something, and the log names that; otherwise 3.1.0."""
    with caplog.at_level(logging.INFO, LOGGER):
        made = NEWER[what]().openapi

    assert made["openapi"] == "3.2.1"
    assert [(record.levelname, what in record.getMessage()) for record in caplog.records] == [("INFO", True)]
    assert plain().openapi["openapi"] == "3.1.0"


def test_nothing_is_logged_of_a_document_that_any_version_can_be(caplog):
    """A document that loses nothing is made in silence."""
    with caplog.at_level(logging.INFO, LOGGER):
        for version in ("auto", "3.2.1", "3.1.0", "3.0.3"):
            assert plain(OPENAPI_VERSION=version).openapi["paths"]

    assert caplog.records == []


@pytest.mark.parametrize("version", ["3.1.0", "3.0.3"])
@pytest.mark.parametrize("what", list(NEWER))
def test_what_an_older_version_loses_is_logged(what, version, caplog):
    """A version that was asked for is kept, and each thing that it cannot say is in one warning."""
    with caplog.at_level(logging.INFO, LOGGER):
        made = NEWER[what](OPENAPI_VERSION=version).openapi

    assert made["openapi"] == version
    assert [(record.levelname, what in record.getMessage()) for record in caplog.records] == [("WARNING", True)]


def test_words_of_schemas_that_3_0_loses_are_logged(caplog):
    """3.0 leaves words of JSON Schema out; the log names them."""
    app = plain(OPENAPI_VERSION="3.0.3")

    @app.post("/bags")
    @arguments({"more": fields.Dict(keys=fields.String(metadata={"pattern": "^[a-z]+$"}), values=fields.Integer())})
    @response(200)
    def bags(data):
        """Fill a bag."""

    app.config["API_EXTRA"] = {}
    with caplog.at_level(logging.INFO, LOGGER):
        assert app.openapi["openapi"] == "3.0.3"

    assert "propertyNames of schemas: left out" in caplog.text


def test_extensions_take_the_place_of_newer_words():
    """In 3.1 a QUERY and the parts of streams are extensions, next to what tools know."""
    item = with_query(OPENAPI_VERSION="3.1.0").openapi["paths"]["/pets"]
    lines = with_lines(OPENAPI_VERSION="3.1.0").openapi["paths"]["/export"]["get"]["responses"]["200"]["content"]
    news = with_events(OPENAPI_VERSION="3.0.3").openapi["paths"]["/news"]["get"]["responses"]["200"]["content"]

    assert (item["x-query"]["operationId"], "query" in item) == ("findPets", False)
    assert lines == {
        "application/jsonl": {"schema": {"type": "string"}, "x-itemSchema": {"$ref": "#/components/schemas/Pet"}}
    }
    assert news["text/event-stream"]["schema"] == {}
    assert news["text/event-stream"]["x-itemSchema"]["anyOf"][1]["properties"]["event"] == {
        "enum": ["reset", "shutdown", "skipped"]
    }


def test_a_token_of_a_device_is_a_token_for_older_versions():
    """Without its flow the scheme says that a token is sent, and not how a device gets one."""
    scheme = with_device(OPENAPI_VERSION="3.1.0").openapi["components"]["securitySchemes"]["oauth2"]
    both = {"deviceAuthorization": FLOW, "clientCredentials": {"tokenUrl": "https://id.example.org/token"}}
    app = with_scheme(OAuth2(lambda token: None, both), OPENAPI_VERSION="3.1.0")

    assert scheme == {"type": "http", "scheme": "bearer"}
    assert list(app.openapi["components"]["securitySchemes"]["oauth2"]["flows"]) == ["clientCredentials"]


@pytest.mark.parametrize("version", ["3.2.1", "3.1.0", "3.0.3"])
def test_every_version_is_valid(version):
    """What needs 3.2 is a valid document in each version, for the standard's schema and for the lint."""
    for make in (*NEWER.values(), make_app):
        app = make()
        validate(json.loads(json.dumps(build(app, version))))
        found = [each for each in check(app, version) if not each.rule.startswith("info-")]
        assert found == []


def test_tags_are_within_tags():
    """A router within another one with a description has its tag within the other's, which is listed too."""
    app = App("shop")
    api = Router("api", url_prefix="/api", description="All of it.")
    pets = Router("pets", url_prefix="/pets", description="Pets.")
    toys = Router("toys", url_prefix="/toys")

    @toys.route("")
    class Toys(Resource):
        @response(200, PetSchema)
        def get(self):
            """List toys."""

    pets.register_router(toys)
    api.register_router(pets)
    app.register_router(api)
    tags = {tag["name"]: tag for tag in build(app, "3.2.1")["tags"]}

    assert {name: tag.get("parent") for name, tag in tags.items()} == {"toys": "pets", "pets": "api", "api": None}
    assert tags["api"] == {"name": "api", "description": "All of it.", "kind": "nav"}
    assert [tag["name"] for tag in build(app, "3.1.0")["tags"]] == ["toys"]
    validate(json.loads(json.dumps(build(app, "3.2.1"))))


def test_answers_have_short_names():
    """An answer with a description of its own has the phrase of its status as a summary, shared answers too."""
    app = plain()
    made = build(app, "3.2.1")
    answers = made["paths"]["/pets"]["get"]["responses"]

    assert "summary" not in answers["200"]  # its description is that phrase
    assert made["components"]["responses"]["MethodNotAllowed"]["summary"] == "Method Not Allowed"
    assert "summary" not in build(app, "3.1.0")["components"]["responses"]["MethodNotAllowed"]


@pytest.mark.parametrize(
    ("servers", "address"),
    [
        ([{"url": "https://api.example.org/v1/"}], "https://api.example.org/v1/openapi.json"),
        ([{"url": "https://api.example.org"}], "https://api.example.org/openapi.json"),
        ([{"url": "/v1"}], None),
        ([{"url": "https://{host}/"}], None),
        (None, None),
    ],
)
def test_a_document_says_where_it_is(servers, address):
    """``$self`` is the address of the document, if the settings say where the API is."""
    app = plain(API_SERVERS=servers)

    assert build(app, "3.2.1").get("$self") == address
    assert "$self" not in build(app, "3.1.0")


def test_another_version_is_a_risk():
    """Tools of clients may not read the new version; the rest of the document is compared as before."""
    app = with_events()
    old, new = build(app, "3.1.0"), build(app, "3.2.1")

    assert [(change.level, change.code) for change in compare(old, new)] == [("risky", "openapi-version-changed")]
    assert compare(new, new) == []


@pytest.mark.parametrize("version", ["3.1.0", "3.2.1"])
def test_parts_of_a_stream_are_compared(version):
    """A type of events that is gone breaks, a new one is a risk, and data are compared like any answer."""

    class OtherSchema(Schema):
        id = fields.String()

    def document(**types):
        app = App("shop")

        @app.get("/news")
        @events(types=types)
        def news():
            """Follow the news."""

        return build(app, version)

    old = document(added=PetSchema, sold=PetSchema)
    found = {(change.level, change.code) for change in compare(old, document(added=OtherSchema, moved=PetSchema))}

    assert found == {
        ("breaking", "response-type-widened"),
        ("breaking", "response-event-removed"),
        ("risky", "response-event-added"),
    }


def test_a_version_that_does_not_exist_is_refused():
    """The setting takes versions of OpenAPI 3, or ``auto``."""
    for value in ("3.3.0", "3.2", "2.0", "newest"):
        with pytest.raises(SettingError, match="OPENAPI_VERSION"):
            plain(OPENAPI_VERSION=value)


def test_the_contract_is_that_of_the_newest_version(caplog):
    """Answers are judged by all that is declared, whatever the version of the document that is served."""
    app = with_events(OPENAPI_VERSION="3.0.3", TESTING=True)

    @app.get("/gone")
    @response(200)
    def gone():
        """Raise an error that is not declared."""
        raise NotFound()

    client = app.test_client()
    with pytest.raises(Exception, match="404"):
        client.get("/gone")
