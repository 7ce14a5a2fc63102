"""An application that gunicorn serves in ``test_around``: a folder is a lock that no process gives back by dying."""

from __future__ import annotations

import contextlib
import os
import pathlib
import sys

from framework import App, abort, response
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


app = App("locked", static_folder=None)


@app.post("/<how>")
@exclusive()
@response(200)
def work(how):
    """End as the path says, with the lock in the hand."""
    if how == "raise":
        raise ValueError("Unexpected.")
    if how == "refuse":
        abort(409)
    if how == "exit":
        sys.exit(1)
    return FOLDER.exists()
