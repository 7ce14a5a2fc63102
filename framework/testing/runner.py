"""Run an application's commands without a shell.

Floor 7.
"""

from __future__ import annotations

import typing as t

from click.testing import CliRunner, Result

from ..cli.script import ScriptInfo

if t.TYPE_CHECKING:
    import collections.abc as cabc

    import click

    from ..app import App


class AppCliRunner(CliRunner):
    """Click's runner, which calls the commands of an application.

    :param app: The application.
    :param kwargs: As :class:`click.testing.CliRunner` takes them.
    """

    def __init__(self, app: App, **kwargs: t.Any) -> None:
        self.app = app
        super().__init__(**kwargs)

    def invoke(  # type: ignore[override]
        self, cli: click.Command | None = None, args: str | cabc.Sequence[str] | None = None, **kwargs: t.Any
    ) -> Result:
        """Run a command and catch its output.

        :param cli: The command or group. Default: the application's ``cli``.
        :param args: The arguments: a list of texts, or one text as in a shell.
        :param kwargs: As :meth:`click.testing.CliRunner.invoke` takes them. ``obj`` is by default a
            :class:`~framework.cli.ScriptInfo` that gives the application.
        """
        kwargs.setdefault("obj", ScriptInfo(create_app=lambda: self.app))
        return super().invoke(self.app.cli if cli is None else cli, args, **kwargs)
