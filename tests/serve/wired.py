"""An application that real servers serve: what goes over the wire compressed, and what is kept."""

from __future__ import annotations

import itertools
import os
import time

from framework import App, Response, Schema, arguments, check_etag, etag, events, fields, request, response, stream
from framework.serve import cached, compression, purge


class NameSchema(Schema):
    """A name."""

    name = fields.String(required=True)


def create_app() -> App:
    """A new application; the folder of the file that ``DEPLOYED_LOG`` names is for its notes."""
    app = App("wired", root_path=".", static_folder=None, marks=[compression()])
    app.config.update(REQUEST_ENCODINGS=("gzip", "br", "zstd"), MAX_CONTENT_LENGTH=2_000_000)
    add_readers(app)
    add_answers(app)
    add_kept(app)
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


def add_answers(app: App) -> None:
    """What is answered compressed."""

    def note(word: str) -> None:
        with open(os.environ["DEPLOYED_LOG"], "a") as log:
            log.write(f"{word}\n")

    def numbers(kind: str):
        try:
            yield {"number": 1}
            wait_for(f"go-{kind}")
            yield {"number": 2}
            wait_for(f"leave-{kind}")
            for number in itertools.count(3):
                yield {"number": number}
        finally:
            note(f"closed {kind}")

    @app.get("/events/<kind>")
    @events({"number": fields.Integer()})
    def some_events(kind):
        return numbers(kind)

    @app.get("/lines/<kind>")
    @stream({"number": fields.Integer()})
    def some_lines(kind):
        return numbers(kind)

    @app.get("/parts/<kind>")
    def some_parts(kind):
        return Response((f"{part['number']}\n" for part in numbers(kind)), content_type="text/plain")

    text = {"name": "Rex " * 1000}

    @app.get("/name")
    @etag
    @response(200, NameSchema)
    def show_name():
        return text

    @app.put("/name")
    @etag
    @arguments(NameSchema)
    @response(200, NameSchema)
    def change_name(value):
        check_etag(text)
        text.update(value)
        return text


def add_kept(app: App) -> None:
    """What is kept on the server, in the store that the environment names."""
    app.config["CACHE_STORE_URL"] = os.environ.get("WIRED_STORE")

    def made() -> None:
        with open("made", "a") as log:
            log.write(f"{request.path}\n")

    @app.get("/slow/<name>")
    @cached(60, tags="slow:{name}")
    @etag
    @response(200, NameSchema)
    def slow(name):
        made()
        time.sleep(0.5)
        return {"name": name * 1000}

    @app.delete("/slow/<name>")
    def forget(name):
        return {"done": purge(f"slow:{name}")}


def wait_for(path: str) -> None:
    """Wait until a test has made a file."""
    end = time.monotonic() + 20
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.01)


app = create_app()
