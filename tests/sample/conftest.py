"""The sample on SQLite and on a real PostgreSQL: whatever uses ``app`` runs on both.

In the extended run it runs on SQLite once more, with the fast path off, where marshmallow and werkzeug do all the work.
"""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
import sqlalchemy as sa

from framework import App
from sample_api import create_app
from sample_api.database import Base, db, migrations_of
from tests.servers import postgres_server

if t.TYPE_CHECKING:
    from framework.testing import AppClient

TEST_SETTINGS = {
    "TESTING": True,
    "SECRET_KEY": "only for tests",
    # All tests come from one address.
    "RATELIMIT_ENABLED": False,
    # One round instead of many: what is tested is that passwords are hashed, not how slowly.
    "PASSWORD_METHOD": "pbkdf2:sha256:1",
}


@pytest.fixture(scope="session")
def postgres_url() -> t.Iterator[str]:
    """The URL of a PostgreSQL server for the whole run."""
    with postgres_server() as url:
        yield url


PLAIN = pytest.param("sqlite-plain", marks=pytest.mark.extended)


@pytest.fixture(scope="session", params=["sqlite", PLAIN, "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a new, empty database."""
    if request.param == "postgresql":
        return t.cast(str, request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path_factory.mktemp(request.param)}/conduit.sqlite3"


@pytest.fixture(scope="session")
def session_app(database_url: str) -> t.Iterator[App]:
    """One application for all tests of a database."""
    plain = "plain" in database_url
    app = create_app({**TEST_SETTINGS, "DATABASE_URL": database_url, "FAST_PATH": not plain})
    engine = db.engine_of(app)
    if engine.dialect.name == "sqlite":
        # The data need not survive a loss of power: as the option -F of the PostgreSQL server.
        sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    yield app
    app.shutdown()


@pytest.fixture
def app(session_app: App) -> App:
    """The application, with an empty database."""
    migrations_of(session_app).ensure()
    with db.engine_of(session_app).begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    return session_app


@pytest.fixture
def client(app: App) -> AppClient:
    """A client without a token."""
    return app.test_client()


@dataclasses.dataclass
class Person:
    """Somebody who uses the API with a token, or without one."""

    client: AppClient
    name: str = ""
    token: str | None = None

    def call(self, method: str, path: str, json: t.Any = None, **options: t.Any) -> t.Any:
        """Send a request, and return the response."""
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            headers["Authorization"] = f"Token {self.token}"
        if json is not None:
            options["json"] = json
        return self.client.open(f"/api{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: t.Any) -> t.Any:
        return self.call("GET", path, **options)

    def post(self, path: str, json: t.Any = None, **options: t.Any) -> t.Any:
        return self.call("POST", path, json, **options)

    def put(self, path: str, json: t.Any = None, **options: t.Any) -> t.Any:
        return self.call("PUT", path, json, **options)

    def delete(self, path: str, **options: t.Any) -> t.Any:
        return self.call("DELETE", path, **options)

    def publish(self, title: str = "How to train your dragon", **members: t.Any) -> dict[str, t.Any]:
        """Publish an article, and return it as the API shows it."""
        article = {"title": title, "description": "Ever wonder how?", "body": "You have to believe", **members}
        reply = self.post("/articles", {"article": article})
        assert reply.status_code == 201, reply.text
        return t.cast("dict[str, t.Any]", reply.json["article"])

    def comment(self, slug: str, body: str = "His name was my name too.") -> dict[str, t.Any]:
        """Comment on an article, and return the comment as the API shows it."""
        reply = self.post(f"/articles/{slug}/comments", {"comment": {"body": body}})
        assert reply.status_code == 200, reply.text
        return t.cast("dict[str, t.Any]", reply.json["comment"])


@pytest.fixture
def nobody(client: AppClient) -> Person:
    """Somebody without a token."""
    return Person(client)


@pytest.fixture
def register(nobody: Person) -> t.Callable[[str], Person]:
    """Make a user of that name."""

    def make(name: str) -> Person:
        user = {"username": name, "email": f"{name}@example.com", "password": f"{name}-secret"}
        reply = nobody.post("/users", {"user": user})
        assert reply.status_code == 201, reply.text
        return Person(nobody.client, name, reply.json["user"]["token"])

    return make


@pytest.fixture
def jake(register: t.Callable[[str], Person]) -> Person:
    """A user."""
    return register("jake")


@pytest.fixture
def anna(register: t.Callable[[str], Person]) -> Person:
    """Another user."""
    return register("anna")
