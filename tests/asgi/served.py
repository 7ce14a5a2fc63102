"""An application for real ASGI servers; what happens in it is written into a file."""

from __future__ import annotations

import asyncio
import os
import time

from framework import App, Resource, arguments, events, fields, g, request, response, stream
from framework.serve import Draining

LOG = os.environ["DEPLOYED_LOG"]
app = App(__name__, static_folder=None)
app.config.update(DRAIN_TIMEOUT=10, ACCESS_LOG=None)


def note(text):
    """Write a line into the file."""
    with open(LOG, "a") as file:
        file.write(f"{text}\n")


@app.on_startup
async def begin():
    async with asyncio.TaskGroup():
        note("begin")
        yield
        note("end")


@app.before_request
def before():
    g.begun = time.monotonic()


@app.route("/items")
class Items(Resource):
    """Things with a name."""

    @arguments({"name": fields.String(required=True)})
    @response(201, {"name": fields.String(), "path": fields.String()})
    async def post(self, data):
        """Make one."""
        await asyncio.sleep(0)
        return {**data, "path": request.path}

    @response(200, {"name": fields.String()})
    def get(self):
        """Show one."""
        return {"name": "Rex"}


@app.get("/sleep/<float:seconds>")
async def sleep(seconds):
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        note("cancelled")
        raise
    return {"slept": seconds}


@app.post("/length")
async def length():
    return {"length": len(request.get_data())}


@app.get("/numbers")
@stream()
async def numbers():
    for number in range(3):
        yield number
        await asyncio.sleep(0.01)


@app.get("/quiet")
@events(keep_alive=60)
async def quiet():
    try:
        yield "first"
        await asyncio.sleep(600)
    finally:
        note("closed")


@app.get("/breaks")
@stream()
async def breaks():
    yield 1
    raise ZeroDivisionError


draining = Draining(app)
asgi = app.asgi
