"""An application with tools, for the tests; and servers for it."""

from __future__ import annotations

import contextlib
import threading
import typing as t

import anyio
import httpx2
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from framework import (
    App,
    Bearer,
    Grant,
    Page,
    Resource,
    Schema,
    abort,
    arguments,
    current_user,
    etag,
    fields,
    idempotent,
    limit,
    paginate,
    public,
    raises,
    requires,
    response,
    sparse,
)
from framework.errors import NotFound
from framework.mcp import tool
from tests.servers import free_port

USERS = {
    "ann": Grant("ann", {"read", "write"}),
    "bob": Grant("bob", {"read"}),
}
bearer = Bearer(USERS.get)


class PlaceSchema(Schema):
    """A place."""

    city = fields.String(required=True)


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True)
    note = fields.String(load_default="")
    born = fields.Nested(PlaceSchema, load_default=lambda: {"city": "Bern"})


class PetNotFound(NotFound):
    """There is no such pet."""


def make_app(**settings: t.Any) -> App:
    """Make the application, with pets of its own."""
    app = App(__name__)
    app.config.update(MCP_PATH="/mcp", STORE_URL="memory:", API_TITLE="Pets", **settings)
    pets: dict[int, dict[str, t.Any]] = {
        number: {"id": number, "name": f"pet {number}", "note": "x" * 10, "born": {"city": "Bern"}}
        for number in range(1, 31)
    }
    app.extensions["pets"] = pets

    @app.route("/pets")
    class Pets(Resource):
        @tool(page_size=5, fields=["id", "name"])
        @requires(bearer, scopes=["read"])
        @sparse()
        @paginate(Page)
        @response(200, PetSchema(many=True))
        def get(self):
            """List pets."""
            return list(pets.values())

        @tool()
        @requires(bearer, scopes=["write"])
        @idempotent()
        @arguments(PetSchema)
        @response(201, PetSchema)
        def post(self, pet):
            """Add a pet.

            Its name need not be unique.
            """
            number = max(pets) + 1
            pets[number] = {"id": number, "owner": str(current_user), **pet}
            return pets[number]

    @app.route("/pets/<int:pet_id>")
    class Pet(Resource):
        @tool(name="get_pet")
        @public
        @etag
        @raises(PetNotFound)
        @response(200, PetSchema)
        def get(self, pet_id):
            """Return a pet."""
            return pets.get(pet_id) or abort(PetNotFound)

        @tool()
        @requires(bearer, scopes=["write"])
        @raises(PetNotFound)
        @response(204)
        def delete(self, pet_id):
            """Remove a pet."""
            if pets.pop(pet_id, None) is None:
                abort(PetNotFound)

        @requires(bearer, scopes=["write"])
        @arguments(PetSchema(partial=True))
        @response(200, PetSchema)
        def patch(self, pet, pet_id):
            """Change a pet, which is not for agents."""
            pets[pet_id].update(pet)
            return pets[pet_id]

    @app.get("/slow")
    @tool(name="scarce")
    @requires(bearer)
    @limit("2 per hour")
    @response(200, {"left": fields.Integer()})
    def scarce():
        """Answer twice an hour."""
        return {"left": 1}

    @app.get("/waiting")
    @tool(name="waiting")
    @requires(bearer)
    @response(200, {"user": fields.String()})
    async def waiting():
        """Answer after a moment."""
        await anyio.sleep(0.001)
        return {"user": str(current_user)}

    return app


@contextlib.contextmanager
def served_by_uvicorn(app: App) -> t.Iterator[str]:
    """Serve an application by uvicorn, in a thread; its address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app.asgi, port=port, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def ask(url: str, work: t.Callable[[Client], t.Awaitable[t.Any]], token: str | None = "ann", **headers: str) -> t.Any:
    """Do some work with a client of the official SDK, in an event loop of its own."""

    async def run() -> t.Any:
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        async with (
            httpx2.AsyncClient(headers=headers) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
        ):
            return await work(client)

    return anyio.run(run)
