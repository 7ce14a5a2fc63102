"""The texts that customers read: complete in each language, replaced by settings, chosen by ``Accept-Language``."""

from __future__ import annotations

import ast
import functools
import http.client
import importlib
import inspect
import io
import json
import pathlib
import pkgutil
import re
import string
import subprocess
import sys

import marshmallow as ma
import pytest
from marshmallow import validate
from werkzeug.exceptions import NotFound as PlainNotFound

import framework
from framework import (
    App,
    Resource,
    Router,
    Schema,
    Version,
    Versions,
    arguments,
    consumes,
    etag,
    fields,
    filters,
    idempotent,
    json_patch,
    limit,
    paginate,
    produces,
    raises,
    requires,
    response,
    retired,
    searches,
    security_headers,
    sorts,
    sparse,
)
from framework import errors as errors_module
from framework.config import SettingError
from framework.errors import APIError, BadRequest, Conflict, ErrorText, Gone, NotFound, ValidationFailed
from framework.fast.strict import strict
from framework.http.media import CSV
from framework.issues import CODES, issue
from framework.texts import ENGLISH, SHIPPED, MessageText, Texts, message
from framework.texts._french import FRENCH
from framework.texts._german import GERMAN
from framework.texts._message import listed
from framework.texts._texts import class_keys

from . import servers
from .answers import without_id

PACKAGE = pathlib.Path(framework.__file__).parent
CATALOGUES = {"de": GERMAN, "fr": FRENCH}


class PetSchema(Schema):
    """A pet."""

    name = fields.String(required=True, validate=validate.Length(min=2, max=20))
    age = fields.Integer(validate=validate.Range(min=0, max=100))
    born = fields.Date()
    kind = fields.String(validate=validate.OneOf(["cat", "dog"]))
    tags = fields.List(fields.String(validate=validate.Length(max=3)))
    own = fields.String(validate=validate.Length(max=1, error="In our own words."))
    owner = fields.Nested(lambda: PetSchema(only=("name",)))


class PetNotFound(NotFound):
    """No pet has this id."""


class PetGone(Gone):
    pass


class Pets(Resource):
    @filters(PetSchema, age=["gt"])
    @response(200, PetSchema(many=True))
    def get(self):
        return []

    @arguments(PetSchema)
    @response(201, PetSchema)
    @raises(PetNotFound)
    def post(self, pet):
        return pet


def make_app(**settings):
    app = App("texts")
    app.config.update(settings)
    app.route("/pets")(Pets)
    return app


def in_language(app, language, path="/pets", method="POST", **options):
    headers = {} if language is None else {"Accept-Language": language}
    return app.test_client().open(path, method=method, headers=headers, **options)


# The catalogue


