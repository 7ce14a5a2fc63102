"""Run the ``framework`` command as ``python -m framework``."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main()
