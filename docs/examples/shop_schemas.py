"""The schemas of a shop."""

from framework import Schema, fields, validate


class OwnerSchema(Schema):
    """An owner of animals."""

    name = fields.String(required=True)
    pets = fields.List(fields.Nested(lambda: AnimalSchema()))


class AnimalSchema(Schema):
    """An animal of the shop."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["cat", "dog"]))
    born_on = fields.Date(data_key="bornOn", load_default=None)
    owner = fields.Nested(OwnerSchema)
