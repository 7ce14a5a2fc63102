"""The example that sends errors to Sentry, with the real SDK."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
import sentry_sdk
from sentry_sdk.transport import Transport
from connect_sentry import connect_sentry
from framework import App

events = []

class Kept(Transport):
    def capture_envelope(self, envelope):
        event = envelope.get_event()
        if event:
            events.append(event)

app = App("shop")

@app.get("/orders/<int:order_id>")
def orders(order_id):
    raise ConnectionError("The database is away.")

connect_sentry(app, dsn="http://key@127.0.0.1:9/1", transport=Kept())
reply = app.test_client().get("/orders/7")
sentry_sdk.get_client().close()
kinds = [event["exception"]["values"][0]["type"] for event in events]
print(json.dumps([kinds, events[0]["tags"]["request_id"] == reply.json["request_id"], events[0]["transaction"]]))
"""


def test_an_unhandled_error_is_one_event():
    """Sentry gets one event for an unhandled error, with the id that the client got and the rule.

    In a process of its own: the SDK changes the standard library.
    """
    command = [sys.executable, "-c", SCRIPT, str(EXAMPLES)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=EXAMPLES.parents[1])

    assert json.loads(ran.stdout) == [["ConnectionError"], True, "GET /orders/<int:order_id>"]
