"""The ``types`` command: TypedDicts for what the schemas of a module load and dump.

Not here: what they look like (``cli.typeddicts``). Floor 7.
"""

from __future__ import annotations

import difflib
import importlib
import pathlib

import click

from ..errors import SetupError
from .discovery import prepare_import


@click.command("types", short_help="Write types for the schemas of a module.")
@click.argument("module")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=pathlib.Path), help="The file to write.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1, and a diff, if the file is not up to date.")
def types_command(module: str, output: pathlib.Path | None, check: bool) -> None:
    """Write a TypedDict for what each schema of MODULE loads, and one for what it dumps.

    MODULE is a dotted name, or a file. The types go to standard output, or with --output to a file, from which handlers
    import them. With --check the file is compared: for CI.
    """
    from .typeddicts import TypedDicts  # it imports marshmallow, which other commands may not need

    if check and output is None:
        raise click.UsageError("--check needs the file to compare: give it with --output.")
    name = prepare_import(module)
    try:
        found = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise click.UsageError(f"Could not import {module!r}. Check the name and the current folder.") from None
    try:
        text = TypedDicts(found).text()
    except SetupError as error:
        raise click.ClickException(str(error)) from error
    if output is None:
        click.echo(text, nl=False)
    elif not check:
        output.write_text(text, encoding="utf-8")
        click.echo(f"Wrote {output}.", err=True)
    else:
        compare(output, text, f"framework types {module} --output {output}")


def compare(file: pathlib.Path, text: str, command: str) -> None:
    """Compare a file with the text that it must have.

    :param command: The command that writes it.
    :raises SystemExit: It is different, or not there; with 1, after the difference was printed.
    """
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    if before == text:
        return
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), text.splitlines(keepends=True), str(file), f"{file} (now)"
    )
    click.echo("".join(lines), nl=False)
    click.echo(f"{file} is not up to date. Run '{command}'.", err=True)
    raise SystemExit(1)
