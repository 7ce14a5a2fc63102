"""The ``check`` command: what is wrong with the application, and what would hurt in production.

Not here: the rules (``serve.check``).
Floor 7.
"""

from __future__ import annotations

import click

from ..errors import SetupError
from ..findings import SEVERITIES, Severity
from .findings import Form, findings_option, report
from .script import ScriptInfo, pass_script_info


@click.command("check", short_help="Check the application, with --deploy for production.")
@click.option("--deploy", is_flag=True, help="Check too what would hurt in production.")
@findings_option
@click.option(
    "--fail-level",
    type=click.Choice(SEVERITIES),
    default="warning",
    show_default=True,
    help="The mildest level that makes the exit code 1.",
)
@click.option("--silence", multiple=True, metavar="NAME", help="A rule that does not count; may be given again.")
@click.option(
    "--gunicorn",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="The settings of gunicorn, like gunicorn.conf.py. The file is run.",
)
@click.option("--workers", type=click.IntRange(1), help="The number of processes. Default: as the server is set.")
@click.option("--threads", type=click.IntRange(1), help="The threads of each process. Default: as the server is set.")
@pass_script_info
def check_command(
    info: ScriptInfo,
    deploy: bool,
    form: Form,
    fail_level: Severity,
    silence: tuple[str, ...],
    gunicorn: str | None,
    workers: int | None,
    threads: int | None,
) -> None:
    """Check the application by numbered rules, each with its harm and its remedy.

    The exit code is 0 when nothing counts, 1 when something does, and 2 when the command is used in a wrong way. Rules
    are silenced by their names, with --silence or, with a reason, in the setting SILENCED_CHECKS.
    """
    from ..serve.check import check, known_rules, server_facts

    info.set_debug_flag = False  # debug mode that the application's own code switches on must be seen
    app = info.load_app()
    rules = known_rules(app)
    names = {each.name: each.code for each in rules}
    for name in silence:
        if name not in names:
            by_code = next((known for known, code in names.items() if code == name), None)
            meant = f"Did you mean {by_code!r}?" if by_code else "The page of 'framework check' lists all rules."
            raise click.UsageError(f"Unknown rule: {name!r}. {meant}")
    try:
        server = server_facts(gunicorn, workers, threads)
    except SetupError as error:
        raise click.UsageError(str(error)) from error
    with app.app_context():
        found = check(app, deploy=deploy, server=server, silence=silence)
    report(found, form, fail_level, rules)
