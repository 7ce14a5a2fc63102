"""An application that servers serve in ``test_deployment``: plain, behind a proxy, and for ASGI."""

from __future__ import annotations

import os
import threading

from werkzeug.middleware.proxy_fix import ProxyFix

from framework import App, Resource, Response, Schema, arguments, fields, request, response, session, url_for
from framework.asgi import WsgiToAsgi


class PointSchema(Schema):
    """A point."""

    x = fields.Integer(required=True)


def create_app() -> App:
    """A new application; ends of requests are noted in the file that ``DEPLOYED_LOG`` names."""
    app = App("deployed", static_folder=None)
    app.config.update(SECRET_KEY="test key")
    meeting = threading.Barrier(2)

    @app.teardown_request
    def note(error: BaseException | None) -> None:
        with open(os.environ["DEPLOYED_LOG"], "a") as log:
            log.write(f"{request.path}\n")

    def done() -> None:
        with open(os.environ["DEPLOYED_LOG"], "a") as log:
            log.write(f"done {request.path}\n")

    @app.route("/where/")
    def where():
        session["seen"] = True
        return {
            "url": url_for("where", _external=True),
            "root": request.script_root,
            "scheme": request.scheme,
            "client": request.remote_addr,
        }

    @app.route("/points")
    class Points(Resource):
        """All points."""

        @arguments(PointSchema)
        @response(201, PointSchema)
        def post(self, point):
            """Add a point."""
            done()
            return point

        @arguments(PointSchema)
        @response(200, PointSchema(many=True))
        def query(self, point):
            """Find points."""
            return [point]

    @app.post("/form")
    @arguments(PointSchema, location="form")
    @response(200, PointSchema)
    def form(point):
        done()
        return point

    @app.post("/upload")
    def upload():
        x = request.form["x"]
        done()
        return x

    @app.post("/pieces")
    def pieces():
        size = 0
        while piece := request.stream.read(4):
            size += len(piece)
        done()
        return str(size)

    @app.route("/async")
    async def asynchronous():
        return "asynchronous"

    @app.post("/size")
    def size():
        size = len(request.get_data())
        done()
        return str(size)

    @app.route("/parts")
    def parts():
        return Response(f"{request.path} {number}\n" for number in range(3))

    @app.route("/endless")
    def endless():
        def lines():
            while True:
                yield b"x" * 65536

        return Response(lines())

    @app.route("/meet")
    def meet():
        meeting.wait(15)
        return "met"

    @app.route("/fail")
    def fail():
        raise ValueError("a secret of the inside")

    return app


app = create_app()
asgi_app = WsgiToAsgi(app)
proxied = create_app()
proxied.wsgi_app = ProxyFix(proxied.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)  # type: ignore[method-assign]
