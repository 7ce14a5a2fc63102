"""An application with WebSockets for real servers; what happens in it is written into a file."""

from __future__ import annotations

import asyncio
import os

from framework import App, Bearer, Resource, Router, Schema, current_user, fields, g, requires, response
from framework.serve import Draining
from framework.sockets import Socket, open_sockets, receives, sends

LOG = os.environ["DEPLOYED_LOG"]
app = App(__name__, static_folder=None)
app.config.update(DRAIN_TIMEOUT=10, ACCESS_LOG=None, MAX_WEBSOCKETS=60, SECRET_KEY="0123456789abcdef" * 4)


released = asyncio.Event()
sent = 0


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
    """A socket whose handler does not read until a request lets it."""

    @receives()
    @sends()
    async def connect(self):
        await released.wait()
        count = 0
        async for message in self:
            if message == "end":
                break
            count += 1
        await self.send(count)


@app.route("/flooding")
class Flooding(Socket):
    """A socket that sends without end."""

    async def connect(self):
        global sent
        while True:
            await self.send("x" * 10_000)
            sent += 1


@app.route("/count")
class Count(Resource):
    """Numbers of this process."""

    @response(200, {"open": fields.Integer(), "sent": fields.Integer()})
    def get(self):
        """Show them."""
        return {"open": open_sockets(app), "sent": sent}


@app.get("/release")
async def release():
    released.set()
    return {}


@app.report_error
def report(error):
    note(f"reported {type(error).__name__}")


app.register_router(router)
Draining(app)
asgi = app.asgi
