"""Environment variables from dotenv files.

Knows variables and files; knows nothing of commands' options or of loading an application.
Floor 7.
"""

from __future__ import annotations

import os

import click

#: Looked for in the current directory and its parents, the weaker file first.
DEFAULT_FILES = (".frameworkenv", ".env")


def load_dotenv(path: str | os.PathLike[str] | None = None, load_defaults: bool = True) -> bool:
    """Read dotenv files into ``os.environ``.

    A variable that is already set stays as it is. Among files, ``path`` wins over ``.env``, and that over
    ``.frameworkenv``. Without ``python-dotenv`` nothing is read, and a hint is written to stderr if there was a file.

    :param path: A file to read in addition to the default ones. A file that does not exist is skipped.
    :param load_defaults: Look for ``.env`` and ``.frameworkenv``, in the current directory and then its parents.
    :return: ``True`` if a file gave at least one variable.
    """
    try:
        import dotenv
    except ImportError:
        wanted = [path] if path else []
        if load_defaults:
            wanted.extend(DEFAULT_FILES)

        if any(os.path.isfile(file) for file in wanted):
            click.secho(
                " * Tip: There are .env files here. Do 'pip install python-dotenv' to use them.", fg="yellow", err=True
            )

        return False

    files: list[str | os.PathLike[str]] = []
    if load_defaults:
        files.extend(found for name in DEFAULT_FILES if (found := dotenv.find_dotenv(name, usecwd=True)))
    if path is not None and os.path.isfile(path):
        files.append(path)

    values: dict[str, str | None] = {}
    for file in files:
        values.update(dotenv.dotenv_values(file, encoding="utf-8"))

    for name, value in values.items():
        # A bare name without "=" has no value to give.
        if value is not None:
            os.environ.setdefault(name, value)

    return bool(values)