@functools.cache
def loaded():
    """Import every module of the package, so that each error class is there."""
    for module in pkgutil.walk_packages([str(PACKAGE)], "framework."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_each_key_is_translated(language):
    """German and French have a text for each key, and for each error class of the framework, and no other."""
    loaded()

    assert {*CATALOGUES[language]} == {*ENGLISH, *class_keys(ours=True)}


def test_shipped_languages_are_those_of_the_catalogues():
    """The languages that are named as shipped are English and those that have a catalogue."""
    assert {*SHIPPED} == {"en", *CATALOGUES}


def names_of(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_placeholders_agree(language):
    """A translation fills in what the English text fills in."""
    catalogue = CATALOGUES[language]

    assert {key: names_of(catalogue[key]) for key in ENGLISH} == {key: names_of(ENGLISH[key]) for key in ENGLISH}
    assert {key for key in catalogue.keys() - ENGLISH.keys() if names_of(catalogue[key])} == set()


def test_english_messages_of_fields_are_told_apart():
    """Each message of a field has one key: it is found by its English text."""
    texts = [text for key, text in ENGLISH.items() if key.startswith("issues.")]

    assert len(texts) == len(set(texts))


def test_each_code_has_a_text():
    """Each code of an issue is part of a key."""
    assert {*CODES} == {key.split(".")[1] for key in ENGLISH if key.startswith("issues.")}


# Written by marshmallow when it dumps, which no client of an API reads.
NOT_SENT = "format"


def default_messages():
    """Give each default message of marshmallow's and the framework's fields, schemas and validators."""
    for module in (ma.fields, fields):
        for cls in vars(module).values():
            if isinstance(cls, type) and issubclass(cls, ma.fields.Field):
                for base in cls.__mro__:
                    for key, text in vars(base).get("default_error_messages", {}).items():
                        if key != NOT_SENT:
                            yield str(text)
    yield from ma.Schema._default_error_messages.values()
    for cls in vars(validate).values():
        if isinstance(cls, type) and issubclass(cls, validate.Validator):
            yield from (text for name, text in vars(cls).items() if name in ("default_message", "message_equal"))
    for least, most in ((True, True), (True, False), (False, True), (False, False)):
        made = validate.Range(1, 2, min_inclusive=least, max_inclusive=most)
        yield from (made.message_min, made.message_max, made.message_all)
    length = validate.Length(1, 2)
    yield from (length.message_min, length.message_max, length.message_all)


def test_each_default_message_of_marshmallow_has_a_key():
    """What marshmallow says is in the catalogue, word for word; two templates stand for several codes."""
    by_code = {"Not a valid {obj_type}.", "Not a valid {awareness} {obj_type}."}
    found = set(default_messages())

    assert len(found) > 40
    assert found - set(ENGLISH.values()) == by_code


def calls_of_messages():
    """Give the calls that make a text of the catalogue: where, the function, the first argument, the names."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("message", "issue"):
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node.func.id, node


def test_keys_in_the_code_exist():
    """A key that is written in the code is in the catalogue, with the placeholders that are filled in."""
    wrong, seen = [], 0
    for place, function, node in calls_of_messages():
        first = node.args[0] if node.args else None
        if not isinstance(first, ast.Constant):
            continue
        seen += 1
        key = f"issues.{first.value}" if function == "issue" else first.value
        given = {each.arg for each in node.keywords}
        if key not in ENGLISH or (None not in given and names_of(ENGLISH[key]) - given):
            wrong.append((place, key))

    assert seen > 150
    assert wrong == []


def test_each_key_is_used():
    """A key that nothing in the code says goes; those of default messages are found by their text."""
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py") if path.parent.name != "texts"
    )
    computed = ("parameters.filter.", "schemas.timestamp", "schemas.at_", "schemas.after", "schemas.before", "parts.")
    computed += ("validation_failed.ha", "list.", "docs.auth.", "docs.badge.", "docs.changelog.", "docs.parameters.")
    computed += ("docs.rule.", "docs.script.")
    said = set(default_messages())
    unused = [
        key
        for key, text in ENGLISH.items()
        if f'"{key}"' not in source
        and f'issue("{key.removeprefix("issues.")}"' not in source
        and f'"{key.removeprefix("docs.")}"' not in source
        and text not in said
        and not key.startswith(computed)
        and key not in ("hint", "issues.unknown")
    ]

    # What the two templates of marshmallow say that stand for several codes.
    by_code = {f"issues.{code}" for code in ("invalid_datetime", "invalid_time", "offset_required", "offset_forbidden")}
    assert set(unused) == by_code


SENT = {"Header", "Parameter", "Outcome", "_implied"}
DESCRIBED = re.compile(r"\w+ \w+")


def literal_of(node):
    """Return the text that an expression writes, where it writes one; of a formatted one what stands in it."""
    if isinstance(node, ast.JoinedStr):
        return " ".join(str(t.value) for t in node.values if isinstance(t, ast.Constant))
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_texts_for_customers_are_in_the_catalogue():
    """No mark and no part of the document describes anything, and no error of the framework says anything, by a text
    of its own."""
    loaded()
    raised = {cls.__name__ for cls in every_error() if cls.__module__.startswith("framework")} - {"APIError"}
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = str(path.relative_to(PACKAGE))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            texts = []
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if called in SENT | raised | {"ErrorText", "BadCursor"}:
                    texts = [*node.args, *(each.value for each in node.keywords if each.arg == "description")]
            elif isinstance(node, ast.Dict) and name.startswith(("marks", "openapi/document", "versions")):
                texts = [
                    value
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant) and key.value == "description"
                ]
            wrong += [f"{name}:{node.lineno} {text}" for each in texts if DESCRIBED.search(text := literal_of(each))]

    assert [each for each in wrong if not any(part in each for part in NOT_FOR_CUSTOMERS)] == []


NOT_FOR_CUSTOMERS = (
    "JSON has no number",  # of a value that the application wants to write
    "contains itself",
    "cannot be written",
    "Failed to decode JSON object",  # in debug mode alone
)


def every_error(cls=APIError):
    for each in cls.__subclasses__():
        yield each
        yield from every_error(each)


def test_lists_read_like_a_sentence():
    """Several names are joined by a word that can be translated; one stays as it is."""
    assert (listed(["a"]), listed(["a", "b"], "and"), str(listed(["a", "b", "c"]))) == ("a", "a and b", "a or b or c")


# Replacing


def test_a_text_is_replaced_in_answers_and_document():
    """``TEXTS`` says another text of an error class in its answers, and in the document."""
    app = make_app(TEXTS={"not_found": "Nothing here.", "issues.required": "Please fill in."})
    reply = in_language(app, "de", json={})

    assert reply.json["errors"] == {"json": {"name": ["Please fill in."]}}
    assert reply.json["issues"][0]["message"] == "Please fill in."
    assert in_language(app, None, "/nowhere").json["detail"] == "Nothing here."
    assert not {"Content-Language", "Vary"} & {*reply.headers.keys()}
    example = app.openapi["components"]["responses"]["ValidationFailed"]["content"]["application/problem+json"]
    assert example["example"]["errors"] == {"json": {"name": ["Please fill in."]}}


def test_words_of_the_document_are_replaced():
    """``TEXTS`` says the description of a parameter in other words."""
    app = make_app(TEXTS={"parameters.filter.gt": "{name}, but more."})
    parameters = app.openapi["paths"]["/pets"]["get"]["parameters"]

    assert [each["description"] for each in parameters if each["name"] == "age__gt"] == ["`age`, but more."]


def test_own_messages_stay_as_written():
    """A message of the application is not replaced, though the framework has a text for its code."""
    app = make_app(LANGUAGES=("en", "de"))
    reply = in_language(app, "de", json={"name": "Rex", "own": "too long"})

    assert reply.json["issues"][0]["code"] == "too_long"
    assert reply.json["errors"] == {"json": {"own": ["In our own words."]}}


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"not_fond": "x"}, r"unknown key 'not_fond' \(en\). Known keys like it: not_found"),
        ({"issues.requierd": "x"}, r"unknown key 'issues.requierd' \(en\). Known keys like it: issues.required"),
        ({"headers.nonsense_of_ours": "x"}, "unknown key"),
        ({"issues.too_long": "More than {most}."}, r"unknown placeholder \{most\}. Known placeholders: \{max\}"),
        ({"issues.required": "Braces {"}, "not a template"),
        ({"not_found": 3}, "which is not a text"),
        ({"de": {"not_found": "x"}}, "'de', which LANGUAGES does not name"),
    ],
)
def test_wrong_texts_are_refused_at_freeze(texts, said):
    """An unknown key, a wrong placeholder or an unused language of ``TEXTS`` is found when the application freezes."""
    app = make_app(TEXTS=texts)

    with pytest.raises(SettingError, match=rf"(?s){said}.*\(.*test_texts.py:\d+\)"):
        app.freeze()


def test_a_language_needs_texts():
    """A language that neither the framework nor the application has is refused at freeze."""
    with pytest.raises(SettingError, match=r"LANGUAGES has 'it', and there are no texts in it. Set TEXTS"):
        make_app(LANGUAGES=("en", "it")).freeze()


def test_a_language_of_the_application():
    """``TEXTS`` adds a language; what it does not say is said in English, and ``missing`` lists it."""
    app = make_app(LANGUAGES=("en", "it"), TEXTS={"it": {"not_found": "Risorsa non trovata."}})
    reply = in_language(app, "it", "/nowhere")

    assert (reply.json["detail"], reply.headers["Content-Language"]) == ("Risorsa non trovata.", "it")
    assert in_language(app, "it", json={}).json["errors"] == {"json": {"name": [ENGLISH["issues.required"]]}}
    assert {"gone", "not_found"} & {*app.texts.missing("it")} == {"gone"}
    assert app.texts.missing("de") == app.texts.missing("fr") == []


def test_error_classes_of_the_application_are_translated_by_their_code():
    """``TEXTS`` has the text of an application's class under its ``error_code``; without one it says its docstring."""
    app = make_app(LANGUAGES=("en", "de", "fr"), TEXTS={"de": {"pet_not_found": "Kein Tier hat diese ID."}})

    @app.get("/one")
    def one():
        raise PetNotFound()

    @app.get("/two")
    def two():
        raise PetNotFound("No pet 2.")

    @app.get("/gone")
    def gone():
        raise PetGone()

    assert in_language(app, "de", "/one", "GET").json["detail"] == "Kein Tier hat diese ID."
    assert in_language(app, "fr", "/one", "GET").json["detail"] == "No pet has this id."
    assert in_language(app, "de", "/two", "GET").json["detail"] == "No pet 2."
    assert in_language(app, "de", "/gone", "GET").json["detail"] == GERMAN["gone"]


def test_a_class_of_the_application_is_not_taken_for_one_of_the_framework():
    """An application's class with the name of one of ours keeps its docstring; ``TEXTS`` can say another."""

    class Forbidden(errors_module.Forbidden):
        """Only for members."""

    app = make_app(LANGUAGES=("en", "de", "fr"), TEXTS={"fr": {"forbidden": "Pour les membres."}})

    @app.get("/members")
    def members():
        raise Forbidden()

    assert in_language(app, "de", "/members", "GET").json["detail"] == "Only for members."
    assert in_language(app, "fr", "/members", "GET").json["detail"] == "Pour les membres."


def test_own_codes_are_translated_with_their_params():
    """A message with a code of the application's own is translated by ``issues.`` and that code."""

    def even(value):
        if value % 3:
            raise ma.ValidationError(ErrorText("Not a multiple of 3.", "not_a_multiple", of=3))

    app = App("codes")
    app.config.update(LANGUAGES=("en", "de"), TEXTS={"de": {"issues.not_a_multiple": "Kein Vielfaches von {of}."}})

    @app.post("/numbers")
    @arguments({"number": fields.Integer(validate=even)})
    @response(204)
    def numbers(given):
        pass

    reply = in_language(app, "de", "/numbers", json={"number": 4})
    assert reply.json["issues"][0]["message"] == "Kein Vielfaches von 3."
    assert in_language(app, "en", "/numbers", json={"number": 4}).json["issues"][0]["message"] == "Not a multiple of 3."


def test_texts_come_from_elsewhere():
    """A subclass of ``Texts`` gives the texts; a broken one is not sent, nor is it a 500."""

    class Catalogue(Texts):
        def find(self, key, language):
            if key == "not_found":
                return f"{key} in {language}"
            return "{broken" if key == "issues.required" else super().find(key, language)

    class Translated(App):
        texts_class = Catalogue

    app = Translated("elsewhere")
    app.config["LANGUAGES"] = ("en", "eo")
    app.route("/pets")(Pets)

    assert in_language(app, "eo", "/nowhere").json["detail"] == "not_found in eo"
    assert in_language(app, "eo", json={}).status_code == 422
    other = make_app()
    other.texts = Catalogue(other.config)
    assert in_language(other, None, "/nowhere").json["detail"] == "not_found in en"
    assert other.texts.say(message("headers.etag")) == ENGLISH["headers.etag"]


def test_settings_may_change_after_the_first_request():
    """A text that is set later is in the next answer."""
    app = make_app()
    assert in_language(app, None, "/nowhere").json["detail"] == "Resource not found."

    app.config["TEXTS"] = {"not_found": "Gone with the wind."}

    assert in_language(app, None, "/nowhere").json["detail"] == "Gone with the wind."


# Languages


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("DE", "de"),
        ("de-CH", "de"),
        ("de-CH-1996", "de"),
        ("de-CH, en", "de"),
        ("it, fr;q=0.8, de;q=0.9", "de"),
        ("it", "en"),
        ("*", "en"),
        ("it, *;q=0.1", "en"),
        ("en;q=0, *", "de"),
        ("de;q=0, de-CH", "en"),
        ("en;q=0, de;q=0, fr;q=0, pt;q=0", "en"),
        ("pt", "pt-BR"),
        ("pt-PT", "en"),
        ("fr;q=broken, de", "de"),
        (";;,,", "en"),
        ("x" * 2_000, "en"),
        ("de" + ",it" * 1_000, "en"),
    ],
)
def test_languages_are_looked_up(header, language):
    """The most wanted language that there is is chosen, a shorter one for a longer; the first for none of them."""
    texts = Texts({"LANGUAGES": ["en", "de", "fr", "pt-BR"], "TEXTS": {"pt-BR": {}}})
    texts.load()

    assert texts.negotiate(header) == language


