"""An application with a database for all tests, and clients whose writes are taken back after each test."""

import os
import pathlib
import secrets
import tempfile

folder = tempfile.TemporaryDirectory()
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{folder.name}/test.sqlite3"
os.environ["TOKEN_SECRET"] = secrets.token_hex()
os.environ["SECRET_KEY"] = secrets.token_hex()

import pytest  # noqa: E402 - the settings are read when the package is imported
from alembic import command, config  # noqa: E402
from booking import create_app  # noqa: E402
from booking.database import db  # noqa: E402
from booking.users import User, issuer  # noqa: E402
from werkzeug.security import generate_password_hash  # noqa: E402

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="session")
def app():
    """Make the application, and its tables by the migrations."""
    migrations = config.Config(ROOT / "alembic.ini")
    command.upgrade(migrations, "head")
    command.check(migrations)
    app = create_app()
    app.testing = True
    yield app
    app.shutdown()
    command.downgrade(migrations, "base")


@pytest.fixture
def client(app):
    """Return a client; what its requests write is taken back at the end."""
    with db.isolated(app):
        yield app.test_client()


@pytest.fixture
def ann(app, client):
    """Return a client of Ann, who is of the staff."""
    return client_of(app, "ann", is_staff=True)


@pytest.fixture
def bob(app, client):
    """Return a client of Bob, who is not."""
    return client_of(app, "bob", is_staff=False)


def client_of(app, name, is_staff):
    """Add a user, and return a client that sends an access token."""
    with app.provide(db.session) as session:
        password = generate_password_hash(f"secret of {name}", method="pbkdf2:sha256:1")  # weak, and quick
        user = User(name=name, password=password, is_staff=is_staff)
        session.add(user)
        session.flush()
        token = issuer.issue(str(user.id), scopes=user.scopes).access_token
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client
