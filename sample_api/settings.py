"""Settings: their types and defaults, where they come from, and the secret key.

Each is read from the environment variable of its name in upper case. A variable with ``_FILE`` at its end, like
``SECRET_KEY_FILE``, names a file that holds the value: so do secrets of Docker, Kubernetes and systemd arrive.

Other settings of the framework have the prefix ``FRAMEWORK_``: ``FRAMEWORK_ACCESS_LOG=json``.
``deploy/production.env`` has those of production.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import dataclasses
import os
import secrets
import tempfile
import typing as t
from pathlib import Path

from marshmallow import validate

from framework import App
from framework.settings import Secret, current_settings, load_settings


@dataclasses.dataclass(kw_only=True)
class Settings:
    """All that can be set. Members with the name of a setting of the framework are that setting."""

    database_url: str | None = None
    """Where the data are. Default: the SQLite file ``conduit.sqlite3`` of the instance folder. ``postgres://`` and
    ``postgresql://`` mean PostgreSQL through psycopg 3."""
    secret_key: Secret | None = None
    """What tokens are signed with. Default: a random key, made once and kept in the instance folder. Give one where
    several machines answer for one API."""
    cors_origins: list[str] = dataclasses.field(default_factory=lambda: ["*"])
    """The origins of browser front ends, separated by commas. Read when the application is made."""
    migrate: bool = True
    """Let the first request bring the tables up to date. Off where ``alembic upgrade head`` is a step of the
    deployment."""
    store_url: str | None = None
    """Where tries to log in are counted: a Redis, where several processes answer. Default: in the memory of the
    process."""
    trusted_hosts: list[str] | None = None
    """The names of the site, like ``.example.org``, separated by commas."""
    strict_transport_security: int | None = None
    """For how many seconds browsers come by HTTPS alone. Default: not sent."""
    proxies: t.Annotated[int, validate.Range(min=0)] = 0
    """The number of proxies in front; their ``X-Forwarded-...`` headers are read."""
    token_max_age: float = 7 * 24 * 60 * 60
    """How long a token is good, in seconds."""
    password_method: str = "scrypt"
    """How passwords are hashed, as ``werkzeug.security`` names it."""


def read(config: cabc.Mapping[str, object]) -> Settings:
    """Make the settings of what a caller gives, and of the environment.

    :param config: Settings by their names in upper case; those of the framework are passed over.
    """
    names = {field.name for field in dataclasses.fields(Settings)}
    return load_settings(Settings, {key.lower(): value for key, value in config.items() if key.lower() in names})


def current() -> Settings:
    """Return the settings of the application that answers."""
    return current_settings(Settings)


def init_app(app: App[Settings], config: cabc.Mapping[str, object]) -> None:
    """Fill ``app.config`` with settings of the framework, and what belongs to this installation alone."""
    app.config.from_mapping(
        API_TITLE="Conduit",
        API_VERSION="1.0.0",
        API_LICENSE={"name": "BSD 3-Clause", "identifier": "BSD-3-Clause"},
        API_CONTACT={"name": "The maintainers of the sample"},
        API_DESCRIPTION="The RealWorld blogging API: articles, comments, tags, favorites, and who writes them.",
        SILENCED_CHECKS={"docs-public": "The API is public, and so is its document."},
    )
    app.config.from_prefixed_env()
    own = {field.name.upper() for field in dataclasses.fields(Settings)}
    app.config.from_mapping({key: value for key, value in config.items() if key not in own})
    # The instance folder is made only for those who leave these two to us.
    if not app.settings.database_url:
        app.settings.database_url = f"sqlite:///{instance_folder(app) / 'conduit.sqlite3'}"
    if not app.settings.secret_key:
        app.settings.secret_key = Secret(kept_secret(instance_folder(app) / "secret_key"))


def instance_folder(app: App) -> Path:
    """The folder for what belongs to this installation alone; made if it is missing."""
    folder = Path(app.instance_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def kept_secret(path: Path) -> str:
    """The secret in a file that only its owner reads; made at the first call.

    :param path: Of the file. When several processes start at once, all of them get the key of the first.
    """
    if not path.exists():
        # Written whole under another name, then linked: nobody can read half a key, and a key that is there stays.
        descriptor, draft = tempfile.mkstemp(dir=path.parent)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        os.unlink(draft)
    return path.read_text(encoding="ascii")
