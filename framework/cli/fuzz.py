"""The command ``openapi fuzz``: requests made from the document by Schemathesis, and what they find.

Not here: the run itself (``openapi.fuzz``).
Floor 7: imports ``context``, ``cli.documents``, ``cli.script``, and ``openapi.fuzz`` when it runs.
"""

from __future__ import annotations

import collections.abc as cabc
import difflib
import json
import pathlib
import random
import typing as t

import click

from .. import context
from .documents import document_option, known
from .script import with_appcontext

if t.TYPE_CHECKING:
    from ..openapi.fuzz import Failure, Findings

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


def chosen(document: cabc.Mapping[str, t.Any], names: cabc.Iterable[str]) -> set[tuple[str, str]] | None:
    """Find the operations that are meant.

    :param document: The document.
    :param names: Each an operationId, a tag, a path, or a method and a path: ``"GET /pets"``.
    :return: Methods and paths; ``None`` for all of them, where no name is given.
    :raises click.UsageError: A name is none of these.
    """
    names = tuple(names)
    if not names:
        return None
    found: set[tuple[str, str]] = set()
    by_name: dict[str, set[tuple[str, str]]] = {}
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if method in _METHODS:
                pair = (method.upper(), path)
                for name in (path, " ".join(pair), operation.get("operationId"), *operation.get("tags", ())):
                    if name is not None:
                        by_name.setdefault(name, set()).add(pair)
    for name in names:
        if name not in by_name:
            near = difflib.get_close_matches(name, by_name, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"{name!r} is no operationId, tag or path of the document.{hint}")
        found |= by_name[name]
    return found


def _headers(given: cabc.Iterable[str]) -> dict[str, str]:
    made = {}
    for header in given:
        name, sign, value = header.partition(":")
        if not sign or not name.strip():
            raise click.UsageError(f"{header!r} is no header. Write it as 'Name: value'.")
        made[name.strip()] = value.strip()
    return made


def once(failures: cabc.Iterable[Failure]) -> list[tuple[Failure, int]]:
    """The first of all failures that say the same of one operation, and how many there are."""
    groups: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        groups.setdefault((failure.operation, failure.title), []).append(failure)
    return [(group[0], len(group)) for group in groups.values()]


def _indented(text: str) -> str:
    return "\n".join(f"   {line}".rstrip() for line in text.strip().splitlines())


def show(found: Findings, seed: int) -> None:
    """Print what was found."""
    groups = once(found.failures)
    for number, (failure, count) in enumerate(groups, 1):
        more = f", {count} times" if count > 1 else ""
        click.echo(f"{number}. {failure.operation}: {failure.title} ({failure.phase}{more})")
        for part in (failure.message, failure.curl, failure.advice):
            if part.strip():
                click.echo(_indented(part) + "\n")
    click.echo(f"{found.cases} requests, {len(groups)} failures. Repeat with --seed {seed}.", err=True)


def write(found: Findings, seed: int, file: str) -> None:
    """Write what was found as JSON.

    :raises click.FileError: The file cannot be written.
    """
    members = ("operation", "phase", "title", "message", "curl", "advice")
    failures = [{name: getattr(failure, name) for name in members} for failure in found.failures]
    report = {"seed": seed, "requests": found.cases, "phases": sorted(found.phases), "failures": failures}
    try:
        pathlib.Path(file).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise click.FileError(file, error.strerror) from error


@click.command("fuzz", short_help="Let Schemathesis look for requests that the document does not hold for.")
@click.argument("operations", nargs=-1)
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Make the same requests again. Default: others.")
@click.option(
    "--max-examples",
    "-n",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="How many requests for each operation, in each random phase.",
)
@click.option("--header", "-H", "headers", multiple=True, help="A header of each request: 'Authorization: Bearer x'.")
@click.option("--report", type=click.Path(dir_okay=False), default=None, help="A file for all findings, as JSON.")
@document_option
@with_appcontext
def fuzz_command(
    operations: tuple[str, ...],
    seed: int | None,
    max_examples: int,
    headers: tuple[str, ...],
    report: str | None,
    name: str,
) -> None:
    """Make requests from the document, right and wrong ones, and look for answers that break it.

    OPERATIONS are operationIds, tags, paths, or a method and a path in one argument: 'GET /pets'. Without any, all are
    taken. The requests are real: what handlers write is written. Needs the package schemathesis. The exit code is 1
    when something was found.
    """
    from ..openapi.fuzz import Missing, explore

    app = context.current().app
    document = app.document(known(app, name))
    seed = random.randrange(2**32) if seed is None else seed
    try:
        found = explore(
            app,
            document,
            seed=seed,
            examples=max_examples,
            headers=_headers(headers),
            only=chosen(document, operations),
            tell=lambda phase, count: click.echo(f"{phase}: {count} found", err=True),
        )
    except Missing as error:
        raise click.ClickException(str(error)) from error
    if report is not None:
        write(found, seed, report)
    show(found, seed)
    if found.failures:
        raise SystemExit(1)