def test_a_variant_uses_the_texts_of_its_language():
    """``de-AT`` has the German texts, and those of ``TEXTS`` before them."""
    app = make_app(LANGUAGES=("en", "de-AT"), TEXTS={"de-AT": {"gone": "Gar."}})
    reply = in_language(app, "de", "/nowhere")

    assert (reply.json["detail"], reply.headers["Content-Language"]) == (GERMAN["not_found"], "de-AT")
    assert app.texts.find("gone", "de-AT") == "Gar."


WRONG = {"name": "x", "age": 101, "born": "z", "kind": "cow", "tags": ["long"], "owner": {"nam": 1}, "ag": 1}
GERMAN_ERRORS = {
    "name": ["Die Länge muss zwischen 2 und 20 liegen."],
    "age": ["Muss größer oder gleich 0 und kleiner oder gleich 100 sein."],
    "born": ["Kein gültiges Datum."],
    "kind": ["Muss einer der folgenden Werte sein: cat, dog."],
    "tags": {"0": ["Länger als die Höchstlänge 3."]},
    "owner": {"name": ["Pflichtfeld fehlt."], "nam": ["Unbekanntes Feld. Meinten Sie 'name'?"]},
    "ag": ["Unbekanntes Feld. Meinten Sie 'age'?"],
}


