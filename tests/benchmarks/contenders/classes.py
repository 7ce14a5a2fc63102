"""This framework with annotated classes, as schemas dump them and trusted: a handler takes and gives instances."""

from __future__ import annotations

import typing as t

from framework import App, Resource, arguments, response

from .base import Contender, new_items
from .ours import new_app
from .structs import ItemData, ItemStruct, data_of, struct_of

WORK = frozenset({"list-struct", "create-struct", "list-data", "create-data"})


def make(cls: t.Any, made: list[t.Any], trusted: bool) -> App:
    """An application whose items are instances of a class."""
    app = new_app()

    @app.route("/items")
    class Items(Resource):
        @response(200, list[cls], trusted=trusted)
        def get(self) -> t.Any:
            return made

        @arguments(cls)
        @response(201, cls, trusted=trusted)
        def post(self, item: t.Any) -> t.Any:
            return item

    return app


def structs(trusted: bool = False) -> App:
    """With ``msgspec.Struct``."""
    return make(ItemStruct, [struct_of(item) for item in new_items()], trusted)


def data(trusted: bool = False) -> App:
    """With dataclasses."""
    return make(ItemData, [data_of(item) for item in new_items()], trusted)


CONTENDERS = [
    Contender(
        "framework, trusted",
        ("framework",),
        None,
        {"structs": lambda: structs(trusted=True), "data": lambda: data(trusted=True)},
        only=WORK,
    ),
]
