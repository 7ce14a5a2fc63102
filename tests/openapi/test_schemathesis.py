"""What Schemathesis finds with the settings that the documentation gives."""

from __future__ import annotations

import typing as t

import pytest
import sqlalchemy as sa

from framework import App, Resource, Schema, fields, response, validate
from sample_api import create_app
from sample_api.database import db
from sample_api.models import User
from tests.openapi.everything import TOKEN, make_app
from tests.openapi.explored import explore, judge

LONG_SEEDS = [42, 1, 7]


class FreeNames:
    """The sample, where no name and no email is taken: that is nothing a document can say.

    Before a user is made or changed, all others get names that nobody else will think of.
    """

    def __init__(self, app: t.Any) -> None:
        self.app = app.wsgi_app
        self.engine = db.engine_of(app)

    def __call__(self, environ: t.Any, start_response: t.Any) -> t.Any:
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) in (("POST", "/api/users"), ("PUT", "/api/user")):
            name = sa.func.hex(sa.func.randomblob(16))
            with self.engine.begin() as connection:
                connection.execute(sa.update(User).values(username=name, email=name.concat("@example.com")))
        return self.app(environ, start_response)


@pytest.fixture
def sample(tmp_path: t.Any) -> t.Iterator[tuple[t.Any, str]]:
    """The sample with one user, and the header that the user sends."""
    app = create_app(
        {
            "SECRET_KEY": "only for tests",
            "PASSWORD_METHOD": "pbkdf2:sha256:1",
            "DATABASE_URL": f"sqlite:///{tmp_path}/conduit.sqlite3",
        }
    )
    engine = db.engine_of(app)
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    user = {"username": "jake", "email": "jake@example.com", "password": "jake-secret"}
    reply = app.test_client().post("/api/users", json={"user": user})
    app.wsgi_app = FreeNames(app)
    yield app, f"Authorization: Token {reply.json['user']['token']}"
    app.shutdown()


@pytest.fixture
def everything() -> tuple[t.Any, str]:
    """The application that uses everything, and the header that it wants."""
    return make_app(), f"Authorization: Bearer {TOKEN}"


@pytest.mark.extended
@pytest.mark.parametrize("application", ["sample", "everything"])
def test_the_document_holds(application, request, tmp_path):
    """Schemathesis finds nothing."""
    app, header = request.getfixturevalue(application)

    judge(explore(app, tmp_path, headers=(header,), seed=42, max_examples=25))


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", LONG_SEEDS)
@pytest.mark.parametrize("application", ["sample", "everything"])
def test_the_document_holds_for_long(application, seed, request, tmp_path):
    """The same with more requests, and others."""
    app, header = request.getfixturevalue(application)

    judge(explore(app, tmp_path, headers=(header,), seed=seed, max_examples=100))


def test_a_lie_is_found(tmp_path):
    """The settings hide no fault: an answer that breaks its schema fails the run."""

    class ThingSchema(Schema):
        """A thing."""

        name = fields.String(required=True, validate=validate.Length(max=5))

    app = App("liar")

    @app.route("/things")
    class Things(Resource):
        """Things."""

        @response(200, ThingSchema)
        def get(self):
            """Show a thing."""
            return {"name": "too long for it"}

    with pytest.raises(AssertionError, match="Response violates schema"):
        explore(app, tmp_path, seed=1, max_examples=1)
