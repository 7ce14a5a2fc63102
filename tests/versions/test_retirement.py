"""``retired``: what the answers say, what the document says, when it ends, and who is counted."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from framework import App, Resource, Router, Schema, errors, fields, raises, response, retired
from framework.cli.retired import retired_command
from framework.errors import SetupError
from framework.stores.memory import MemoryStore
from framework.versions import _retirement as retirement
from framework.versions import counts_of
from framework.versions._retirement import Counts
from tests.answers import sent_headers
from tests.servers import redis_server

LATER = dt.datetime(2199, 1, 1, tzinfo=dt.UTC)


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer(required=True)


class PetNotFound(errors.NotFound):
    """No pet has this id."""


def make_app(mark, *outer):
    """A pet on its way out; pet 2 is not there."""
    app = App("retirement", marks=outer)

    @app.route("/v1/pets/<pet_id>")
    class Pet(Resource):
        """A pet."""

        @mark
        @response(200, PetSchema)
        @raises(PetNotFound)
        def get(self, pet_id):
            """Show a pet."""
            if pet_id == "2":
                raise PetNotFound()
            return {"id": 1}

        @response(204)
        def delete(self, pet_id):
            """Remove a pet."""

    return app


def test_answers_tell_that_it_ends():
    """Since when, until when, what replaces it, and where to read more."""
    mark = retired(since="2026-01-01", until="2199-01-01", replaced_by="/v2/pets/{pet_id}", information="/blog/v2")
    reply = make_app(mark).test_client().get("/v1/pets/1")

    assert reply.headers["Deprecation"] == "@1767225600"
    assert reply.headers["Sunset"] == "Tue, 01 Jan 2199 00:00:00 GMT"
    assert reply.headers.getlist("Link") == [
        '</v2/pets/1>; rel="successor-version"',
        '</blog/v2>; rel="deprecation"; type="text/html"',
    ]


def test_errors_tell_it_too():
    """An error that the handler raised carries the headers as well; another method of the class does not."""
    client = make_app(retired(until=LATER)).test_client()

    assert "Sunset" in client.get("/v1/pets/2").headers
    assert "Sunset" not in client.delete("/v1/pets/1").headers


def test_without_moments():
    """What is not known is not said."""
    reply = make_app(retired()).test_client().get("/v1/pets/1")

    assert reply.headers["Deprecation"] == "@0"
    assert "Sunset" not in reply.headers
    assert "Link" not in reply.headers


def test_values_of_the_path_are_quoted():
    """A value that stands in the link cannot break out of it."""
    mark = retired(replaced_by="https://api.example.com/{pet_id}")
    reply = make_app(mark).test_client().get('/v1/pets/a>; rel="x"')

    assert reply.headers["Link"] == '<https://api.example.com/a%3E%3B%20rel%3D%22x%22>; rel="successor-version"'


def test_paths_stand_below_the_prefix():
    """Behind a prefix the path of the replacement has it too."""
    client = make_app(retired(replaced_by="/v2/pets")).test_client()
    reply = client.get("/v1/pets/1", environ_overrides={"SCRIPT_NAME": "/shop"})

    assert reply.headers["Link"] == '</shop/v2/pets>; rel="successor-version"'


def test_after_its_end_it_is_gone():
    """Where that is asked, the operation answers 410 from the moment on, with the link."""
    past = retired(since="2020-01-01", until="2020-06-01", replaced_by="/v2/pets", gone=True)
    reply = make_app(past).test_client().get("/v1/pets/1")

    assert (reply.status_code, reply.json["code"]) == (410, "retired")
    assert "Link" in reply.headers
    assert "Sunset" in reply.headers
    assert make_app(retired(until=LATER, gone=True)).test_client().get("/v1/pets/1").status_code == 200
    assert make_app(retired(until="2020-06-01")).test_client().get("/v1/pets/1").status_code == 200


def test_the_document_calls_it_deprecated():
    """Operation, headers and the 410 are in the document."""
    get = make_app(retired(until="2199-01-01", replaced_by="/v2", gone=True)).openapi["paths"]["/v1/pets/{pet_id}"][
        "get"
    ]

    assert get["deprecated"] is True
    assert get["x-sunset"] == "2199-01-01"
    assert {"Deprecation", "Sunset", "Link"} <= set(get["responses"]["200"]["headers"])
    assert {"Deprecation", "Sunset", "Link"} <= set(get["responses"]["410"]["headers"])


def test_the_nearest_counts():
    """A mark of the application gives way to that of the handler, and serves the others."""
    client = make_app(retired(until="2199-01-01"), retired(until="2199-06-01")).test_client()

    assert client.get("/v1/pets/1").headers.getlist("Sunset") == ["Tue, 01 Jan 2199 00:00:00 GMT"]
    assert client.delete("/v1/pets/1").headers.getlist("Sunset") == ["Sat, 01 Jun 2199 00:00:00 GMT"]


def test_a_whole_router():
    """A router may be retired, and with it all that is below."""
    old = Router("old", url_prefix="/v1", marks=[retired(until=LATER, replaced_by="/v2")])

    @old.get("/pets")
    @response(200)
    def pets():
        return []

    app = App("whole")
    app.register_router(old)

    assert "Sunset" in app.test_client().get("/v1/pets").headers


def test_the_order_of_the_marks_means_nothing():
    """Wherever the mark stands among the others, the answer is the same."""
    seen = set()
    for marks in itertools.permutations([retired(until=LATER), response(200, PetSchema), raises(PetNotFound)]):
        app = App("order")

        def get():
            return {"id": 1}

        for mark in marks:
            mark(get)
        app.get("/")(get)
        reply = app.test_client().get("/")
        seen.add((reply.status_code, reply.text, tuple(sorted(sent_headers(reply)))))

    assert len(seen) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"gone": True}, "until"),
        ({"until": "tomorrow"}, "is not a date"),
        ({"until": dt.datetime(2030, 1, 1)}, "has no zone"),
        ({"since": "2030-01-01", "until": "2029-01-01"}, "begins"),
        ({"replaced_by": "v2"}, "begins with '/'"),
        ({"replaced_by": "/v2> x"}, "begins with '/'"),
    ],
)
def test_what_cannot_be_is_refused(options, words):
    """A mark that contradicts itself fails when it is made."""
    with pytest.raises(SetupError, match=words):
        retired(**options)


def test_a_variable_that_the_route_has_not():
    """A link with an unknown variable fails at start-up."""
    with pytest.raises(SetupError, match="no variable 'name'"):
        make_app(retired(replaced_by="/v2/{name}")).freeze()


# Counting


def test_callers_are_counted():
    """Each caller has its number, most calls first."""
    app = make_app(retired())
    client = app.test_client()
    for agent in ("old/1", "old/1", "new/2", "bad\x07\n" + "x" * 500, ""):
        client.get("/v1/pets/1", environ_overrides={"HTTP_USER_AGENT": agent})

    assert counts_of(app).of("GET /v1/pets/<pet_id>") == {
        "old/1": 2,
        "new/2": 1,
        "bad" + "x" * 197: 1,
        "(no user agent)": 1,
    }


def test_callers_of_ones_own():
    """Whatever names the caller can be counted."""
    app = make_app(retired(caller=lambda ctx: ctx.request.headers.get("X-Key", "nobody")))
    app.test_client().get("/v1/pets/1", headers={"X-Key": "k1"})

    assert counts_of(app).of("GET /v1/pets/<pet_id>") == {"k1": 1}


def test_the_number_of_callers_is_limited(monkeypatch):
    """Names come from clients, so beyond a number they are counted together."""
    monkeypatch.setattr(retirement, "MAX_CALLERS", 3)
    app = make_app(retired())
    for number in range(6):
        app.test_client().get("/v1/pets/1", environ_overrides={"HTTP_USER_AGENT": f"agent/{number}"})

    assert counts_of(app).of("GET /v1/pets/<pet_id>") == {"(others)": 3, "agent/0": 1, "agent/1": 1, "agent/2": 1}


def test_a_full_list_of_callers_is_not_written_again(monkeypatch):
    """Whoever comes with another name each time does not make the server write its list of names."""
    monkeypatch.setattr(retirement, "MAX_CALLERS", 3)
    written = []

    class Watched(MemoryStore):
        def replace(self, key, old, value, ttl):
            written.append(key)
            return super().replace(key, old, value, ttl)

    app = make_app(retired())
    app.extensions["framework.stores"] = {("retired", None): Counts(Watched())}
    for number in range(20):
        app.test_client().get("/v1/pets/1", environ_overrides={"HTTP_USER_AGENT": f"agent/{number}"})

    assert len(written) == 3
    assert counts_of(app).of("GET /v1/pets/<pet_id>")["(others)"] == 17


def test_the_command_prints_them():
    """``framework retired`` prints operations, ends and callers, and says when nothing is shared."""
    app = make_app(retired(until="2199-01-01", replaced_by="/v2/pets"))
    app.test_client().get("/v1/pets/1", environ_overrides={"HTTP_USER_AGENT": "old/1"})
    alone = app.test_cli_runner().invoke(retired_command)

    assert "STORE_URL is not set" in alone.stderr
    assert alone.stdout.splitlines() == [
        "GET /v1/pets/<pet_id>, until 2199-01-01, replaced by /v2/pets",
        "         1  old/1",
    ]


def test_the_command_without_any():
    """Where nothing is retired it says so."""
    assert App("none").test_cli_runner().invoke(retired_command).output == "No operation is retired.\n"


def test_two_processes_count_together():
    """With a Redis two applications count the same callers; when it is gone nothing fails but the counting."""
    with redis_server() as url:
        apps = [make_app(retired()) for _ in range(2)]
        for app in apps:
            app.config["STORE_URL"] = url
            app.test_client().get("/v1/pets/1", environ_overrides={"HTTP_USER_AGENT": "old/1"})

        assert counts_of(apps[0]).of("GET /v1/pets/<pet_id>") == {"old/1": 2}

    assert apps[0].test_client().get("/v1/pets/1").status_code == 200
    assert "cannot be read" in apps[0].test_cli_runner().invoke(retired_command).output
