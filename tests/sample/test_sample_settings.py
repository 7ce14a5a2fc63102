"""Settings, the secret key and the database behind ``DATABASE_URL``."""

from __future__ import annotations

import dataclasses
import gc
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from framework import App
from sample_api import create_app, settings
from sample_api.database import MIGRATIONS, db, now
from tests.sample.conftest import TEST_SETTINGS, Person
from tests.servers import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture
def instance(tmp_path, monkeypatch):
    """An instance folder that does not exist yet, and an environment that says nothing."""
    for field in dataclasses.fields(settings.Settings):
        monkeypatch.delenv(field.name.upper(), raising=False)
    folder = tmp_path / "instance"
    monkeypatch.setattr(App, "instance_path", str(folder), raising=False)
    monkeypatch.setattr(App, "auto_find_instance_path", lambda self: str(folder))
    return folder


def make(*args):
    """An application whose connections are closed at once."""
    app = create_app(*args)
    app.shutdown()
    return app


def test_by_default_everything_is_in_the_instance_folder(instance):
    """Without any setting there is an SQLite file and a secret of its own in the instance folder."""
    app = make()

    assert app.settings.database_url == f"sqlite:///{instance / 'conduit.sqlite3'}"
    assert app.config["SECRET_KEY"] == (instance / "secret_key").read_text()
    assert len(app.config["SECRET_KEY"]) == 64
    assert make().config["SECRET_KEY"] == app.config["SECRET_KEY"]


