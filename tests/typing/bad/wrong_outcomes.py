"""Handlers that are annotated to return anything but what their marks declare are refused."""

from dataclasses import dataclass
from typing import Any, TypedDict

from framework import Resource, Schema, fields, response


class PetSchema(Schema):
    name = fields.String()


@dataclass
class Pet:
    name: str


@dataclass
class Shop:
    name: str


class PetRow:
    name = "Rex"


class PetData(TypedDict):
    name: str


class Pets(Resource):
    @response(200, Pet)  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    def get(self, pet_id: int) -> Shop: ...

    @response(201, Pet)  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    async def post(self, pet_id: int) -> Shop: ...

    @response(200, Pet)  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    def put(self, pet_id: int) -> Pet | None: ...

    @response(200, Pet)  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    def patch(self, pet_id: int) -> Pet | tuple[Shop, int]: ...

    @response(200, Pet)  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    def delete(self, pet_id: int) -> tuple[Pet, str, int]: ...

    @response(200, Pet)  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    def head(self) -> dict[str, Any]: ...

    @response(200, Pet)  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    def options(self) -> list[Pet]: ...

    @response(200, Pet)  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    def trace(self) -> object: ...


class Stacked(Resource):
    @response(200, Pet)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    @response(204)
    def get(self) -> Shop | None: ...

    @response(200, Pet)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    @response(202, Shop)
    async def post(self) -> Pet | Shop: ...


class Lists(Resource):
    @response(200, list[Pet])  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    def get(self) -> list[Shop]: ...

    @response(200, list[Pet])  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    def post(self) -> Pet: ...

    @response(200, list[Pet], source=PetRow)  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    async def put(self) -> list[Shop]: ...


class Others(Resource):
    @response(200, Pet, source=PetRow)  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    def get(self) -> Shop: ...

    @response(200, Pet)  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    def post(self) -> PetRow: ...

    @response(200, PetData)  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
    def put(self) -> dict[str, str]: ...


@response(200, Pet)  # error: call-overload | CallIssue ArgumentType UntypedFunctionDecorator
def view(pet_id: int) -> Shop: ...


response("200", Pet)  # error: call-overload | CallIssue ArgumentType
response(200, PetSchema, descriptoin="")  # error: call-overload call-overload | CallIssue
