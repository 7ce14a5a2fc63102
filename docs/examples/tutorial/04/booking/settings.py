"""The settings: each is the environment variable of its name in upper case, or a line of the file ``.env``."""

from __future__ import annotations

from framework.settings import Secret, load_settings


class Settings:
    """All that can be set."""

    token_secret: Secret
    database_url: str = "sqlite:///booking.sqlite3"


settings = load_settings(Settings, dotenv=".env")
