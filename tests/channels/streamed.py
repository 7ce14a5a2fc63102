"""An application that real servers serve: a channel, in memory or in the Redis that ``CHANNEL_STORE`` names."""

from __future__ import annotations

import os

from framework import App, Resource, Schema, arguments, events, fields, last_event_id, response
from framework.channels import Channel
from framework.serve import Draining


class PriceSchema(Schema):
    """A price."""

    symbol = fields.String(required=True)
    price = fields.Float(required=True)


app = App("streamed", static_folder=None)
if "PLAIN" not in os.environ:
    Draining(app)
prices = Channel("prices", store=os.environ.get("CHANNEL_STORE"), events={"price": PriceSchema})


@app.route("/prices")
class Prices(Resource):
    """Prices."""

    @events(PriceSchema, keep_alive=0.2)
    def get(self):
        """Stream the prices."""
        return prices.subscribe(last_event_id())

    @arguments(PriceSchema)
    @response(201, {"id": fields.String()})
    def post(self, price):
        """Publish a price."""
        return {"id": prices.publish(price, event="price")}


@app.get("/mine/<symbol>")
@events(PriceSchema, keep_alive=0.2)
def mine(symbol):
    """A generator around a subscription."""
    yield {"symbol": symbol, "price": 0}
    yield from prices.subscribe(last_event_id(), where=lambda event: event.data["symbol"] == symbol)


@app.get("/subscribers")
def subscribers():
    return {"pid": os.getpid(), "subscribers": prices.subscribers}
