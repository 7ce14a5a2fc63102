"""Handlers that return what their marks declare keep their signatures."""

import collections.abc as cabc
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn, TypedDict, assert_type

from werkzeug.exceptions import HTTPException

from framework import App, Resource, Response, Schema, alt_response, arguments, fields, response
from framework.errors import NotFound
from framework.marks.responses import ResponseMark

app = App(__name__)


class PetSchema(Schema):
    name = fields.String()


@dataclass
class Pet:
    name: str


class Dog(Pet):
    """A pet of its own."""


@dataclass
class Job:
    number: int


class PetRow:
    name = "Rex"


class PetData(TypedDict):
    name: str


class Query:
    def limit(self, limit: int) -> "Query":
        return self

    def offset(self, offset: int) -> "Query":
        return self


# mypy takes the union of two classes as a value only by its name.
Either = Pet | Job

seen: list[object] = []


# Schemas do not say the type of what they dump: each handler stays as it is.


@app.route("/pets")
class Pets(Resource):
    @response(200, PetSchema(many=True))
    def get(self, size: int = 1) -> list[dict[str, str]]:
        return []

    @response(201, PetSchema, description="Added.", headers={"Location": fields.String()})
    @response(202)
    @alt_response(409, PetSchema)
    async def post(self) -> object:
        return None

    @response(204)
    def delete(self, pet_id: int = 1) -> None:
        return None


# Annotated classes.


def annotated() -> None:
    class Pets(Resource):
        @response(200, Pet)
        def get(self, pet_id: int) -> Pet:
            return Pet("Rex")

        @arguments(Pet)
        @response(201, Pet)
        async def post(self, pet: Pet) -> Dog | tuple[Pet, int] | tuple[Pet, int, dict[str, str]] | Response:
            return Dog("Rex")

        @response(200, Pet)
        @response(202, Job)
        @response(204)
        def put(self, pet_id: int) -> Pet | tuple[Job, int] | tuple[Job, int, dict[str, str]] | Response | None:
            return None

        @response(HTTPStatus.OK, Pet)
        @response(HTTPStatus.CREATED, Pet)
        @response(204)
        async def patch(self, pet_id: int) -> Pet | tuple[Pet, int] | None:
            return None

        @response(204)
        async def delete(self, pet_id: int) -> None:
            return None

        @response(202, Job)
        def trace(self) -> Job | tuple[Job, dict[str, str]]:
            return Job(1)

    class Lists(Resource):
        @response(200, list[Pet])
        def get(self) -> list[Pet]:
            return []

        @response(200, list[Pet], example=[])
        def post(self) -> cabc.Iterator[Dog]:
            yield Dog("Rex")

        @response(200, list[Pet], source=PetRow)
        def put(self) -> cabc.Sequence[PetRow]:
            return []

        @response(200, list[Pet])
        async def patch(self) -> Query:
            return Query()

    class Others(Resource):
        @response(200, Pet, source=PetRow)
        def get(self) -> PetRow:
            return PetRow()

        @response(200, PetData)
        def post(self) -> PetData:
            return {"name": "Rex"}

        @response(200, Pet)
        def put(self) -> NoReturn:
            raise NotFound

        @response(200, Pet)
        def patch(self) -> Any:
            return {"name": "Rex"}

        @response(200, Pet)
        def delete(self) -> HTTPException:
            return NotFound()

    class Unions(Resource):
        @response(200, Either)
        def get(self) -> Pet | Job:
            return Job(1)

        @arguments(Either)
        @response(201, Either)
        async def post(self, one: Pet | Job) -> Pet:
            return Pet("Rex")

    @response(200, Pet)
    async def view(pet_id: int) -> Pet:
        return Pet("Rex")

    @response(200, Pet)
    class Kennels(Resource):
        def get(self) -> Pet:
            return Pet("Rex")

    async def types(pets: Pets, lists: Lists, others: Others) -> None:
        assert_type(response(200, PetSchema), ResponseMark)
        assert_type(pets.get(pet_id=1), Pet)
        assert_type(await pets.post(Pet("Rex")), Dog | tuple[Pet, int] | tuple[Pet, int, dict[str, str]] | Response)
        assert_type(await pets.patch(pet_id=1), Pet | tuple[Pet, int] | None)
        assert_type(pets.trace(), Job | tuple[Job, dict[str, str]])
        assert_type(lists.get(), list[Pet])
        assert_type(lists.put(), cabc.Sequence[PetRow])
        assert_type(others.get(), PetRow)
        assert_type(Unions().get(), Pet | Job)
        assert_type(await view(pet_id=1), Pet)
        assert_type(Kennels().get(), Pet)
        assert_type(pets.put(pet_id=1), Pet | tuple[Job, int] | tuple[Job, int, dict[str, str]] | Response | None)

    seen.append(types)


def types(pets: Pets) -> None:
    assert_type(pets.get(size=1), list[dict[str, str]])
    assert_type(pets.delete(pet_id=1), None)
