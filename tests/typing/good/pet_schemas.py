"""Schemas of many kinds of fields, whose types ``framework types`` has written into the module beside this one."""

import enum

import marshmallow as ma

from framework import Schema, fields, post_load, validate


class Kind(enum.Enum):
    CAT = "cat"
    DOG = "dog"


class OwnerSchema(Schema):
    """Who has a pet."""

    name = fields.String(required=True)
    since = fields.Date(allow_none=True)
    password = fields.String(load_only=True, required=True)
    pets = fields.List(fields.Nested(lambda: PetSchema(exclude=["owner"])))  # pyright: ignore[reportUnknownVariableType]  # the stubs of Nested
    friend = fields.Nested(lambda: OwnerSchema(), allow_none=True)


class CatSchema(Schema):
    kind = fields.String(required=True, validate=validate.Equal("cat"))
    lives = fields.Integer(load_default=9)


class DogSchema(Schema):
    kind = fields.String(required=True, validate=validate.Equal("dog"))
    tricks = fields.List(fields.String(), required=True)


class PetSchema(Schema):
    """A pet of the shop."""

    id = fields.UUID(dump_only=True, required=True)
    name = fields.String(required=True)
    size = fields.String(required=True, validate=validate.OneOf(["small", "large"]))
    kind = fields.Enum(Kind, required=True)
    kind_value = fields.Enum(Kind, by_value=True, load_default=None)
    born_at = fields.DateTime(data_key="bornAt")
    stamp = fields.DateTime(format="timestamp", dump_only=True)
    weight = fields.Decimal(places=2, load_default=None)
    price = fields.Decimal(as_string=True)
    address = fields.IP()
    age = fields.TimeDelta()
    owner = fields.Nested(OwnerSchema, required=True)
    previous = fields.Nested(OwnerSchema, many=True, only=["name"])
    owner_names = fields.Pluck(OwnerSchema, "name", many=True)
    notes = fields.Dict(keys=fields.String(), values=fields.Integer(allow_none=True))
    place = fields.Tuple((fields.Float(), fields.Float()))
    tags = fields.DelimitedList(fields.String())
    anything = fields.Raw()
    label = fields.Method("get_label")
    short = fields.Function(lambda pet: pet["name"][:1])
    version = fields.Constant(1)
    other = fields.OneOf("kind", {"cat": CatSchema, "dog": DogSchema})

    def get_label(self, pet: dict[str, str]) -> str:
        return pet["name"].upper()


class HeaderSchema(Schema):
    request_id = fields.String(data_key="X-Request-ID", required=True)
    from_ = fields.Email(data_key="from", attribute="from", load_default="a@example.org")


class PartialSchema(Schema):
    class Meta:
        unknown = ma.EXCLUDE

    pet = fields.Nested(PetSchema(partial=True, only=["name", "size"]))
    flag = fields.Boolean(truthy={True})

    @post_load
    def wrap(self, data: object, **kwargs: object) -> object:
        return data


class OutputSchema(Schema):
    number = fields.Integer(dump_only=True)
