"""Each request has an id: taken from a header of the client or made, on ``g``, in the answer and in the document."""

import re
import uuid

import click

from framework import current_app, fields, g, request
from framework.errors import SetupError
from framework.marks.base import Header, Mark

HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
SENT = re.compile(r"[A-Za-z0-9._-]{1,64}")
NAME = "request_ids"


class RequestIds:
    """The extension. Connect it with :meth:`init_app`, and give :attr:`mark` to the application."""

    def __init__(self, app=None):
        self.mark = RequestIdMark()
        if app is not None:
            self.init_app(app)

    def init_app(self, app):
        """Connect an application, after its settings were read."""
        header = app.config.setdefault("REQUEST_IDS_HEADER", "X-Request-Id")
        if not isinstance(header, str) or not HEADER.fullmatch(header):
            raise SetupError(f"Invalid REQUEST_IDS_HEADER: {header!r}. Give the name of a header, like 'X-Request-Id'.")
        app.extensions[NAME] = header
        app.before_request(self._begin)
        app.after_request(self._sign)

    @property
    def current(self):
        """The id of the request that is being answered."""
        return g._request_id

    def _begin(self):
        sent = request.headers.get(current_app.extensions[NAME], "")
        g._request_id = sent if SENT.fullmatch(sent) else uuid.uuid4().hex

    def _sign(self, reply):
        reply.headers[current_app.extensions[NAME]] = self.current
        return reply


class RequestIdMark(Mark):
    """Describes the header that all answers have."""

    def document(self, plan):
        name = plan.config.get("REQUEST_IDS_HEADER", "X-Request-Id")
        yield Header(name, fields.String(), "The id of the request, for its line in the log.", required=True)


@click.command("request-id")
def command():
    """Print a new id."""
    click.echo(uuid.uuid4().hex)
