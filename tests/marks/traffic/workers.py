"""An application that two gunicorn workers serve in ``test_idempotency``: it counts in Redis what it carries out."""

from __future__ import annotations

import hashlib
import os
import time

import redis

from framework import App, Schema, arguments, fields, idempotent, limit, response

COUNTED = "carried out"


class OrderSchema(Schema):
    """An order."""

    item = fields.String(required=True)
    pid = fields.Integer(dump_only=True)
    number = fields.Integer(dump_only=True)


app = App("workers", static_folder=None)
app.config.update(
    STORE_URL=os.environ.get("WORKERS_REDIS"),
    STORE_TIMEOUT=float(os.environ.get("WORKERS_TIMEOUT", "10")),
    IDEMPOTENCY_LEASE=3,
)


def count(item: str) -> int:
    """Carry it out: one more in Redis."""
    with redis.Redis.from_url(os.environ["WORKERS_REDIS"]) as server:
        return int(server.hincrby(COUNTED, item, 1))


@app.post("/orders")
@idempotent(required=True)
@arguments(OrderSchema)
@response(201, OrderSchema)
def order(data):
    """Order something, slowly."""
    time.sleep(0.01)
    return {**data, "pid": os.getpid(), "number": count(data["item"])}


@app.post("/crash")
@idempotent()
@arguments(OrderSchema)
@response(201, OrderSchema)
def crash(data):
    """The first time the worker dies in the middle."""
    number = count(data["item"])
    if number == 1:
        os._exit(1)
    return {**data, "pid": os.getpid(), "number": number}


@app.get("/limited")
@limit("20/hour")
@response(200, {"pid": fields.Integer()})
def limited():
    """Tell which worker this is."""
    return {"pid": os.getpid()}


@app.post("/log-in")
@limit("5/hour")
@response(200, {"digest": fields.String()})
def log_in():
    """Take the time that a hash of a password takes."""
    return {"digest": hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 20_000).hex()}


@app.post("/closed")
@limit("5/hour", when_away="closed")
@response(200)
def closed():
    """Log in, only counted."""
    return {}


@app.post("/warm")
@limit("10000/hour")
@response(200)
def warm():
    """Open a connection to Redis."""
    return {}
