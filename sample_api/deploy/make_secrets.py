"""Make the files of ``secrets/`` beside this one, as ``compose.yaml`` reads them; those that exist stay as they are."""

from __future__ import annotations

import secrets
from pathlib import Path

FOLDER = Path(__file__).parent / "secrets"

WAITS = "connect_timeout=2&tcp_user_timeout=5000&keepalives_idle=10&keepalives_interval=5"
"""What ends the wait for a database that is cut off: no word of that reaches a host."""


def main(folder: Path = FOLDER) -> None:
    """Make what is missing."""
    folder.mkdir(mode=0o700, exist_ok=True)
    password = kept(folder / "database_password", secrets.token_hex(24))
    kept(folder / "database_url", f"postgresql://conduit:{password}@postgresql/conduit?{WAITS}")
    kept(folder / "secret_key", secrets.token_hex(32))


def kept(path: Path, text: str) -> str:
    """Return the text of a file, which is written where it is missing.

    The folder is for its owner alone; the users of the containers, which are numbers, can read the files.
    """
    if not path.exists():
        path.write_text(text, encoding="ascii")
        path.chmod(0o644)
    return path.read_text(encoding="ascii")


if __name__ == "__main__":
    main()
