"""The types that ``framework types`` writes, in the signatures of handlers and for the replies of a client."""

import datetime
from typing import Any, Literal, assert_type

from pet_schema_types import (
    CatLoad,
    DogLoad,
    HeaderLoad,
    OutputDump,
    OwnerDump,
    OwnerLoad,
    PartialLoad,
    PetDump,
    PetLoad,
)
from pet_schemas import HeaderSchema, Kind, OwnerSchema, PartialSchema, PetSchema

from framework import App, Resource, arguments, response

app = App(__name__)


@app.route("/pets")
class Pets(Resource):
    @arguments(HeaderSchema, location="headers")
    @arguments(PetSchema)
    @response(201, OwnerSchema)
    def post(self, headers: HeaderLoad, pet: PetLoad) -> OwnerLoad:
        assert_type(headers["request_id"], str)
        assert_type(headers["from"], str)
        assert_type(pet["size"], Literal["small", "large"])
        assert_type(pet["kind"], Kind)
        assert_type(pet["kind_value"], Kind | None)
        assert_type(pet.get("born_at"), datetime.datetime | None)
        assert_type(pet["owner"].get("friend"), OwnerLoad | None)
        if "other" in pet:
            other = pet["other"]
            assert_type(other, CatLoad | DogLoad)
            if other["kind"] == "cat":
                assert_type(other["lives"], int)
        return pet["owner"]

    @arguments(PartialSchema)
    @response(204)
    def patch(self, changes: PartialLoad) -> None:
        if "pet" in changes:
            assert_type(changes["pet"].get("name"), str | None)


def replies(pet: PetDump, owner: OwnerDump, output: OutputDump) -> None:
    assert_type(pet["id"], str)
    assert_type(pet.get("stamp"), float | None)
    assert_type(pet["label"], Any)
    assert_type(owner["name"], str)
    assert_type(output.get("number"), int | None)
