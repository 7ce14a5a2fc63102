"""The option ``--document``: which of the application's documents a command is about.

Floor 7.
"""

from __future__ import annotations

import typing as t

import click

if t.TYPE_CHECKING:
    from ..app import App

document_option = click.option(
    "--document",
    "-d",
    "name",
    metavar="NAME",
    default="default",
    help="Which of the application's documents, as named by add_document. By default that of app.openapi.",
)


def known(app: App, name: str) -> str:
    """The name of a document.

    :raises click.UsageError: The application has none of that name.
    """
    if name not in app.documents:
        raise click.UsageError(f"There is no document {name!r}. There are: {', '.join(app.documents)}.")
    return name
