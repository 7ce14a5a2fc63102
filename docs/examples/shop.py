"""A pet shop, for the pages on commands and tests."""

from __future__ import annotations

import typing as t

import click

from framework import App, Resource, Router, Schema, abort, arguments, fields, raises, response
from framework.errors import NotFound


class PetNotFound(NotFound):
    """No pet has this id."""


class PetSchema(Schema):
    """A pet of the shop."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True)


pets = Router("pets", url_prefix="/pets", description="All about pets")
store: dict[int, dict[str, t.Any]] = {}


@pets.route("")
class Pets(Resource):
    """All pets of the shop."""

    @response(200, PetSchema(many=True))
    def get(self) -> list[dict[str, t.Any]]:
        """List pets."""
        return list(store.values())

    @arguments(PetSchema)
    @response(201, PetSchema)
    def post(self, pet: dict[str, t.Any]) -> dict[str, t.Any]:
        """Add a pet."""
        pet["id"] = len(store) + 1
        return store.setdefault(pet["id"], pet)


@pets.route("/<int:pet_id>")
class Pet(Resource):
    """One pet."""

    @response(200, PetSchema)
    @raises(PetNotFound)
    def get(self, pet_id: int) -> dict[str, t.Any]:
        """Show a pet."""
        return store.get(pet_id) or abort(PetNotFound(f"No pet {pet_id}."))


@pets.cli.command("feed")
@click.argument("name")
def feed(name: str) -> None:
    """Feed a pet."""
    click.echo(f"{name} has been fed.")


def create_app() -> App:
    """The shop."""
    app = App(__name__)
    app.register_router(pets)
    return app
