"""An application with a database for all tests, and clients whose writes are taken back after each test."""

import os
import pathlib
import tempfile

folder = tempfile.TemporaryDirectory()
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{folder.name}/test.sqlite3"

import pytest  # noqa: E402 - the settings are read when the package is imported
from alembic import command, config  # noqa: E402
from booking import create_app  # noqa: E402
from booking.database import db  # noqa: E402

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
