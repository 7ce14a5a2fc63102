"""What Schemathesis says: requests made from the document, in all its phases and with all its checks."""

from __future__ import annotations

import typing as t

import pytest
import sqlalchemy as sa

from framework.openapi.fuzz import Findings, explore
from sample_api import create_app
from sample_api.models import User
from tests.openapi.everything import TOKEN, make_app

LONG_SEEDS = [42, 1, 7]
PHASES = {"examples", "coverage", "fuzzing", "stateful"}


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: t.Any) -> None:
    """What is written on the way is gone afterwards."""
    monkeypatch.chdir(tmp_path)


def judge(found: Findings) -> None:
    """All phases have run, and none has found anything."""
    assert not found.failures, "\n\n".join(map(str, found.failures))
    assert found.phases == PHASES
    assert found.cases > 0


class FreeNames:
    """The sample, where no name and no email is taken: that is nothing a document can say.

    Before a user is made or changed, all others get names that nobody else will think of.
    """

    def __init__(self, app: t.Any) -> None:
        self.app = app.wsgi_app
        self.engine = app.extensions["database"].engine

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
    database = app.extensions["database"]
    sa.event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    database.create_tables()
    user = {"username": "jake", "email": "jake@example.com", "password": "jake-secret"}
    reply = app.test_client().post("/api/users", json={"user": user})
    app.wsgi_app = FreeNames(app)
    yield app, {"Authorization": f"Token {reply.json['user']['token']}"}
    database.dispose()


@pytest.fixture
def everything() -> tuple[t.Any, dict[str, str]]:
    """The application that uses everything, and the header that it wants."""
    return make_app(), {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize("application", ["sample", "everything"])
def test_the_document_holds(application, request):
    """Schemathesis finds nothing."""
    app, headers = request.getfixturevalue(application)

    judge(explore(app, seed=42, examples=25, headers=headers))


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", LONG_SEEDS)
@pytest.mark.parametrize("application", ["sample", "everything"])
def test_the_document_holds_for_long(application, seed, request):
    """The same with more requests, and others."""
    app, headers = request.getfixturevalue(application)

    judge(explore(app, seed=seed, examples=100, headers=headers))
