"""An application that real servers serve: what goes over the wire compressed, and what is kept."""

from __future__ import annotations

import os
import time

from framework import App, Schema, arguments, fields, request, response


class NameSchema(Schema):
    """A name."""

    name = fields.String(required=True)


def create_app() -> App:
    """A new application; the folder of the file that ``DEPLOYED_LOG`` names is for its notes."""
    app = App("wired", root_path=".", static_folder=None)
    app.config.update(REQUEST_ENCODINGS=("gzip", "br", "zstd"), MAX_CONTENT_LENGTH=2_000_000)
    add_readers(app)
    return app


def add_readers(app: App) -> None:
    """One operation for each way to read a body."""

    @app.post("/json")
    @arguments(NameSchema)
    @response(200, NameSchema)
    def read_json(value):
        return value

    @app.post("/form")
    @arguments(NameSchema, location="form")
    @response(200, NameSchema)
    def read_form(value):
        return value

    @app.post("/upload")
    def upload():
        return {"name": request.form["name"], "size": len(request.files["file"].read())}

    @app.post("/pieces")
    def pieces():
        size = 0
        while piece := request.stream.read(1000):
            size += len(piece)
        return {"size": size, "coding": request.headers.get("Content-Encoding")}


def wait_for(path: str) -> None:
    """Wait until a test has made a file."""
    end = time.monotonic() + 20
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.01)


app = create_app()
