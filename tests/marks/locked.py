"""An application for servers in ``test_around``: a folder is a lock that no process gives back by dying."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pathlib
import sys

from framework import App, abort, response
from framework.asgi import WsgiToAsgi
from framework.marks.base import Mark

FOLDER = pathlib.Path(os.environ.get("DEPLOYED_LOG", "log")).with_suffix(".lock")


class exclusive(Mark):
    """One request at a time has the folder; another one gets 423."""

    def around(self, plan):
        @contextlib.contextmanager
        def hold(ctx, call):
            try:
                FOLDER.mkdir()
            except FileExistsError:
                abort(423)
            try:
                yield
            finally:
                FOLDER.rmdir()

        return hold


class exclusive_async(exclusive):
    """The same by an asynchronous context manager, which leaves its event loop for the handler to see."""

    def around(self, plan):
        make = super().around(plan)

        @contextlib.asynccontextmanager
        async def hold(ctx, call):
            with make(ctx, call):
                call.kwargs["loop"] = asyncio.get_running_loop()
                yield
                await asyncio.sleep(0)

        return hold


app = App("locked", static_folder=None)
asgi_app = WsgiToAsgi(app)


@app.post("/<how>")
@exclusive()
@response(200)
def work(how):
    """End as the path says, with the lock in the hand."""
    return end(how)


@app.post("/async/<how>")
@exclusive_async()
@response(200)
async def work_async(how, loop):
    """The same in an event loop, that of the lock."""
    await asyncio.sleep(0)
    return end(how) and loop is asyncio.get_running_loop()


def end(how):
    """End so."""
    if how == "raise":
        raise ValueError("Unexpected.")
    if how == "refuse":
        abort(409)
    if how == "exit":
        sys.exit(1)
    return FOLDER.exists()