@pytest.mark.parametrize("fast", [True, False, "compare"])
def test_messages_of_fields_are_translated(fast):
    """All messages of an answer are in one language, at every depth, compiled or not."""
    app = make_app(LANGUAGES=("en", "de"), FAST_PATH=fast)
    reply = in_language(app, "de", json=WRONG)

    assert reply.json["detail"] == "Der Request-Body enthält 7 ungültige Felder."
    assert reply.json["errors"] == {"json": GERMAN_ERRORS}
    assert {each["message"] for each in reply.json["issues"]} >= {"Pflichtfeld fehlt.", "Kein gültiges Datum."}
    assert (reply.json["title"], reply.json["code"]) == ("Unprocessable Entity", "validation_failed")
    assert (reply.headers["Content-Language"], reply.headers["Vary"]) == ("de", "Accept-Language")
    assert reply.json["issues"][0]["params"] == {"min": 2, "max": 20}


def test_english_is_the_same_with_languages_and_without():
    """The English of an answer is not another where there are languages."""
    plain, several = make_app(), make_app(LANGUAGES=("en", "de"))

    for body in (WRONG, {}, [], {"name": None}):
        answers = in_language(plain, "de", json=body), in_language(several, "en", json=body)
        assert without_id(answers[0].json) == without_id(answers[1].json)
    assert "Content-Language" not in in_language(plain, "de", json={}).headers
    assert "Vary" not in in_language(plain, "de", json={}).headers


