"""What Schemathesis says: requests made from the document, in all its phases and with all its checks."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
import schemathesis
import sqlalchemy as sa
import werkzeug.test
from schemathesis.engine import events, from_schema
from schemathesis.python import wsgi

from sample_api import create_app
from sample_api.models import User

LONG_SEEDS = [42, 1, 7]
PHASES = {"examples", "coverage", "fuzzing", "stateful"}


class Client(werkzeug.test.Client):
    """A client that takes the options of a network as well: they mean nothing within a process.

    Schemathesis 4.32.5 hands them on when it repeats a request without its token or with a wrong one.
    """

    def open(self, *arguments: t.Any, **options: t.Any) -> werkzeug.test.TestResponse:
        for name in ("max_redirects", "verify", "cert", "proxies", "timeout"):
            options.pop(name, None)
        return super().open(*arguments, **options)


@pytest.fixture(autouse=True)
def _in_process(monkeypatch: pytest.MonkeyPatch, tmp_path: t.Any) -> None:
    """Requests go through the client above; what is written on the way is gone afterwards."""
    monkeypatch.setattr(wsgi, "get_client", Client)
    monkeypatch.chdir(tmp_path)


@dataclasses.dataclass
class Findings:
    """What a run has found."""

    cases: int
    phases: set[str]
    failures: list[str]


def explore(app: t.Any, token: str, seed: int, examples: int) -> Findings:
    """Run everything that Schemathesis has against a WSGI application.

    :param token: The header ``Authorization`` of every request.
    :param examples: How many requests for each operation, in each random phase.
    """
    settings = {
        "seed": seed,
        "headers": {"Authorization": token},
        "generation": {"max-examples": examples, "database": "none"},
    }
    config = schemathesis.Config.from_dict(settings)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=config)
    found = Findings(0, set(), [])
    for event in from_schema(schema).execute():
        if isinstance(event, (events.NonFatalError, events.FatalError)):
            found.failures.append(repr(event))
        if not isinstance(event, events.ScenarioFinished):
            continue
        found.cases += len(event.recorder.cases)
        found.phases.add(str(event.phase.value).partition(" ")[0])
        for checks in event.recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    parts = (event.phase.value, failure.operation, failure.title, failure.message)
                    found.failures.append("\n".join([*map(str, parts), check.failure_info.code_sample]))
    return found


def judge(found: Findings) -> None:
    """All phases have run, and none has found anything."""
    assert not found.failures, "\n\n".join(found.failures)
    assert found.phases == PHASES
    assert found.cases > 0


class FreeNames:
    """The sample, where no name and no email is taken: that is nothing a document can say.

    Before a user is made or changed, all others get names that nobody else will think of.
    """

    def __init__(self, app: t.Any) -> None:
        self.app = app
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
    yield FreeNames(app), f"Token {reply.json['user']['token']}"
    database.dispose()


def test_the_sample_holds_its_document(sample):
    """Schemathesis finds nothing in the sample."""
    judge(explore(*sample, seed=42, examples=25))


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_the_sample_holds_its_document_for_long(sample, seed):
    """The same with more requests, and others."""
    judge(explore(*sample, seed=seed, examples=100))
