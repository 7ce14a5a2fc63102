"""What a request uses is counted, in units of the application: on ``g``, in the answer and in the document."""

import re

import click

from framework import current_app, fields, g
from framework.cli import with_appcontext
from framework.errors import SetupError
from framework.marks.base import Header, Mark

HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
NAME = "usage"


class Usage:
    """The extension. Connect it with :meth:`init_app`, and give :attr:`mark` to the application."""

    def __init__(self, app=None):
        self.mark = UsageMark()
        if app is not None:
            self.init_app(app)

    def init_app(self, app):
        """Connect an application, after its settings were read."""
        header = app.config.setdefault("USAGE_HEADER", "Usage-Units")
        if not isinstance(header, str) or not HEADER.fullmatch(header):
            raise SetupError(f"Invalid USAGE_HEADER: {header!r}. Give the name of a header, like 'Usage-Units'.")
        app.config.setdefault("USAGE_UNITS_PER_CENT", 100)
        app.extensions[NAME] = header
        app.before_request(self._begin)
        app.after_request(self._sign)

    @property
    def current(self):
        """The units that the request has used so far."""
        return g.get("_usage_units", 0)  # another hook may have answered before the count began

    def add(self, units):
        """Count units for the request that is being answered."""
        g._usage_units = self.current + units

    def _begin(self):
        g._usage_units = 1  # the call as such

    def _sign(self, reply):
        reply.headers[current_app.extensions[NAME]] = str(self.current)
        return reply


class UsageMark(Mark):
    """Describes the header that all answers have."""

    def document(self, plan):
        name = plan.config.get("USAGE_HEADER", "Usage-Units")
        yield Header(name, fields.Integer(), "The units that the call has used.", required=True)


@click.command("usage-price")
@click.argument("units", type=int)
@with_appcontext
def command(units):
    """Print the price of UNITS in cents."""
    click.echo(-(-units // current_app.config["USAGE_UNITS_PER_CENT"]))
