"""The settings: each is the environment variable of its name in upper case, or a line of the file ``.env``."""

from __future__ import annotations

import pathlib

from framework.settings import Secret, load_settings


class Settings:
    """All that can be set."""

    token_secret: Secret
    secret_key: Secret
    database_url: str = "sqlite:///booking.sqlite3"
    store_url: str | None = None
    webhooks_allow: list[str] | None = None
    trusted_hosts: list[str] | None = None
    strict_transport_security: int | None = None
    proxies: int = 0
    photos: pathlib.Path = pathlib.Path("photos")


settings = load_settings(Settings, dotenv=".env")