def test_errors_of_query_and_body_are_translated():
    """Filters, broken JSON, a wrong media type and a body that is too large are answered in the language."""
    app = make_app(LANGUAGES=("de", "en"), MAX_JSON_LENGTH=100)
    query = app.test_client().get("/pets?age__gt=x&age_gt=3&age__gt=4")
    broken = in_language(app, None, data=b'{"a":}', content_type="application/json")
    text = in_language(app, None, data="x", content_type="text/plain")
    large = in_language(app, None, json={"name": "x" * 200})

    assert query.json["detail"] == "Der Query-String enthält 2 ungültige Felder."
    assert query.json["errors"]["query"]["age__gt"] == ["Mehrfach angegeben."]
    assert broken.json["detail"] == "Der Request-Body ist kein gültiges JSON: Unerwartetes Zeichen."
    assert text.json["detail"] == "Der Medientyp des Request-Bodys muss application/json sein, nicht text/plain."
    assert large.json["detail"] == "Der Request-Body ist größer als 100 Bytes."


def test_multipart_is_translated():
    """A part of a form that is not JSON, and a file that is too large, are refused in the language."""
    app = App("forms")
    app.config["LANGUAGES"] = ("fr", "en")

    @app.post("/albums")
    @arguments({"pet": fields.Nested(PetSchema), "picture": fields.File()}, location="files")
    @response(204)
    def albums(given):
        pass

    reply = app.test_client().post("/albums", data={"picture": "no file", "pet": (io.BytesIO(b"{"), "a")})

    assert reply.status_code == 422
    assert reply.json["detail"].startswith("Le formulaire contient")
    assert reply.json["errors"]["files"]["pet"] == {"_schema": ["Type d'entrée non valide."]}


