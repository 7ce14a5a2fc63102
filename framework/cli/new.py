"""The ``new`` and ``generate`` commands: a project, and resources in it.

Not here: their files (``dev``), which are made when a command runs. Floor 7.
"""

from __future__ import annotations

import pathlib

import click

from ..errors import SetupError


@click.command("new", short_help="Write a new project.")
@click.argument("name")
@click.option("--no-database", is_flag=True, help="Leave out database and migrations.")
@click.option(
    "--directory",
    "-d",
    type=click.Path(file_okay=False, path_type=pathlib.Path),
    help="The folder of the project. Default: a new folder of its name.",
)
@click.option(
    "--framework", "url", help="The URL that the framework is installed from. Default: as it is installed here."
)
@click.option("--dry-run", is_flag=True, help="Write nothing; list the files.")
def new_command(name: str, no_database: bool, directory: pathlib.Path | None, url: str | None, dry_run: bool) -> None:
    """Write a project with the package NAME, which passes its own tests.

    Existing files are never written over.
    """
    from ..dev import framework_url, project_files, write_files

    root = (directory or pathlib.Path(name)).absolute()
    try:
        files = project_files(name, framework_url(url), has_database=not no_database)
        if not dry_run:
            write_files(root, files)
    except SetupError as error:
        raise click.ClickException(str(error)) from error
    if dry_run:
        for path in files.new:
            click.echo(path)
        return
    click.echo(f"Wrote {len(files.new)} files to {root}. Next:\n")
    click.echo(f"  cd {directory or name}\n  make test\n  make run")


@click.group("generate", short_help="Add a resource to a project.")
def generate_command() -> None:
    """Add parts to a project that 'framework new' has made."""


@generate_command.command("resource")
@click.argument("name")
@click.argument("fields", nargs=-1, required=True, metavar="FIELD:TYPE[?][=DEFAULT]...")
@click.option("--plural", help="The plural of NAME, where it is not as usual.")
@click.option(
    "--directory",
    "-d",
    type=click.Path(exists=True, file_okay=False, path_type=pathlib.Path),
    default=".",
    help="The folder of the project. Default: the current one.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; list the files.")
def resource_command(
    name: str, fields: tuple[str, ...], plural: str | None, directory: pathlib.Path, dry_run: bool
) -> None:
    """Add the resource NAME, in the singular: model, migration, schema, routes and tests.

    A type is one of str, text, int, float, decimal, bool, date, datetime and uuid. With a question mark behind it the
    value may be null.

        framework generate resource pet name:str born:date? legs:int=4
    """
    from ..dev import FieldSpec, resource_changes, write_files

    try:
        files = resource_changes(directory, name, [FieldSpec.parse(each) for each in fields], plural)
        if not dry_run:
            write_files(directory, files)
    except SetupError as error:
        raise click.ClickException(str(error)) from error
    for path in files.new:
        click.echo(f"{'Would write' if dry_run else 'Wrote'} {path}")
    for path in files.changed:
        click.echo(f"{'Would change' if dry_run else 'Changed'} {path}")
    if not dry_run:
        click.echo("Next: read the migration, then 'make migrate' and 'make test'.")
