"""Handlers that do not take what their marks pass are refused, and so is a location that is none."""

from dataclasses import dataclass
from typing import Any, TypedDict

from framework import JSONPatch, Resource, Schema, arguments, fields, filters, json_patch, loads, searches, sorts
from framework.marks.lists import Filters, Search, Sorting


class PetSchema(Schema):
    name = fields.String(required=True)


class PetData(TypedDict):
    name: str


@dataclass
class Pet:
    name: str


@dataclass
class Shop:
    name: str


def find_pet(pet_id: int) -> Pet | None:
    return None


async def find_pet_soon(pet_id: int) -> Pet | None:
    return None


class Pets(Resource):
    @arguments(Pet)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def post(self, pet: Shop, shop_id: int) -> None: ...

    @arguments(Pet)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    async def put(self, pet: dict[str, Any], shop_id: int) -> None: ...

    @arguments(PetData)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    async def patch(self, pet: Pet, shop_id: int) -> None: ...

    @arguments(PetData)  # error: arg-type | -
    @arguments(Pet, location="query")  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def get(self, body: PetData, query: Shop, shop_id: int) -> None: ...

    @arguments(Pet)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def delete(self, *, pet: Pet) -> None: ...


@arguments(Pet)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
def view(pet: Shop, shop_id: int) -> None: ...


class Lists(Resource):
    @filters(PetSchema, "name", apply=False)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def get(self, conditions: Sorting) -> None: ...

    @sorts(PetSchema, "name", apply=False)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def post(self, order: Search) -> None: ...

    @searches(PetSchema, "name", apply=False)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def put(self, words: Filters) -> None: ...

    @json_patch(PetSchema)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def patch(self, patch: dict[str, Any]) -> None: ...

    @loads(find_pet)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def delete(self, pet: Shop) -> None: ...

    @loads(find_pet_soon)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    async def head(self, patch: JSONPatch) -> None: ...


arguments(PetSchema, location="body")  # error: call-overload | CallIssue ArgumentType
arguments(PetSchema, unknown="ignore")  # error: call-overload | CallIssue ArgumentType
arguments("pets")  # error: call-overload | CallIssue ArgumentType