def test_the_secret_is_for_its_owner_alone(instance):
    """Nobody else may read the file of the secret key."""
    make()

    assert stat.S_IMODE((instance / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in instance.iterdir()] == ["secret_key"]


def test_no_two_installations_have_one_secret(tmp_path):
    """The key is random."""
    assert settings.kept_secret(tmp_path / "one") != settings.kept_secret(tmp_path / "two")


def test_times_are_whole_milliseconds():
    """What is stored has the precision of what is shown, so that both are the same."""
    times = []
    for _ in range(3):
        times.append(now())
        time.sleep(0.0011)

    assert all(moment.microsecond % 1000 == 0 for moment in times)
    assert len(set(times)) == 3


def test_processes_that_start_at_once_have_one_secret(tmp_path):
    """The key of the first is the key of all."""
    keys = []
    threads = [
        threading.Thread(target=lambda: keys.append(settings.kept_secret(tmp_path / "secret_key"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_the_environment_wins_over_the_defaults(instance, monkeypatch, tmp_path):
    """DATABASE_URL, SECRET_KEY and CORS_ORIGINS are read from the environment; no folder is made then."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/other.sqlite3")
    monkeypatch.setenv("SECRET_KEY", "from the environment")
    monkeypatch.setenv("CORS_ORIGINS", "https://example.com")

    app = make()

    assert app.settings.database_url.endswith("other.sqlite3")
    assert app.config["SECRET_KEY"] == "from the environment"
    assert app.settings.cors_origins == ["https://example.com"]
    assert not instance.exists()


def test_the_caller_wins_over_the_environment(instance, monkeypatch):
    """What create_app is given counts most."""
    monkeypatch.setenv("SECRET_KEY", "from the environment")

    assert make({"SECRET_KEY": "given"}).config["SECRET_KEY"] == "given"


def test_nothing_is_connected_before_the_first_request(instance):
    """Making an application, and its document, touches no database."""
    make().freeze()

    assert not (instance / "conduit.sqlite3").exists()


def test_a_token_of_another_installation_is_refused(tmp_path):
    """Two installations with two secrets do not accept the tokens of each other."""
    tokens = []
    for name in ("one", "two"):
        app = create_app({**TEST_SETTINGS, "SECRET_KEY": name, "DATABASE_URL": f"sqlite:///{tmp_path}/{name}.sqlite3"})
        user = {"username": "jake", "email": "jake@example.com", "password": "jakejake"}
        person = Person(app.test_client())
        tokens.append(person.post("/users", {"user": user}).json["user"]["token"])
        person.token = tokens[0]
        assert person.get("/user").status_code == (200 if name == "one" else 401)
        app.shutdown()


def test_a_database_in_memory(tmp_path):
    """``sqlite://`` works too, for as long as the application lives."""
    app = create_app({**TEST_SETTINGS, "DATABASE_URL": "sqlite://"})
    user = {"username": "jake", "email": "jake@example.com", "password": "jakejake"}

    assert Person(app.test_client()).post("/users", {"user": user}).status_code == 201
    assert Person(app.test_client()).get("/profiles/jake").status_code == 200
    app.shutdown()


def test_the_engine_is_disposed_when_the_process_ends(tmp_path):
    """An application that is shut down leaves no connection open."""
    app = create_app({**TEST_SETTINGS, "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3"})
    assert Person(app.test_client()).get("/tags").status_code == 200
    pool = db.engine_of(app).pool
    assert pool.checkedin() == 1

    app.shutdown()

    assert pool.checkedin() == 0


def test_the_engine_is_disposed_with_its_application(tmp_path):
    """An application that is gone without ever having been started leaves no connection open."""
    app = create_app({**TEST_SETTINGS, "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3"})
    engine = db.engine_of(app)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    pool = engine.pool
    assert pool.checkedin() == 1

    del app
    gc.collect()

    assert pool.checkedin() == 0


def test_secrets_come_in_files(instance, monkeypatch, tmp_path):
    """``SECRET_KEY_FILE`` names a file with the key; a variable with the key itself wins over it."""
    (tmp_path / "key").write_text("from a file\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("DATABASE_URL", "sqlite://")

    assert make().config["SECRET_KEY"] == "from a file"
    monkeypatch.setenv("SECRET_KEY", "from the environment")
    assert make().config["SECRET_KEY"] == "from the environment"


def test_a_session_is_closed_after_each_request(app, jake):
    """No request keeps its connection, whether it ends well or not."""
    pool = db.engine_of(app).pool
    for path in ("/tags", "/user", "/articles/no", "/articles?limit=0"):
        jake.get(path)

        assert pool.checkedout() == 0


@pytest.mark.extended
def test_many_processes_migrate_an_empty_database_at_once(database_url, tmp_path):
    """Processes that start together on an empty database do not stumble over one another."""
    url = database_url if database_url.startswith("postgres") else f"sqlite:///{tmp_path}/new.sqlite3"
    environ = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "only for tests"}
    alembic = [sys.executable, "-m", "alembic", "-c", str(MIGRATIONS)]
    subprocess.run([*alembic, "downgrade", "base"], env=environ, cwd=ROOT, check=True)
    running = [subprocess.Popen([*alembic, "upgrade", "head"], env=environ, cwd=ROOT) for _ in range(3)]

    assert [each.wait(60) for each in running] == [0, 0, 0]


def test_models_and_migrations_are_the_same(app):
    """``alembic check`` finds nothing, and the way back leaves no table."""
    config = Config(MIGRATIONS)
    config.attributes["app"] = app
    command.check(config)
    command.downgrade(config, "base")
    tables = sa.inspect(db.engine_of(app)).get_table_names()
    command.upgrade(config, "head")

    assert tables == ["alembic_version"]


def test_a_deployment_that_migrates_itself_is_left_alone(tmp_path):
    """With ``MIGRATE`` off no request makes tables."""
    app = create_app({**TEST_SETTINGS, "MIGRATE": False, "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3"})
    app.config["PROPAGATE_EXCEPTIONS"] = False
    status = Person(app.test_client()).get("/tags").status_code
    tables = sa.inspect(db.engine_of(app)).get_table_names()
    app.shutdown()

    assert (status, tables) == (500, [])


def test_a_database_that_is_away_is_a_503():
    """While the database does not answer, each request is a declared 503, with and without migrations."""
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    for migrates in (True, False):
        app = create_app({**TEST_SETTINGS, "MIGRATE": migrates, "DATABASE_URL": url})
        reply = Person(app.test_client()).get("/tags")
        app.shutdown()

        assert (reply.status_code, reply.headers["Retry-After"]) == (503, "5")
        assert list(reply.json["errors"]) == ["request"]


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("INSERT INTO comments (body, article_id, author_id, created_at, updated_at) VALUES ('x', 1, 1, :t, :t)", 1),
        ("INSERT INTO follows (follower_id, followed_id) VALUES (1, 2)", 0),
        ("INSERT INTO favorites (user_id, article_id) VALUES (1, 2)", 0),
        ("INSERT INTO article_tags (article_id, name) VALUES (1, 'x')", 0),
    ],
)
def test_the_database_refuses_rows_that_hang_in_the_air(app, statement, values):
    """Foreign keys are enforced by the database, SQLite included."""
    engine = db.engine_of(app)
    parameters = {"t": "2026-01-01 00:00:00"} if values else {}

    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text(statement), parameters)


@pytest.mark.parametrize("column", ["username", "email"])
def test_the_database_refuses_a_second_of_the_same(app, jake, column):
    """Usernames and emails are unique in the database, not in the code alone."""
    values = {"username": "other", "email": "other@example.com"}
    values[column] = {"username": "jake", "email": "jake@example.com"}[column]
    statement = sa.text("INSERT INTO users (username, email, password_hash) VALUES (:username, :email, 'x')")

    with pytest.raises(sa.exc.IntegrityError), db.engine_of(app).begin() as connection:
        connection.execute(statement, values)
