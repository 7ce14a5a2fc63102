"""The ``routes`` command: a table of the rules.

Floor 7.
"""

from __future__ import annotations

import operator
import typing as t

import click

from .. import context
from .script import with_appcontext

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

_AUTOMATIC = {"HEAD", "OPTIONS"}
#: Start of the endpoints of the document's own pages.
_DOCS_PREFIX = "openapi."


class _Row(t.NamedTuple):
    endpoint: str
    domain: str
    version: str
    methods: str
    rule: str


def _row(rule: Rule, hidden_methods: set[str], host_matching: bool) -> _Row:
    return _Row(
        endpoint=str(rule.endpoint),
        domain=(rule.host if host_matching else rule.subdomain) or "",
        version=getattr(rule, "version", None) or "",
        methods=", ".join(sorted((rule.methods or set()) - hidden_methods)),
        rule=rule.rule,
    )


def _table(rows: list[_Row], domain_title: str) -> t.Iterator[str]:
    """Set the rows into columns; those of the domain and the version are there only if a rule has one."""
    titles = _Row("Endpoint", domain_title, "Version", "Methods", "Rule")
    rare = ("domain", "version")
    columns = [name for name in _Row._fields if name not in rare or any(getattr(row, name) for row in rows)]
    widths = {name: max(len(getattr(row, name)) for row in (titles, *rows)) for name in columns}

    def line(row: _Row) -> str:
        return "  ".join(getattr(row, name).ljust(widths[name]) for name in columns).rstrip()

    yield line(titles)
    yield "  ".join("-" * widths[name] for name in columns)
    yield from map(line, rows)


@click.command("routes", short_help="Show the routes for the app.")
@click.option(
    "--sort",
    "-s",
    type=click.Choice(["endpoint", "methods", "domain", "rule", "match"]),
    default="endpoint",
    help="Order of the rows. 'match' is the order in which rules are tried for a request.",
)
@click.option("--all-methods", is_flag=True, help="Show HEAD and OPTIONS too, where they are automatic.")
@click.option("--all", "show_all", is_flag=True, help="Show the rules of the OpenAPI document and its pages too.")
@with_appcontext
def routes_command(sort: str, all_methods: bool, show_all: bool) -> None:
    """Show all routes with their endpoints and methods."""
    app = context.current().app
    # Mistakes in the set-up show here, and the document's own rules are added.
    app.freeze()
    hidden_methods = set() if all_methods else _AUTOMATIC
    rows = [
        _row(rule, hidden_methods, app.url_map.host_matching)
        for rule in app.url_map.iter_rules()
        if show_all or not str(rule.endpoint).startswith(_DOCS_PREFIX)
    ]

    if not rows:
        click.echo("No routes were registered.")
        return

    if sort != "match":
        rows.sort(key=operator.attrgetter(sort))

    for line in _table(rows, "Host" if app.url_map.host_matching else "Subdomain"):
        click.echo(line)

    if show_all:
        for path, rule in app.docs_kept_out.items():
            click.echo(f"\n{path} is not served: {rule} answers there.")