def test_errors_of_other_classes_are_translated():
    """Messages of the framework in the ``errors`` of any error are in the language, and the rest as it was given."""
    app = make_app(LANGUAGES=("en", "de"))

    @app.get("/conflict")
    def conflict():
        raise Conflict(errors={"json": {"name": [issue("required"), "Taken."]}})

    reply = in_language(app, "de", "/conflict", "GET")

    assert reply.json["errors"] == {"json": {"name": ["Pflichtfeld fehlt.", "Taken."]}}
    assert "issues" not in reply.json


def test_csv_is_translated():
    """What is wrong with a table is said in the language."""
    app = App("tables")
    app.config["LANGUAGES"] = ("de",)

    @app.post("/tables")
    @consumes(CSV())
    @arguments(PetSchema(many=True))
    @response(204)
    def tables(given):
        pass

    reply = app.test_client().post("/tables", data="a,a\n1,2\n", content_type="text/csv")

    assert reply.json["detail"] == "Der Request-Body ist kein gültiges text/csv: Doppelte Spalte 'a'."
    assert "Vary" not in reply.headers  # there is nothing to choose


def test_every_error_has_a_language():
    """404, 405, plain werkzeug errors, those of hooks and an unhandled 500 are in the language."""
    app = make_app(LANGUAGES=("en", "fr"), PROPAGATE_EXCEPTIONS=False)

    @app.get("/plain")
    def plain():
        raise PlainNotFound()

    @app.get("/own-words")
    def own_words():
        raise PlainNotFound("In our own words.")

    @app.get("/crash")
    def crash():
        raise RuntimeError

    @app.before_request
    def hook():
        if framework.request.path == "/hook":
            raise Conflict()

    found = {
        path: in_language(app, "fr", path, "GET") for path in ("/nowhere", "/plain", "/own-words", "/crash", "/hook")
    }
    found["encoding"] = in_language(app, "fr", "/", "GET", environ_overrides={"PATH_INFO": "/caf\xe9"})
    found["405"] = in_language(app, "fr", "/plain", "POST")

    assert {path: reply.json["detail"] for path, reply in found.items()} == {
        "/nowhere": FRENCH["not_found"],
        "/plain": FRENCH["not_found"],
        "/own-words": "In our own words.",
        "/crash": FRENCH["internal_server_error"],
        "/hook": FRENCH["conflict"],
        "encoding": FRENCH["bad_request.path_encoding"],
        "405": FRENCH["method_not_allowed"],
    }
    assert {(reply.headers["Content-Language"], reply.headers["Vary"]) for reply in found.values()} == {
        ("fr", "Accept-Language")
    }


def test_vary_is_joined():
    """``Accept-Language`` is added to a ``Vary`` that the error or a mark has, and does not take its place."""
    app = make_app(LANGUAGES=("en", "de"))

    @app.get("/varied")
    def varied():
        raise BadRequest(headers={"Vary": "X-Tenant"})

    @app.route("/tables")
    class Tables(Resource):
        @produces(CSV())
        @response(200, PetSchema(many=True))
        def get(self):
            return []

    assert in_language(app, "de", "/varied", "GET").headers.getlist("Vary") == ["X-Tenant, Accept-Language"]
    reply = app.test_client().get("/tables", headers={"Accept": "text/html", "Accept-Language": "de"})
    assert (reply.status_code, reply.headers.getlist("Vary")) == (406, ["Accept-Language, Accept"])


