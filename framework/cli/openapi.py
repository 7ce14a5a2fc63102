"""The ``openapi`` commands: write the application's document, check it, compare it with another.

Floor 7.
"""

from __future__ import annotations

import json
import pathlib

import click

from .. import context
from ..app import DEFAULT
from ..findings import Finding, line_of, written
from .diff import diff_command, parsed, read_text
from .documents import document_option, known
from .findings import Form, findings_option, report
from .refusals import say_why_empty
from .script import AppGroup

_VERSIONS = {"3.0": "3.0.3", "3.1": "3.1.0", "3.2": "3.2.1", "auto": "auto"}


def _document_text(version: str | None, format: str, name: str, overlays: tuple[str, ...]) -> str:
    """Make a document of the current application and write it as text that ends with a newline."""
    # Looked up here: no other command needs apispec.
    from ..openapi.document import build, to_json, to_yaml

    app = context.current().app
    known(app, name)
    say_why_empty(app)
    document: dict[str, object] = app.document(name) if version is None else build(app, _VERSIONS[version], name)
    for overlay in overlays:
        document = _overlaid(document, overlay)
    text = to_yaml(document) if format == "yaml" else to_json(document, indent=2)
    return text if text.endswith("\n") else text + "\n"


def _overlaid(document: dict[str, object], file: str) -> dict[str, object]:
    """Return a document with the changes of an overlay.

    :raises click.UsageError: The file is not an overlay, or it does not fit the document.
    """
    from ..openapi.document import OverlayError, apply_overlay

    # YAML has numbers for names, and dates, which JSON has not.
    overlay = json.loads(json.dumps(parsed(read_text(file), file), default=str))
    try:
        return apply_overlay(document, overlay, file)
    except (OverlayError, ImportError) as error:
        raise click.UsageError(str(error)) from error


def _format_of(output: str, format: str | None) -> str:
    """Choose the form: the given one, otherwise by the file's ending, otherwise JSON."""
    if format is not None:
        return format

    return "yaml" if output.lower().endswith((".yaml", ".yml")) else "json"


_output_option = click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, allow_dash=True),
    default="-",
    help="The file to write; '-', the default, is standard output.",
)
_format_option = click.option(
    "--format",
    "-f",
    "format",
    type=click.Choice(["json", "yaml"]),
    default=None,
    help="The form. By default YAML for a file that ends with .yaml or .yml, else JSON.",
)
_version_option = click.option(
    "--version",
    "version",
    type=click.Choice(list(_VERSIONS)),
    default=None,
    help="The version of OpenAPI. By default that of the setting OPENAPI_VERSION.",
)


@click.group(
    "openapi", cls=AppGroup, invoke_without_command=True, short_help="Show the OpenAPI document, or write it to a file."
)
@click.pass_context
def openapi_command(ctx: click.Context) -> None:
    """Work with the application's OpenAPI document.

    Without a command it is written to standard output as JSON.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(write_command, output="-", format=None, version=None, name="default", overlays=())


openapi_command.add_command(diff_command)


@openapi_command.command("write")
@_output_option
@_format_option
@_version_option
@document_option
@click.option(
    "--overlay",
    "overlays",
    metavar="FILE",
    multiple=True,
    help="An overlay, in JSON or YAML, to apply; may be repeated. An action that selects nothing is an error.",
)
def write_command(output: str, format: str | None, version: str | None, name: str, overlays: tuple[str, ...]) -> None:
    """Write the document to a file or to standard output."""
    text = _document_text(version, _format_of(output, format), name, overlays)
    try:
        with click.open_file(output, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise click.FileError(output, error.strerror) from error


@openapi_command.command("site", short_help="Write the documentation pages as files.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=pathlib.Path))
@click.option("--server", metavar="URL", help="The address of the API. By default the first server of the document.")
@document_option
def site_command(folder: pathlib.Path, server: str | None, name: str) -> None:
    """Write the documentation pages into FOLDER, with relative links, for a server of files.

    They are those of the application, without Swagger UI. Files of the same names are replaced, others stay.
    """
    from ..errors import SetupError
    from ..openapi.docs import write_site

    app = context.current().app
    known(app, name)
    say_why_empty(app)
    app.freeze()
    if server is not None and not server.startswith(("http://", "https://")):
        raise click.UsageError(f"{server!r} is not the address of a server. Give one like https://api.example.org.")
    try:
        count = write_site(app, app.documents[name], folder, server)
    except SetupError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.FileError(str(folder), error.strerror) from error
    click.echo(f"{count} files in {folder}.")


@openapi_command.command("list", short_help="List the documents of the application.")
def list_command() -> None:
    """List the documents of the application: name, path, title, and how many operations each has."""
    from ..openapi.document import listed, title

    app = context.current().app
    app.freeze()
    rows = [("Document", "Path", "Title", "Operations")]
    for document in app.documents.values():
        config = document.config(app)
        path = config["OPENAPI_JSON_PATH"] or "not served"
        rows.append((document.name, path, title(app, config), str(len(listed(app, document)))))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


@openapi_command.command("check", short_help="Lint the document, and find errors that handlers do not declare.")
@_version_option
@click.option("--document", "-d", "name", metavar="NAME", help="One document of the application. Default: all of them.")
@click.option("--strict", is_flag=True, help="Let advice count like an error.")
@findings_option
def check_command(version: str | None, name: str | None, strict: bool, form: Form) -> None:
    """Lint the application's documents by the strict rules of the common linters, without Node.

    Advice names errors that handlers raise and do not declare. The exit code is 1 when something is wrong, and 0 when
    there is nothing but advice.
    """
    from ..openapi.lint import check

    app = context.current().app
    names = list(app.documents) if name is None else [known(app, name)]
    # What several documents share is reported once, for the first of them.
    found: dict[str, Finding] = {}
    for each in names:
        for finding in check(app, None if version is None else _VERSIONS[version], each):
            if each != DEFAULT and not finding.file:
                finding = finding._replace(place=f"{each}: {written(finding.at)}")
            found.setdefault(line_of(finding), finding)
    report(list(found.values()), form, "advice" if strict else "warning")
