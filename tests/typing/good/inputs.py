"""The values that marks pass to a handler have the type that the handler's parameter says."""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict, assert_type

from framework import (
    App,
    JSONPatch,
    Request,
    Resource,
    Router,
    Schema,
    arguments,
    fields,
    filters,
    json_patch,
    loads,
    merge_patch,
    response,
    searches,
    sorts,
)
from framework.marks.inputs import ArgumentsMark
from framework.marks.lists import Filters, Search, Sorting
from framework.marks.values import ValueMark

pets = Router("pets", url_prefix="/pets")


class PetSchema(Schema):
    name = fields.String(required=True)


class PetData(TypedDict):
    name: str


@dataclass
class Pet:
    name: str


def find_pet(pet_id: int) -> Pet | None:
    return Pet("Rex") if pet_id == 7 else None


async def find_pet_soon(pet_id: int) -> Pet | None:
    return find_pet(pet_id)


def make_schema(request: Request) -> Schema:
    return PetSchema()


@pets.route("")
class Pets(Resource):
    # Schemas do not say the type of what they load: each handler stays as it is.

    @arguments(PetSchema)
    @response(201, PetSchema)
    def post(self, pet: PetData) -> PetData:
        return pet

    @arguments(PetSchema(many=True), required=True)
    def put(self, pets: list[PetData]) -> str:
        return ""

    @arguments({"name": fields.String()}, location="query", as_kwargs=True)
    @arguments(make_schema, location="query")
    def delete(self, query: dict[str, Any], name: str = "") -> str:
        return name

    @filters(PetSchema, "name", apply=False)
    @sorts(PetSchema, "name", apply=False)
    @searches(PetSchema, "name", apply=False)
    @response(200, PetSchema(many=True))
    def get(self, conditions: Filters, order: Sorting, words: Search) -> list[PetData]:
        return []


@pets.route("/<int:pet_id>")
class OnePet(Resource):
    @loads(find_pet)
    def get(self, pet: Pet) -> str:
        return pet.name

    @loads(find_pet_soon)
    async def put(self, pet: Pet) -> str:
        return pet.name

    @loads(find_pet, as_kwarg="pet")
    def delete(self, pet_id: int, pet: Pet) -> str:
        return pet.name

    @json_patch(PetSchema)
    @loads(find_pet)
    def patch(self, patch: JSONPatch, pet: Pet, pet_id: int) -> str:
        return pet.name


@pets.route("/<int:pet_id>/name")
class Name(Resource):
    @merge_patch(PetSchema)
    def patch(self, changes: PetData, pet_id: int) -> str:
        return changes["name"]


app = App("pets")
app.register_router(pets)


def types(one: OnePet, many: Pets, rex: Pet, patch: JSONPatch) -> None:
    assert_type(arguments(PetSchema), ArgumentsMark)
    assert_type(filters(PetSchema, "name", apply=False), ValueMark[Filters])
    assert_type(loads(find_pet), ValueMark[Pet])
    assert_type(loads(find_pet_soon), ValueMark[Pet])
    assert_type(json_patch(PetSchema), ValueMark[JSONPatch])
    assert_type(one.get(rex), str)
    assert_type(one.patch(patch, rex, pet_id=7), str)
    assert_type(many.post(pet={"name": "Rex"}), PetData)


# Annotated classes.


class Place(NamedTuple):
    street: str


def annotated() -> None:
    class Kennels(Resource):
        @arguments(Pet)
        def post(self, pet: Pet, shop_id: int) -> str:
            return pet.name

        @arguments(PetData)
        @arguments(Place, location="query", description="Where it is.")
        async def put(self, pet: PetData, place: Place, shop_id: int) -> str:
            return pet["name"]

        @arguments(Pet, location="query", as_kwargs=True)
        def get(self, name: str) -> str:
            return name

    assert_type(arguments(Pet), ValueMark[Pet])
    assert_type(arguments(PetData), ValueMark[PetData])
    assert_type(arguments(Pet, as_kwargs=True), ArgumentsMark)
    assert_type(Kennels().post(Pet("Rex"), shop_id=1), str)
