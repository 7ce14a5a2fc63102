"""The command ``openapi diff``: what changed between two documents, for people and for CI.

Not here: the comparison (``openapi.diff._diff``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import json
import pathlib
import subprocess
import sys
import typing as t

import click

from ..typing import JSONObject
from .documents import document_option, known
from .script import ScriptInfo, pass_script_info

if t.TYPE_CHECKING:
    from ..openapi.diff import Advice, Change

DEFAULT_FILE = "openapi.json"
_SHOWN_OPERATIONS = 4


def read_document(name: str, revision: str | None = None) -> JSONObject:
    """Read a document from a file, of the disk or of a git revision.

    :param name: The file, JSON or YAML; ``-`` is standard input.
    :raises click.UsageError: It cannot be read, or is not an OpenAPI document.
    """
    text = read_text(name) if revision is None else read_revision(name, revision)
    where = name if revision is None else f"{revision}:{name}"
    document = parsed(text, where)
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise click.UsageError(f"{where!r} is not an OpenAPI 3 document. Write one with 'framework openapi write'.")
    return t.cast("JSONObject", document)


def parsed(text: str, where: str) -> object:
    """Return what a text says, JSON or YAML.

    :param where: The name of the text, for messages.
    :raises click.UsageError: It is neither.
    """
    from ..openapi.document import from_text

    try:
        return from_text(text)
    except ValueError as error:
        raise click.UsageError(f"{where!r} is neither JSON nor YAML: {error}") from error


def read_text(name: str) -> str:
    """The text of a file, or of standard input."""
    try:
        return sys.stdin.read() if name == "-" else pathlib.Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"Cannot read {name!r}: {getattr(error, 'strerror', None) or error}") from error


def read_revision(name: str, revision: str) -> str:
    """The text that a file had in a git revision."""
    if revision.startswith("-"):
        raise click.UsageError(f"{revision!r} is not a git revision.")
    path = name if name.startswith(("/", "./", "../")) else f"./{name}"
    try:
        done = subprocess.run(["git", "show", f"{revision}:{path}"], capture_output=True, text=True, encoding="utf-8")
    except OSError as error:
        raise click.UsageError("Cannot run git. Install it, or give two files.") from error
    if done.returncode:
        raise click.UsageError(f"git has no {name!r} in {revision!r}: {done.stderr.strip()}")
    return done.stdout


def report(changes: cabc.Sequence[Change], advised: Advice, version: str) -> str:
    """The changes for people."""
    if not changes:
        return "No changes that clients could notice."
    lines: list[str] = []
    level = None
    for change in changes:
        if change.level != level:
            level = change.level
            count = sum(each.level == level for each in changes)
            lines += ["", f"{level.upper()} ({count})"]
        name = ".".join(part for part in (change.component, change.member) if part)
        lines.append(f"  {change.code}: {name + ': ' if name else ''}{change.message}")
        lines.append(f"      {where(change)}")
        if change.source:
            lines.append(f"      {change.source}")
    if advised.at_least:
        words = "" if advised.is_enough else f"; it is {version}. Raise API_VERSION"
        lines += ["", f"A {advised.bump} change: the version should be {advised.at_least} or later{words}."]
    return "\n".join(lines[1:])


def where(change: Change) -> str:
    """The operations that a change shows in, and the place in the first of them."""
    shown = ", ".join(change.operations[:_SHOWN_OPERATIONS])
    more = len(change.operations) - _SHOWN_OPERATIONS
    return f"{shown}{f' and {more} more' if more > 0 else ''}{f': {change.place}' if change.place else ''}"


@click.command("diff", short_help="Compare two documents: what breaks clients.")
@click.argument("old", required=False, type=click.Path(dir_okay=False, allow_dash=True))
@click.argument("new", required=False, type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--git", "revision", metavar="REV", help="Take OLD from this git revision, like 'main' or 'v1.2'.")
@click.option("--from", "other", metavar="NAME", help="Take OLD from the application: another of its documents.")
@document_option
@click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", help="The form.")
@click.option("--strict", is_flag=True, help="Let risky changes count like breaking ones.")
@pass_script_info
def diff_command(
    info: ScriptInfo,
    old: str | None,
    new: str | None,
    revision: str | None,
    other: str | None,
    name: str,
    form: str,
    strict: bool,
) -> None:
    """Compare the document OLD with NEW, or with that of the application, where NEW is not given.

    The exit code is 0 when clients go on as before, 1 when something breaks them, and 2 when the documents cannot be
    read. With --git, OLD is 'openapi.json' unless given. With --from, two documents of the application are compared,
    like those of two versions; what their paths begin with does not count.
    """
    from ..openapi.diff import Level, advice, compare

    if old is None and other is None:
        if revision is None:
            raise click.UsageError("Give the document to compare with: 'framework openapi diff OLD', or '--git REV'.")
        old = DEFAULT_FILE
    if other is not None:
        if old is not None or revision is not None:
            raise click.UsageError("Give --from, or a document to compare with, not both.")
        before = document_of_app(info, other, name)
    else:
        before = read_document(t.cast(str, old), revision)
    if new is not None:
        after = read_document(new)
        changes = compare(before, after)
    else:
        after, changes = compare_with_app(before, info, name)
    advised = advice(changes, before, after)
    if form == "json":
        click.echo(json.dumps(as_json(changes, advised), indent=2, ensure_ascii=False))
    else:
        click.echo(report(changes, advised, str(after.get("info", {}).get("version", ""))))
    bad = {Level.BREAKING, Level.RISKY} if strict else {Level.BREAKING}
    if any(change.level in bad for change in changes):
        raise SystemExit(1)


def document_of_app(info: ScriptInfo, name: str, beside: str) -> JSONObject:
    """A document of the application, its paths beginning like those of another one."""
    from ..openapi.diff import moved
    from ..openapi.document import build

    app = info.load_app()
    with app.app_context():
        made = build(app, name=known(app, name))
    return moved(made, app.documents[name].path, app.documents[known(app, beside)].path)


def compare_with_app(before: JSONObject, info: ScriptInfo, name: str) -> tuple[JSONObject, list[Change]]:
    """Compare with a document of the application: as it is served, or in 3.0 where the other one is."""
    from ..openapi.diff import compare
    from ..openapi.document import make
    from ..openapi.lint import Sources

    app = info.load_app()
    with app.app_context():
        which = app.documents[known(app, name)]
        served = str(which.config(app)["OPENAPI_VERSION"])
        after = make(app, "3.0.3" if before["openapi"].startswith("3.0") else served, which).document
        changes = compare(before, after)
        Sources(app, name).annotate(changes)
    return after, changes


def as_json(changes: cabc.Sequence[Change], advised: Advice) -> JSONObject:
    """The changes for programs."""
    counts = {level: sum(change.level == level for change in changes) for level in ("breaking", "risky", "compatible")}
    return {**counts, "version": advised._asdict(), "changes": [dataclasses.asdict(change) for change in changes]}
