"""An application that real servers serve; its access log goes to the file ``access`` in the folder it runs in."""

from __future__ import annotations

import time

from framework import App, Resource, after_response, request, send_file

app = App("served", static_folder=None)
app.config.update(ACCESS_LOG="json", ACCESS_LOG_FILE="access")


@app.get("/hello")
def hello():
    """Answer at once."""
    return {"hello": "world"}


@app.route("/pets/<int:pet_id>")
class Pets(Resource):
    """A resource without marks."""

    def get(self, pet_id):
        """Answer with data."""
        return {"id": pet_id}


@app.post("/size")
def size():
    """Read a body."""
    return {"size": len(request.get_data())}


@app.get("/empty")
def empty():
    """Answer without a body."""
    return "", 204


@app.get("/fails")
def fails():
    """Fail."""
    raise RuntimeError("boom")


@app.get("/stream")
def stream():
    """Send three parts."""

    def parts():
        for _ in range(3):
            yield b"part"

    return parts()


@app.get("/breaks")
def breaks():
    """Send a part, then fail."""

    def parts():
        yield b"part"
        raise RuntimeError("in the middle")

    return parts()


@app.get("/endless")
def endless():
    """Send parts until the client leaves."""

    def parts():
        while True:
            yield b"x" * 65536
            time.sleep(0.01)

    return parts()


@app.get("/file")
def file():
    """Send this file."""
    return send_file(__file__)


@app.get("/deferred")
def deferred():
    """Do something afterwards."""
    after_response(lambda: None)
    return {}
