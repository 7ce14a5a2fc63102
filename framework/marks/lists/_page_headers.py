"""The metadata of a list: in a header, or in an object around the items.

Floor 4.
"""

from __future__ import annotations

import copy
import weakref

from marshmallow import Schema, validate

from ... import fields
from ...texts import message
from ..schemas import SPARSE


def number(description: str, least: int = 0) -> fields.Integer:
    """A number that is there when it makes sense."""
    return fields.Integer(validate=validate.Range(min=least), metadata={"optional": True, "description": description})


def text(description: str) -> fields.String:
    """A text that is there when it makes sense."""
    return fields.String(metadata={"optional": True, "description": description})


class PaginationMetadata(Schema):
    """The position of a page among the others."""

    class Meta:
        description = message("schemas.pagination")

    total = number(message("schemas.total"))
    total_pages = number(message("schemas.total_pages"))
    first_page = number(message("schemas.first_page"), 1)
    last_page = number(message("schemas.last_page"), 1)
    page = number(message("schemas.page_number"), 1)
    previous_page = number(message("schemas.previous_page"), 1)
    next_page = number(message("schemas.next_page"), 1)


class OffsetMetadata(Schema):
    """The position of a slice in the whole list."""

    class Meta:
        description = message("schemas.pagination.offset")

    total = number(message("schemas.total"))
    offset = number(message("schemas.offset"))
    limit = number(message("schemas.limit"), 1)
    previous_offset = number(message("schemas.previous_offset"))
    next_offset = number(message("schemas.next_offset"))


class CursorMetadata(Schema):
    """The cursors that lead from a slice of a list to the others."""

    class Meta:
        description = message("schemas.pagination.cursor")

    total = number(message("schemas.total"))
    previous_cursor = text(message("schemas.previous_cursor"))
    next_cursor = text(message("schemas.next_cursor"))


_made: weakref.WeakKeyDictionary[type[Schema], dict[object, type[Schema]]] = weakref.WeakKeyDictionary()


def envelope(items: Schema, member: str, metadata: type[Schema], word: str) -> Schema:
    """A schema of an object with a list and its metadata.

    :param items: The schema of the list, ``many``.
    :param member: The name of the list in the object.
    :param metadata: The schema of the member ``pagination``.
    :param word: What the name of the class ends with: ``PetPage``.
    """
    cls = type(items)
    plain = is_plain(items)
    key = (member, metadata, word, SPARSE in vars(items))
    made = _made.setdefault(cls, {})
    found = made.get(key) if plain else None
    if found is None:
        title = cls.__name__.removesuffix("Schema") or cls.__name__
        # A list of what has no name of its own stands in an object without one.
        name = f"{title}{'Sparse' if SPARSE in vars(items) else ''}{word}" if plain else "GeneratedSchema"
        found = type(
            name,
            (Schema,),
            {
                "__doc__": message("schemas.page"),
                "__module__": cls.__module__,
                member: fields.List(nested(items), required=True),
                "pagination": fields.Nested(metadata, required=True),
            },
        )
        if plain:
            made[key] = found
    return found()


def nested(items: Schema, *, required: bool = False) -> fields.Nested:
    """A field for one item of a list, dumped by the very schema of the list."""
    made = copy.copy(items)
    made.many = False
    field = fields.Nested(type(items), required=required)
    field._schema = made  # an instance that is passed is set up anew, and forgets what was narrowed
    return field


def is_plain(schema: Schema) -> bool:
    """Return whether an instance is what its class says, and the class has a name that its author gave it."""
    declared = set(type(schema)._declared_fields)
    return (
        type(schema).__name__ != "GeneratedSchema"
        and not schema.only
        and not schema.exclude
        and set(schema.fields) == declared
    )
