"""The ``explain`` command."""

import click

explain_command = click.Command("explain")
