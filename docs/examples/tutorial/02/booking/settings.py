"""The settings: each is the environment variable of its name in upper case, or a line of the file ``.env``."""

from __future__ import annotations

from framework.settings import load_settings


class Settings:
    """All that can be set."""

    database_url: str = "sqlite:///booking.sqlite3"


settings = load_settings(Settings, dotenv=".env")