def test_answers_without_an_error_have_no_language():
    """An answer that is as it should be says nothing of languages."""
    reply = in_language(make_app(LANGUAGES=("en", "de")), "de", method="GET")

    assert reply.status_code == 200
    assert not {"Content-Language", "Vary"} & {*reply.headers.keys()}


def test_long_errors_are_shortened_in_the_language():
    """The bounds of errors hold, and the note that says so is translated."""
    app = make_app(LANGUAGES=("en", "de"), MAX_ERRORS=2, MAX_ERROR_LENGTH=1_000)

    @app.get("/long")
    def long():
        raise ValidationFailed({"json": {f"field{number}": ["Own."] * 3 for number in range(200)}})

    few = in_language(app, "de", json=WRONG)
    cut = in_language(app, "de", "/long", "GET")

    assert len(few.json["issues"]) == 2
    assert few.json["detail"].endswith(" Es gibt weitere Fehler, die nicht aufgeführt sind.")
    assert len(cut.data) <= 2_048
    assert cut.json["detail"].endswith("Die Antwort wurde gekürzt.")


def test_the_document_stays_in_one_language():
    """The document is in the first language, whatever a client asks for; it declares ``Content-Language``."""
    app = make_app(LANGUAGES=("en", "de"))
    document = in_language(app, "de", "/openapi.json", "GET").json
    (header,) = {
        json.dumps(each["headers"]["Content-Language"], sort_keys=True)
        for each in document["components"]["responses"].values()
    }

    assert json.loads(header)["schema"] == {"type": "string", "enum": ["en", "de"]}
    for each in [
        *document["components"]["responses"].values(),
        *document["paths"]["/pets"]["post"]["responses"].values(),
    ]:
        (each.get("headers") or {}).pop("Content-Language", None)
        if each.get("headers") == {}:
            del each["headers"]
    assert document == make_app().openapi
    assert (
        make_app(LANGUAGES=("de",)).openapi["components"]["responses"]["BadRequest"]["description"]
        == (GERMAN["bad_request"])
    )


class Marked(Texts):
    """Texts that can be told from any other."""

    def find(self, key, language):
        text = super().find(key, language)
        return None if text is None else f"«{text}»"


def everything():
    """An application with most marks that have words in the document."""
    app = App("everything")
    app.texts = Marked(app.config)
    app.config.update(SECRET_KEY="x" * 32, LANGUAGES=("de",), STRICT_TRANSPORT_SECURITY=60)
    router = Router("pets", url_prefix="/pets", marks=[security_headers(), limit("10/minute")])
    bearer = framework.Bearer(lambda token: framework.Grant(token, {"read"}), word="Token")

    class ItemSchema(PetSchema):
        since = fields.DateTime(format="timestamp")
        day = fields.DateTime(format="%d/%m/%Y")
        length = fields.TimeDelta()
        ip = fields.IPInterface()

    @router.route("")
    class Items(Resource):
        @requires(bearer, scopes=["read"])
        @retired(since="2026-01-01", until="2030-01-01", replaced_by="/new")
        @paginate(framework.Page)
        @filters(ItemSchema, name=["eq", "contains"], age=["isnull"])
        @sorts(ItemSchema, "name")
        @searches(ItemSchema, "name")
        @sparse()
        @produces(CSV())
        @response(200, ItemSchema(many=True))
        def get(self):
            return []

        @idempotent()
        @arguments(ItemSchema)
        @response(201, ItemSchema)
        def post(self, item):
            return item

    @router.route("/<int:number>")
    class Item(Resource):
        @etag()
        @response(200, ItemSchema)
        def get(self, number):
            return {}

        @etag()
        @json_patch(ItemSchema)
        @response(200, ItemSchema)
        def patch(self, patch, number):
            return {}

    versions = Versions(Version("v1"), Version("v2"), by=framework.HeaderVersion("API-Version"), default="v1")
    versions.mount(app, router)
    return app


