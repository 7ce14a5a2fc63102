"""An application with WebSockets for real servers; what happens in it is written into a file."""

from __future__ import annotations

import asyncio
import os
import resource

from framework import App, Bearer, Resource, Router, Schema, current_user, fields, g, requires, response
from framework.serve import Draining
from framework.sockets import Socket, open_sockets, receives, sends

LOG = os.environ["DEPLOYED_LOG"]
app = App(__name__, static_folder=None)
app.config.update(DRAIN_TIMEOUT=10, ACCESS_LOG=None, MAX_WEBSOCKETS=60, SECRET_KEY="0123456789abcdef" * 4)


def note(text):
    """Write a line into the file."""
    with open(LOG, "a") as file:
        file.write(f"{text}\n")


@app.before_request
def before():
    g.name = "g"


@app.teardown_request
def after(error):
    if g.get("counts"):
        note("teardown")


class OrderSchema(Schema):
    number = fields.Integer(required=True)


class PriceSchema(Schema):
    symbol = fields.String()
    number = fields.Integer()


router = Router("market", url_prefix="/market")


@router.route("/prices/<symbol>")
class Prices(Socket):
    """Prices of a symbol."""

    subprotocols = ("prices.v2", "prices.v1")

    @receives(OrderSchema)
    @sends(PriceSchema)
    async def connect(self, symbol):
        g.counts = True
        try:
            async for order in self:
                number = order["number"]
                if number == 500:
                    raise ValueError("a fault of the handler")
                if number == 60:
                    note("waits")
                    await asyncio.sleep(60)
                await self.send({"symbol": symbol, "number": number})
        except asyncio.CancelledError:
            note("cancelled")
            raise
        finally:
            note("closed")


@app.route("/private")
class Private(Socket):
    """A socket with marks."""

    @requires(Bearer(lambda token: token if token == "secret" else None))
    async def connect(self):
        await self.send({"user": str(current_user), "g": g.name})


@app.route("/flooded")
class Flooded(Socket):
    """A socket whose handler does not read for a while."""

    @receives()
    async def connect(self):
        await asyncio.sleep(2)
        await self.send({"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss})


@app.route("/flooding")
class Flooding(Socket):
    """A socket that sends without end."""

    async def connect(self):
        sent = 0
        try:
            while True:
                await self.send("x" * 10_000)
                sent += 1
        finally:
            note(f"sent {sent}")


@app.route("/count")
class Count(Resource):
    @response(200, {"open": fields.Integer()})
    def get(self):
        return {"open": open_sockets(app)}


@app.report_error
def report(error):
    note(f"reported {type(error).__name__}")


app.register_router(router)
Draining(app)
asgi = app.asgi
