"""Findings of a check as a command shows them, and the exit status they lead to.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import json
import typing as t

import click

from ..findings import DescribedRule, Finding, Severity, as_json, as_sarif, counts, text_of

Form: t.TypeAlias = t.Literal["text", "json", "sarif"]

findings_option = click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(t.get_args(Form)),
    default="text",
    help="The form: lines for people, JSON, or SARIF 2.1.0 for code scanning.",
)


def report(
    findings: cabc.Sequence[Finding],
    form: Form,
    fail_level: Severity,
    rules: cabc.Iterable[DescribedRule] = (),
) -> None:
    """Write findings to standard output, and end the command with 1 if one of them counts.

    :param form: The form.
    :param fail_level: The mildest level that counts.
    :param rules: The rules that were applied, for SARIF.
    """
    if form == "text":
        heard = [each for each in findings if not each.silenced]
        for finding in heard:
            click.echo(text_of(finding))
        if not heard:
            click.echo("Nothing to mend.", err=True)
        if len(heard) < len(findings):
            click.echo(f"Silenced: {len(findings) - len(heard)}.", err=True)
    else:
        made = as_json(findings) if form == "json" else as_sarif(findings, rules)
        click.echo(json.dumps(made, indent=2, ensure_ascii=False))
    if any(counts(finding, fail_level) for finding in findings):
        raise SystemExit(1)