def texts_of(value):
    """Give the descriptions in a document."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name == "description" and isinstance(member, str):
                yield member
            elif name not in ("example", "examples"):
                yield from texts_of(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts_of(member)


def test_all_words_of_the_document_come_from_the_texts():
    """Each description of the document that the application has not written is asked of ``app.texts``."""
    found = list(texts_of(everything().openapi))

    assert sum("«" in text for text in found) > 60
    assert {text for text in found if "«" not in text} <= WRITTEN_BY_OTHERS


WRITTEN_BY_OTHERS = {
    *("OK", "Created"),  # the phrase of a status is not translated, nor is what the application says
    *("A pet.", "Get items", "Post items", "Get item", "Patch item"),
}


def test_the_document_holds_plain_texts():
    """What is in the document are plain texts, which every writer of JSON and YAML knows."""

    def kinds(value):
        if isinstance(value, dict):
            return set().union(*map(kinds, value.values()), {type(value)})
        return set().union(*map(kinds, value), {list}) if isinstance(value, list) else {type(value)}

    for app in (make_app(), everything()):
        assert kinds(app.openapi) <= {dict, list, str, int, float, bool, type(None)}


def test_texts_survive_copies():
    """A text is what it was after it was copied, as metadata of fields are."""
    import copy
    import pickle

    made = message("json.depth", max=3)
    for each in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert (type(each), each, each.source, each.values) == (MessageText, made, "json.depth", {"max": 3})


def test_strict_schemas_say_the_same_in_english():
    """A message with its key is the text that marshmallow has."""
    with pytest.raises(ma.ValidationError) as caught:
        strict(PetSchema(), "json").load({"name": "x", "age": -1, "born": 3})
    with pytest.raises(ma.ValidationError) as plain:
        PetSchema().load({"name": "x", "age": -1, "born": "3"})

    assert caught.value.messages == plain.value.messages


# Real servers

served = App("served")
served.config.update(LANGUAGES=("en", "de"))
served.route("/pets")(Pets)
GUNICORN = ("-m", "gunicorn", "--log-level", "error", "--bind")
UVICORN = ("-m", "uvicorn", "--log-level", "error", "--factory", "--port")


def make_asgi():
    """Return the application for an ASGI server."""
    from framework.asgi import WsgiToAsgi

    return WsgiToAsgi(served)


@pytest.mark.parametrize("name", ["gunicorn", "uvicorn"])
def test_real_servers_send_the_language(name, tmp_path):
    """Behind a WSGI and an ASGI server an error is in the language of the client, in UTF-8."""
    port = servers.free_port()
    command = {
        "gunicorn": [sys.executable, *GUNICORN, f"127.0.0.1:{port}", "tests.test_texts:served"],
        "uvicorn": [sys.executable, *UVICORN, str(port), "tests.test_texts:make_asgi"],
    }[name]
    with servers.running(command, port, tmp_path / "log"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("POST", "/pets", "{}", {"Accept-Language": "de", "Content-Type": "application/json"})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()

    assert (answer.status, answer.headers["Content-Language"], answer.headers["Vary"]) == (422, "de", "Accept-Language")
    assert body["detail"] == "Der Request-Body enthält 1 ungültiges Feld."


# What is loaded


UNUSED = """
import sys
from framework import App
app = App("lean")
app.config["LANGUAGES"] = {languages}
app.test_client().get("/nowhere", headers={{"Accept-Language": "de"}})
print(sorted(name for name in sys.modules if name.startswith("framework.texts._")))
"""


@pytest.mark.parametrize(
    ("languages", "more"), [((), set()), (("en", "de"), {"framework.texts._german"})], ids=["none", "german"]
)
def test_a_language_that_is_not_used_is_not_loaded(languages, more):
    """The texts of a language are imported when it is asked for."""
    ran = subprocess.run([sys.executable, "-c", UNUSED.format(languages=languages)], capture_output=True, text=True)

    assert ran.returncode == 0, ran.stderr
    base = {f"framework.texts.{name}" for name in ("_english", "_message", "_texts")}
    assert set(ast.literal_eval(ran.stdout)) == base | more


def test_the_public_protocol_is_documented():
    """What can be overridden has a docstring."""
    assert all(inspect.getdoc(getattr(Texts, name)) for name in ("find", "say", "negotiate", "missing", "translation"))
