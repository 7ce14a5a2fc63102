"""Settings: their defaults, what the environment says, and the secret key.

=============================  ==================================================================================
``DATABASE_URL``               Where the data are. Default: the SQLite file ``conduit.sqlite3`` of the instance
                               folder. ``postgres://`` and ``postgresql://`` mean PostgreSQL through psycopg 3.
``SECRET_KEY``                 What tokens are signed with. Default: a random key, made once and kept in the
                               instance folder. Give one where several machines answer for one API.
``CORS_ORIGINS``               The origins of browser front ends, separated by spaces or commas. Default ``*``.
``STORE_URL``                  Where tries to log in are counted: a Redis, where several processes answer. Default: in
                               the memory of the process.
``TRUSTED_HOSTS``              The names of the site, like ``.example.org``, separated by spaces or commas.
``STRICT_TRANSPORT_SECURITY``  For how many seconds browsers come by HTTPS alone. Default: not sent.
``PROXIES``                    How many proxies are in front; their ``X-Forwarded-...`` headers are read. Default: 0.
``TOKEN_MAX_AGE``              How long a token is good, in seconds. Default: seven days.
``PASSWORD_METHOD``            How passwords are hashed, as ``werkzeug.security`` names it. Default ``scrypt``.
=============================  ==================================================================================

The first seven are read from environment variables of the same names. A variable with ``_FILE`` at its end, like
``SECRET_KEY_FILE``, names a file that holds the value: so do secrets of Docker, Kubernetes and systemd arrive.
``CORS_ORIGINS`` counts when the application is made, and is not changed later.

Settings of the framework have the prefix ``FRAMEWORK_``: ``FRAMEWORK_ACCESS_LOG=json``, ``FRAMEWORK_DEADLINE=20``.
``deploy/production.env`` has those of production.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import os
import re
import secrets
import tempfile
import typing as t
from pathlib import Path

from framework import App

FROM_ENVIRONMENT = (
    *("DATABASE_URL", "SECRET_KEY", "CORS_ORIGINS", "STORE_URL", "TRUSTED_HOSTS", "STRICT_TRANSPORT_SECURITY"),
    "PROXIES",
)


def init_app(app: App, config: cabc.Mapping[str, t.Any] | None) -> None:
    """Fill ``app.config``: the defaults, then the environment, then what the caller gives."""
    app.config.from_mapping(
        API_TITLE="Conduit",
        API_VERSION="1.0.0",
        API_LICENSE={"name": "BSD 3-Clause", "identifier": "BSD-3-Clause"},
        API_CONTACT={"name": "The maintainers of the sample"},
        API_DESCRIPTION="The RealWorld blogging API: articles, comments, tags, favorites, and who writes them.",
        TOKEN_MAX_AGE=7 * 24 * 60 * 60,
        PASSWORD_METHOD="scrypt",
        PROXIES=0,
        SILENCED_CHECKS={"docs-public": "The API is public, and so is its document."},
    )
    app.config.from_prefixed_env()
    app.config.from_mapping(from_environment())
    app.config.from_mapping(config or {})
    # The instance folder is made only for those who leave these two to us.
    if not app.config.get("DATABASE_URL"):
        app.config["DATABASE_URL"] = f"sqlite:///{instance_folder(app) / 'conduit.sqlite3'}"
    if not app.config.get("SECRET_KEY"):
        app.config["SECRET_KEY"] = kept_secret(instance_folder(app) / "secret_key")


def from_environment() -> dict[str, t.Any]:
    """The settings that the environment gives, itself or by the name of a file."""
    given: dict[str, t.Any] = {}
    for name in FROM_ENVIRONMENT:
        if os.environ.get(name):
            given[name] = os.environ[name]
        elif os.environ.get(f"{name}_FILE"):
            given[name] = Path(os.environ[f"{name}_FILE"]).read_text(encoding="utf-8").strip()
    if "TRUSTED_HOSTS" in given:
        given["TRUSTED_HOSTS"] = listed(given["TRUSTED_HOSTS"])
    if "PROXIES" in given:
        given["PROXIES"] = int(given["PROXIES"])
    return given


def origins(config: cabc.Mapping[str, t.Any] | None) -> list[str]:
    """The origins of front ends, read before there is an application: its marks are given when it is made."""
    setting = (config or {}).get("CORS_ORIGINS") or os.environ.get("CORS_ORIGINS") or "*"
    return listed(setting)


def listed(text: str) -> list[str]:
    """The words of a text, which spaces or commas separate."""
    return [word for word in re.split(r"[\s,]+", text) if word]


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
