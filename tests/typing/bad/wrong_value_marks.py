"""Marks that pass one value: handlers that do not take it are refused."""

from dataclasses import dataclass

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
    @pet  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def get(self, found: Shop, pet_id: int) -> None: ...

    @pet  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    async def put(self, found: dict[str, object], pet_id: int) -> None: ...

    @pet  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def delete(self) -> None: ...

    @pet  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def head(self, *, found: Pet) -> None: ...

    @pet  # error: arg-type | -
    @shop  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def post(self, found: Pet, where: Window) -> None: ...

    @pet  # error: arg-type | -
    @shop
    @window  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def patch(self, found: Pet, where: Shop, part: int) -> None: ...


@pet  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
def view(found: Shop, pet_id: int) -> None: ...


@pet  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
@shop
@window
async def view_of_three(found: Window, where: Shop, part: Window, pet_id: int) -> None: ...


@pet
def kept(found: Pet, pet_id: int) -> None: ...


kept(Pet("Rex"), "7")  # error: arg-type | ArgumentType
kept(Shop("Rex"), 7)  # error: arg-type | ArgumentType
