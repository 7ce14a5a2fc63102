"""Marks that pass one value: the right handlers keep their signatures."""

import collections.abc as cabc
from dataclasses import dataclass
from typing import Any, assert_type

from framework import Resource
from framework.marks.values import ValueMark


@dataclass
class Pet:
    name: str


@dataclass
class Shop:
    name: str


class Window:
    size = 10


pet: ValueMark[Pet] = ValueMark()
shop: ValueMark[Shop] = ValueMark()
window: ValueMark[Window] = ValueMark()


class Pets(Resource):
    @pet
    def get(self, found: Pet, pet_id: int) -> Pet:
        return found

    @pet
    async def put(self, found: Pet, pet_id: int) -> Pet:
        return found

    @pet
    @shop
    def post(self, found: Pet, where: Shop, pet_id: int, *, loud: bool = False) -> Pet:
        return found

    @pet
    @shop
    @window
    def patch(self, found: Pet, where: Shop, part: Window, pet_id: int) -> Pet:
        return found

    @pet
    def delete(self, found: Pet | None = None, pet_id: int = 1) -> None:
        return None

    @pet
    def head(self, found: object, **values: Any) -> None:
        return None

    @pet
    @shop
    @window
    def options(self, found: Pet, where: Shop, part: Window, **values: Any) -> str:
        return ""

    @pet
    @shop
    def trace(self, *values: Any, **more: Any) -> str:
        return ""


@pet
def view(found: Pet, pet_id: int) -> str:
    return found.name


@pet
def view_of_all(found: Pet, **values: Any) -> str:
    return found.name


@pet
@shop
@window
def view_of_three_and_more(found: Pet, where: Shop, part: Window, **values: Any) -> str:
    return found.name


@pet
@shop
@window
async def view_of_three(found: Pet, where: Shop, part: Window, pet_id: int) -> str:
    return found.name


@pet
@shop
@window
@pet
@shop
def view_of_five(one: Pet, two: Shop, three: Window, four: Pet, five: Shop, pet_id: int) -> str:
    return one.name


@pet
class Kennel(Resource):
    def get(self, found: Pet) -> Pet:
        return found


async def calls(pets: Pets, rex: Pet, here: Shop, part: Window) -> None:
    assert_type(pets.get(rex, 7), Pet)
    assert_type(pets.get(rex, pet_id=7), Pet)
    assert_type(await pets.put(rex, pet_id=7), Pet)
    assert_type(pets.post(rex, here, 7, loud=True), Pet)
    assert_type(pets.patch(rex, here, part, pet_id=7), Pet)
    assert_type(view_of_all(rex, pet_id=7), str)
    assert_type(view(rex, pet_id=7), str)
    assert_type(await view_of_three(rex, here, part, pet_id=7), str)
    assert_type(view_of_five(rex, here, part, rex, here, 7), str)
    assert_type(Kennel().get(rex), Pet)
    handler: cabc.Callable[[Pet, int], str] = view
    handler(rex, 7)
